/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A reload under way: the new configuration, and the watches that it has and the running ones cannot
 * become, built aside and scanned in turns of the loop while the running ones are served. When all are
 * scanned they take over, all at once, and those that go on are changed; when these have looked at what
 * their change brings, the reload is over. */

#pragma once

#include "watches.h"

#define RELOAD_WAITERS_MAX 64U

/* The end of it: `r` is 0 if it is in force, or < 0. */
typedef void (*ReloadDone)(int r, void *userdata);

/* A zeroed one is not under way. */
typedef struct Reload {
        Config *config; /* NULL: none is under way */
        Watches watches;
        bool is_applied; /* one is in force, and not over */
        size_t n_waiters;
        struct {
                ReloadDone done;
                void *userdata;
        } waiters[RELOAD_WAITERS_MAX];
} Reload;

/* Drops what is under way, and begins anew with `config`, which is taken over, also on failure; who
 * waits goes on waiting. Returns 0 or < 0, logged. */
int reload_begin(Reload *r, const WatchContext *context, Config *config, const Watches *running);

/* `done` is called once, at the end. Returns 0, or -EBUSY if too many wait. */
int reload_wait(Reload *r, ReloadDone done, void *userdata);

/* Whether one is under way and all is scanned, that before it over as well; and whether one is over
 * now. `running`: the watches in force. */
bool reload_is_ready(const Reload *r, const Watches *running);
bool reload_is_over(const Reload *r, const Watches *running);

/* The new watches take the place of those in *watches. The counters of those that are no more go to
 * *ret_ended. Returns the configuration that is in force now, the caller's. */
Config *reload_apply(Reload *r, Watches *watches, WatchCounters *ret_ended);

/* It is over, or has failed: tells all who wait. */
void reload_tell(Reload *r, int result);

/* Drops what is under way; in the end who waits is told -ECANCELED. */
void reload_drop(Reload *r);
void reload_done(Reload *r);
