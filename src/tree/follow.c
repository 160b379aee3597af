/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Keeps the directories where the events say they are: they are moved by the story alone, so that each
 * event is told by the path of its time. */

#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>

#include "tree/looks.h"

#define NAME_LONG_MAX 1024U /* of FUSE */

static uint32_t enter_mask(const Tree *t, bool is_link) {
        return tree_member_mask(t) | IN_ONLYDIR | (is_link ? 0 : IN_DONT_FOLLOW);
}

/* Asking for a wd makes a watch where there is none: takes it back. */
static int only_asked(Tree *t, int wd) {
        if (wd >= 0 && !nodes_get(&t->nodes, wd))
                (void) inotify_rm_watch(t->fd, wd);
        return wd;
}

int follow_wd_of(Tree *t, int fd) {
        return only_asked(t, tree_ask(t, fd, tree_member_mask(t)));
}

bool follow_real_path(int fd, char *ret) {
        char link[sizeof("/proc/self/fd/") + 3 * sizeof(int)];
        ssize_t n;

        (void) snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
        n = readlink(link, ret, PATH_MAX);
        if (n <= 0 || n >= PATH_MAX)
                return false;
        ret[n] = '\0';
        return true;
}

/* Whether the directory `fd` has just that path below the root: whether no link led there. */
static bool is_below(const Root *root, int fd, const char *path) {
        size_t n = root->real_path ? strlen(root->real_path) : 0;
        char real[PATH_MAX];

        n -= n == 1; /* "/" */
        return root->real_path && follow_real_path(fd, real) &&
               strncmp(real, root->real_path, n) == 0 && real[n] == '/' &&
               streq(real + n + 1, path);
}

/* Opens `path` below the root, of which `fd` is: it may be longer than PATH_MAX, and none of its directories
 * may be a link that was put in its place. As a rule it is neither, and opened in one: there is openat2(2) to
 * ask for that, but not for services with RestrictSUIDSGID=. */
static int open_below(const Tree *t, const Root *root, int fd, const char *path) {
        int flags = O_PATH | O_DIRECTORY | O_CLOEXEC;
        int at = openat(fd, *path ? path : ".", flags);

        if (at < 0 && errno != ENAMETOOLONG)
                return -errno;
        if (at >= 0 && (!*path || t->options.reach.follow_symlinks || is_below(root, at, path)))
                return at;
        safe_close(at);
        at = openat(fd, ".", flags);
        if (!t->options.reach.follow_symlinks)
                flags |= O_NOFOLLOW;
        while (at >= 0 && *path) {
                char name[NAME_MAX + 1];
                size_t n = strcspn(path, "/");

                assert(n < sizeof(name));
                memcpy(name, path, n);
                name[n] = '\0';
                int next = openat(at, name, flags);
                safe_close(at);
                at = next;
                path += n + (path[n] == '/');
        }
        return at < 0 ? -errno : at;
}

int follow_open(Tree *t, const Node *n) {
        _cleanup_close_ int root_fd = -EBADF, fd = -EBADF;
        const Root *root = node_root(n);

        if (t->dir_fd >= 0 && t->dir_wd == n->wd)
                return t->dir_fd;
        tree_spend_to_open(t);
        root_fd = open(root->path, O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (root_fd < 0)
                return -errno;
        buffer_clear(&t->other);
        node_add_path(n, &t->other);
        if (t->other.failed)
                return -ENOMEM;
        const char *below = t->other.data + MIN_OF(root->path_len, t->other.length);
        fd = open_below(t, root, root_fd, below + strspn(below, "/"));
        if (fd < 0)
                return fd;
        if (follow_wd_of(t, fd) != n->wd)
                return -ESTALE;
        safe_close(t->dir_fd);
        t->dir_fd = TAKE_FD(fd);
        t->dir_wd = n->wd;
        return t->dir_fd;
}

int follow_wd_at(Tree *t, int fd, const char *name) {
        return only_asked(t,
                        tree_ask_at(t, fd, name, enter_mask(t, t->options.reach.follow_symlinks)));
}

/* Who changes a directory tells of it when all can see it, but while he still has it locked. Under that
 * lock it is read, without room for an entry; or, for less can be done with O_PATH, a name is looked for that
 * is too long for any file system. Neither leaves anything behind. */
void follow_writers(int fd) {
        static const char name[] = { [0 ... NAME_LONG_MAX] = 'x', '\0' };
        struct stat st;

        if (getdents64(fd, &st, 0) < 0 && errno == EBADF)
                (void) fstatat(fd, name, &st, AT_SYMLINK_NOFOLLOW);
}

int follow_leads_to(Tree *t, Node *n, const char *name, const Node *node) {
        int fd = follow_open(t, n), wd;

        if (fd < 0)
                return fd;
        wd = follow_wd_at(t, fd, name);
        follow_writers(fd);
        if (wd == -ENOENT || wd == -ENOTDIR || wd == -ELOOP)
                return 0;
        return wd < 0 ? wd : wd == node->wd;
}

void follow_release(Tree *t, Node *top, bool by_kernel) {
        Node *next;

        for (Node *n = node_walk_deepest(top); n; n = next) {
                next = node_walk_up(top, n);
                scan_forget(t, n->wd);
                /* Its finds say nothing without it; but a step stays, and may be a root again. */
                if (n->is_step)
                        finds_drop(&t->finds, n->wd);
                known_drop(&t->known, n->wd);
                if (node_is_member(n)) {
                        t->n_directories -= n->is_dir && !node_is_ghost(n);
                        image_node_gone(t->ledger, n->wd);
                }
                for (size_t i = 0; i < t->n_roots; i++)
                        if (t->roots[i].node == n) {
                                t->roots[i].node = NULL;
                                (void) roots_check_later(t);
                        }
                t->n_shadowed -= n->is_shadowed;
                nodes_detach(&t->nodes, n);
                n->is_shadowed = n->is_fresh = false;
                n->is_root = false;
                n->parent = NULL;
                t->nodes.shape++;
                if (t->dir_wd == n->wd)
                        t->dir_fd = safe_close(t->dir_fd);
                bool is_gone = by_kernel && n == top;
                if (n->is_step && !is_gone)
                        continue;
                for (size_t i = 0; n->is_step && i < t->n_steps; i++)
                        if (t->steps[i] == n) {
                                t->steps[i] = t->steps[--t->n_steps];
                                break;
                        }
                if (!is_gone && !node_is_ghost(n))
                        (void) inotify_rm_watch(t->fd, n->wd); /* it may be gone meanwhile */
                nodes_remove(&t->nodes, n);
        }
        t->generation++;
}

/* What was at this name before another took it: it goes, or moves on, by its own next event. */
void follow_shadow(Tree *t, Node *n) {
        nodes_shadow(&t->nodes, n);
        t->n_shadowed++;
}

int follow_watch(Tree *t, int fd, const char *name, bool is_link, Node **ret) {
        return tree_watch_at(t, fd, name, name, enter_mask(t, is_link), ret);
}

int follow_read(Tree *t, int fd, const char *name, bool is_link) {
        int flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NONBLOCK;
        int dir_fd = openat(fd, name, flags | (is_link ? 0 : O_NOFOLLOW));

        if (dir_fd == t->at_fd) /* that one was closed */
                t->at_fd = -EBADF;
        return dir_fd < 0 ? -errno : dir_fd;
}

int follow_enter(Tree *t, int fd, const char *name, bool is_link, int *ret_fd, Node **ret) {
        _cleanup_close_ int dir_fd = follow_read(t, fd, name, is_link);
        int r;

        if (dir_fd < 0)
                return dir_fd;
        r = tree_watch_at(t, dir_fd, ".", name, enter_mask(t, is_link), ret);
        if (r >= 0)
                *ret_fd = TAKE_FD(dir_fd);
        /* Its names can be read, and nothing else: it can be watched from outside. */
        return r == -EACCES ? follow_watch(t, fd, name, is_link, ret) : r;
}

int follow_move(Tree *t, Node *node, Node *parent, const char *name, size_t name_len) {
        Node *there = nodes_child(&t->nodes, parent, name, name_len);

        if (there == node)
                return 0;
        if (node_is_below(parent, node)) { /* it can't be: something was lost */
                rescan_want(t, 0, false);
                return 0;
        }
        if (there)
                follow_shadow(t, there);
        t->n_shadowed -= node->is_shadowed;
        return nodes_attach(&t->nodes, node, parent, name, name_len);
}

Node *follow_leaving(const Tree *t, const Node *n, const Raw *raw) {
        return nodes_child(&t->nodes, n, raw->name, raw->name_len);
}

/* One that had the name before another took it. */
static Node *shadowed_child(const Tree *t, const Node *n, const char *name) {
        for (Node *c = t->n_shadowed > 0 ? n->children : NULL; c; c = c->next)
                if (c->is_shadowed && streq(node_name(c), name))
                        return c;
        return NULL;
}

/* As far as is known. */
static bool is_empty(const Tree *t, const Node *n) {
        return !n->children && !known_first(&t->known, n->wd);
}

int follow_coming(Tree *t, Node *n, const Raw *raw) {
        Node *there = nodes_child(&t->nodes, n, raw->name, raw->name_len);
        int r;

        if (raw_is_dir(raw) && t->options.recover) {
                r = files_replaced(t, n, raw->name, raw->name_len, false);
                if (r < 0)
                        return r;
        }
        /* Nothing is created in the place of another; a move may replace an empty directory by another. */
        if (!there || (raw_is_moved_to(raw) && raw_is_dir(raw) && is_empty(t, there)))
                return 0;
        r = tree_tell_deleted(t, n, raw->name);
        if (r < 0)
                return r;
        follow_release(t, there, false);
        return 0;
}

/* A directory departs. What had its name before does not come back any more. */
static void depart(Tree *t, Node *n, const Raw *raw, bool paired) {
        Node *node = paired ? NULL : follow_leaving(t, n, raw), *shadowed;

        while (raw_is_moved_from(raw) && (shadowed = shadowed_child(t, n, raw->name)))
                follow_release(t, shadowed, false);
        if (node && (node_is_ghost(node) || raw_is_moved_from(raw) ||
                                    follow_leads_to(t, n, raw->name, node) <= 0))
                follow_release(t, node, false);
}

int follow_record(Tree *t, Node *n, const Raw *raw, bool paired, const Source *source) {
        bool is_dir = raw_is_dir(raw) || t->options.reach.follow_symlinks;
        Node *node;

        if (!is_dir) {
                /* Where a directory is told by mistake: it was replaced. */
                node = raw_is_arrival(raw) && t->finds.n > 0 ? follow_leaving(t, n, raw) : NULL;
                if (node && node_is_ghost(node))
                        follow_release(t, node, false);
                return 0;
        }
        if (raw_is_departure(raw)) {
                depart(t, n, raw, paired);
                return 0;
        }
        if (raw_is_arrival(raw)) {
                node = source && source->wd != 0 ? nodes_get(&t->nodes, source->wd) : NULL;
                if (node && node_is_member(node) && !node->is_root) {
                        int r = follow_move(t, node, n, raw->name, raw->name_len);
                        if (r >= 0 && past_is(t, node)) { /* it is found here, or was already */
                                r = look_for(t, n, raw->name);
                                if (r > 0)
                                        rescan_want(t, 0, false);
                                return MIN_OF(r, 0);
                        }
                        return r < 0 || !node_is_ghost(node) ? r : look_after(t, node);
                }
                return look_arrival(t,
                                n,
                                raw->name,
                                raw_is_dir(raw),
                                raw_is_moved_to(raw) && !source ? ORIGIN_MOVED_IN : ORIGIN_SCAN);
        }
        /* Modes changed: what could not be read may be readable now. */
        if (raw->mask & IN_ATTRIB && t->unwatched.n > 0 &&
                        !nodes_child(&t->nodes, n, raw->name, raw->name_len))
                return look_arrival(t, n, raw->name, raw_is_dir(raw), ORIGIN_SCAN);
        return 0;
}
