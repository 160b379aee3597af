/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* An image without the inotify descriptor that it is about: its directories are known by name and not
 * watched. They have numbers that no watch has, until a rescan comes by and finds them again. */

#include "tree/tree-internal.h"

/* The highest number there is. */
static int last_wd(const Nodes *n) {
        uint32_t position = 0;
        const Node *node;
        int wd = 0;

        while ((node = wds_next(&n->wds, &position)))
                wd = MAX_OF(wd, node->wd);
        return wd;
}

/* Known files follow their directories, one directory after the other. */
int past_begin(Tree *t) {
        int base = MAX_OF(PAST_WD_MIN, last_wd(&t->nodes) + 1), r = 0;
        uint32_t position = 0;
        Node *node;

        if (base > INT_MAX - (int) t->nodes.wds.n_used)
                return -E2BIG;
        /* In the order of nodes_renumber(). */
        for (int to = base; (node = wds_next(&t->nodes.wds, &position)) && r >= 0; to++)
                r = known_renumber(&t->known, node->wd, to);
        if (r >= 0)
                r = nodes_renumber(&t->nodes, base);
        t->is_past = r >= 0;
        return r;
}

int past_is_node(Tree *t, Node *past, Node *node) {
        Node *parent = past->is_root ? NULL : past->parent;
        Ledger *ledger = TAKE_PTR(t->nodes.ledger);
        int r = 0;

        image_node_is(ledger, past->wd, node->wd);
        t->n_directories -= node->is_fresh; /* both were counted */
        while (past->children && r >= 0) {
                Node *child = past->children;

                r = nodes_attach(&t->nodes, child, node, node_name(child), child->name_len);
        }
        if (r >= 0)
                r = known_renumber(&t->known, past->wd, node->wd);
        if (r >= 0 && parent) {
                char name[UINT8_MAX + 1];
                size_t n = past->name_len;

                memcpy(name, node_name(past), n);
                nodes_detach(&t->nodes, past);
                r = nodes_attach(&t->nodes, node, parent, name, n);
        }
        if (r >= 0 && past->is_root) {
                node->is_root = true;
                node->root = past->root;
                past->is_root = false;
                past->root = NULL;
        }
        for (size_t i = 0; i < t->n_roots && r >= 0; i++)
                if (t->roots[i].node == past)
                        t->roots[i].node = node;
        node->is_unscanned = past->is_unscanned;
        node->is_doubtful = past->is_doubtful;
        if (r >= 0)
                nodes_remove(&t->nodes, past);
        t->nodes.ledger = ledger;
        return r;
}

int past_end(Tree *t) {
        _cleanup_free_ int *wds = calloc((size_t) t->nodes.wds.n_used + 1, sizeof(int));
        uint32_t position = 0;
        const Node *node;
        size_t n = 0;

        if (!wds)
                return -ENOMEM;
        while ((node = wds_next(&t->nodes.wds, &position)))
                if (past_is(t, node))
                        wds[n++] = node->wd;
        for (size_t i = 0; i < n; i++) {
                Node *left = nodes_get(&t->nodes, wds[i]);

                if (left)
                        follow_release(t, left, false);
        }
        t->is_past = false;
        return 0;
}
