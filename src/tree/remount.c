/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* When the mount table has changed, the directories where something was mounted or unmounted are
 * looked at: what was watched there is let go of, what is there now is entered. */

#include <limits.h>

#include "tree/looks.h"

#define REMOUNTS_MAX 8U /* until the story has come to where something was mounted */

/* The directory that `path`, of the mount table, is in, and its name there. Returns > 0 if it is below a
 * root, and no such directory is known: the story has not come to it, or never will. */
static int find_parent(const Tree *t, const char *path, Node **ret, const char **ret_name) {
        bool is_below = false;

        for (size_t i = 0; i < t->n_roots; i++) {
                const Root *root = &t->roots[i];
                size_t n = root->real_path ? strlen(root->real_path) : 0;
                Node *node = root->node;

                if (n == 0 || !node || strncmp(path, root->real_path, n) != 0 ||
                                (path[n] != '/' && n > 1) || path[n] == '\0')
                        continue;
                const char *name = path + n + strspn(path + n, "/");
                is_below = true;
                for (size_t length; node && name[length = strcspn(name, "/")] == '/';
                                name += length + 1)
                        node = nodes_child(&t->nodes, node, name, length);
                if (node) {
                        *ret = node;
                        *ret_name = name;
                        return 0;
                }
        }
        *ret = NULL;
        return is_below;
}

static bool is_below_root(const Tree *t, const char *path) {
        const char *name;
        Node *parent;

        return find_parent(t, path, &parent, &name) > 0 || parent;
}

/* Lets go of a directory that its path does not lead to any more. */
static int leave(Tree *t, Node *node, bool was_unmounted) {
        static const uint32_t masks[] = { IN_UNMOUNT | IN_ISDIR, IN_IGNORED };
        int r;

        for (size_t i = was_unmounted && !node->is_unmounted ? 0 : 1; i < ELEMENTSOF(masks); i++) {
                Event e = { .mask = masks[i], .usec = t->usec };

                r = tree_tell(t, node, "", 0, &e);
                if (r < 0)
                        return r;
        }
        follow_release(t, node, false);
        return 0;
}

/* Returns > 0 as find_parent(), or if the directory has moved meanwhile. */
static int look_at_mount(Tree *t, const char *path, bool was_unmounted) {
        const char *name;
        Node *parent, *node;
        int r = find_parent(t, path, &parent, &name);

        if (!parent)
                return r;
        node = nodes_child(&t->nodes, parent, name, strlen(name));
        if (node && past_is(t, node)) /* the rescan is on its way there */
                return 0;
        if (!node || node_is_ghost(node)) /* a look that was there already may be older */
                return look_for(t, parent, name);
        r = follow_leads_to(t, parent, name, node);
        if (r != 0) /* as it was, or it cannot be asked for where it was */
                return r > 0 ? 0 : r == -ENOMEM ? r : 1;
        r = leave(t, node, was_unmounted);
        return r < 0 ? r : look_arrival(t, parent, name, true, ORIGIN_SCAN);
}

/* Whether something was mounted there when the table was last looked at. */
static bool was_mounted(const Tree *t, const Node *n, const char *name) {
        const char *mount_name;
        Node *parent;

        for (size_t i = 0; i < t->mounts.n; i++)
                if (find_parent(t, t->mounts.items[i].path, &parent, &mount_name) == 0 &&
                                parent == n && streq(name, mount_name))
                        return true;
        return false;
}

int remount_depart(Tree *t, Node *n, const char *name) {
        Node *node = t->n_mounts_below > 0 ? nodes_child(&t->nodes, n, name, strlen(name)) : NULL;

        return node && !node_is_ghost(node) && !past_is(t, node) && was_mounted(t, n, name)
                               ? leave(t, node, true)
                               : 0;
}

int remount_left(Tree *t, Node *n, const char *name) {
        Node *node = nodes_child(&t->nodes, n, name, strlen(name));

        return node && !node_is_ghost(node) ? leave(t, node, true) : 0;
}

static bool is_behind(const Tree *t) {
        uint64_t queued;

        return t->finds.n > 0 || tree_queued_mark(t, &queued) < 0 || queued > t->n_handed_out;
}

int remount_check(Tree *t) {
        _cleanup_(mounts_done) Mounts now = {};
        bool is_missing = false;
        Mounts before;
        int r = 0;

        t->mounts_changed = false;
        if (!t->options.recursive || mounts_read(&now) < 0)
                return 0;
        for (size_t i = 0; i < t->mounts.n && r >= 0; i++)
                if (!mounts_have(&now, &t->mounts.items[i])) {
                        r = look_at_mount(t, t->mounts.items[i].path, true);
                        is_missing |= r > 0;
                }
        /* One that looks the same may be another one: numbers are used again. Outer ones come first. */
        t->n_mounts_below = 0;
        for (size_t i = 0; i < now.n && r >= 0; i++) {
                t->n_mounts_below += is_below_root(t, now.items[i].path);
                r = t->is_started ? look_at_mount(t, now.items[i].path, false) : 0;
                is_missing |= r > 0;
        }
        before = t->mounts;
        t->mounts = TAKE(now, before);
        image_mounts(t);
        if (r < 0 || !is_missing || t->n_remounts++ == REMOUNTS_MAX || !is_behind(t))
                return r;
        t->mounts_changed = true;
        return roots_check_later(t);
}
