/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Notices by what they say, to know them again: where one watch takes over from another both see the
 * same events for a while, and what the one has told the other need not. */

#pragma once

#include "publishers/history.h"

typedef struct Repeat Repeat;

/* A zeroed one is empty. */
typedef struct Repeats {
        Repeat *items; /* sorted by path and what they say, each once */
        size_t n;
} Repeats;

void repeats_done(Repeats *r);

/* Knows what `watch` has told from `begin` to `end`. Returns 0 or -ENOMEM. */
int repeats_read(Repeats *r, const History *h, Cursor begin, Cursor end, const char *watch);

/* Whether one that says the same was told after the notice `sequence`. */
bool repeats_have(const Repeats *r, const Notice *n, uint64_t sequence);

/* Whether what was last told about its path says what a look has found: that it is there (a creation) or is
 * not (a deletion); of anything else, whether it says the same. */
bool repeats_end_with(const Repeats *r, const Notice *n);
