/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Looks into directories that are watched already, a slice at a time, depth first. What is found is
 * told when all that the kernel had queued at that moment was handed out, unless an event tells of it
 * first. Our own reading is among the events, as opening, reading and closing of directories: none of
 * these is told until what we caused is through. */

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "tree/looks.h"

#define SLICE_ENTRIES 1024U
#define OPENED_MAX 8U /* of some six events each; a queue may be as short as 64 */
#define TRIES_MAX 8U  /* to find where a directory is now */

/* Takes `dir_fd` over. */
static int push_opened(Tree *t, int dir_fd, int wd, Origin origin, bool is_known) {
        DIR *dir = fdopendir(dir_fd);

        if (!dir) {
                safe_close(dir_fd);
                return -ENOMEM;
        }
        t->frames[t->n_frames++] = (Frame){ dir, wd, origin, is_known };
        t->noise_mark = UINT64_MAX;
        t->n_opened++;
        return 0;
}

int scan_push(Tree *t, int fd, const char *name, int wd, Origin origin, bool is_known) {
        _cleanup_close_ int dir_fd = -EBADF;
        int there;

        if (t->n_frames == SCAN_FRAMES_MAX) /* what is not watched is not counted any deeper */
                return wd < 0 ? 0 : backlog_add(&t->backlog, (BacklogItem){ wd, origin, is_known });
        dir_fd = follow_read(fd, name, t->options.follow_symlinks && wd >= 0);
        if (dir_fd < 0)
                return dir_fd;
        there = wd >= 0 ? follow_wd_at(t, dir_fd, ".") : wd;
        if (there == -EACCES)
                return there; /* its names can be read, and nothing else */
        if (there != wd)
                return -ESTALE; /* another has its name by now, and will tell */
        return push_opened(t, TAKE_FD(dir_fd), wd, origin, is_known);
}

int scan_park(Tree *t, BacklogItem item) {
        int r;

        if (item.n_tries++ ==
                        TRIES_MAX) { /* events were lost, or somebody does nothing but move it */
                rescan_want(t, 0, false);
                return 0;
        }
        r = backlog_add(&t->parked, item);
        return r < 0 ? r : tree_mark(t, &t->parked_mark);
}

int scan_unpark(Tree *t) {
        t->parked_mark = UINT64_MAX;
        return backlog_move(&t->backlog, &t->parked);
}

void scan_forget(Tree *t, int wd) {
        for (size_t i = 0; i < t->n_frames; i++)
                if (t->frames[i].wd == wd)
                        t->frames[i].wd = 0; /* no wd is 0: what is left of it is passed over */
}

typedef enum EntryType {
        ENTRY_GONE,
        ENTRY_FILE,
        ENTRY_DIRECTORY,
        ENTRY_LINK_TO_DIRECTORY,
} EntryType;

static EntryType entry_type(const Tree *t, int fd, const struct dirent *entry) {
        struct stat st;

        if (entry->d_type == DT_DIR)
                return ENTRY_DIRECTORY;
        if (entry->d_type == DT_LNK && t->options.follow_symlinks)
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
                r = scan_push(t, dirfd(f->dir), name, -1, f->origin, false);
        return r == -ENOMEM ? r : take_outsider(t, f, name);
}

/* Begins to scan a member, or puts it off, or notes why it cannot be. */
static int push(Tree *t, int fd, const char *name, Node *node, BacklogItem item) {
        int r;

        r = fd < 0 ? fd : scan_push(t, fd, name, item.wd, item.origin, item.is_known);
        if (r >= 0 || r == -ENOMEM)
                return r;
        if (item.is_known)
                known_touch(&t->known, item.wd);
        if (r == -ENOENT || r == -ENOTDIR || r == -ELOOP || r == -ESTALE)
                return scan_park(t, item);
        return item.is_known || node->is_root ? 0
                                              : unwatched_note(t, node->parent, node_name(node), r);
}

int scan_new(Tree *t, Node *n, int fd, const char *name, Node *node, Origin origin) {
        int r = scan_push(t, fd, name, node->wd, origin, false);

        if (r >= 0 || r == -ENOMEM)
                return r;
        if (r == -ENOENT || r == -ENOTDIR || r == -ELOOP || r == -ESTALE) {
                follow_release(t, node, false);
                return -ENOENT;
        }
        return unwatched_note(t, n, name, r);
}

/* Goes on with one that was put off. */
static int resume(Tree *t) {
        BacklogItem item = backlog_take(&t->backlog);
        Node *node = nodes_get(&t->nodes, item.wd);

        if (!node || !node_is_member(node))
                return 0;
        return push(t, follow_open(t, node), ".", node, item);
}

/* A directory that was a member before the look came upon it. */
static int take_member(Tree *t, const Frame *f, const Node *n, const char *name, Node *node) {
        if (!(f->is_known || n->is_doubtful) || node->is_visited)
                return 0;
        node->is_visited = true;
        bool is_known = !node->is_doubtful;
        return push(t, dirfd(f->dir), name, node, (BacklogItem){ node->wd, f->origin, is_known });
}

static int take_directory(Tree *t, const Frame *f, Node *n, const char *name, bool is_link) {
        Find find = { .origin = f->origin, .is_told = !wants_files(t, f->origin) };
        _cleanup_close_ int dir_fd = -EBADF;
        /* What was watched before is mostly there again, and opened when that is clear. */
        bool is_to_open =
                        wants_files(t, f->origin) && !f->is_known && t->n_frames < SCAN_FRAMES_MAX;
        Node *node;
        int r;

        r = look_enter(t, n, dirfd(f->dir), name, is_link, is_to_open ? &dir_fd : NULL, &find);
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
                r = r > 0 ? finds_add(&t->finds, &find, name) : 0;
                return r < 0 ? r : take_member(t, f, n, name, node);
        }
        if (!wants_files(t, find.origin) && is_leaf(t, dirfd(f->dir), name))
                return finds_add(&t->finds, &find, name);
        r = dir_fd >= 0 ? push_opened(t, TAKE_FD(dir_fd), node->wd, find.origin, false)
                        : scan_new(t, n, dirfd(f->dir), name, node, find.origin);
        if (r < 0)
                return r == -ENOMEM ? r : 0;
        return finds_add(&t->finds, &find, name);
}

static int take_file(Tree *t, const Frame *f, const struct dirent *entry, bool is_dir) {
        struct stat st;

        if (is_dir)
                return add_find(t, f, entry->d_name, true, 0, 0);
        if (!t->options.recover ||
                        fstatat(dirfd(f->dir), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
                        S_ISDIR(st.st_mode))
                return add_find(t, f, entry->d_name, false, entry->d_ino, 0);
        return add_find(t, f, entry->d_name, false, st.st_ino, known_print(&st));
}

static int take_entry(Tree *t, const struct dirent *entry) {
        Frame f = t->frames[t->n_frames - 1]; /* a copy: frames are added */
        EntryType type;

        if (streq(entry->d_name, ".") || streq(entry->d_name, ".."))
                return 0;
        if (entry->d_type == DT_REG && !wants_files(t, f.origin))
                return 0;
        type = entry_type(t, dirfd(f.dir), entry);
        bool is_dir = type == ENTRY_DIRECTORY || type == ENTRY_LINK_TO_DIRECTORY;
        if (f.wd == -1)
                /* Without a watch nothing tells a loop of links from a tree. */
                return type == ENTRY_DIRECTORY ? count_unwatched(t, dirfd(f.dir), entry->d_name)
                                               : 0;
        Node *n = nodes_get(&t->nodes, f.wd);
        if (!n || type == ENTRY_GONE)
                return 0;
        if (strlen(entry->d_name) > NAME_MAX) /* FUSE lets names be longer */
                return unwatched_note(t, n, entry->d_name, -ENAMETOOLONG);
        if (is_dir && t->options.recursive)
                return take_directory(t, &f, n, entry->d_name, type == ENTRY_LINK_TO_DIRECTORY);
        if (!wants_files(t, f.origin) || (f.is_known && !t->options.recover))
                return 0;
        if (f.is_known || (may_be_told(t, &f) && files_are_known(t, is_dir) &&
                                          known_get(&t->known,
                                                          n->wd,
                                                          entry->d_name,
                                                          strlen(entry->d_name))))
                return files_compare(t, n, dirfd(f.dir), entry->d_name, entry->d_ino, is_dir);
        return take_file(t, &f, entry, is_dir);
}

/* Takes in what is queued, so that what we cause does not fill the kernel's queue. */
static int take_in(Tree *t) {
        int r = INTAKE_READ_MAX;

        t->n_opened = 0;
        while (r > (int) INTAKE_READ_MAX / 2 && intake_has_room(t->intake))
                r = intake_read(t->intake, t->fd, true, t->now, t->usec);
        if (intake_is_empty(t->intake))
                t->n_handed_out = intake_n_read(t->intake);
        return r;
}

static void end_frame(Tree *t) {
        const Frame *f = &t->frames[--t->n_frames];
        Node *n = f->wd > 0 ? nodes_get(&t->nodes, f->wd) : NULL;

        if (n)
                n->is_doubtful = false;
        (void) closedir(f->dir);
}

static int take_slice(Tree *t) {
        int r = 0;

        t->home_fd = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
        for (unsigned i = 0; i < SLICE_ENTRIES && scan_is_under_way(t) && r >= 0; i++) {
                if (t->n_frames == 0) {
                        r = resume(t);
                        continue;
                }
                if (t->n_opened >= OPENED_MAX && (r = take_in(t)) < 0)
                        break;
                const struct dirent *entry = readdir(t->frames[t->n_frames - 1].dir);

                if (entry)
                        r = take_entry(t, entry);
                else
                        end_frame(t);
        }
        if (t->home_fd >= 0 && fchdir(t->home_fd) < 0 && r >= 0)
                r = -errno;
        t->home_fd = safe_close(t->home_fd);
        return r;
}

int scan_work(Tree *t, usec_t now) {
        Find **slice = finds_end(&t->finds);
        uint64_t mark;
        int r;

        if (!scan_is_under_way(t))
                return 0;
        r = tree_position(t);
        if (r >= 0)
                r = take_slice(t);
        if (r >= 0)
                r = take_in(t);
        if (r >= 0)
                r = tree_mark(t, &mark);
        if (r < 0)
                return r;
        for (Find *find = *slice; find; find = find->next)
                find->mark = mark;
        if (!scan_is_under_way(t)) {
                t->noise_mark = mark;
                t->generation++;
                /* What is scanned after the rescan's own end is no part of it: whoever makes
                 * directories without a pause must not put off its end for ever. */
                if (t->is_rescanning && t->rescan_mark == UINT64_MAX)
                        t->rescan_mark = mark;
        }
        r = scan_tell_due(t);
        return r < 0 ? r : scan_is_under_way(t);
}

int scan_tell_due(Tree *t) {
        while (t->finds.first && t->finds.first->mark <= t->n_handed_out) {
                _cleanup_free_ Find *find = t->finds.first;

                finds_take(&t->finds, find);
                int r = look_tell(t, find);
                if (r < 0)
                        return r;
        }
        return 0;
}
