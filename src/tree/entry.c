/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What a scan makes of an entry of the directory that it is in: directories are entered, files are held
 * against what is known. */

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "tree/entry.h"
#include "tree/looks.h"
#include "tree/reach.h"

typedef enum EntryType {
        ENTRY_GONE,
        ENTRY_FILE,
        ENTRY_DIRECTORY,
        ENTRY_LINK_TO_DIRECTORY,
} EntryType;

static EntryType entry_type(const Tree *t, int fd, const struct dirent64 *entry) {
        struct stat st;

        if (entry->d_type == DT_DIR)
                return ENTRY_DIRECTORY;
        if (entry->d_type == DT_LNK && t->options.reach.follow_symlinks)
                return fstatat(fd, entry->d_name, &st, 0) >= 0 && S_ISDIR(st.st_mode)
                                       ? ENTRY_LINK_TO_DIRECTORY
                                       : ENTRY_FILE;
        if (entry->d_type != DT_UNKNOWN)
                return ENTRY_FILE;
        if (fstatat(fd, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0)
                return ENTRY_GONE;
        return S_ISDIR(st.st_mode) ? ENTRY_DIRECTORY : ENTRY_FILE;
}

/* Whether a directory has no subdirectories by its number of links, on file systems that count so. */
static bool is_leaf(Tree *t, int fd, const char *name) {
        struct statfs fs;
        struct stat st;

        if (fstatat(fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0 || st.st_nlink != 2)
                return false;
        if (t->leaf_device != st.st_dev) {
                t->leaf_device = st.st_dev;
                t->leaf_counts = fstatfs(fd, &fs) >= 0 &&
                                 (fs.f_type == EXT4_SUPER_MAGIC || fs.f_type == XFS_SUPER_MAGIC ||
                                                 fs.f_type == TMPFS_MAGIC);
        }
        return t->leaf_counts;
}

/* Whether files found with this origin are anybody's business. */
static bool wants_files(const Tree *t, Origin origin) {
        return origin != ORIGIN_INITIAL || t->options.scan_initial || t->options.recover;
}

/* Whether an event may have told what is in a directory before this first look into it. */
static bool may_be_told(const Tree *t, const Frame *f) {
        return f->origin != ORIGIN_INITIAL || t->is_past;
}

/* Nobody knew it. `print` of a file, if it was asked for. */
static int
add_find(Tree *t, const Frame *f, const char *name, bool is_dir, uint64_t inode, uint64_t print) {
        Find find = {
                .mark = UINT64_MAX, /* until the slice is through */
                .key = inode,
                .print = print,
                .wd = f->wd,
                .kind = FIND_NEW,
                .origin = f->origin,
                .is_dir = is_dir,
        };

        return finds_add(&t->finds, &find, name);
}

/* A subdirectory of one that could not be watched: another watch that is needed. */
static int count_unwatched(Tree *t, int fd, const char *name) {
        int r;

        unwatched_count(t);
        r = scan_push(t, fd, name, -1, ORIGIN_SCAN, false);
        return r == -ENOMEM ? r : 0;
}

/* A directory that is not entered: told when it is new, and not at every look. */
static int take_outsider(Tree *t, const Frame *f, const char *name) {
        return f->is_known || !wants_files(t, f->origin) ? 0 : add_find(t, f, name, true, 0, 0);
}

static int take_unwatched(Tree *t, const Frame *f, Node *n, const char *name, int error) {
        int r;

        r = unwatched_note(t, n, name, error);
        if (r >= 0 && error == -ENOSPC)
                r = scan_push(t, f->dir.fd, name, -1, f->origin, false);
        return r == -ENOMEM ? r : take_outsider(t, f, name);
}

/* A directory that was a member before the look came upon it. */
static int take_member(Tree *t, const Frame *f, const Node *n, const char *name, Node *node) {
        if (!(f->is_known || n->is_doubtful) || node->is_visited)
                return 0;
        node->is_visited = true;
        bool is_known = !node->is_doubtful;
        return scan_member(
                        t, f->dir.fd, name, node, (BacklogItem){ node->wd, f->origin, is_known });
}

/* The look at the name goes on. */
static int add_look(Tree *t, const Find *find, const char *name) {
        t->frames[t->n_frames - 1].has_looks = true;
        return finds_add(&t->finds, find, name);
}

static int take_directory(Tree *t, const Frame *f, Node *n, const char *name, bool is_link) {
        Find find = { .origin = f->origin, .is_told = !wants_files(t, f->origin) };
        _cleanup_close_ int dir_fd = -EBADF;
        /* What was watched before is mostly there again, and opened when that is clear. */
        bool is_to_open =
                        wants_files(t, f->origin) && !f->is_known && t->n_frames < SCAN_FRAMES_MAX;
        Node *node;
        int r;

        r = look_enter(t, n, f->dir.fd, name, is_link, is_to_open ? &dir_fd : NULL, &find);
        if (r == -ENOSPC || r == -EACCES || r == -ENAMETOOLONG)
                return take_unwatched(t, f, n, name, r);
        if (r == -EXDEV) /* not to be entered */
                return take_outsider(t, f, name);
        if (r < 0)
                return r == -ENOMEM ? r : 0;
        node = nodes_get(&t->nodes, (int) find.key);
        if (t->orphan_wd > 0 && !orphan_is(t, node->wd)) { /* nobody was told of it */
                find.origin = ORIGIN_SCAN;
                find.is_told = false;
        }
        if (find.kind == FIND_ELSEWHERE) {
                find.is_told = false;
                r = r > 0 ? add_look(t, &find, name) : 0;
                return r < 0 ? r : take_member(t, f, n, name, node);
        }
        if (!wants_files(t, find.origin)) { /* into many of them together */
                t->n_entered++;
                return add_look(t, &find, name);
        }
        r = look_end(t, f->dir.fd, &find);
        if (r < 0)
                return r;
        r = dir_fd >= 0 ? scan_push_opened(t, TAKE_FD(dir_fd), node->wd, find.origin, false)
                        : scan_new(t, n, f->dir.fd, name, node, find.origin);
        if (r < 0)
                return r == -ENOMEM ? r : 0;
        return finds_add(&t->finds, &find, name);
}

static int take_file(Tree *t, const Frame *f, const struct dirent64 *entry, bool is_dir) {
        struct stat st;

        if (is_dir)
                return add_find(t, f, entry->d_name, true, 0, 0);
        if (!t->options.recover ||
                        fstatat(f->dir.fd, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
                        S_ISDIR(st.st_mode))
                return add_find(t, f, entry->d_name, false, entry->d_ino, 0);
        return add_find(t, f, entry->d_name, false, st.st_ino, known_print(&st));
}

/* Of what was out of reach before nobody is to be told that it is there. */
static Origin origin_of(Tree *t, const Frame *f, const Node *n, const char *name, EntryType type) {
        bool is_silent;

        if (!t->is_reaching || f->origin != ORIGIN_RESCAN)
                return f->origin;
        if (type == ENTRY_FILE)
                is_silent = reach_has_left_link(t, f->dir.fd, name);
        else
                is_silent = reach_keeps_out(t,
                                &t->former_reach,
                                n,
                                f->dir.fd,
                                name,
                                type == ENTRY_LINK_TO_DIRECTORY);
        return is_silent ? ORIGIN_INITIAL : f->origin;
}

int entry_take(Tree *t, const struct dirent64 *entry) {
        Frame f = t->frames[t->n_frames - 1]; /* a copy: frames are added */
        EntryType type;

        if (streq(entry->d_name, ".") || streq(entry->d_name, ".."))
                return 0;
        if (entry->d_type == DT_REG && !wants_files(t, f.origin))
                return 0;
        type = entry_type(t, f.dir.fd, entry);
        bool is_dir = type == ENTRY_DIRECTORY || type == ENTRY_LINK_TO_DIRECTORY;
        if (f.wd == -1)
                /* Without a watch nothing tells a loop of links from a tree. */
                return type == ENTRY_DIRECTORY ? count_unwatched(t, f.dir.fd, entry->d_name) : 0;
        Node *n = nodes_get(&t->nodes, f.wd);
        if (!n || type == ENTRY_GONE)
                return 0;
        if (strlen(entry->d_name) > NAME_MAX) /* FUSE lets names be longer */
                return unwatched_note(t, n, entry->d_name, -ENAMETOOLONG);
        f.origin = origin_of(t, &f, n, entry->d_name, type);
        if (is_dir && t->options.recursive)
                return take_directory(t, &f, n, entry->d_name, type == ENTRY_LINK_TO_DIRECTORY);
        if (!wants_files(t, f.origin) || (f.is_known && !t->options.recover))
                return 0;
        if (f.is_known || (may_be_told(t, &f) && files_are_known(t, is_dir) &&
                                          known_get(&t->known,
                                                          n->wd,
                                                          entry->d_name,
                                                          strlen(entry->d_name))))
                return files_compare(t,
                                n,
                                f.dir.fd,
                                entry->d_name,
                                entry->d_ino,
                                is_dir,
                                f.is_known ? f.origin : ORIGIN_RESCAN);
        return take_file(t, &f, entry, is_dir);
}

static const Frame *frame_of(const Tree *t, int wd) {
        for (size_t i = 0; i < t->n_frames; i++)
                if (t->frames[i].wd == wd)
                        return &t->frames[i];
        return NULL;
}

int entry_look_into(Tree *t, Find *find) {
        const Frame *f = frame_of(t, find->wd);
        Node *n = nodes_get(&t->nodes, find->wd), *node = nodes_get(&t->nodes, (int) find->key);
        int r;

        if (!f || !n || !node || is_leaf(t, f->dir.fd, find->name))
                return 0;
        r = scan_make_room(t);
        if (r < 0)
                return r;
        r = scan_new(t, n, f->dir.fd, find->name, node, find->origin);
        if (r >= 0 || r == -ENOMEM)
                return MIN_OF(r, 0);
        finds_take(&t->finds, find); /* it is there no more */
        free(find);
        return 0;
}
