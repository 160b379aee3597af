/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Notices by what they say, to know them again: where one watch takes over from another both see the
 * same events for a while, and what the one has told the other need not. */

#pragma once

#include "publishers/history.h"

/* A zeroed one is empty. */
typedef struct Repeats {
        uint64_t *hashes; /* sorted */
        size_t n;
} Repeats;

void repeats_done(Repeats *r);

/* Knows what `watch` has told from `begin` on. Returns 0 or -ENOMEM. */
int repeats_read(Repeats *r, const History *h, Cursor begin, const char *watch);

/* Whether one that says the same is known. */
bool repeats_have(const Repeats *r, const Notice *n);
