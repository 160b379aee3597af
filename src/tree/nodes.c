/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Two hashes over one kind of node: by wd, and by parent and name. */

#include "tree/nodes.h"
#include "base/hash.h"
#include "tree/image.h"
#include "tree/roots.h"

/* Above these the directories are few, and never long out of a cache. */
#define RANKS_PREFETCHED 6U

static void free_node(Node *node) {
        if (node->has_long_name)
                free(*(char **) (void *) node->name);
        free(node);
}

void nodes_done(Nodes *n) {
        uint32_t position = 0;
        Node *node;

        while ((node = wds_next(&n->wds, &position)))
                free_node(node);
        wds_done(&n->wds);
        free(n->slots);
        *n = (Nodes){};
}

Root *node_root(const Node *n) {
        while (!n->is_root)
                n = n->parent;
        return n->root;
}

bool node_is_below(const Node *n, const Node *ancestor) {
        while (n != ancestor && !n->is_root && n->parent)
                n = n->parent;
        return n == ancestor;
}

/* The slot of the child, or the free one where it would be. */
static uint32_t find_slot(const Nodes *n, const Node *parent, const char *name, size_t name_len) {
        uint32_t i = hash_name(parent->wd, name, name_len) & (n->n_slots - 1);
        const Node *node;

        while ((node = n->slots[i]) &&
                        (node->parent != parent || node->name_len != name_len ||
                                        memcmp(node_name(node), name, name_len) != 0))
                i = (i + 1) & (n->n_slots - 1);
        return i;
}

static uint32_t slot_of(const Nodes *n, const Node *node) {
        return find_slot(n, node->parent, node_name(node), node->name_len);
}

/* Asks for the rest of each, and for the parents, which take their place. Returns how many these are. */
static size_t prefetch_parents(const Node **rank, size_t n) {
        size_t n_parents = 0;

        for (size_t i = 0; i < n; i++) {
                const Node *node = rank[i];

                if (node->is_root || !node->parent)
                        continue;
                __builtin_prefetch(node->name + node->name_len); /* the next line, perhaps */
                if (n_parents > 0 && rank[n_parents - 1] == node->parent)
                        continue;
                __builtin_prefetch(node->parent);
                rank[n_parents++] = node->parent;
        }
        return n_parents;
}

/* Rank by rank: what was asked for one rank below is here by the time that its parents are asked for. */
void nodes_prefetch(const Nodes *n, const int *wds, size_t n_wds) {
        const Node *rank[NODES_PREFETCH_MAX];
        size_t n_rank = 0;

        assert(n_wds <= NODES_PREFETCH_MAX);
        wds_prefetch(&n->wds, wds, n_wds);
        for (size_t i = 0; i < n_wds; i++)
                if ((rank[n_rank] = nodes_get(n, wds[i])))
                        n_rank++;
        for (unsigned i = 0; i < RANKS_PREFETCHED && n_rank > 0; i++)
                n_rank = prefetch_parents(rank, n_rank);
}

Node *nodes_child(const Nodes *n, const Node *parent, const char *name, size_t name_len) {
        return n->n_named > 0 && parent->children ? n->slots[find_slot(n, parent, name, name_len)]
                                                  : NULL;
}

int nodes_add(Nodes *n, int wd, bool is_dir, const char *name, Node **ret) {
        size_t room = MAX_OF(strlen(name) + 1, sizeof(char *));
        Node *node;
        int r;

        if (room > UINT8_MAX + 1U)
                return -ENAMETOOLONG;
        node = malloc(sizeof(Node) + room);
        if (!node)
                return -ENOMEM;
        *node = (Node){
                .wd = wd,
                .is_dir = is_dir,
                .name_room = (uint8_t) MIN_OF(room, (size_t) UINT8_MAX),
        };
        node->name[0] = '\0';
        r = wds_put(&n->wds, node);
        if (r < 0) {
                free(node);
                return r;
        }
        *ret = node;
        return 0;
}

static int grow(Nodes *n, uint32_t n_slots) {
        Nodes grown = { .n_slots = n_slots };

        grown.slots = calloc(grown.n_slots, sizeof(Node *));
        if (!grown.slots)
                return -ENOMEM;
        for (uint32_t i = 0; i < n->n_slots; i++)
                if (n->slots[i])
                        grown.slots[slot_of(&grown, n->slots[i])] = n->slots[i];
        free(n->slots);
        n->slots = grown.slots;
        n->n_slots = grown.n_slots;
        return 0;
}

static int reserve_slots(Nodes *n, uint32_t n_named) {
        uint32_t n_slots = MAX_OF(n->n_slots, 16U);

        while (n_slots < UINT32_C(1) << 31 && n_named > n_slots / 4 * 3)
                n_slots *= 2;
        return n_slots > n->n_slots ? grow(n, n_slots) : 0;
}

int nodes_reserve(Nodes *n, uint32_t n_nodes) {
        int r = wds_reserve(&n->wds, n_nodes);

        return r < 0 ? r : reserve_slots(n, n_nodes);
}

static void unlink_slot(Nodes *n, const Node *node) {
        uint32_t hole = slot_of(n, node), mask = n->n_slots - 1;

        for (uint32_t i = (hole + 1) & mask; n->slots[i]; i = (i + 1) & mask) {
                const Node *other = n->slots[i];
                uint32_t home = hash_name(other->parent->wd, node_name(other), other->name_len) &
                                mask;

                if (((i - home) & mask) >= ((i - hole) & mask)) {
                        n->slots[hole] = n->slots[i];
                        hole = i;
                }
        }
        n->slots[hole] = NULL;
        n->n_named--;
}

void nodes_detach(Nodes *n, Node *node) {
        if (node->is_root || !node->parent)
                return;
        if (!node->is_shadowed && !node->is_fresh)
                unlink_slot(n, node);
        *node->previous = node->next;
        if (node->next)
                node->next->previous = node->previous;
        node->parent = NULL;
        n->shape++;
}

/* Sets the name, in place if it fits. */
static int set_name(Node *node, const char *name, size_t name_len) {
        char *copy = NULL;

        if (name_len >= node->name_room) {
                copy = strndup(name, name_len);
                if (!copy)
                        return -ENOMEM;
        }
        if (node->has_long_name)
                free(*(char **) (void *) node->name);
        node->has_long_name = copy;
        if (copy)
                memcpy(node->name, &copy, sizeof(copy));
        else {
                memcpy(node->name, name, name_len);
                node->name[name_len] = '\0';
        }
        node->name_len = (uint8_t) name_len;
        return 0;
}

static void link_to(Nodes *n, Node *node, Node *parent) {
        node->parent = parent;
        node->next = parent->children;
        node->previous = &parent->children;
        if (node->next)
                node->next->previous = &node->next;
        parent->children = node;
        n->shape++;
        image_node(n->ledger, node);
}

int nodes_attach_fresh(Nodes *n, Node *node, Node *parent, const char *name) {
        int r;

        assert(!node_is_member(node));
        r = set_name(node, name, strlen(name));
        if (r < 0)
                return r;
        node->is_fresh = node->is_unscanned = true;
        link_to(n, node, parent);
        return 0;
}

int nodes_attach(Nodes *n, Node *node, Node *parent, const char *name, size_t name_len) {
        char copy[UINT8_MAX + 1]; /* it may be the node's own */
        int r;

        assert(name_len <= UINT8_MAX && !node->is_root);
        memcpy(copy, name, name_len);
        r = reserve_slots(n, n->n_named + 1);
        if (r < 0)
                return r;
        node->is_unscanned |= !node_is_member(node);
        nodes_detach(n, node);
        r = set_name(node, copy, name_len);
        if (r < 0)
                return r;
        node->is_shadowed = node->is_fresh = false;
        link_to(n, node, parent);
        n->slots[slot_of(n, node)] = node;
        n->n_named++;
        return 0;
}

void nodes_shadow(Nodes *n, Node *node) {
        unlink_slot(n, node);
        node->is_shadowed = true;
}

int nodes_renumber(Nodes *n, int base) {
        Wds wds = n->wds;
        uint32_t position = 0;
        Node *node;

        n->wds = (Wds){};
        while ((node = wds_next(&wds, &position))) {
                int before = node->wd;

                node->wd = base + (int) n->wds.n_used;
                int r = wds_put(&n->wds, node);
                if (r < 0) {
                        node->wd = before;
                        wds_done(&n->wds);
                        n->wds = wds;
                        return r;
                }
        }
        wds_done(&wds);
        if (n->n_slots > 0)
                memset(n->slots, 0, n->n_slots * sizeof(Node *));
        for (position = 0; (node = wds_next(&n->wds, &position));)
                if (node->parent && !node->is_root && !node->is_shadowed && !node->is_fresh)
                        n->slots[slot_of(n, node)] = node;
        n->shape++;
        return 0;
}

void nodes_remove(Nodes *n, Node *node) {
        assert(!node_is_member(node) && !node->children);
        wds_remove(&n->wds, node->wd);
        free_node(node);
        n->shape++;
}

Node *node_walk_next(const Node *top, const Node *at) {
        if (at->children)
                return at->children;
        for (; at != top; at = at->parent)
                if (at->next)
                        return at->next;
        return NULL;
}

Node *node_walk_deepest(Node *top) {
        while (top->children)
                top = top->children;
        return top;
}

Node *node_walk_up(const Node *top, const Node *at) {
        if (at == top)
                return NULL;
        return at->next ? node_walk_deepest(at->next) : at->parent;
}

size_t node_path_length(const Node *n) {
        size_t length = 0;

        for (; !n->is_root; n = n->parent)
                length += n->name_len + 1U;
        return length + n->root->path_len;
}

void node_add_path(const Node *n, Buffer *b) {
        const Node *at = n;
        size_t length = 0;

        for (; !at->is_root; at = at->parent)
                length += at->name_len + 1U;
        const Root *root = at->root;
        buffer_add(b, root->path, root->path_len > 1 ? root->path_len : length > 0 ? 0 : 1);
        char *end = buffer_add_room(b, length);
        if (!end)
                return;
        for (end += length; !n->is_root; n = n->parent) {
                end -= n->name_len;
                /* Of memcpy() of some bytes that are no more than 255 GCC makes a rep movs, that takes
                 * longer to begin than to copy them. */
                memmove(end, node_name(n), n->name_len);
                *--end = '/';
        }
}
