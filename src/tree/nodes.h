/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The watched inodes of a tree. A directory knows its name and its parent, so that a moved subtree is
 * one pointer; its path is made when it is asked for. */

#pragma once

#include "base/text.h"
#include "tree/wds.h"

typedef struct Node Node;
typedef struct Root Root;

struct Node {
        int wd; /* < 0: a ghost, a directory that is told and not watched yet */
        bool is_dir : 1;
        bool is_step : 1;  /* on the way to a root: an ancestor or a symlink */
        bool is_root : 1;  /* `root` holds, not `parent` */
        bool is_fresh : 1; /* seen by a look that the story has not come to; found by its wd alone */
        bool is_visited : 1;    /* by the rescan under way */
        bool is_unmounted : 1;  /* the kernel has said so, and it was told */
        bool is_moved_in : 1;   /* of a ghost: what it stands for was moved in as it is */
        bool is_shadowed : 1;   /* another one took its name; it is found by its wd alone */
        bool has_long_name : 1; /* renamed to a name that did not fit: a pointer lies in its place */
        bool is_unscanned : 1;  /* entered since it was last known that all was told */
        bool is_doubtful : 1;   /* of an image: looked into, perhaps, and told, perhaps */
        uint8_t name_len;
        uint8_t name_room; /* bytes at `name`, with NUL */
        union {
                Root *root;   /* the root that is here; of two paths to one file the first */
                Node *parent; /* NULL for what is a step and no more */
        };
        Node *children;
        Node *next;      /* in parent->children */
        Node **previous; /* what points at it there */
        char name[];
};

/* A zeroed one is empty. */
typedef struct Nodes {
        Wds wds;
        Node **slots; /* those with a parent, by parent and name */
        uint32_t n_slots;
        uint32_t n_named;
        uint64_t shape;        /* counts up when a node gets another place or goes */
        struct Ledger *ledger; /* borrowed: where changes are written; NULL: nowhere */
} Nodes;

void nodes_done(Nodes *n);

static inline bool node_is_ghost(const Node *n) {
        return n->wd < 0;
}
/* Whether it belongs to the tree: is a root or below one. */
static inline bool node_is_member(const Node *n) {
        return n->is_root || n->parent;
}
static inline const char *node_name(const Node *n) {
        return n->has_long_name ? *(char *const *) (const void *) n->name : n->name;
}
/* Whether it has that name in `parent`, and no other took it. */
static inline bool node_is_at(const Node *n, const Node *parent, const char *name) {
        return !n->is_root && n->parent == parent && !n->is_shadowed && streq(node_name(n), name);
}
/* The root that it is below, or is. It must be a member. */
Root *node_root(const Node *n);
bool node_is_below(const Node *n, const Node *ancestor); /* or is it */

static inline Node *nodes_get(const Nodes *n, int wd) {
        return wds_get(&n->wds, wd);
}
/* Asks the memory for these and what they are in, all at once: it brings many almost as fast as one. */
#define NODES_PREFETCH_MAX 32U
void nodes_prefetch(const Nodes *n, const int *wds, size_t n_wds);
Node *nodes_child(const Nodes *n, const Node *parent, const char *name, size_t name_len);

/* Makes room for `n` in all at once. Returns 0 or -ENOMEM. */
int nodes_reserve(Nodes *n, uint32_t n_nodes);

/* Makes a node without a place, with room for `name`. Returns 0 or -ENOMEM. */
int nodes_add(Nodes *n, int wd, bool is_dir, const char *name, Node **ret);

/* Puts it below `parent` under `name`, wherever it was before. None may be found there. Returns 0 or
 * -ENOMEM, with the node where it was. */
int nodes_attach(Nodes *n, Node *node, Node *parent, const char *name, size_t name_len);
void nodes_detach(Nodes *n, Node *node);

/* The same for one without a place, as a fresh one: another may be found there. */
int nodes_attach_fresh(Nodes *n, Node *node, Node *parent, const char *name);

/* Another one is about to take its name: keeps its place and path, but is no more found by its name. */
void nodes_shadow(Nodes *n, Node *node);

/* Gives the nodes other numbers, from `base` on; all that stands for a wd must follow. Returns 0, or
 * -ENOMEM with them as they were. */
int nodes_renumber(Nodes *n, int base);

/* Frees it. It has no place and no children. */
void nodes_remove(Nodes *n, Node *node);

/* The next one in the order of a walk through the subtree of `top`: children before siblings, parents
 * first. NULL after the last. */
Node *node_walk_next(const Node *top, const Node *at);

/* The deepest first child: where a walk begins that visits children before their parents; and the next
 * one of such a walk, `top` itself the last. */
Node *node_walk_deepest(Node *top);
Node *node_walk_up(const Node *top, const Node *at);

/* The length of its path. */
size_t node_path_length(const Node *n);

/* Adds the path: that of the root, and the names below it. */
void node_add_path(const Node *n, Buffer *b);
