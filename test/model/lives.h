/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A tree that dies and goes on: what one process leaves to the next is an inotify descriptor, an intake
 * and a ledger. What was told in a step that was not committed nobody heard of. */

#pragma once

#include "picture.h"
#include "tree/tree-internal.h"

typedef struct Line {
        uint64_t step;
        Told told;
} Line;

typedef struct Lives {
        TreeOptions options;
        EventSink sink;
        void *userdata;
        int state_fd; /* the directory of the ledger */
        int fd, intake_fd;
        uint64_t kept[INTAKE_N_KEPT];
        Ledger *ledger;
        Tree *tree;
        Line *lines; /* told, and not heard of yet */
        size_t n_lines, n_allocated;
} Lives;

/* Nothing is left by anyone. `state` is a directory, made here; or NULL: there is one life, and no
 * ledger. What `options` point at is borrowed. */
void lives_init(Lives *l, const char *state, const TreeOptions *options);
void lives_done(Lives *l);

/* A process begins, with what was left. Returns 0 or < 0. */
int lives_begin(Lives *l, usec_t now);

/* Writes the ledger anew. Returns 0 or < 0. */
int lives_compact(Lives *l);

/* It is gone, wherever it was: what it had open or mapped is closed. `all`: and what it has left in the
 * kernel is lost, the file of the ledger alone is there. */
void lives_bury(Lives *l, bool all);

/* Something was told; and what of that was heard, so far: it is given to `p`. */
void lives_tell(Lives *l, const Told *told);
void lives_hear(Lives *l, Picture *p);
