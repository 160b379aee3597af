/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A descriptor of an earlier process whose image is lost: what it watches and what it has queued is there,
 * only where its directories are nobody knows. A scan asks for each of them again, and gets the number
 * that it had; what is queued is told by where they are now. Numbers are given out in turn, so that all
 * below one are older than it. What is in directories that had no number yet is new. */

#include <inttypes.h>

#include "tree/tree-internal.h"

/* Calls `f` for each watch of the descriptor. Returns 0 or -errno. */
static int for_each(Tree *t, void (*f)(Tree *t, int wd)) {
        char path[sizeof("/proc/self/fdinfo/") + 3 * sizeof(int)], line[512];
        _cleanup_fclose_ FILE *file = NULL;
        int wd;

        (void) snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", t->fd);
        file = fopen(path, "re");
        if (!file)
                return -errno;
        while (fgets(line, sizeof(line), file))
                if (sscanf(line, "inotify wd:%x", (unsigned *) &wd) == 1)
                        f(t, wd);
        return 0;
}

static void note(Tree *t, int wd) {
        t->orphan_wd = MAX_OF(t->orphan_wd, wd);
}

int orphan_begin(Tree *t) {
        int r = for_each(t, note);

        intake_disown(t->intake);
        return r;
}

static void drop(Tree *t, int wd) {
        if (!nodes_get(&t->nodes, wd))
                (void) inotify_rm_watch(t->fd, wd);
}

void orphan_end(Tree *t) {
        if (t->orphan_wd == 0 || !t->is_started || scan_is_under_way(t))
                return;
        t->orphan_wd = 0;
        (void) for_each(t, drop);
}
