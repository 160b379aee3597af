/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What all benchmarks share. They measure in rounds: in each, all that is compared has its turn, so that
 * whatever else the machine does falls on all alike; a figure is the median of its rounds. */

#pragma once

#include <err.h>

#include "base/macros.h"

#define ROUNDS_MAX 64U

typedef struct Samples {
        double values[ROUNDS_MAX]; /* by round */
        unsigned n;
} Samples;

/* Reads the options: `--quick` is for a look at whether it works. */
void bench_start(int argc, char *argv[], const char *name);

/* What is to be done, and what will do for a quick look. */
unsigned bench_n(unsigned n, unsigned n_quick);

/* Seconds: of this process on the CPU, and of the clock. */
double bench_cpu(void);
double bench_clock(void);

void samples_add(Samples *s, double value);
double samples_median(const Samples *s);
/* a/b and a-b, round by round. */
Samples samples_ratio(const Samples *a, const Samples *b);
Samples samples_difference(const Samples *a, const Samples *b);
/* The value that this part (0.99 for p99) of `n` values do not exceed. Sorts them. */
double quantile(double *values, size_t n, double part);

/* Prints a row: the median of the figures in `unit` beside the most that it may be, and what it was
 * made of. */
void bench_row(const Samples *figures,
                const char *unit,
                double at_most,
                const char *what,
                const char *detail,
                ...) _printf_(5, 6);

/* Ends the program if `r` is negative, saying what failed. */
#define MUST(call)                                                                                 \
        ({                                                                                         \
                int64_t _r = (int64_t) (call);                                                     \
                if (_r < 0)                                                                        \
                        errx(EXIT_FAILURE, "%s: %s", #call, strerror((int) -_r));                  \
                _r;                                                                                \
        })
/* The same for calls that set errno. */
#define MUST_ERRNO(call)                                                                           \
        ({                                                                                         \
                int64_t _errno_r = (int64_t) (call);                                               \
                if (_errno_r < 0)                                                                  \
                        err(EXIT_FAILURE, "%s", #call);                                            \
                _errno_r;                                                                          \
        })
