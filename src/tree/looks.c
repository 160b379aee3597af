/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A look enters a directory where it is now, while the story may be behind: of the events that are
 * queued, those older than the look speak of what had its name before. So a directory that was entered
 * is fresh, known by its wd alone, until the story comes to the moment of the look. From then on it is
 * where it was seen, whatever the names led to before, and the events move it. Positions in the queue,
 * asked for before and after the look, tell older from newer; if something happened to the very name
 * in between, the look proves nothing, and its arrival makes another. */

#include <fcntl.h>
#include <sys/stat.h>

#include "tree/looks.h"
#include "tree/reach.h"

/* Whether the story may yet tell that another one is there. Returns > 0 if so, or < 0. */
static int is_to_come(Tree *t, const Node *n, int fd, const char *name) {
        follow_writers(fd);
        int r = tree_take_in_all(t);

        return r > 0 ? exchange_is_to_come(t, n->wd, name, true) : r < 0 ? r : 1;
}

int look_enter(Tree *t, Node *n, int fd, const char *name, bool is_link, int *ret_fd, Find *ret) {
        Node *node;
        int r;

        if (strlen(name) > NAME_MAX || node_path_length(n) + 1 + strlen(name) > TREE_PATH_MAX)
                return -ENAMETOOLONG;
        if (reach_keeps_out(t, &t->options.reach, n, fd, name, is_link))
                return -EXDEV;
        ret->begin = t->position;
        r = ret_fd ? follow_enter(t, fd, name, is_link, ret_fd, &node)
                   : follow_watch(t, fd, name, is_link, &node);
        if (r < 0)
                return r;
        ret->wd = n->wd;
        ret->key = (uint64_t) node->wd;
        ret->is_dir = true;
        ret->mark = ret->end = UINT64_MAX;
        ret->kind = FIND_NEW;
        if (node_is_member(node)) {
                ret->kind = FIND_ELSEWHERE;
                return node_is_at(node, n, name) ? 0 : 1;
        }
        Node *there = t->is_past ? nodes_child(&t->nodes, n, name, strlen(name)) : NULL;
        if (there && past_is(t, there) && (r = is_to_come(t, n, fd, name)) <= 0) {
                if (r < 0)
                        return r;
                ret->kind = FIND_ELSEWHERE;
                return past_is_node(t, there, node);
        }
        ret->is_announced = look_ghost(t, n, name) != NULL;
        if (orphan_is(t, node->wd) && !nodes_child(&t->nodes, n, name, strlen(name)))
                r = nodes_attach(&t->nodes, node, n, name, strlen(name));
        else
                r = nodes_attach_fresh(&t->nodes, node, n, name);
        if (r < 0)
                return r;
        node->is_visited = t->is_rescanning;
        t->n_directories++;
        t->generation++;
        return 1;
}

int look_end(Tree *t, int fd, Find *find) {
        follow_writers(fd);
        int r = tree_position(t);
        find->end = t->position;
        return r;
}

int look_add_find(Tree *t, const Find *find, const char *name) {
        Find marked = *find;
        int r = tree_mark(t, &marked.mark);

        return r < 0 ? r : finds_add(&t->finds, &marked, name);
}

static int look_into(Tree *t, Node *n, int fd, const char *name, Find *find) {
        Node *node = nodes_get(&t->nodes, (int) find->key);
        int r = scan_new(t, n, fd, name, node, find->origin);

        return r < 0 ? r : look_add_find(t, find, name);
}

Node *look_ghost(const Tree *t, const Node *n, const char *name) {
        Node *there = nodes_child(&t->nodes, n, name, strlen(name));

        return there && node_is_ghost(there) ? there : NULL;
}

int look_at(Tree *t, Node *n, const char *name, unsigned n_looks) {
        const Node *ghost = look_ghost(t, n, name);
        Find find = {
                .origin = ghost && ghost->is_moved_in ? ORIGIN_MOVED_IN : ORIGIN_SCAN,
                .n_looks = (uint8_t) n_looks,
        };
        int fd, r;

        r = tree_position(t);
        if (r < 0)
                return r;
        fd = follow_open(t, n);
        if (fd < 0)
                return fd == -ENOMEM ? fd : -ESTALE;
        r = look_enter(t, n, fd, name, t->options.reach.follow_symlinks, NULL, &find);
        if (r == -ENOSPC || r == -EACCES || r == -ENAMETOOLONG)
                return unwatched_note(t, n, name, r);
        if (r == -EXDEV)
                return 0;
        if (r == -ENOMEM)
                return r;
        if (r < 0) {
                follow_writers(fd); /* by then it is queued what took it away */
                return -ENOENT;
        }
        if (r == 0)
                return 1;
        r = look_end(t, fd, &find);
        if (r < 0)
                return r;
        r = find.kind == FIND_NEW ? look_into(t, n, fd, name, &find)
                                  : look_add_find(t, &find, name);
        return r < 0 ? r : 1;
}

/* Whether a look that is newer than the event being handed out has been there. */
static bool is_looked_at(const Tree *t, const Node *n, const char *name) {
        Find *find = finds_get(&t->finds, n->wd, name, strlen(name));

        for (; find; find = finds_get_next(find))
                if (find->is_dir && find->kind <= FIND_ELSEWHERE && find->key != 0 &&
                                t->n_handed_out < find->begin)
                        return true;
        return false;
}

int look_add_ghost(Tree *t, Node *n, const char *name, bool is_dir, Origin origin) {
        Node *there = nodes_child(&t->nodes, n, name, strlen(name)), *ghost;
        int r;

        if (there)
                follow_shadow(t, there);
        r = nodes_add(&t->nodes, --t->ghost_wd, is_dir, name, &ghost);
        if (r < 0)
                return r;
        ghost->is_moved_in = origin == ORIGIN_MOVED_IN;
        return nodes_attach(&t->nodes, ghost, n, name, strlen(name));
}

/* Looks again when what is queued now is handed out. */
static int miss(Tree *t, const Node *ghost, unsigned n_looks, bool was_absent) {
        Find missed = {
                .wd = ghost->parent->wd,
                .key = (uint64_t) ghost->wd,
                .kind = FIND_MISSED,
                .is_dir = true,
                .was_absent = was_absent,
                .n_looks = (uint8_t) (n_looks + 1),
        };

        return look_add_find(t, &missed, node_name(ghost));
}

int look_resolve_now(Tree *t, Node *n, const char *name, unsigned n_looks, bool was_absent) {
        Node *ghost = look_ghost(t, n, name);
        int r;

        if (!ghost || is_looked_at(t, n, name))
                return 0;
        r = n_looks < LOOKS_MAX ? look_at(t, n, name, n_looks) : -ESTALE;
        if (r > 0 || r == -ENOMEM)
                return r;
        if ((r == -ENOENT && !was_absent) || (r == -ESTALE && n_looks < LOOKS_MAX))
                return miss(t, ghost, n_looks, r == -ENOENT);
        if (r == -ESTALE) { /* and that will say what it is */
                rescan_want(t, 0, false);
                return 0;
        }
        /* What took it away is through by now, or was lost. */
        if (r == -ENOENT && ghost->is_dir)
                r = tree_tell_deleted(t, n, name);
        ghost = look_ghost(t, n, name);
        if (ghost)
                follow_release(t, ghost, false);
        return r == -ENOENT ? 0 : r;
}

int look_resolve(Tree *t, Node *n, const char *name, unsigned n_looks) {
        const Node *ghost = look_ghost(t, n, name);
        Find late = { .wd = n->wd, .kind = FIND_LATE, .is_dir = true, .mark = t->position };

        if (!ghost || n_looks > 0 || intake_has_room(t->intake) ||
                        t->position < t->n_handed_out + QUEUE_LONG)
                return look_resolve_now(t, n, name, n_looks, false);
        late.key = (uint64_t) ghost->wd;
        tree_note_due(t, late.mark);
        return finds_add(&t->finds, &late, name);
}

static int look_anew(Tree *t, const Node *ghost, unsigned n_looks) {
        _cleanup_free_ char *name = strdup(node_name(ghost));

        return name ? look_resolve(t, ghost->parent, name, n_looks) : -ENOMEM;
}

int look_after(Tree *t, const Node *ghost) {
        return look_anew(t, ghost, 0);
}

int look_again(Tree *t, const Node *ghost) {
        return look_anew(t, ghost, 1);
}

int look_for(Tree *t, Node *n, const char *name) {
        int r = look_at(t, n, name, 0);

        return r == -ESTALE ? 1 : r == -ENOENT ? 0 : MIN_OF(r, 0);
}

/* Whether what came there is, or was, no link, where links are followed. What took it away is queued. */
static bool is_no_link(Tree *t, const Node *n, const char *name) {
        int fd = follow_open(t, n);
        struct stat st;

        if (fd < 0)
                return false;
        if (fstatat(fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
                return errno == ENOENT;
        return !S_ISLNK(st.st_mode) && !S_ISDIR(st.st_mode);
}

int look_arrival(Tree *t, Node *n, const char *name, bool is_dir, Origin origin) {
        Node *there = nodes_child(&t->nodes, n, name, strlen(name));
        int r;

        if (!there && !is_dir && is_no_link(t, n, name))
                return 0;

        if (there && !node_is_ghost(there) && follow_leads_to(t, n, name, there) > 0)
                return 0;
        r = look_add_ghost(t, n, name, is_dir, origin);
        return r < 0 ? r : look_resolve(t, n, name, 0);
}
