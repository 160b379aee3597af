/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What was last said of the state of a watch, so that each state is said once, and numbers in a reason,
 * which whoever makes directories can have changed all the time, only now and then. */

#pragma once

#include "base/names.h"

typedef struct Announced {
        WatchState state;
        char *reason;  /* NULL for none */
        usec_t at;     /* 0: nothing was said */
        usec_t due_at; /* a reason that changed is to be said then; USEC_INFINITY: none */
} Announced;

#define ANNOUNCED_NOTHING ((Announced){ .due_at = USEC_INFINITY })

void announced_done(Announced *a);

/* Whether it is to be said now; then it counts as said. */
bool announced_take(Announced *a, WatchState state, const char *reason, usec_t now);
