/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The few words that every room speaks: ownership by attribute, sizes of tables, time. */

#pragma once

#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define _cleanup_(f) __attribute__((cleanup(f)))
#define _printf_(a, b) __attribute__((format(printf, a, b)))
#define _unused_ __attribute__((unused))

#define ELEMENTSOF(x) (sizeof(x) / sizeof((x)[0]))
#define MAX_OF(a, b) ((a) > (b) ? (a) : (b))
#define MIN_OF(a, b) ((a) < (b) ? (a) : (b))
#define FLAGS_SET(v, flags) (((v) & (flags)) == (flags))

#define TAKE(variable, empty)                                                                      \
        ({                                                                                         \
                typeof(variable) *_take_at_ = &(variable);                                         \
                typeof(variable) _taken_ = *_take_at_;                                             \
                *_take_at_ = (empty);                                                              \
                _taken_;                                                                           \
        })
#define TAKE_PTR(p) TAKE(p, NULL)
#define TAKE_FD(fd) TAKE(fd, -EBADF)

/* Defines x_freep() for _cleanup_() from an x_free() that returns NULL. */
#define DEFINE_CLEANUP(type, free_func)                                                            \
        static inline void free_func##p(type **p) {                                                \
                if (*p)                                                                            \
                        *p = free_func(*p);                                                        \
        }

static inline void freep(void *p) {
        free(*(void **) p);
}
#define _cleanup_free_ _cleanup_(freep)

/* Closes a descriptor if there is one; returns -EBADF, the value of a closed descriptor. */
static inline int safe_close(int fd) {
        if (fd >= 0) {
                int saved = errno;
                (void) close(fd);
                errno = saved;
        }
        return -EBADF;
}
static inline void closep(int *fd) {
        *fd = safe_close(*fd);
}
#define _cleanup_close_ _cleanup_(closep)

static inline void fclosep(FILE **f) {
        if (*f)
                (void) fclose(*f);
}
#define _cleanup_fclose_ _cleanup_(fclosep)

static inline bool streq(const char *a, const char *b) {
        return strcmp(a, b) == 0;
}

/* Microseconds: of CLOCK_MONOTONIC where it says `now` or `deadline`, of CLOCK_REALTIME in `usec`
 * fields of events and notices. */
typedef uint64_t usec_t;
#define USEC_INFINITY UINT64_MAX
#define USEC_PER_MSEC ((usec_t) 1000)
#define USEC_PER_SEC ((usec_t) 1000000)

static inline usec_t usec_add(usec_t a, usec_t b) {
        return a > USEC_INFINITY - b ? USEC_INFINITY : a + b;
}
