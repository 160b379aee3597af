/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* How far the tree goes, and its change. The tree goes on as it is, and is rescanned with both in view: what
 * the one before kept out was there already, as far as anyone knows, and what this one keeps out goes without
 * a word. The image has the one before until that is through, so that whoever goes on from it begins again. */

#include <fcntl.h>
#include <sys/stat.h>

#include "base/list.h"
#include "tree/filter.h"
#include "tree/reach.h"

static bool excludes(Tree *t, const TreeReach *reach, const Node *n, const char *name) {
        if (!reach->filter)
                return false;
        const Root *root = node_root(n);
        buffer_clear(&t->other);
        node_add_path(n, &t->other);
        buffer_add_char(&t->other, '/');
        buffer_add_string(&t->other, name);
        if (t->other.failed)
                return false;
        const char *below = t->other.data + root->path_len;
        return filter_excludes(reach->filter, below + strspn(below, "/"));
}

static bool is_other_mount(const TreeReach *reach, const Node *n, int fd, const char *name) {
        struct stat st;

        return !reach->cross_mounts &&
               fstatat(fd, name, &st, reach->follow_symlinks ? 0 : AT_SYMLINK_NOFOLLOW) >= 0 &&
               st.st_dev != node_root(n)->device;
}

bool reach_keeps_out(Tree *t,
                const TreeReach *reach,
                const Node *n,
                int fd,
                const char *name,
                bool is_link) {
        return (is_link && !reach->follow_symlinks) || excludes(t, reach, n, name) ||
               is_other_mount(reach, n, fd, name);
}

/* Whether links are followed no more. */
static bool leaves_links(const Tree *t) {
        return t->is_reaching && t->former_reach.follow_symlinks &&
               !t->options.reach.follow_symlinks;
}

static bool is_link(int fd, const char *name) {
        struct stat st;

        return fstatat(fd, name, &st, AT_SYMLINK_NOFOLLOW) >= 0 && S_ISLNK(st.st_mode);
}

bool reach_has_left_link(const Tree *t, int fd, const char *name) {
        struct stat st;

        return leaves_links(t) && is_link(fd, name) && fstatat(fd, name, &st, 0) >= 0 &&
               S_ISDIR(st.st_mode);
}

bool reach_has_left(Tree *t, const Node *node) {
        int fd;

        if (!t->is_reaching || node->is_root)
                return false;
        if (excludes(t, &t->options.reach, node->parent, node_name(node)))
                return true;
        fd = follow_open(t, node->parent);
        return fd >= 0 && (is_other_mount(&t->options.reach, node->parent, fd, node_name(node)) ||
                                          (leaves_links(t) && is_link(fd, node_name(node))));
}

static bool are_equal(const TreeReach *a, const TreeReach *b) {
        return a->cross_mounts == b->cross_mounts && a->follow_symlinks == b->follow_symlinks &&
               filter_exclusions(a->filter) == filter_exclusions(b->filter);
}

static int begin(Tree *t, const TreeReach *former, char *const *exclude) {
        int r = exclude ? filter_new(NULL, exclude, &t->former_filter) : 0;

        if (r < 0)
                return r;
        t->former_reach = *former;
        t->former_reach.filter = t->former_filter;
        t->is_reaching = true;
        return 0;
}

/* As it is when a change of it is through. */
void image_reach(Tree *t) {
        const TreeReach *reach = t->is_reaching ? &t->former_reach : &t->options.reach;
        ImageReach record = {
                .exclusions = filter_exclusions(reach->filter),
                .cross_mounts = reach->cross_mounts,
                .follow_symlinks = reach->follow_symlinks,
        };
        _cleanup_(buffer_done) Buffer globs = {};

        if (!t->ledger)
                return;
        for (char *const *glob = filter_exclude(reach->filter); glob && *glob; glob++)
                buffer_add(&globs, *glob, strlen(*glob) + 1);
        record.has_globs = !globs.failed && globs.length <= LEDGER_RECORD_MAX / 2;
        (void) ledger_append_parts(t->ledger,
                        IMAGE_REACH,
                        &record,
                        sizeof(record),
                        globs.data,
                        record.has_globs ? globs.length : 0);
}

void reach_end(Tree *t) {
        t->former_filter = filter_free(t->former_filter);
        t->is_reaching = t->is_rescan_reaching = false;
}

int tree_set_reach(Tree *t, const TreeReach *reach) {
        TreeReach before = t->options.reach;
        bool is_same = are_equal(&before, reach) || !t->options.recursive;
        int r = 0;

        if (!is_same && !t->is_reaching)
                r = begin(t, &before, filter_exclude(before.filter));
        t->options.reach = *reach;
        if (is_same)
                image_reach(t);
        else
                t->rescan_deadline = t->now;
        return r;
}

bool tree_is_reaching(const Tree *t) {
        return t->is_reaching;
}

/* Takes the globs of a record. */
static int take_globs(const char *globs, size_t n_left, List *ret) {
        while (n_left > 0) {
                size_t n = strnlen(globs, n_left);
                int r = n < n_left ? list_add(ret, globs, n) : -EBADMSG;

                if (r < 0)
                        return r;
                globs += n + 1;
                n_left -= n + 1;
        }
        return 0;
}

int reach_take_former(Tree *t, const LedgerRecord *record) {
        _cleanup_(list_freep) List exclude = NULL;
        const TreeReach *now = &t->options.reach;
        ImageReach head;
        TreeReach former;
        int r;

        if (!t->options.recursive)
                return 0;
        if (record->n < sizeof(head))
                return -EBADMSG;
        memcpy(&head, record->data, sizeof(head));
        former = (TreeReach){ head.cross_mounts, head.follow_symlinks, NULL };
        if (former.cross_mounts == now->cross_mounts &&
                        former.follow_symlinks == now->follow_symlinks &&
                        head.exclusions == filter_exclusions(now->filter))
                return 0;
        if (!head.has_globs)
                return -EBADMSG;
        r = take_globs((const char *) record->data + sizeof(head),
                        record->n - sizeof(head),
                        &exclude);
        return r < 0 ? r : begin(t, &former, exclude);
}
