/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The program that was built, as `inotifier -r -o json ROOT`, and one who listens to it: he believes
 * what he is told, and nothing else. */

#pragma once

#include <limits.h>
#include <sys/types.h>

#include "picture.h"

typedef struct Watcher {
        pid_t pid;
        int out;
        char root[PATH_MAX];
        size_t root_len;
        unsigned n_steps; /* watches that are of no directory below the root */
        Picture picture;
        Buffer input; /* the end of a line is still to come */
        Buffer log;   /* what was told of files that came, went or moved, a line each */
        unsigned n_overflows;
        bool is_signal_there; /* the file that shows that all before it was told */
} Watcher;

/* Starts it, and returns when it watches; what is in `root` is known then. `events` as for -e, or NULL.
 * `queue_max`: events that the kernel keeps for it, or 0 for what is usual; as root. */
void watcher_start(Watcher *w, const char *root, const char *events, unsigned queue_max);
void watcher_stop(Watcher *w);

void watcher_freeze(Watcher *w);
void watcher_thaw(Watcher *w);

/* Reads all that it says until nobody has anything more to do and the picture is what `find` says, each
 * directory is watched and nothing else is. Returns whether it comes to that, else with why in
 * `failure`. If events were lost, of files that nobody knows nobody can tell. */
bool watcher_rest(Watcher *w, Buffer *failure);
