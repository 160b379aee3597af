/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A program that is measured from outside; it dies with us. */

#pragma once

#include <sys/types.h>

#include "base/macros.h"

typedef struct Child {
        pid_t pid;
        int out, err; /* what it writes */
} Child;

/* The inotifier that was built. */
const char *inotifier(void);

void child_start(Child *c, const char *const argv[]);

/* Starts a function instead, which is given our end of its stdout. */
void child_fork(Child *c, void (*run)(int out, void *userdata), void *userdata);

/* Returns when it has written a line with `text` in it to stderr. */
void child_expect(const Child *c, const char *text);

/* Seconds of CPU until now; or in all, after it was told to end, or has ended. */
double child_cpu(const Child *c);
double child_end(Child *c);
double child_wait(Child *c);
