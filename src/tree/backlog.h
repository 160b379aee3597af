/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Directories that are yet to be scanned: those that no descriptor is to be spent on now, and those
 * that were not where they had been. By their wd, whatever becomes of them meanwhile. */

#pragma once

#include "tree/event.h"

typedef struct BacklogItem {
        int wd;
        Origin origin;
        bool is_known;
        uint8_t n_tries;
} BacklogItem;

/* A zeroed one is empty. */
typedef struct Backlog {
        BacklogItem *items;
        size_t n, n_allocated;
} Backlog;

void backlog_done(Backlog *b);

/* Returns 0 or -ENOMEM. */
int backlog_add(Backlog *b, BacklogItem item);

/* Takes out the one added last; there must be one. */
BacklogItem backlog_take(Backlog *b);

/* Adds all of `from`, which is empty then. Returns 0 or -ENOMEM. */
int backlog_move(Backlog *b, Backlog *from);
