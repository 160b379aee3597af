/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What the files of the watch share: watch.c joins tree and processors, watch-records.c keeps what is to
 * outlive the process, watch-change.c and succession.c follow the configuration. */

#pragma once

#include "announced.h"
#include "gate.h"
#include "gather.h"
#include "keeper.h"
#include "processors/processor.h"
#include "watch.h"

struct Watch {
        const WatchConfig *config;
        Config *former; /* that it is of, if an earlier process has left it otherwise than it is wanted */
        const WatchContext *context;
        Gate gate;
        Keeper keeper;

        Tree *tree; /* NULL while there is no inotify descriptor to be had */
        Processor **processors;
        size_t n_processors;

        sd_event_source *io;
        sd_event_source *timer;
        sd_event_source *work; /* the next slice of a scan */
        usec_t now;            /* CLOCK_MONOTONIC of this batch */
        usec_t armed;          /* what the timer is set to */
        usec_t gather_until;   /* io is off until then */
        Gather gather;
        usec_t retry_at; /* to try again for a descriptor */

        WatchCounters counters; /* committed with each step of the tree */
        uint64_t n_notices_seen;
        uint64_t n_events_kept;
        uint64_t generation_seen;
        uint64_t n_overflows_seen;
        bool was_busy;
        uint64_t n_untold;
        Announced announced;
        const char *failure; /* why there is no tree; NULL: there is one */
};

usec_t watch_realtime(const Watch *w);

/* A batch begins. Returns whether there is a tree. */
bool watch_begin(Watch *w);

/* Reads what the kernel has queued now; with the first halves of moves whose second has not come. */
void watch_read_queued(Watch *w, bool with_halves);

/* Makes the processors of the configuration. Returns 0 or < 0. */
int watch_start_processors(Watch *w, const WatchConfig *config, Processor ***ret, size_t *ret_n);
void watch_free_processors(Processor **processors, size_t n);

/* What the kernel is to be asked for. */
uint32_t watch_mask(const Watch *w);

/* What an earlier process has left, if that is of another kind than the configuration asks for, is what
 * the watch is until another takes over from it. Right after the ledger was opened. Returns 0 or -ENOMEM. */
int watch_take_former(Watch *w);

/* What the watch is like goes to the ledger. */
void watch_keep_config(Watch *w);

/* Takes what the ledger holds besides the tree: right after the tree was made. */
void watch_take_records(Watch *w);

/* From then on, what outlives the process is kept of it. */
void watch_begin_records(Watch *w);

/* The counters as they are, for when there is no intake to have them. */
void watch_keep_counters(Watch *w);

/* Writes the ledger anew: at once; when that is due. Returns > 0 if its reason has changed. */
int watch_renew_ledger(Watch *w);
int watch_settle_ledger(Watch *w);

/* What a processor of the watch keeps goes to the ledger. */
void watch_keep_record(Processor *p, const void *record, size_t n, void *userdata);

/* How far the tree of a configuration goes; `filter`: of its gate. */
TreeReach watch_reach(const WatchConfig *config, const Filter *filter);

/* Makes the tree, out of what is stored or anew. Returns 0 or < 0. */
int watch_place(Watch *w);

/* A batch is done: tells the owner what there is to tell, and sets the sources. `r` is what came of it. */
void watch_settle(Watch *w, int r);
