/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A stack: what was put off last is the nearest to what is looked at now. */

#include "tree/backlog.h"

void backlog_done(Backlog *b) {
        free(b->items);
        *b = (Backlog){};
}

int backlog_add(Backlog *b, BacklogItem item) {
        if (b->n == b->n_allocated) {
                size_t n = MAX_OF(b->n_allocated * 2, (size_t) 16);
                BacklogItem *grown = reallocarray(b->items, n, sizeof(BacklogItem));
                if (!grown)
                        return -ENOMEM;
                b->items = grown;
                b->n_allocated = n;
        }
        b->items[b->n++] = item;
        return 0;
}

BacklogItem backlog_take(Backlog *b) {
        BacklogItem item;

        assert(b->n > 0);
        item = b->items[--b->n];
        if (b->n == 0)
                backlog_done(b);
        return item;
}

int backlog_move(Backlog *b, Backlog *from) {
        while (from->n > 0) {
                int r = backlog_add(b, backlog_take(from));
                if (r < 0)
                        return r;
        }
        return 0;
}
