/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What looks have found meets the story: a find is told by the first event that presupposes it, and by
 * itself when all is handed out that was queued when it was found; an event that explains it leaves it
 * nothing to tell. */

#include <sys/stat.h>

#include "tree/looks.h"
#include "tree/reach.h"

Find *look_find_of(const Tree *t, const Node *node) {
        Find *find = finds_get(&t->finds, node->parent->wd, node_name(node), node->name_len);

        while (find && find->key != (uint64_t) node->wd)
                find = finds_get_next(find);
        return find;
}

/* If another directory is there by the story, what took that away was lost. */
static int tell_created(Tree *t, const Find *find) {
        const Node *n = nodes_get(&t->nodes, find->wd);
        Node *there = nodes_child(&t->nodes, n, find->name, find->name_len);
        /* What is taken in without a word takes the place of what was there without one. */
        bool is_silent = t->is_reaching && find->origin == ORIGIN_INITIAL;
        int r = 0;
        Event e = {
                .mask = IN_CREATE | (find->is_dir ? IN_ISDIR : 0),
                .origin = find->origin,
                .usec = t->usec,
        };

        if (there && !node_is_ghost(there) && (uint64_t) there->wd != find->key) {
                r = is_silent ? 0 : tree_tell_deleted(t, n, find->name);
                if (r < 0)
                        return r;
                follow_release(t, there, false);
        }
        if (find->print != 0)
                r = files_found(t, find);
        else if (files_are_known(t, find->is_dir))
                r = files_look(t, n, find->name, find->name_len, find->is_dir);
        else if (t->options.recover)
                r = files_replaced(t, n, find->name, find->name_len, is_silent);
        return r < 0 ? r : tree_tell(t, n, find->name, find->name_len, &e);
}

/* Ghosts that another has taken the name of: by now an exchange would have moved them. */
static void drop_shadowed_ghosts(Tree *t, const Node *n, const char *name) {
        Node *next;

        for (Node *c = t->n_shadowed > 0 ? n->children : NULL; c; c = next) {
                next = c->next;
                if (c->is_shadowed && node_is_ghost(c) && streq(node_name(c), name))
                        follow_release(t, c, false);
        }
}

/* What is told of it has changed. */
static void note(const Tree *t, const Find *find) {
        if (find->previous)
                image_find(t->ledger, find, find->is_told);
}

/* The story has come to the look: the directory is where it was seen. If another one is there by the
 * story, what took that away was lost. */
static int come_of_age(Tree *t, Node *node, Find *find) {
        Node *there;
        int r;

        if (t->is_past && node->parent->is_fresh) { /* what is known in it comes with it */
                r = look_come(t, node->parent);
                if (r < 0)
                        return r;
        }
        there = nodes_child(&t->nodes, node->parent, node_name(node), node->name_len);
        if (there && past_is(t, there)) { /* it is what was told */
                if (find)
                        finds_set_told(&t->finds, find);
                return past_is_node(t, there, node);
        }
        if (there) {
                if (find && node_is_ghost(there))
                        finds_set_told(&t->finds, find);
                if (!node_is_ghost(there)) {
                        if (find)
                                find->is_told = false;
                        r = tree_tell_deleted(t, there->parent, node_name(there));
                        if (r < 0)
                                return r;
                }
                follow_release(t, there, false);
        }
        if (find && !find->is_told) {
                find->is_announced = false;
                note(t, find);
        }
        drop_shadowed_ghosts(t, node->parent, node_name(node));
        return nodes_attach(&t->nodes, node, node->parent, node_name(node), node->name_len);
}

int look_come(Tree *t, Node *node) {
        return come_of_age(t, node, look_find_of(t, node));
}

int look_age(Tree *t, Node *node) {
        Find *find = node->is_fresh ? look_find_of(t, node) : NULL;

        if (!node->is_fresh)
                return 1;
        if (find && t->n_handed_out < find->end)
                return 0;
        int r = come_of_age(t, node, find);
        return r < 0 ? r : 1;
}

/* The find of a directory that nobody was told of yet, or NULL. */
static Find *untold(const Tree *t, const Node *n) {
        Find *find = n->is_root ? NULL : look_find_of(t, n);
        const Node *there;

        if (!find || find->is_told || find->kind != FIND_NEW)
                return NULL;
        there = n->is_fresh ? nodes_child(&t->nodes, n->parent, find->name, find->name_len) : NULL;
        return there && (node_is_ghost(there) || past_is(t, there)) ? NULL : find;
}

static int settle_directory(Tree *t, Node *n) {
        Find *find = untold(t, n);
        int r = find ? tell_created(t, find) : 0;

        if (r < 0 || !find)
                return r;
        if (n->is_fresh) { /* ahead of the story */
                find->is_announced = true;
                note(t, find);
                return look_add_ghost(t, n->parent, find->name, true, find->origin);
        }
        finds_set_told(&t->finds, find);
        return 0;
}

int look_settle_directory(Tree *t, Node *n) {
        _cleanup_free_ Node **nodes = NULL;
        size_t n_nodes = 0, n_allocated = 0;
        int r = 0;

        for (; untold(t, n); n = n->parent) {
                if (n_nodes == n_allocated) {
                        Node **grown;

                        n_allocated = MAX_OF(n_allocated * 2, (size_t) 16);
                        grown = reallocarray(nodes, n_allocated, sizeof(Node *));
                        if (!grown)
                                return -ENOMEM;
                        nodes = grown;
                }
                nodes[n_nodes++] = n;
        }
        while (n_nodes > 0 && r >= 0) /* the outer ones first */
                r = settle_directory(t, nodes[--n_nodes]);
        return r;
}

/* Something came to, or went from, the name of a directory that was looked at. */
static int settle_look(Tree *t, Find *find) {
        Node *node = nodes_get(&t->nodes, (int) find->key);
        int r;

        if (t->n_handed_out < find->begin) /* it is about another one, or about its coming */
                return 0;
        if (t->n_handed_out < find->end) {
                if (find->kind == FIND_NEW && node)
                        follow_release(t, node, false);
                find->kind = FIND_MISSED;
                finds_set_told(&t->finds, find);
                return 0;
        }
        if (find->kind == FIND_ELSEWHERE) {
                r = look_elsewhere(t, find);
                finds_set_told(&t->finds, find);
                return r;
        }
        if (node && node->is_fresh) {
                r = come_of_age(t, node, find);
                if (r < 0)
                        return r;
        }
        if (find->is_told)
                return 0;
        finds_set_told(&t->finds, find);
        return tell_created(t, find);
}

/* What is known of a file of that name. */
static const Known *known_of(const Tree *t, const Find *find) {
        return files_are_known(t, find->is_dir)
                               ? known_get(&t->known, find->wd, find->name, find->name_len)
                               : NULL;
}

/* Whether somebody else has told of it meanwhile: an event, or another look. */
static bool is_known(const Tree *t, const Find *find) {
        const Known *known = known_of(t, find);

        return known && known->is_dir == find->is_dir &&
               (known->inode == 0 || known->inode == find->key);
}

static int settle(Tree *t, Find *find, const Raw *raw) {
        bool is_about_name = raw_is_arrival(raw) || raw_is_departure(raw);

        if (find->kind == FIND_LEFT && is_about_name)
                finds_set_told(&t->finds, find);
        if (find->kind >= FIND_MISSED)
                return 0;
        if (find->is_dir && find->key != 0)
                return is_about_name ? settle_look(t, find) : 0;
        if (find->is_told || find->kind != FIND_NEW || find->is_dir != raw_is_dir(raw))
                return 0;
        bool was_told = raw_is_arrival(raw) || known_of(t, find);
        if (was_told && !is_about_name) /* of what was there before, perhaps */
                return 0;
        finds_set_told(&t->finds, find); /* what comes after it has an event of its own */
        return was_told ? 0 : tell_created(t, find);
}

int look_settle(Tree *t, const Raw *raw) {
        Find *find = finds_get(&t->finds, raw->wd, raw->name, raw->name_len), *next;
        int r = 0;

        for (; find && r >= 0; find = next) {
                next = finds_get_next(find);
                r = settle(t, find, raw);
        }
        return r;
}

/* Once more, when what is queued now is handed out. */
static int look_later(Tree *t, const Find *find) {
        Find again = *find;
        int r;

        if (again.n_looks++ == LOOKS_MAX) {
                rescan_want(t, 0, false);
                return 0;
        }
        r = tree_mark(t, &again.mark);
        again.begin = again.end = again.mark;
        return r < 0 ? r : finds_add(&t->finds, &again, find->name);
}

/* Whether what the disk says of these names may be newer than the story. Returns > 0 if so, or < 0. */
static int is_to_come(Tree *t, const Find *find, const Node *node) {
        int r = tree_take_in_all(t);

        if (r <= 0)
                return r < 0 ? r : 1;
        return exchange_is_to_come(t, find->wd, find->name, true) ||
               exchange_is_to_come(t, node->parent->wd, node_name(node), true);
}

int look_elsewhere(Tree *t, const Find *find) {
        Node *n = nodes_get(&t->nodes, find->wd);
        Node *node = nodes_get(&t->nodes, (int) find->key);
        Event e = { .origin = ORIGIN_RESCAN, .usec = t->usec };
        int r;

        if (!n || !node_is_member(n) || find->is_told)
                return 0;
        if (node && node->is_shadowed) { /* nobody knows it any more */
                follow_release(t, node, false);
                node = NULL;
        }
        if (!node || !node_is_member(node)) {
                r = look_at(t, n, find->name, find->n_looks + 1U);
                if (r == -ESTALE)
                        return look_later(t, find);
                return r == -ENOENT ? 0 : r;
        }
        if (node->is_root || node_is_at(node, n, find->name) || node_is_below(n, node) ||
                        follow_leads_to(t, n, find->name, node) <= 0 ||
                        follow_leads_to(t, node->parent, node_name(node), node) > 0)
                return 0; /* there already, gone again, or one directory at two places */
        /* The link that led there is followed no more. */
        if (reach_has_left(t, node))
                return follow_move(t, node, n, find->name, find->name_len);
        r = is_to_come(t, find, node);
        if (r != 0)
                return r < 0 ? r : look_later(t, find);

        e.mask = IN_MOVED_FROM | IN_ISDIR;
        r = tree_tell(t, node->parent, node_name(node), node->name_len, &e);
        if (r < 0)
                return r;
        _cleanup_(buffer_done) Buffer source = {};
        node_add_path(node, &source);
        if (source.failed)
                return -ENOMEM;
        e.mask = IN_MOVED_TO | IN_ISDIR;
        e.source = source.data;
        e.source_len = source.length;
        r = tree_tell(t, n, find->name, find->name_len, &e);
        return r < 0 ? r : follow_move(t, node, n, find->name, find->name_len);
}

/* Whether the name leads where the story says. Returns > 0 if so, 0 if not, -errno of what prevents to
 * tell. */
static int is_as_told(Tree *t, Node *n, const char *name) {
        Node *there = nodes_child(&t->nodes, n, name, strlen(name));
        struct stat st;
        int r;

        if (there && !node_is_ghost(there))
                return follow_leads_to(t, n, name, there);
        r = follow_open(t, n);
        if (r < 0) /* it is not where the story is: nothing can be said yet */
                return r;
        r = files_stat(t, n, name, &st);
        if (r == -ENOMEM)
                return r;
        return there || r < 0 || !S_ISDIR(st.st_mode);
}

/* After moves that may be an exchange: what there is now, says the disk. */
static int check(Tree *t, Node *n, const Find *find) {
        Find again = *find;
        struct stat st;
        int r;

        if (find->is_told)
                return 0;
        if (find->kind == FIND_CHECK) {
                r = is_as_told(t, n, find->name);
                if (r > 0 || r == -ENOMEM)
                        return r;
                if (r == 0 && !nodes_child(&t->nodes, n, find->name, find->name_len)) {
                        r = look_for(t, n, find->name);
                        if (r <= 0)
                                return r;
                }
        } else if (follow_open(t, n) >= 0) {
                r = files_stat(t, n, find->name, &st);
                if (r < 0 || S_ISDIR(st.st_mode))
                        return r == -ENOMEM ? r : 0;
                again.kind = FIND_NEW;
                again.key = st.st_ino;
                return look_add_find(t, &again, find->name);
        }
        return look_later(t, find);
}

static int tell(Tree *t, Find *find) {
        Node *n = nodes_get(&t->nodes, find->wd);
        Node *node = find->is_dir ? nodes_get(&t->nodes, (int) find->key) : NULL;
        int r;

        if (find->kind == FIND_MISSED || find->kind == FIND_LATE || !n || !node_is_member(n))
                return 0;
        if (find->kind == FIND_LEFT || find->kind == FIND_CHECK)
                return check(t, n, find);
        if (find->kind == FIND_ELSEWHERE)
                return look_elsewhere(t, find);
        if (find->kind == FIND_CHANGED)
                return find->is_told ? 0 : files_tell_changed(t, find);
        if (node && node->is_fresh) {
                r = come_of_age(t, node, find);
                if (r < 0)
                        return r;
        }
        return find->is_told || is_known(t, find) ? 0 : tell_created(t, find);
}

/* A look that has proved nothing. */
static int look_once_more(Tree *t, Node *n, const Find *find) {
        const Node *there = nodes_child(&t->nodes, n, find->name, find->name_len);

        /* It saw something there, though the story is that nothing is: of two moves that look like one and
         * back again, and were an exchange, say. */
        if (!there && (int) find->key > 0)
                return MIN_OF(look_for(t, n, find->name), 0);
        if (!there || !node_is_ghost(there) ||
                        ((int) find->key < 0 && there->wd != (int) find->key))
                return 0; /* it has moved on, or is another one, and so is its look */
        return look_resolve_now(t, n, find->name, find->n_looks, find->was_absent);
}

int look_tell(Tree *t, Find *find) {
        int r = tell(t, find);
        Node *n = nodes_get(&t->nodes, find->wd);

        if (r < 0 || !find->is_dir || !n || !node_is_member(n))
                return r;
        drop_shadowed_ghosts(t, n, find->name);
        if (find->kind == FIND_CHECK)
                return r;
        if (find->kind == FIND_LATE || find->kind == FIND_MISSED)
                return look_once_more(t, n, find);
        return look_resolve(t, n, find->name, find->n_looks + 1U);
}
