/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* One function for each type of record. The image is believed no more than any other file: a record that
 * does not fit ends it all. */

#include "tree/replay.h"
#include "tree/looks.h"

/* Copies the fixed part of a record, `size` bytes; `ret_name` is what comes after it. */
static int take_head(const LedgerRecord *record,
                void *ret,
                size_t size,
                const char **ret_name,
                size_t *ret_n) {
        if (record->n < size)
                return -EBADMSG;
        memcpy(ret, record->data, size);
        *ret_name = (const char *) record->data + size;
        *ret_n = record->n - size;
        return 0;
}

static bool is_name(const char *name, size_t n) {
        if (n == 0 || n > NAME_MAX || memchr(name, '/', n) || memchr(name, '\0', n))
                return false;
        return name[0] != '.' || (n > 1 && (name[1] != '.' || n > 2));
}

static Node *get_directory(const Tree *t, int wd) {
        Node *n = nodes_get(&t->nodes, wd);

        return n && n->is_dir && node_is_member(n) ? n : NULL;
}

static void shadow(Tree *t, Node *n) {
        nodes_shadow(&t->nodes, n);
        t->n_shadowed++;
}

/* Whether it can be in `parent`: not below itself, nor the node of something else. */
static bool can_be_in(const Node *node, const Node *parent, const ImageNode *head) {
        return !node->is_root && !node_is_below(parent, node) &&
               node->is_dir == !(head->flags & IMAGE_NO_DIRECTORY);
}

/* Another one that has its name now is found in its place, unless nobody finds either by that. */
static int attach(Tree *t, Node *node, Node *parent, const char *name, bool is_fresh) {
        size_t n = strlen(name);
        Node *there = nodes_child(&t->nodes, parent, name, n);

        if (is_fresh)
                return nodes_attach_fresh(&t->nodes, node, parent, name);
        if (there && there != node)
                shadow(t, there);
        t->n_shadowed -= node->is_shadowed;
        return nodes_attach(&t->nodes, node, parent, name, n);
}

static int apply_node(Replay *p, const LedgerRecord *record) {
        char copy[NAME_MAX + 1];
        const char *name;
        ImageNode head;
        Tree *t = p->t;
        size_t n;
        int r;

        if (take_head(record, &head, offsetof(ImageNode, name), &name, &n) < 0 ||
                        !is_name(name, n) || head.wd == 0 || head.wd == -1)
                return -EBADMSG;
        Node *node = nodes_get(&t->nodes, head.wd), *parent = get_directory(t, head.parent);
        bool is_new = !node, is_dir = !(head.flags & IMAGE_NO_DIRECTORY);
        bool is_fresh = head.flags & IMAGE_FRESH;
        if (!parent || (node && (is_fresh || !can_be_in(node, parent, &head))) ||
                        (head.wd > 0 && !is_dir) || (head.wd < 0 && is_fresh))
                return -EBADMSG;
        memcpy(copy, name, n);
        copy[n] = '\0';
        r = is_new ? nodes_add(&t->nodes, head.wd, is_dir, copy, &node) : 0;
        if (r >= 0)
                r = attach(t, node, parent, copy, is_fresh);
        if (r < 0)
                return r;
        t->ghost_wd = MIN_OF(t->ghost_wd, head.wd);
        t->n_directories += is_new && head.wd > 0;
        node->is_moved_in = head.flags & IMAGE_MOVED_IN;
        if (is_new)
                node->is_unscanned = p->position > p->quiet || head.flags & IMAGE_UNSCANNED;
        if (head.flags & IMAGE_SHADOWED && !is_fresh)
                shadow(t, node);
        return 0;
}

static void release(Tree *t, Node *top) {
        Node *next;

        for (Node *n = node_walk_deepest(top); n; n = next) {
                Find *find = n->is_root ? NULL : look_find_of(t, n);

                next = node_walk_up(top, n);
                if (find)
                        finds_take(&t->finds, find);
                free(find);
                known_drop(&t->known, n->wd);
                t->n_directories -= n->is_dir && !node_is_ghost(n);
                t->n_shadowed -= n->is_shadowed;
                for (size_t i = 0; i < t->n_roots; i++)
                        if (t->roots[i].node == n)
                                t->roots[i].node = NULL;
                nodes_detach(&t->nodes, n);
                n->is_root = false;
                n->parent = NULL;
                nodes_remove(&t->nodes, n);
        }
}

static int take_wd(const LedgerRecord *record, int *ret, const char **ret_name, size_t *ret_n) {
        ImageWd head;
        int r = take_head(record, &head, sizeof(head), ret_name, ret_n);

        *ret = r < 0 ? 0 : head.wd;
        return r;
}

static int apply_node_gone(Replay *p, const LedgerRecord *record) {
        const char *name;
        size_t n;
        int wd, r;

        r = take_wd(record, &wd, &name, &n);
        Node *node = nodes_get(&p->t->nodes, wd);
        if (node)
                release(p->t, node);
        return r;
}

static int apply_node_is(Replay *p, const LedgerRecord *record) {
        ImageRenumber head;
        const char *name;
        Node *from, *to;
        size_t n;
        int r;

        if (take_head(record, &head, sizeof(head), &name, &n) < 0 || head.to <= 0)
                return -EBADMSG;
        from = nodes_get(&p->t->nodes, head.from);
        to = nodes_get(&p->t->nodes, head.to);
        if (!from || from->is_shadowed || (to && (!to->is_fresh || to->parent != from->parent)))
                return -EBADMSG;
        r = to ? 0 : nodes_add(&p->t->nodes, head.to, from->is_dir, node_name(from), &to);
        return r < 0 ? r : past_is_node(p->t, from, to);
}

/* The root is at another node, or at none. */
static int place_root(Tree *t, Root *root, int wd, bool is_dir) {
        Node *old = root->node, *n = wd > 0 ? nodes_get(&t->nodes, wd) : NULL;
        int r;

        if (wd > 0 && !n) {
                r = nodes_add(&t->nodes, wd, is_dir, "", &n);
                if (r < 0)
                        return r;
        }
        root->node = n;
        if (n && !node_is_member(n)) {
                n->is_root = true;
                n->root = root;
                t->n_directories += n->is_dir;
        }
        if (!old || old == n || !old->is_root || old->root != root)
                return 0;
        for (size_t i = 0; i < t->n_roots; i++)
                if (t->roots[i].node == old) {
                        old->root = &t->roots[i];
                        return 0;
                }
        release(t, old);
        return 0;
}

static int apply_root(Replay *p, const LedgerRecord *record) {
        const char *rest;
        ImageRoot head;
        Root *root;
        size_t n;

        if (take_head(record, &head, sizeof(head), &rest, &n) < 0 || head.index >= p->t->n_roots ||
                        head.real_path_len > n || head.wd < 0 || head.state > TREE_DEGRADED)
                return -EBADMSG;
        root = &p->t->roots[head.index];
        root->device = head.device;
        root->mount = head.mount;
        root->state = (TreeState) head.state;
        free(root->real_path);
        root->real_path = head.real_path_len > 0 ? strndup(rest, head.real_path_len) : NULL;
        p->roots[head.index] = *record;
        return place_root(p->t, root, head.wd, head.is_dir);
}

static int apply_file(Replay *p, const LedgerRecord *record) {
        KnownFiles *k = &p->t->known;
        const char *name;
        ImageFile head;
        size_t n;

        if (take_head(record, &head, offsetof(ImageFile, name), &name, &n) < 0 ||
                        !is_name(name, n) || !get_directory(p->t, head.wd))
                return -EBADMSG;
        return known_put(k, head.wd, name, n, head.inode, head.print, head.is_dir);
}

static int apply_file_gone(Replay *p, const LedgerRecord *record) {
        Known *known = NULL;
        const char *name;
        size_t n;
        int wd, r;

        r = take_wd(record, &wd, &name, &n);
        if (r >= 0 && is_name(name, n))
                known = known_get(&p->t->known, wd, name, n);
        if (known)
                known_remove(&p->t->known, known);
        return r;
}

/* The find that the record is about: as it was added, or as it is by now. */
static Find *get_find(const Tree *t, const ImageFind *head, const char *name) {
        Find *find = finds_get(&t->finds, head->wd, name, strlen(name));

        while (find && (find->kind != (FindKind) head->kind || find->key != head->key))
                find = finds_get_next(find);
        return find;
}

/* Whether there is anything left to be done about it. */
static bool is_open(const Tree *t, const ImageFind *head, const char *name) {
        const Node *node = nodes_get(&t->nodes, (int) head->key);

        if (head->kind != FIND_NEW)
                return !head->is_told;
        return node && node_is_at(node, nodes_get(&t->nodes, head->wd), name) &&
               (node->is_fresh || !head->is_told);
}

static int apply_find(Replay *p, const LedgerRecord *record) {
        char copy[NAME_MAX + 1];
        Tree *t = p->t;
        const char *name;
        ImageFind head;
        size_t n;

        if (take_head(record, &head, offsetof(ImageFind, name), &name, &n) < 0 ||
                        !is_name(name, n) || head.origin >= _ORIGIN_MAX ||
                        (head.kind != FIND_NEW && head.kind != FIND_LEFT &&
                                        head.kind != FIND_CHECK))
                return -EBADMSG;
        memcpy(copy, name, n);
        copy[n] = '\0';
        Find *there = get_find(t, &head, copy);
        if (there)
                finds_take(&t->finds, there);
        free(there);
        if (!get_directory(t, head.wd) || !is_open(t, &head, copy))
                return 0; /* it is done with, or gone */
        Find find = {
                .mark = UINT64_MAX,
                .begin = head.begin,
                .end = head.end,
                .key = head.key,
                .wd = head.wd,
                .kind = (FindKind) head.kind,
                .origin = (Origin) head.origin,
                .is_dir = head.kind != FIND_LEFT,
                .is_told = head.is_told,
                .is_announced = head.is_announced,
        };
        return finds_add(&t->finds, &find, copy);
}

static int apply_arrival(Replay *p, const LedgerRecord *record) {
        const char *name;
        ImageArrival head;
        size_t n;

        if (take_head(record, &head, offsetof(ImageArrival, name), &name, &n) < 0 ||
                        !is_name(name, n))
                return -EBADMSG;
        Arrival *a = &p->t->arrivals[p->t->n_arrivals++ % ARRIVALS_MAX];
        a->wd = head.wd;
        a->is_dir = head.is_dir;
        memcpy(a->name, name, n);
        a->name[n] = '\0';
        return 0;
}

static int apply_status(Replay *p, const LedgerRecord *record) {
        Unwatched *u = &p->t->unwatched;
        const char *path;
        size_t n;

        if (take_head(record, &p->status, offsetof(ImageStatus, path), &path, &n) < 0 ||
                        p->status.error > 0)
                return -EBADMSG;
        unwatched_free(p->t);
        *u = (Unwatched){ .n = p->status.n_unwatched, .error = p->status.error };
        if (n == 0)
                return 0;
        u->path = strndup(path, n);
        return u->path ? 0 : -ENOMEM;
}

static int apply_sources(Replay *p, const LedgerRecord *record) {
        p->sources = *record;
        return 0;
}

static int apply_missed(Replay *p, const LedgerRecord *record) {
        Tree *t = p->t;
        ImageMissed head;
        const char *rest;
        size_t n;

        if (take_head(record, &head, sizeof(head), &rest, &n) < 0)
                return -EBADMSG;
        if (!head.is_taken) {
                t->missed_cookies[t->n_missed++ % MISSED_MAX] = head.cookie;
                return 0;
        }
        for (unsigned i = 0; i < MISSED_MAX; i++)
                if (t->missed_cookies[i] == head.cookie)
                        t->missed_cookies[i] = 0;
        return 0;
}

static int apply_early(Replay *p, const LedgerRecord *record) {
        Tree *t = p->t;
        ImageEarly head;
        const char *rest;
        unsigned i = 0;
        size_t n;

        if (take_head(record, &head, sizeof(head), &rest, &n) < 0 || head.cookie == 0)
                return -EBADMSG;
        Early early = { head.cookie, head.is_second != 0 }, none = {};
        const Early *wanted = head.is_over ? &early : &none;
        while (i < EARLY_MAX && (t->early[i].cookie != wanted->cookie ||
                                                t->early[i].is_second != wanted->is_second))
                i++;
        if (i == EARLY_MAX)
                return head.is_over ? 0 : -EBADMSG;
        t->early[i] = head.is_over ? none : early;
        t->n_early += head.is_over ? -1U : 1U;
        return 0;
}

static int (*const appliers[])(Replay *p, const LedgerRecord *record) = {
        [IMAGE_MOUNTS] = replay_mounts,
        [IMAGE_ROOT] = apply_root,
        [IMAGE_NODE] = apply_node,
        [IMAGE_NODE_GONE] = apply_node_gone,
        [IMAGE_NODE_IS] = apply_node_is,
        [IMAGE_FILE] = apply_file,
        [IMAGE_FILE_GONE] = apply_file_gone,
        [IMAGE_FIND] = apply_find,
        [IMAGE_ARRIVAL] = apply_arrival,
        [IMAGE_STATUS] = apply_status,
        [IMAGE_SOURCES] = apply_sources,
        [IMAGE_MISSED] = apply_missed,
        [IMAGE_EARLY] = apply_early,
};

int replay_all(Replay *p) {
        LedgerRecord record;

        p->position = 0;
        while (ledger_next(p->t->ledger, &p->position, &record) > 0) {
                if (record.type >= ELEMENTSOF(appliers) || !appliers[record.type])
                        continue; /* IMAGE_TREE, IMAGE_REACH, and those of the owner */
                int r = appliers[record.type](p, &record);
                if (r < 0)
                        return r;
        }
        return 0;
}
