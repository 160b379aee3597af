/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The files of a watch, in a treap: a binary tree by path, balanced by random priorities. Ordered, so
 * that all below a directory is one range, cut out and put back in O(log n) whatever else is tracked;
 * and no choice of names makes it slow, as it could a hash. */

#include <sys/random.h>

#include "processors/transfers-internal.h"

/* A place in the order of paths: a path, or all that is below it. */
typedef struct Key {
        const char *path;
        size_t len;
        bool below;
} Key;

static Key key_below(const char *dir, size_t len) {
        /* "/" is the one directory whose path ends with the slash. */
        if (len > 0 && dir[len - 1] == '/')
                len--;
        return (Key){ dir, len, true };
}

/* Where `x` is: before the key (< 0), at it (0), after it. */
static int compare(const Transfer *x, const Key *k) {
        int r = memcmp(x->path, k->path, MIN_OF(x->path_len, k->len));

        if (r != 0)
                return r;
        if (k->below)
                return x->path_len <= k->len ? -1 : (unsigned char) x->path[k->len] - '/';
        return (x->path_len > k->len) - (x->path_len < k->len);
}

/* Cuts a tree in two: what compares less than `limit`, and the rest. */
static void split(Transfer *x, const Key *k, int limit, Transfer **ret_less, Transfer **ret_rest) {
        if (!x) {
                *ret_less = *ret_rest = NULL;
                return;
        }
        if (compare(x, k) < limit) {
                split(x->right, k, limit, &x->right, ret_rest);
                *ret_less = x;
        } else {
                split(x->left, k, limit, ret_less, &x->left);
                *ret_rest = x;
        }
}

/* Joins two trees; all of `a` sorts before all of `b`. */
static Transfer *merge(Transfer *a, Transfer *b) {
        if (!a || !b)
                return a ?: b;
        if (a->priority > b->priority) {
                a->right = merge(a->right, b);
                return a;
        }
        b->left = merge(a, b->left);
        return b;
}

static void insert(Transfers *t, Transfer *x) {
        Transfer *less, *rest;

        x->left = x->right = NULL;
        split(t->root, &(Key){ x->path, x->path_len }, 0, &less, &rest);
        t->root = merge(merge(less, x), rest);
}

static void take(Transfers *t, const Transfer *x) {
        Transfer **link = &t->root;

        while (*link != x)
                link = compare(*link, &(Key){ x->path, x->path_len }) < 0 ? &(*link)->right
                                                                          : &(*link)->left;
        *link = merge(x->left, x->right);
}

static Transfer *take_below(Transfers *t, const char *dir, size_t dir_len) {
        Transfer *less, *below, *rest;
        Key k = key_below(dir, dir_len);

        split(t->root, &k, 0, &less, &rest);
        split(rest, &k, 1, &below, &rest);
        t->root = merge(less, rest);
        return below;
}

/* Releases one that is in the order of ages only. */
static void forget(Transfers *t, Transfer *x) {
        transfers_order_take(t, x);
        t->n--;
        t->n_bytes -= x->path_len;
        free((char *) x->path);
        free(x);
}

static void forget_all(Transfers *t, Transfer *x) {
        if (!x)
                return;
        forget_all(t, x->left);
        forget_all(t, x->right);
        if (t->forgotten)
                t->forgotten(x, false, t->userdata);
        forget(t, x);
}

/* The next that is forgotten for want of room, but for `spared`. */
static Transfer *most_dispensable(const Transfers *t, const Transfer *spared) {
        Transfer *x = t->done.first;

        if (x && x == spared)
                x = x->ages.next;
        if (x)
                return x;
        x = t->under_way.first;
        return x && x == spared ? x->ages.next : x;
}

/* The caller goes on with `spared`; NULL for none. */
static void keep_bounds(Transfers *t, const Transfer *spared) {
        while (t->n > TRANSFERS_MAX || t->n_bytes > TRANSFERS_BYTES_MAX) {
                Transfer *x = most_dispensable(t, spared);

                if (!x)
                        return;
                if (t->forgotten)
                        t->forgotten(x, true, t->userdata);
                transfers_remove(t, x);
        }
}

static void set_path(Transfers *t, Transfer *x, char *path, size_t path_len) {
        t->n_bytes += path_len - x->path_len;
        free((char *) x->path);
        x->path = path;
        x->path_len = path_len;
}

/* Puts a cut-out tree back with the first `from_len` bytes of each path replaced. */
static int insert_moved(Transfers *t, Transfer *x, size_t from_len, const char *to, size_t to_len) {
        int r;

        if (!x)
                return 0;
        r = insert_moved(t, x->left, from_len, to, to_len);
        int q = insert_moved(t, x->right, from_len, to, to_len);

        size_t rest_len = x->path_len - from_len;
        char *path = malloc(to_len + rest_len + 1);
        if (!path) {
                forget(t, x);
                return -ENOMEM;
        }
        memcpy(path, to, to_len);
        memcpy(path + to_len, x->path + from_len, rest_len + 1);
        set_path(t, x, path, to_len + rest_len);
        insert(t, x);
        return r ?: q;
}

Transfers *transfers_free(Transfers *t) {
        if (!t)
                return NULL;
        while (t->under_way.first)
                forget(t, t->under_way.first);
        while (t->done.first)
                forget(t, t->done.first);
        free(t->record);
        free(t);
        return NULL;
}

int transfers_new(Transfers **ret) {
        Transfers *t = calloc(1, sizeof(*t));

        if (!t)
                return -ENOMEM;
        if (getrandom(&t->random, sizeof(t->random), GRND_NONBLOCK) != sizeof(t->random))
                t->random = (uint32_t) (uintptr_t) t;
        t->random |= 1;
        *ret = t;
        return 0;
}

size_t transfers_n(const Transfers *t) {
        return t->n;
}

Transfer *transfers_find(const Transfers *t, const char *path, size_t path_len) {
        Key k = { path, path_len };
        Transfer *x = t->root;
        int r;

        while (x && (r = compare(x, &k)) != 0)
                x = r < 0 ? x->right : x->left;
        return x;
}

static int visit_tree(
                Transfer *x, const Key *prefix, size_t *left, TransferVisit visit, void *userdata) {
        int r;

        if (!x || *left == 0)
                return 0;
        int side = memcmp(x->path, prefix->path, MIN_OF(x->path_len, prefix->len));
        if (side == 0 && x->path_len < prefix->len)
                side = -1;
        r = side >= 0 ? visit_tree(x->left, prefix, left, visit, userdata) : 0;
        if (r >= 0 && side == 0 && *left > 0) {
                (*left)--;
                r = visit(x, userdata);
        }
        return r >= 0 && side <= 0 ? visit_tree(x->right, prefix, left, visit, userdata) : r;
}

int transfers_visit(Transfers *t,
                const char *prefix,
                size_t prefix_len,
                size_t n_max,
                TransferVisit visit,
                void *userdata) {
        return visit_tree(t->root, &(Key){ prefix, prefix_len }, &n_max, visit, userdata);
}

void transfers_on_forgotten(Transfers *t, TransferForgotten forgotten, void *userdata) {
        t->forgotten = forgotten;
        t->userdata = userdata;
}

int transfers_add(Transfers *t, const char *path, size_t path_len, usec_t now, Transfer **ret) {
        _cleanup_free_ Transfer *x = calloc(1, sizeof(*x));
        Transfer *same = transfers_find(t, path, path_len);

        if (!x)
                return -ENOMEM;
        x->path = strndup(path, path_len);
        if (!x->path)
                return -ENOMEM;
        if (same)
                transfers_remove(t, same);
        x->path_len = path_len;
        x->started = now;
        t->random ^= t->random << 13;
        t->random ^= t->random >> 17;
        t->random ^= t->random << 5;
        x->priority = t->random;
        transfers_order_add(t, x);
        t->n++;
        t->n_bytes += path_len;
        insert(t, x);
        keep_bounds(t, x);
        *ret = TAKE_PTR(x);
        return 0;
}

void transfers_remove(Transfers *t, Transfer *x) {
        transfers_keep_gone(t, TRANSFER_GONE, x->path, x->path_len);
        take(t, x);
        forget(t, x);
}

int transfers_move(Transfers *t, Transfer *x, const char *path, size_t path_len) {
        Transfer *there = transfers_find(t, path, path_len);

        if (there == x)
                return 0;
        char *copy = strndup(path, path_len);
        if (!copy)
                return -ENOMEM;
        if (there)
                transfers_remove(t, there);
        transfers_keep_move(t, TRANSFER_MOVED, x->path, x->path_len, path, path_len);
        take(t, x);
        set_path(t, x, copy, path_len);
        insert(t, x);
        keep_bounds(t, x);
        return 0;
}

void transfers_remove_below(Transfers *t, const char *dir, size_t dir_len) {
        Transfer *below = take_below(t, dir, dir_len);

        if (below)
                transfers_keep_gone(t, TRANSFERS_BELOW_GONE, dir, dir_len);
        forget_all(t, below);
}

int transfers_move_below(
                Transfers *t, const char *from, size_t from_len, const char *to, size_t to_len) {
        Transfer *below = take_below(t, from, from_len);
        int r;

        if (!below) {
                transfers_remove_below(t, to, to_len);
                return 0;
        }
        transfers_keep_move(t, TRANSFERS_BELOW_MOVED, from, from_len, to, to_len);
        forget_all(t, take_below(t, to, to_len));
        r = insert_moved(t, below, from_len, to, to_len);
        keep_bounds(t, NULL);
        return r;
}
