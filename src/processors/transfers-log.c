/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What happens to the table is kept, record by record, and a table that is told all of them is the same
 * again. */

#include "processors/transfers-internal.h"

int transfers_set_keeper(Transfers *t, Processor *keeper) {
        t->record = malloc(TRANSFER_RECORD_MAX);
        if (!t->record)
                return -ENOMEM;
        t->keeper = keeper;
        return 0;
}

void transfers_keep_gone(
                const Transfers *t, TransferChange change, const char *path, size_t path_len) {
        size_t n;

        if (!t->keeper)
                return;
        *t->record = (TransferRecord){ .change = change };
        n = transfer_record_fill(t->record, path, path_len, NULL, 0);
        if (n > 0)
                processor_keep(t->keeper, t->record, n);
}

void transfers_keep_move(const Transfers *t,
                TransferChange change,
                const char *from,
                size_t from_len,
                const char *to,
                size_t to_len) {
        size_t n;

        if (!t->keeper)
                return;
        *t->record = (TransferRecord){ .change = change };
        n = transfer_record_fill(t->record, from, from_len, to, to_len);
        if (n > 0)
                processor_keep(t->keeper, t->record, n);
        else /* no record says so long a path: it is not there after a restart */
                transfers_keep_gone(t,
                                change == TRANSFER_MOVED ? TRANSFER_GONE : TRANSFERS_BELOW_GONE,
                                from,
                                from_len);
}

void transfers_keep(const Transfers *t, const Transfer *x) {
        size_t n;

        if (!t->keeper)
                return;
        *t->record = (TransferRecord){
                .change = TRANSFER_IS,
                .chunks = x->chunks,
                .inode = x->inode,
                .started_usec = x->started_usec,
                .usec = x->usec,
                .size = x->size,
                .ctime_nsec = x->ctime_nsec,
                .due_usec = x->due_usec,
                .n_open = x->n_open,
                .phase = x->phase,
                .marks = x->marks,
                .origin = x->origin,
                .queue = x->queue,
                .is_done = x->is_done,
        };
        n = transfer_record_fill(t->record, x->path, x->path_len, NULL, 0);
        if (n > 0)
                processor_keep(t->keeper, t->record, n);
}

static void keep_chain(const Transfers *t, const Chain *c) {
        for (const Transfer *x = c->first; x; x = x->ages.next)
                transfers_keep(t, x);
}

void transfers_save(const Transfers *t) {
        keep_chain(t, &t->done);
        keep_chain(t, &t->under_way);
}

/* Waits as it did, for the rest of that time. */
static void restore_wait(
                Transfers *t, Transfer *x, const TransferRecord *record, usec_t now, usec_t usec) {
        usec_t rest = record->due_usec > usec ? record->due_usec - usec : 0;

        if (record->queue > 0)
                transfers_wait(t, x, record->queue - 1U, usec_add(now, rest), record->due_usec);
        else
                transfers_wait_no_more(t, x);
}

static int
restore_one(Transfers *t, const TransferRecord *record, const char *path, usec_t now, usec_t usec) {
        usec_t age = usec > record->started_usec ? usec - record->started_usec : 0;
        Transfer *x = transfers_find(t, path, record->path_len);
        int r;

        if (!x) {
                r = transfers_add(t, path, record->path_len, now - MIN_OF(age, now), &x);
                if (r < 0)
                        return r;
        }
        if (x->is_done != record->is_done) {
                if (record->is_done)
                        transfers_done(t, x);
                else
                        transfers_restart(t, x, now - MIN_OF(age, now));
        }
        transfers_set_inode(t, x, record->inode);
        x->chunks = record->chunks;
        x->size = record->size;
        x->ctime_nsec = record->ctime_nsec;
        x->n_open = record->n_open;
        x->phase = record->phase;
        x->marks = record->marks;
        x->origin = record->origin;
        x->started_usec = record->started_usec;
        x->usec = record->usec;
        x->age = age - MIN_OF(age, now);
        restore_wait(t, x, record, now, usec);
        return 0;
}

static int restore(Transfers *t, const void *record, size_t n, usec_t now, usec_t usec) {
        const char *path, *other;
        TransferRecord fields;
        Transfer *x;
        int r;

        r = transfer_record_read(record, n, &fields, &path, &other);
        if (r < 0)
                return r;
        x = transfers_find(t, path, fields.path_len);
        switch ((TransferChange) fields.change) {
        case TRANSFER_IS:
                return restore_one(t, &fields, path, now, usec);
        case TRANSFER_MOVED:
                return x ? transfers_move(t, x, other, fields.other_len) : 0;
        case TRANSFERS_BELOW_MOVED:
                return transfers_move_below(t, path, fields.path_len, other, fields.other_len);
        case TRANSFERS_BELOW_GONE:
                transfers_remove_below(t, path, fields.path_len);
                return 0;
        case TRANSFER_GONE:
                if (x)
                        transfers_remove(t, x);
                return 0;
        default:
                return -EBADMSG;
        }
}

int transfers_restore(Transfers *t, const void *record, size_t n, usec_t now, usec_t usec) {
        TransferForgotten forgotten = TAKE_PTR(t->forgotten); /* who was told, was told */
        int r = restore(t, record, n, now, usec);

        t->forgotten = forgotten;
        return r;
}
