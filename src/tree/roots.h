/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A root is a path, not an inode: where it leads is found by walking to it, and the way is watched. */

#pragma once

#include "tree/decode.h"
#include "tree/tree.h"
#include "tree/walk.h"

typedef struct Node Node;
typedef struct Root Root;

struct Root {
        char *path;
        size_t path_len;
        char *real_path; /* that it leads to, without links; NULL if it is not known */
        Node *node;      /* NULL while the path leads nowhere that is watched */
        Step *steps;
        size_t n_steps;
        bool is_unsettled; /* all about what was there has been said */
        TreeState state;
        char *reason;     /* NULL for none */
        uint64_t device;  /* of its file system */
        uint64_t mount;   /* that it lies on */
        uint64_t written; /* a print of what was last written of it */
};

void root_done(Root *r);

/* Walks to every root and follows those that are elsewhere now. Returns 0 or < 0. */
int roots_check(Tree *t, usec_t now);

/* The same at once for the roots that were at `n`, or whose way leads over it; of the others there may
 * be last words to come. */
void roots_unsettle(Tree *t, const Node *n);
int roots_check_unsettled(Tree *t, usec_t now);

/* The same when all that the kernel has queued now is handed out: the last words of what is at a path
 * come before those of what takes its place. */
int roots_check_later(Tree *t);

/* Whether the record, of a step, may lead a root elsewhere. */
bool roots_concern(const Tree *t, const Raw *raw);
