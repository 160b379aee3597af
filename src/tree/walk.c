/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Walks with O_PATH descriptors, directory by directory and link by link; each is watched before it is
 * stepped through. */

#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>

#include "tree/tree-internal.h"
#include "tree/walk.h"

#define STEP_MASK (WALK_STEP_MASK & ~(uint32_t) IN_CREATE)
/* Where the next name is missing. */
#define STEP_WAITING_MASK WALK_STEP_MASK
#define SYMLINKS_MAX 40U /* as the kernel's own walk */

void steps_free(Step *steps, size_t n) {
        for (size_t i = 0; i < n; i++)
                free(steps[i].name);
        free(steps);
}

void walk_done(Walk *w) {
        steps_free(w->steps, w->n_steps);
        safe_close(w->fd);
        *w = (Walk){ .fd = -EBADF };
}

bool steps_equal(const Step *a, size_t n_a, const Step *b, size_t n_b) {
        if (n_a != n_b)
                return false;
        for (size_t i = 0; i < n_a; i++)
                if (a[i].wd != b[i].wd || !a[i].name != !b[i].name ||
                                (a[i].name && !streq(a[i].name, b[i].name)))
                        return false;
        return true;
}

int steps_add(Tree *t, Step **steps, size_t *n_steps, Node *n, const char *name, size_t name_len) {
        _cleanup_free_ char *copy = name ? strndup(name, name_len) : NULL;
        Step *grown;

        if (name && !copy)
                return -ENOMEM;
        if (!n->is_step) {
                Node **nodes = reallocarray(t->steps, t->n_steps + 1, sizeof(Node *));
                if (!nodes)
                        return -ENOMEM;
                t->steps = nodes;
                t->steps[t->n_steps++] = n;
                n->is_step = true;
        }
        grown = reallocarray(*steps, *n_steps + 1, sizeof(Step));
        if (!grown)
                return -ENOMEM;
        *steps = grown;
        grown[(*n_steps)++] = (Step){ n->wd, TAKE_PTR(copy) };
        return 0;
}

/* Watches what is behind `fd` as a step and notes it down. What must not be watched (no right to read
 * it, no room) is passed over: then only its renaming goes unseen. */
static int add_step(Tree *t, Walk *w, int fd, bool is_dir, uint32_t mask, const char *name) {
        Node *n;
        int r;

        r = tree_watch(t, fd, is_dir, mask, &n);
        if (r < 0)
                return r == -ENOMEM ? r : 0;
        return steps_add(t, &w->steps, &w->n_steps, n, name, name ? strlen(name) : 0);
}

/* Puts the target of the link behind `fd` before what is left of the way. */
static int follow_link(int fd, char **way) {
        char target[PATH_MAX];
        ssize_t n = readlinkat(fd, "", target, sizeof(target));
        char *joined;

        if (n < 0)
                return -errno;
        if ((size_t) n >= sizeof(target))
                return -ENAMETOOLONG;
        if (asprintf(&joined, "%.*s/%s", (int) n, target, *way) < 0)
                return -ENOMEM;
        free(*way);
        *way = joined;
        return 0;
}

/* Takes the next name off the way. Returns > 0, 0 at its end, or -ENOMEM. */
static int next_name(char **way, char **ret) {
        char *begin = *way + strspn(*way, "/");
        size_t n = strcspn(begin, "/");

        if (n == 0)
                return 0;
        *ret = strndup(begin, n);
        if (!*ret)
                return -ENOMEM;
        memmove(*way, begin + n, strlen(begin + n) + 1);
        return 1;
}

/* Opens `name` in the directory `fd`, which is watched; if it is missing, so that its coming is seen. */
static int open_next(Tree *t, Walk *w, int fd, const char *name) {
        int next, r;

        r = add_step(t, w, fd, true, STEP_MASK, name);
        if (r < 0)
                return r;
        next = openat(fd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
        if (next >= 0 || errno != ENOENT)
                return next >= 0 ? next : -errno;
        Node *n;
        r = tree_watch(t, fd, true, STEP_WAITING_MASK, &n);
        if (r < 0)
                return r;
        next = openat(fd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
        return next >= 0 ? next : -errno;
}

int walk_to(Tree *t, const char *path, Walk *w) {
        _cleanup_close_ int fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
        _cleanup_free_ char *way = strdup(path);
        unsigned n_links = 0;
        bool is_dir = true;
        int r;

        if (fd < 0)
                return -errno;
        if (!way)
                return -ENOMEM;
        for (;;) {
                _cleanup_free_ char *name = NULL;
                _cleanup_close_ int next = -EBADF;
                struct stat st;

                r = next_name(&way, &name);
                if (r < 0)
                        return r;
                if (r == 0)
                        break;
                if (!is_dir) {
                        w->error = -ENOTDIR;
                        return 0;
                }
                next = open_next(t, w, fd, name);
                if (next == -ENOMEM || next == -EMFILE || next == -ENFILE)
                        return next;
                if (next < 0) {
                        w->error = next;
                        return 0;
                }
                if (fstat(next, &st) < 0)
                        return -errno;
                is_dir = S_ISDIR(st.st_mode);
                if (!S_ISLNK(st.st_mode)) {
                        safe_close(fd);
                        fd = TAKE_FD(next);
                        continue;
                }
                if (++n_links > SYMLINKS_MAX) {
                        w->error = -ELOOP;
                        return 0;
                }
                r = add_step(t, w, next, false, IN_MOVE_SELF | IN_DELETE_SELF | IN_ATTRIB, NULL);
                if (r < 0)
                        return r;
                r = follow_link(next, &way);
                if (r < 0)
                        return r;
                is_dir = true;
                if (way[0] == '/') {
                        safe_close(fd);
                        fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
                        if (fd < 0)
                                return -errno;
                }
        }
        w->fd = TAKE_FD(fd);
        w->is_dir = is_dir;
        return 0;
}
