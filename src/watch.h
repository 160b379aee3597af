/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A watch at work: one tree, its processors, the timers of both, and the way of their notices into the
 * history. */

#pragma once

#include <systemd/sd-event.h>

#include "base/names.h"
#include "config.h"
#include "publishers/history.h"
#include "store.h"

typedef struct Watch Watch;

/* What the watch tells its owner. */
typedef struct WatchOwner {
        /* Notices were written: wake the publishers. Once per batch. */
        void (*wrote)(Watch *w, void *userdata);
        /* State or reason changed. */
        void (*state_changed)(Watch *w, void *userdata);
        /* The number of directories or overflows changed, or a scan ended. */
        void (*progressed)(Watch *w, void *userdata);
        void *userdata;
} WatchOwner;

typedef struct WatchCounters {
        uint64_t n_events, n_notices, n_overflows;
        usec_t last_event; /* CLOCK_REALTIME; 0: none yet */
} WatchCounters;

void watch_counters_add(WatchCounters *sum, const WatchCounters *c);

/* What the watches of an instance have around them; all of it borrowed, and outlives them. */
typedef struct WatchContext {
        sd_event *event;
        const ConfigSource *source; /* NULL: what an earlier process had configured is not read */
        History *history;
        Store *store;           /* what an earlier process has left; NULL: nothing more */
        int state_fd;           /* the directory of ledgers; -EBADF: nothing outlives the process */
        unsigned extra_publish; /* added to the configured publishers (the foreground's stdout) */
        WatchOwner owner;
} WatchContext;

/* Makes the watch and places it; what exists is being watched when this returns, and scanned in the
 * turns of the loop that follow (watch_is_busy). What an earlier process has left of it is adopted; if
 * that was configured so that it cannot go on as `config` has it, it goes on as it was, which
 * watch_config() says: then a successor is to be made. `context` and `config` are borrowed and outlive
 * it. `is_successor`: one of the same name is there, which tells what happens until watch_take_over();
 * what is there now is not told as initial. Returns 0 or < 0. */
int watch_new(const WatchContext *context,
                const WatchConfig *config,
                bool is_successor,
                Watch **ret);

/* What is to outlive the process stays: an end of the process. */
Watch *watch_free(Watch *w);
DEFINE_CLEANUP(Watch, watch_free);

/* The end of the watch: nothing of it stays. */
Watch *watch_end(Watch *w);

/* Whether a scan is under way. watch_finish_scans() does what is left of it now. */
bool watch_is_busy(const Watch *w);
void watch_finish_scans(Watch *w);

/* Takes over from the watch of the same name that was there before, which is freed: what happens until
 * this moment that one tells, what happens afterwards this one. What outlives the process is the one's or
 * the other's, whenever that ends. Its counters and what its processors track go on here. */
void watch_take_over(Watch *w, Watch *old);

/* Whether the watch can go on under another configuration: if that has the same roots, below which as much
 * is known. Then it does, with watch_change(), without a gap. */
bool watch_can_change(const Watch *w, const WatchConfig *config);
void watch_change(Watch *w, const WatchConfig *config);
/* Whether it is still on its way there: its tree goes further, or not so far, and is looked at again. */
bool watch_is_changing(const Watch *w);

/* Puts an equal configuration (watch_config_equal) of a new Config in place of the old one. */
void watch_set_config(Watch *w, const WatchConfig *config);

const WatchConfig *watch_config(const Watch *w);
WatchState watch_state(const Watch *w);
const char *watch_state_reason(const Watch *w); /* "" where there is nothing to say; borrowed */
unsigned watch_n_directories(const Watch *w);
const WatchCounters *watch_counters(const Watch *w);

/* The mount table changed: the tree looks whether its roots still are where they were. */
void watch_mounts_changed(Watch *w);

/* Looks again at everything, and tells what was missed; then says Rescanned. */
void watch_rescan(Watch *w);

/* Reads and processes what the kernel has queued now, so that a clean stop or a removal at a reload
 * leaves nothing untold. A first half of a move may go on waiting for its second: watch_is_settled()
 * when nothing does. */
void watch_drain(Watch *w);
bool watch_is_settled(const Watch *w);
