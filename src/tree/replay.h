/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The records of an image make a tree again. */

#pragma once

#include "tree/tree-internal.h"

typedef struct Replay {
        Tree *t;
        uint64_t position;            /* after the record at hand */
        uint64_t quiet;               /* what comes before was looked into and told */
        uint32_t n_of[UINT8_MAX + 1]; /* records of each type */
        LedgerRecord *roots;          /* the last one of each root */
        LedgerRecord sources;
        LedgerRecord reach; /* as last written */
        ImageStatus status; /* as last written */
} Replay;

/* Applies all that is in t->ledger to an empty tree. Returns 0, -EBADMSG if a record does not fit, or
 * -ENOMEM; the tree is of no use then. Nothing must be written to the ledger meanwhile. */
int replay_all(Replay *p);

/* The mounts, one of the records that replay_all() applies. */
int replay_mounts(Replay *p, const LedgerRecord *record);

/* Of a tree that goes on with the earlier one's descriptor: the way to a root, and the first halves of
 * moves that were told. Return as replay_all(). */
int replay_steps(Replay *p, Root *root);
int replay_sources(Replay *p);
