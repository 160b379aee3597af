/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Other events are wanted of what is watched already. The kernel takes a new mask for a wd in place, and
 * nothing that is queued is lost; but it takes it by a path, so a directory that is on its way to
 * somewhere gets its mask from the rescan that finds it. */

#include "tree/tree-internal.h"

static int remask(Tree *t, const Node *n) {
        char path[sizeof("/proc/self/fd/") + 3 * sizeof(int)];
        uint32_t mask = n->is_root ? tree_root_mask(t, n->is_dir) : tree_member_mask(t);
        int fd, wd;

        fd = follow_open(t, n);
        if (fd < 0)
                return fd;
        if (n->is_step)
                mask |= WALK_STEP_MASK;
        (void) snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
        wd = inotify_add_watch(t->fd, path, mask);
        return wd < 0 ? -errno : wd == n->wd ? 0 : -ESTALE;
}

int remask_all(Tree *t) {
        for (size_t i = 0; i < t->n_roots; i++) {
                const Node *top = t->roots[i].node;

                if (!top || !top->is_root || top->root != &t->roots[i])
                        continue;
                for (const Node *n = top; n; n = node_walk_next(top, n)) {
                        int r = n->is_dir && !node_is_ghost(n) ? remask(t, n) : 0;

                        if (r == -ENOMEM)
                                return r;
                        if (r < 0)
                                rescan_want(t, t->now, false);
                }
        }
        return roots_check_later(t); /* a root that is a file */
}
