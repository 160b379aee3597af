/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A root is a path, not an inode. The way to it is walked with O_PATH descriptors, directory by
 * directory and link by link, and each of them is watched before it is stepped through; when one of
 * them, or the root itself, may have become another, all ways are walked again. Two walks in a row
 * that agree are proof: whatever changes afterwards, a watch is there to say so. */

#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>

#include "tree/mounts.h"
#include "tree/tree-internal.h"

#define WALKS_MAX 16U /* until two agree */

void root_done(Root *r) {
        steps_free(r->steps, r->n_steps);
        free(r->path);
        free(r->reason);
        free(r->real_path);
}

static int set_state(Tree *t, Root *root, TreeState state, int error) {
        _cleanup_free_ char *reason = NULL;
        int r = 0;

        if (state == TREE_WAITING)
                r = asprintf(&reason, "'%s' is not there yet: %s", root->path, strerror(-error));
        else if (error == -ENOSPC)
                r = asprintf(&reason,
                                "Cannot watch '%s': the user's inotify watches are used up, raise "
                                "fs.inotify.max_user_watches",
                                root->path);
        else if (state == TREE_DEGRADED)
                r = asprintf(&reason, "Cannot watch '%s': %s", root->path, strerror(-error));
        if (r < 0) {
                reason = NULL;
                return -ENOMEM;
        }
        if (root->state == state && streq(root->reason ?: "", reason ?: ""))
                return 0;
        root->state = state;
        free(root->reason);
        root->reason = TAKE_PTR(reason);
        t->generation++;
        return 0;
}

/* Lets go of what was the root, which says so as inotify_rm_watch(2) would, or umount(2). */
static int leave_node(Tree *t, Root *root) {
        Event e = { .mask = IN_IGNORED, .usec = t->usec };
        Node *n = TAKE_PTR(root->node);
        int r;

        if (!n || !n->is_root || n->root != root)
                return 0;
        for (size_t i = 0; i < t->n_roots; i++)
                if (t->roots[i].node == n) { /* the same file by another path */
                        n->root = &t->roots[i];
                        t->nodes.shape++;
                        return 0;
                }
        if (!n->is_unmounted && !mount_is_there(root->mount)) {
                /* The kernel's own, which may come first, names a directory as well. */
                Event unmount = { .mask = IN_UNMOUNT | (n->is_dir ? IN_ISDIR : 0),
                        .usec = t->usec };

                r = tree_tell(t, n, "", 0, &unmount);
                if (r < 0)
                        return r;
        }
        r = tree_tell(t, n, "", 0, &e);
        follow_release(t, n, false);
        return r;
}

static void set_real_path(Root *root, int fd) {
        char path[PATH_MAX];

        free(root->real_path);
        root->real_path = follow_real_path(fd, path) ? strdup(path) : NULL;
}

/* Takes the node as the root's, and tells what is in it. */
static int enter_node(Tree *t, Root *root, Node *n, int fd) {
        Origin origin = t->is_started ? ORIGIN_SCAN : ORIGIN_INITIAL;

        root->node = n;
        root->mount = mount_of(fd);
        set_real_path(root, fd);
        if (node_is_member(n))
                return 0;
        n->is_root = true;
        n->root = root;
        n->is_visited = true;
        t->nodes.shape++;
        t->generation++;
        t->n_directories += n->is_dir;
        if (origin == ORIGIN_INITIAL && !t->options.scan_initial && !t->options.recursive &&
                        !t->options.recover)
                return 0;
        if (n->is_dir)
                return scan_push(t, fd, ".", n->wd, origin, false);
        if (origin == ORIGIN_INITIAL && !t->options.scan_initial)
                return 0;
        Event e = { .mask = IN_CREATE, .origin = origin, .usec = t->usec };
        return tree_tell(t, n, "", 0, &e);
}

/* Puts the root where its walk has led. */
static int arrive(Tree *t, Root *root, const Walk *w) {
        struct stat st;
        Node *n;
        int r;

        if (w->fd < 0) {
                r = leave_node(t, root);
                if (r < 0)
                        return r;
                bool is_missing = w->error == -ENOENT || w->error == -ENOTDIR;
                return set_state(t, root, is_missing ? TREE_WAITING : TREE_DEGRADED, w->error);
        }
        if (fstat(w->fd, &st) >= 0)
                root->device = st.st_dev;
        r = tree_watch(t, w->fd, w->is_dir, tree_root_mask(t, w->is_dir), &n);
        if (r == -ENOMEM)
                return r;
        if (r < 0) {
                (void) leave_node(t, root);
                return set_state(t, root, TREE_DEGRADED, r);
        }
        if (root->node && past_is(t, root->node) && root->node->root == root &&
                        root->node->is_dir == n->is_dir && !node_is_member(n)) {
                r = past_is_node(t, root->node, n);
                if (r < 0)
                        return r;
                root->mount = mount_of(w->fd);
                set_real_path(root, w->fd);
        }
        if (root->node != n) {
                r = leave_node(t, root);
                if (r < 0)
                        return r;
                /* The node may have been released with what the root was. */
                r = tree_watch(t, w->fd, w->is_dir, tree_root_mask(t, w->is_dir), &n);
                if (r < 0)
                        return r;
                r = enter_node(t, root, n, w->fd);
                if (r < 0 && r != -ENOENT)
                        return r;
        }
        return set_state(t, root, TREE_WATCHING, 0);
}

/* What a node was, when it may be gone: wds are not used again, addresses are. */
static int wd_of(const Node *n) {
        return n ? n->wd : 0;
}

/* Walks until two walks agree. */
static int settle_root(Tree *t, Root *root) {
        int r;

        for (unsigned i = 0; i < WALKS_MAX; i++) {
                _cleanup_(walk_done) Walk w = { .fd = -EBADF };
                int before = wd_of(root->node);
                TreeState state_before = root->state;

                r = walk_to(t, root->path, &w);
                if (r < 0 && r != -ENOMEM &&
                                root->node) /* out of descriptors, say: nothing is known */
                        return set_state(t, root, TREE_DEGRADED, r);
                if (r < 0)
                        return r;
                r = arrive(t, root, &w);
                if (r < 0)
                        return r;
                bool agrees = before == wd_of(root->node) && state_before == root->state &&
                              steps_equal(root->steps, root->n_steps, w.steps, w.n_steps);
                steps_free(root->steps, root->n_steps);
                root->steps = TAKE_PTR(w.steps);
                root->n_steps = TAKE(w.n_steps, 0);
                if (agrees)
                        return 0;
        }
        return set_state(t, root, TREE_DEGRADED, -EBUSY);
}

/* Lets go of the steps that no way leads over any more. */
static void sweep_steps(Tree *t) {
        size_t n_kept = 0;

        for (size_t i = 0; i < t->n_steps; i++)
                t->steps[i]->is_step = false;
        for (size_t i = 0; i < t->n_roots; i++)
                for (size_t j = 0; j < t->roots[i].n_steps; j++) {
                        Node *n = nodes_get(&t->nodes, t->roots[i].steps[j].wd);
                        if (n)
                                n->is_step = true;
                }
        for (size_t i = 0; i < t->n_steps; i++) {
                Node *n = t->steps[i];

                if (n->is_step)
                        t->steps[n_kept++] = n;
                else if (!node_is_member(n))
                        follow_release(t, n, false);
        }
        t->n_steps = n_kept;
}

static int check_root(Tree *t, Root *root, usec_t now) {
        int r;

        root->is_unsettled = false;
        r = settle_root(t, root);
        if (r < 0 && r != -ENOMEM) {
                (void) leave_node(t, root);
                r = set_state(t, root, TREE_DEGRADED, r);
        }
        image_root(t, root);
        if (root->state == TREE_DEGRADED)
                t->retry_deadline = MIN_OF(t->retry_deadline, usec_add(now, TREE_RETRY_USEC));
        return r;
}

int roots_check(Tree *t, usec_t now) {
        t->check_mark = UINT64_MAX;
        for (size_t i = 0; i < t->n_roots; i++) {
                int r = check_root(t, &t->roots[i], now);
                if (r < 0)
                        return r;
        }
        sweep_steps(t);
        return 0;
}

static bool leads_over(const Root *root, int wd) {
        for (size_t i = 0; i < root->n_steps; i++)
                if (root->steps[i].wd == wd)
                        return true;
        return false;
}

void roots_unsettle(Tree *t, const Node *n) {
        for (size_t i = 0; i < t->n_roots; i++)
                if (t->roots[i].node == n || (n->is_step && leads_over(&t->roots[i], n->wd)))
                        t->roots[i].is_unsettled = true;
}

int roots_check_unsettled(Tree *t, usec_t now) {
        for (size_t i = 0; i < t->n_roots; i++) {
                int r = t->roots[i].is_unsettled ? check_root(t, &t->roots[i], now) : 0;
                if (r < 0)
                        return r;
        }
        sweep_steps(t);
        return 0;
}

int roots_check_later(Tree *t) {
        return t->check_mark == UINT64_MAX ? tree_mark(t, &t->check_mark) : 0;
}

bool roots_concern(const Tree *t, const Raw *raw) {
        if (raw_unsettles_self(raw))
                return true;
        for (size_t i = 0; i < t->n_roots; i++)
                for (size_t j = 0; j < t->roots[i].n_steps; j++) {
                        const Step *step = &t->roots[i].steps[j];

                        if (step->wd == raw->wd && step->name && streq(step->name, raw->name))
                                return true;
                }
        return false;
}
