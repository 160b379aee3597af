/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A walk along a configured path: the steps taken, each watched, and where they led. */

#pragma once

#include <sys/inotify.h>

#include "base/macros.h"
#include "tree/tree.h"

/* All that a step is watched for. */
#define WALK_STEP_MASK                                                                             \
        (IN_MOVED_TO | IN_DELETE | IN_MOVE_SELF | IN_DELETE_SELF | IN_ATTRIB | IN_CREATE)

/* On the way to a root: what happens to `name` in this directory may lead the path elsewhere. */
typedef struct Step {
        int wd;
        char *name; /* NULL for a symlink: only what happens to itself counts */
} Step;

typedef struct Walk {
        Step *steps;
        size_t n_steps;
        int fd; /* O_PATH, of the root; -EBADF if the way ends before it */
        bool is_dir;
        int error; /* why it ends: -ENOENT, -ENOTDIR, -EACCES, ... */
} Walk;

/* `w` begins with fd -EBADF and all else zero. Returns 0 with the walk's end in it, or < 0 if it could
 * not even be tried. */
int walk_to(Tree *t, const char *path, Walk *w);
void walk_done(Walk *w);

/* Notes the node as a step of the tree's, and adds it; `name` is copied, NULL for a symlink. Returns 0 or
 * -ENOMEM. */
int steps_add(Tree *t,
                Step **steps,
                size_t *n_steps,
                struct Node *n,
                const char *name,
                size_t name_len);
void steps_free(Step *steps, size_t n);
bool steps_equal(const Step *a, size_t n_a, const Step *b, size_t n_b);
