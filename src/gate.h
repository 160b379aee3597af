/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The gate between what processors say and the history: Events=, Include=, Exclude= and InitialScan=
 * of a watch. */

#pragma once

#include "config.h"
#include "publishers/history.h"
#include "repeats.h"
#include "tree/filter.h"
#include "tree/tree.h"

typedef struct Gate {
        const WatchConfig *config; /* borrowed, as the rest but the filter */
        History *history;
        const Tree *tree;      /* may be NULL until there are notices */
        Filter *filter;        /* NULL: everything passes */
        unsigned publish;      /* 1 << PublisherKind each */
        bool is_successor;     /* nothing is told as initial any more */
        uint64_t *n_passed;    /* borrowed: counts up */
        Repeats repeats;       /* not told again */
        uint64_t repeats_mark; /* until the tree has handed out that many bytes of events */
} Gate;

int gate_init(Gate *g,
                const WatchConfig *config,
                History *history,
                unsigned publish,
                uint64_t *n_passed);
void gate_done(Gate *g);

/* What this watch has told from `begin` on, as another one that saw the same, is not told again until
 * the tree has handed out `mark` bytes of events. Returns 0 or < 0. */
int gate_take_over(Gate *g, Cursor begin, uint64_t mark);

/* A NoticeSink; `userdata` is the Gate. */
int gate_say(const Notice *notice, void *userdata);
