/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Goes from directory to directory in the order of their wds, which stay with them when they are moved.
 * No list of them is kept: the next few are looked up, and those that came since are left out. What lies
 * in a directory is read from the disk. Our own reading is among the events of the tree, and not told. */

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "tree/listing.h"
#include "tree/tree-internal.h"

#define WDS_MAX 4096U
#define SLICE_ENTRIES 512U
#define SLICE_DIRECTORIES 64U
#define PATIENCE_USEC                                                                              \
        USEC_PER_SEC /* for directories that are not where they are said to be, in all */

struct Listing {
        Tree *tree;         /* NULL: it is no more */
        Listing *next;      /* in tree->listings */
        Listing **previous; /* what points at it there */
        int wds[WDS_MAX];   /* the next ones, in their order */
        unsigned n_wds, at;
        int limit;    /* no directory that was there has a larger one */
        DIR *dir;     /* the one of wds[at], if it was begun */
        usec_t stuck; /* since when it cannot be found; 0: it was found, or not looked for */
        usec_t patience;
};

static int compare(const void *a, const void *b) {
        const int x = *(const int *) a, y = *(const int *) b;

        return (x > y) - (x < y);
}

/* The largest comes first; each is at least as large as those below it. */
static void sift_down(int *heap, unsigned n) {
        unsigned i = 0, child;

        while ((child = 2 * i + 1) < n) {
                if (child + 1 < n && heap[child + 1] > heap[child])
                        child++;
                if (heap[i] >= heap[child])
                        return;
                int larger = heap[child];
                heap[child] = heap[i];
                heap[i] = larger;
                i = child;
        }
}

/* The least wds behind `last`. */
static void look_up(Listing *l, int last) {
        uint32_t position = 0;
        const Node *node;

        l->at = l->n_wds = 0;
        while ((node = wds_next(&l->tree->nodes.wds, &position))) {
                if (node->wd <= last || node->wd > l->limit)
                        continue;
                if (l->n_wds < WDS_MAX) {
                        l->wds[l->n_wds++] = node->wd;
                        if (l->n_wds == WDS_MAX) { /* a sorted array, turned round, is such a heap */
                                qsort(l->wds, WDS_MAX, sizeof(int), compare);
                                for (unsigned i = 0; i < WDS_MAX / 2; i++) {
                                        int wd = l->wds[i];
                                        l->wds[i] = l->wds[WDS_MAX - 1 - i];
                                        l->wds[WDS_MAX - 1 - i] = wd;
                                }
                        }
                } else if (node->wd < l->wds[0]) {
                        l->wds[0] = node->wd;
                        sift_down(l->wds, WDS_MAX);
                }
        }
        qsort(l->wds, l->n_wds, sizeof(int), compare);
}

int listing_new(Tree *t, Listing **ret) {
        Listing *l = calloc(1, sizeof(Listing));
        uint32_t position = 0;
        const Node *node;

        if (!l)
                return -ENOMEM;
        l->tree = t;
        l->patience = PATIENCE_USEC;
        while ((node = wds_next(&t->nodes.wds, &position)))
                l->limit = MAX_OF(l->limit, node->wd);
        l->next = t->listings;
        if (l->next)
                l->next->previous = &l->next;
        l->previous = &t->listings;
        t->listings = l;
        look_up(l, 0);
        *ret = l;
        return 0;
}

static void end_patience(Listing *l) {
        if (l->stuck != 0 && l->tree)
                l->patience -= MIN_OF(l->patience, l->tree->now - l->stuck);
        l->stuck = 0;
}

static void end_directory(Listing *l) {
        if (l->dir)
                (void) closedir(l->dir);
        l->dir = NULL;
        end_patience(l);
        l->at++;
}

Listing *listing_free(Listing *l) {
        if (!l)
                return NULL;
        end_directory(l);
        if (l->tree)
                *l->previous = l->next;
        if (l->tree && l->next)
                l->next->previous = l->previous;
        free(l);
        return NULL;
}

void listings_end(Tree *t) {
        for (Listing *l = t->listings; l; l = l->next)
                l->tree = NULL;
        t->listings = NULL;
}

static int
tell(Listing *l, const Node *n, const char *name, bool is_dir, EventSink sink, void *userdata) {
        Event e = {
                .mask = IN_CREATE | (is_dir ? IN_ISDIR : 0),
                .origin = ORIGIN_INITIAL,
                .usec = l->tree->usec,
        };

        return tree_tell_to(l->tree, n, name, strlen(name), &e, sink, userdata);
}

static int open_directory(Listing *l, const Node *n) {
        int fd = follow_open(l->tree, n);

        if (fd < 0)
                return fd;
        fd = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NONBLOCK);
        if (fd < 0)
                return -errno;
        l->dir = fdopendir(fd);
        if (!l->dir) {
                safe_close(fd);
                return -ENOMEM;
        }
        return 0;
}

/* What comes of a directory that cannot be opened: one that is not where we think is waited for, one that
 * may not be read has nothing to tell. Returns 0 to go on without what is in it. */
static int pass_over(Listing *l, int error) {
        usec_t now = l->tree->now;

        if (error == -ENOENT || error == -ENOTDIR || error == -ELOOP || error == -ESTALE) {
                l->stuck = l->stuck ?: now;
                return now < l->stuck + l->patience ? -EAGAIN : 0;
        }
        return error == -EACCES ? 0 : error;
}

/* Whether the entry is a directory that has, or will have, its own turn. */
static bool has_own_turn(const Listing *l, const Node *n, const char *name) {
        const Node *node = nodes_child(&l->tree->nodes, n, name, strlen(name));

        return node && node->is_dir && !node_is_ghost(node);
}

static bool is_directory(const Listing *l, const struct dirent *entry) {
        struct stat st;

        if (entry->d_type != DT_UNKNOWN)
                return entry->d_type == DT_DIR;
        return fstatat(dirfd(l->dir), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) >= 0 &&
               S_ISDIR(st.st_mode);
}

/* Tells the directory itself, and opens it; or the file that a root is. Returns > 0 if it is open, 0 if
 * there is nothing in it. */
static int begin_directory(Listing *l, const Node *n, EventSink sink, void *userdata) {
        int r;

        if (!n->is_dir)
                return n->is_root ? tell(l, n, "", false, sink, userdata) : 0;
        r = open_directory(l, n);
        if (r < 0) {
                r = pass_over(l, r);
                if (r < 0)
                        return r;
        }
        end_patience(l);
        if (!n->is_root)
                r = tell(l, n, "", true, sink, userdata);
        return r < 0 ? r : l->dir != NULL;
}

/* Tells up to *n_entries of what is in it. Returns > 0 if there is more. */
static int read_directory(
                Listing *l, const Node *n, unsigned *n_entries, EventSink sink, void *userdata) {
        while (*n_entries > 0) {
                const struct dirent *entry = readdir(l->dir);
                int r;

                if (!entry)
                        return 0;
                if (streq(entry->d_name, ".") || streq(entry->d_name, "..") ||
                                strlen(entry->d_name) > NAME_MAX ||
                                has_own_turn(l, n, entry->d_name))
                        continue;
                --*n_entries;
                r = tell(l, n, entry->d_name, is_directory(l, entry), sink, userdata);
                if (r < 0)
                        return r;
        }
        return 1;
}

static int take_slice(Listing *l, EventSink sink, void *userdata) {
        unsigned n_entries = SLICE_ENTRIES;
        int r = 0;

        for (unsigned i = 0; i < SLICE_DIRECTORIES && n_entries > 0 && r >= 0; i++) {
                const Node *n;

                if (l->at == l->n_wds && l->n_wds > 0)
                        look_up(l, l->wds[l->n_wds - 1]);
                if (l->n_wds == 0)
                        return 0;
                n = nodes_get(&l->tree->nodes, l->wds[l->at]);
                r = n && node_is_member(n) ? 1 : 0;
                if (r > 0 && !l->dir)
                        r = begin_directory(l, n, sink, userdata);
                if (r > 0)
                        r = read_directory(l, n, &n_entries, sink, userdata);
                if (r == 0)
                        end_directory(l);
        }
        return r < 0 ? r : 1;
}

int listing_work(Listing *l, usec_t now, usec_t usec, EventSink sink, void *userdata) {
        Tree *t = l->tree;
        uint64_t mark;
        int r, k;

        if (!t)
                return -ESTALE;
        t->now = now;
        t->usec = usec;
        r = take_slice(l, sink, userdata);
        t->dir_fd = safe_close(t->dir_fd);
        if (t->noise_mark ==
                        UINT64_MAX) /* a scan is under way, and its end is the end of this as well */
                return r;
        k = tree_mark(t, &mark);
        if (k >= 0)
                t->noise_mark = mark;
        return r < 0 ? r : k < 0 ? k : r;
}
