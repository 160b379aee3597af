/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Medians, ratios and rows. */

#include <math.h>
#include <stdarg.h>
#include <time.h>

#include "bench.h"

static const char *bench_name;
static bool is_quick;

void bench_start(int argc, char *argv[], const char *name) {
        bench_name = name;
        is_quick = argc > 1 && streq(argv[1], "--quick");
        (void) setvbuf(stdout, NULL, _IOLBF, 0);
}

unsigned bench_n(unsigned n, unsigned n_quick) {
        return is_quick ? n_quick : n;
}

static double seconds(clockid_t clock) {
        struct timespec t;

        MUST_ERRNO(clock_gettime(clock, &t));
        return (double) t.tv_sec + (double) t.tv_nsec / 1e9;
}

double bench_cpu(void) {
        return seconds(CLOCK_PROCESS_CPUTIME_ID);
}

double bench_clock(void) {
        return seconds(CLOCK_MONOTONIC);
}

void samples_add(Samples *s, double value) {
        assert(s->n < ROUNDS_MAX);
        s->values[s->n++] = value;
}

static int compare(const void *a, const void *b) {
        double x = *(const double *) a, y = *(const double *) b;

        return (x > y) - (x < y);
}

double quantile(double *values, size_t n, double part) {
        qsort(values, n, sizeof(double), compare);
        return values[MIN_OF((size_t) ((double) n * part), n - 1)];
}

double samples_median(const Samples *s) {
        Samples sorted = *s;

        return quantile(sorted.values, sorted.n, 0.5);
}

Samples samples_ratio(const Samples *a, const Samples *b) {
        Samples ratio = {};

        for (unsigned i = 0; i < a->n; i++)
                samples_add(&ratio, a->values[i] / b->values[i]);
        return ratio;
}

Samples samples_difference(const Samples *a, const Samples *b) {
        Samples difference = {};

        for (unsigned i = 0; i < a->n; i++)
                samples_add(&difference, a->values[i] - b->values[i]);
        return difference;
}

void bench_row(const Samples *figures,
                const char *unit,
                double at_most,
                const char *what,
                const char *detail,
                ...) {
        double figure = samples_median(figures);
        va_list arguments;

        printf("%-8s %-46s %8.2f %-5s <= %6.2f %-6s  ",
                        bench_name,
                        what,
                        figure,
                        unit,
                        at_most,
                        figure <= at_most ? "ok"
                        : is_quick        ? "quick"
                                          : "MISSED");
        va_start(arguments, detail);
        vprintf(detail, arguments);
        va_end(arguments);
        putchar('\n');
}
