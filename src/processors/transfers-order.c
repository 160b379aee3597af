/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The orders that a table of transfers is in besides that of paths: by age, those under way and those
 * that are done apart; by the time until which they wait; and a hash by inode. */

#include "processors/transfers-internal.h"

/* A chain runs through the link at `offset` of each. */
#define AGE offsetof(Transfer, ages)
#define WAIT offsetof(Transfer, wait)

static TransferLink *link_of(Transfer *x, size_t offset) {
        return (TransferLink *) ((char *) x + offset);
}

static void chain_add(Chain *c, size_t offset, Transfer *x) {
        *link_of(x, offset) = (TransferLink){ .previous = c->last };
        *(c->last ? &link_of(c->last, offset)->next : &c->first) = x;
        c->last = x;
}

static void chain_take(Chain *c, size_t offset, Transfer *x) {
        TransferLink *l = link_of(x, offset);

        *(l->previous ? &link_of(l->previous, offset)->next : &c->first) = l->next;
        *(l->next ? &link_of(l->next, offset)->previous : &c->last) = l->previous;
}

static Chain *ages_of(Transfers *t, const Transfer *x) {
        return x->is_done ? &t->done : &t->under_way;
}

void transfers_order_add(Transfers *t, Transfer *x) {
        chain_add(ages_of(t, x), AGE, x);
}

void transfers_order_take(Transfers *t, Transfer *x) {
        chain_take(ages_of(t, x), AGE, x);
        transfers_wait_no_more(t, x);
        transfers_set_inode(t, x, 0);
}

Transfer *transfers_oldest(const Transfers *t) {
        return t->under_way.first;
}

usec_t transfer_deadline(const Transfer *x, usec_t max_age) {
        if (max_age == USEC_INFINITY)
                return USEC_INFINITY;
        return usec_add(x->started, max_age > x->age ? max_age - x->age : 0);
}

static Transfer **inode_slot(Transfers *t, uint64_t inode) {
        return &t->by_inode[(inode * UINT64_C(0x9e3779b97f4a7c15) >> 32) & (INODE_SLOTS - 1)];
}

Transfer *transfers_find_inode(Transfers *t, uint64_t inode) {
        Transfer *x = inode == 0 ? NULL : *inode_slot(t, inode);

        while (x && x->inode != inode)
                x = x->inode_next;
        return x;
}

void transfers_set_inode(Transfers *t, Transfer *x, uint64_t inode) {
        if (x->inode_previous) {
                *x->inode_previous = x->inode_next;
                if (x->inode_next)
                        x->inode_next->inode_previous = x->inode_previous;
                x->inode_previous = NULL;
        }
        x->inode = inode;
        if (inode == 0)
                return;
        Transfer **slot = inode_slot(t, inode);
        x->inode_next = *slot;
        x->inode_previous = slot;
        if (*slot)
                (*slot)->inode_previous = &x->inode_next;
        *slot = x;
}

void transfers_done(Transfers *t, Transfer *x) {
        transfers_wait_no_more(t, x);
        chain_take(ages_of(t, x), AGE, x);
        x->is_done = true;
        chain_add(&t->done, AGE, x);
}

void transfers_restart(Transfers *t, Transfer *x, usec_t now) {
        transfers_wait_no_more(t, x);
        chain_take(ages_of(t, x), AGE, x);
        x->is_done = false;
        x->started = now;
        chain_add(&t->under_way, AGE, x);
}

void transfers_wait(Transfers *t, Transfer *x, unsigned queue, usec_t due, usec_t due_usec) {
        Chain *c = &t->queues[queue];
        Transfer *before;

        transfers_wait_no_more(t, x);
        x->queue = (uint8_t) (queue + 1);
        x->due = due;
        x->due_usec = due_usec;
        for (before = c->last; before && before->due > due;)
                before = before->wait.previous;
        x->wait.previous = before;
        x->wait.next = before ? before->wait.next : c->first;
        *(before ? &before->wait.next : &c->first) = x;
        *(x->wait.next ? &x->wait.next->wait.previous : &c->last) = x;
}

void transfers_wait_no_more(Transfers *t, Transfer *x) {
        if (x->queue > 0)
                chain_take(&t->queues[x->queue - 1], WAIT, x);
        x->queue = 0;
}

Transfer *transfers_first_waiting(const Transfers *t, unsigned queue) {
        return t->queues[queue].first;
}
