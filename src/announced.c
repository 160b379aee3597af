/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A new state is said at once; a new reason for the same state not before PAUSE_USEC are over. */

#include "announced.h"

#define PAUSE_USEC (5 * USEC_PER_SEC)

void announced_done(Announced *a) {
        free(a->reason);
        *a = ANNOUNCED_NOTHING;
}

bool announced_take(Announced *a, WatchState state, const char *reason, usec_t now) {
        a->due_at = USEC_INFINITY;
        if (state == a->state && streq(reason, a->reason ?: ""))
                return false;
        if (state == a->state && a->at != 0 && now < usec_add(a->at, PAUSE_USEC)) {
                a->due_at = usec_add(a->at, PAUSE_USEC);
                return false;
        }
        free(a->reason);
        a->reason = strdup(reason); /* without memory it is said once more */
        a->state = state;
        a->at = now;
        return true;
}
