/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The gate between what processors say and the history: Events=, Include=, Exclude= and InitialScan=
 * of a watch; and, of one that takes over from another, what that one has told. */

#pragma once

#include "config.h"
#include "publishers/history.h"
#include "repeats.h"
#include "tree/filter.h"
#include "tree/tree.h"

/* Where a watch took over from another, in bytes of events of its own tree, and in the history. It
 * outlives the process: what is queued then may be handed out by the next one. */
typedef struct GateTakeover {
        uint64_t told;     /* what happened before was told by the other */
        uint64_t mixed;    /* and of what happened before this, some of it, ... */
        uint64_t sequence; /* ... after this notice */
        Cursor begin, end; /* what it told while there were both */
} GateTakeover;

typedef struct Gate {
        const WatchConfig *config; /* borrowed, as the rest but the filter */
        History *history;
        const Tree *tree;      /* may be NULL until there are notices */
        Filter *filter;        /* NULL: everything passes */
        unsigned publish;      /* 1 << PublisherKind each */
        bool is_successor;     /* what is there is not told as initial any more */
        bool is_muted;         /* ... nor anything else: the other watch is there and tells it */
        bool is_found;         /* what is said now comes from a look, and not from the kernel */
        uint64_t *n_passed;    /* borrowed: counts up */
        GateTakeover takeover; /* all zero when that is over */
        Repeats repeats;       /* between its cursors */
} Gate;

int gate_init(Gate *g,
                const WatchConfig *config,
                History *history,
                unsigned publish,
                uint64_t *n_passed);
void gate_done(Gate *g);

/* What is told under another configuration: the filter of that, NULL if it has none. Returns 0 or < 0.
 * gate_change(): it is in force. The filter before is no more. */
int gate_new_filter(const WatchConfig *config, Filter **ret);
void gate_change(Gate *g, const WatchConfig *config, unsigned publish, Filter *filter);

/* Another watch of that name tells what happens, until gate_take_over(). */
void gate_mute(Gate *g);

/* From now on this one tells, but for what the other has told. Returns 0 or -ENOMEM. */
int gate_take_over(Gate *g, const GateTakeover *takeover);

/* Whether what the other has told may still come. */
bool gate_is_taking_over(Gate *g);

/* A NoticeSink; `userdata` is the Gate. */
int gate_say(const Notice *notice, void *userdata);
