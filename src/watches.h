/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The running watches of an instance, in the order of its configuration, and how a reload changes
 * them: those that are configured as before run on, the others are made or ended. */

#pragma once

#include "watch.h"

/* A zeroed one is empty. */
typedef struct Watches {
        Watch **items;
        size_t n;
} Watches;

void watches_done(Watches *w);

/* The sums over all watches. */
WatchCounters watches_counters(const Watches *w);

/* NULL if there is none of that name. */
Watch *watches_find(const Watches *w, const char *name);

/* Makes the watches of `config` that none of `old` can become, at their places in the list; the places
 * of the others stay NULL. All or none. Returns 0 or < 0, logged. */
int watches_new(const WatchContext *context,
                const Config *config,
                const Watches *old,
                Watches *ret);

/* Whether each is as `config` has it: at a start some may go on as they were. */
bool watches_are_as_configured(const Watches *w, const Config *config);

/* Whether one of them still scans; whether one is on its way to its configuration (watch_is_changing). */
bool watches_are_busy(const Watches *w);
bool watches_are_changing(const Watches *w);

/* Moves the watches that run on from `old` into the empty places of `w`, with their new configuration,
 * and ends the rest of `old` when all that the kernel has for them is told. The counters of those that
 * have no successor go to *ret_ended. */
void watches_take_over(Watches *w, Watches *old, const Config *config, WatchCounters *ret_ended);

/* Ends those that only these have: what was built aside is not to be. */
void watches_drop(Watches *w);

/* The names of watches of `a` that are not in `b`, or are configured otherwise there. NULL-terminated,
 * the list is the caller's, the strings are a's. NULL: out of memory. */
char **watches_changed_names(const Config *a, const Config *b);
