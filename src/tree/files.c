/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What the tree knows of each file, kept up by the events and by what scans find; compared with the
 * disk in a rescan. Only for watches that want it: it costs memory for each file, and a stat(2) when
 * one comes or is closed after writing. */

#include <fcntl.h>

#include "tree/tree-internal.h"

/* A directory changes with what is in it, which is not told. */
#define DIRECTORY_PRINT UINT64_C(1)

int files_stat(Tree *t, const Node *n, const char *name, struct stat *ret) {
        buffer_clear(&t->other);
        node_add_path(n, &t->other);
        if (*name) {
                buffer_add_char(&t->other, '/');
                buffer_add_string(&t->other, name);
        }
        if (t->other.failed)
                return -ENOMEM;
        if (fstatat(AT_FDCWD, t->other.data, ret, AT_SYMLINK_NOFOLLOW) >= 0)
                return 0;
        if (errno != ENAMETOOLONG)
                return -errno;
        int fd = follow_open(t, n);
        if (fd < 0)
                return fd;
        return fstatat(fd, name, ret, AT_SYMLINK_NOFOLLOW) < 0 ? -errno : 0;
}

static int know(Tree *t, const Node *n, const char *name, const struct stat *st) {
        bool is_dir = S_ISDIR(st->st_mode);

        return known_put(&t->known,
                        n->wd,
                        name,
                        strlen(name),
                        st->st_ino,
                        is_dir ? DIRECTORY_PRINT : known_print(st),
                        is_dir);
}

/* Knows the file as it is now; one that is gone again is known by its name, until an event or a rescan
 * says that it went. */
int files_look(Tree *t, const Node *n, const char *name, size_t name_len, bool is_dir) {
        struct stat st;
        int r;

        r = files_stat(t, n, name, &st);
        if (r == -ENOMEM)
                return r;
        if (r >= 0 && is_dir == S_ISDIR(st.st_mode))
                return know(t, n, name, &st);
        return known_put(&t->known, n->wd, name, name_len, 0, 0, is_dir);
}

int files_found(Tree *t, const Find *find) {
        return known_put(&t->known,
                        find->wd,
                        find->name,
                        find->name_len,
                        find->key,
                        find->print,
                        false);
}

/* One that was written. What is there and not known was told to nobody: then events were lost, and the
 * rescan that comes is to find it. */
static int look_at_written(Tree *t, const Node *n, const Known *known) {
        struct stat st;
        int r;

        r = files_stat(t, n, known->name, &st);
        if (r == -ENOMEM)
                return r;
        if (r < 0)
                return known_put(&t->known,
                                n->wd,
                                known->name,
                                known->name_len,
                                0,
                                0,
                                known->is_dir);
        if (known->is_dir != S_ISDIR(st.st_mode))
                return 0;
        return known->inode == 0 || known->inode == st.st_ino ? know(t, n, known->name, &st) : 0;
}

/* Who is told of writes alone may have missed some of those that this one ends: the rescan that comes is to
 * find the file changed. */
static bool is_left_to_rescan(const Tree *t) {
        return (t->is_rescan_told || t->is_this_rescan_told) &&
               (t->options.mask & (IN_MODIFY | IN_CLOSE_WRITE)) == IN_MODIFY;
}

int files_record(Tree *t, const Node *n, const Raw *raw, const Source *source) {
        Known *known;
        int r;

        if (raw_is_arrival(raw)) { /* what it was at its source may have been seen too late */
                r = files_look(t, n, raw->name, raw->name_len, raw_is_dir(raw));
                known = r < 0 ? NULL : known_get(&t->known, n->wd, raw->name, raw->name_len);
                if (known && known->inode == 0 && source)
                        return known_put(&t->known,
                                        n->wd,
                                        raw->name,
                                        raw->name_len,
                                        source->inode,
                                        source->print,
                                        known->is_dir);
                return r;
        }
        known = known_get(&t->known, n->wd, raw->name, raw->name_len);
        if (!known || known->is_dir != raw_is_dir(raw)) /* its arrival was lost: nobody told of it */
                return 0;
        if (raw_is_written(raw))
                return is_left_to_rescan(t) ? 0 : look_at_written(t, n, known);
        if (raw_is_departure(raw))
                known_remove(&t->known, known);
        return 0;
}

int files_compare(Tree *t,
                const Node *n,
                int fd,
                const char *name,
                uint64_t inode,
                bool is_dir,
                Origin origin) {
        Known *known = known_get(&t->known, n->wd, name, strlen(name));
        Find find = {
                .mark = UINT64_MAX, /* until the slice is through */
                .key = is_dir ? 0 : inode,
                .wd = n->wd,
                .kind = FIND_NEW,
                .origin = origin,
                .is_dir = is_dir,
        };
        struct stat st;

        if (known && known->is_dir == is_dir) {
                known->round = t->known.round;
                if (fstatat(fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
                        return 0; /* gone since, and an event will tell */
                /* It was told, and its directory moved before it could be looked at. */
                if (known->inode == 0)
                        return know(t, n, name, &st);
                if (known->inode == st.st_ino &&
                                known->print == (is_dir ? DIRECTORY_PRINT : known_print(&st)))
                        return 0;
                /* Another file took the name of one that was known: it came. Where no events are known to
                 * be lost one tells of that; or it was known as what is at the path that its directory
                 * had then. */
                if (known->inode != st.st_ino && !t->is_this_rescan_told && !t->is_past)
                        return 0;
                find.kind = known->inode == st.st_ino ? FIND_CHANGED : FIND_NEW;
        }
        return finds_add(&t->finds, &find, name);
}

int files_tell_changed(Tree *t, const Find *find) {
        const Node *n = nodes_get(&t->nodes, find->wd);
        Known *known = known_get(&t->known, find->wd, find->name, find->name_len);
        Event e = { .mask = IN_MODIFY, .origin = ORIGIN_RESCAN, .usec = t->usec };
        uint64_t print;
        int r;

        if (!n || !node_is_member(n) || !known)
                return 0;
        print = known->print;
        r = files_look(t, n, find->name, find->name_len, find->is_dir);
        if (r < 0)
                return r;
        known = known_get(&t->known, find->wd, find->name, find->name_len);
        if (known->print == print) /* an event was first */
                return 0;
        return tree_tell(t, n, find->name, find->name_len, &e);
}

static int tell_deleted(Tree *t, const Node *n, Known *known) {
        Event e = {
                .mask = IN_DELETE | (known->is_dir ? IN_ISDIR : 0),
                .origin = ORIGIN_RESCAN,
                .usec = t->usec,
        };
        int r = tree_tell(t, n, known->name, known->name_len, &e);

        if (r >= 0)
                known_remove(&t->known, known);
        return r;
}

int files_replaced(Tree *t, const Node *n, const char *name, size_t name_len, bool is_silent) {
        Known *known = t->options.recursive ? known_get(&t->known, n->wd, name, name_len) : NULL;

        if (!known || known->is_dir)
                return 0;
        if (!is_silent)
                return tell_deleted(t, n, known);
        known_remove(&t->known, known);
        return 0;
}

/* Tells one that the rescan did not come by, unless it is there after all. */
static int tell_gone(Tree *t, Known *known) {
        const Node *n = nodes_get(&t->nodes, known->wd);
        struct stat st;
        int r;

        known->round = t->known.round;
        if (!n || !node_is_member(n))
                return 0;
        r = files_stat(t, n, known->name, &st);
        if (r != -ENOENT && r != -ENOTDIR && (r < 0 || known->is_dir == S_ISDIR(st.st_mode)))
                return r == -ENOMEM ? r : 0;
        return tell_deleted(t, n, known);
}

int files_tell_gone(Tree *t) {
        _cleanup_free_ Known **gone = NULL;
        uint32_t position = 0;
        size_t n = 0;
        Known *known;

        gone = calloc((size_t) t->known.n_files + 1, sizeof(Known *));
        if (!gone)
                return -ENOMEM;
        while ((known = known_next(&t->known, &position)))
                if (known->round != t->known.round)
                        gone[n++] = known;
        for (size_t i = 0; i < n; i++) {
                int r = tell_gone(t, gone[i]);
                if (r < 0)
                        return r;
        }
        return 0;
}
