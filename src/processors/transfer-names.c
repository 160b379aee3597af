/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What it means for a transfer that a name comes, goes or becomes another. */

#include "processors/transfer-internal.h"

void transfer_drop(TransferState *s, Transfer *x) {
        if (x)
                transfers_remove(s->transfers, x);
}

/* A further link to a file under way by its temporary name: it goes on under this one, and the other one
 * is about to go. */
static int linked_from(Processor *p, const Event *e, Transfer *temporary) {
        TransferState *s = p->state;
        int r = transfers_move(s->transfers, temporary, e->path, e->path_len);

        if (r < 0)
                return r;
        temporary->phase = PHASE_CREATED;
        transfers_wait(s->transfers,
                        temporary,
                        WAIT_LINK,
                        usec_add(s->now, transfer_delay(p, WAIT_LINK)),
                        usec_add(e->usec, transfer_delay(p, WAIT_LINK)));
        transfers_keep(s->transfers, temporary);
        return 0;
}

static int created_finally(Processor *p, Transfer *x, const Event *e, const FileStat *st) {
        TransferState *s = p->state;
        Transfer *temporary = st && st->n_links > 1 ? transfers_find_inode(s->transfers, st->inode)
                                                    : NULL;
        int r;

        if (!transfer_minds_writers(s) && !(s->wanted & SIGN_LINKED)) {
                transfer_drop(s, x);
                return 0;
        }
        if (temporary && temporary->phase == PHASE_TEMPORARY)
                return linked_from(p, e, temporary);
        r = transfer_begin(p, e, PHASE_CREATED, &x);
        if (r < 0)
                return r;
        if (st)
                transfer_remember(s, x, st);
        transfer_wait(p, x);
        if (st && st->n_links > 1 && s->wanted & SIGN_LINKED) {
                usec_t delay = transfer_delay(p, WAIT_LINK);

                transfers_wait(s->transfers,
                                x,
                                WAIT_LINK,
                                usec_add(s->now, delay),
                                usec_add(e->usec, delay));
        }
        r = transfer_minds_writers(s) ? transfer_say_started(p, x, e) : 0;
        transfers_keep(s->transfers, x);
        return r;
}

int transfer_created(Processor *p, Transfer *x, const Event *e) {
        TransferState *s = p->state;
        FileStat st;
        int r = processor_look(p, e->path, &st);

        if (e->origin != ORIGIN_KERNEL)
                return transfer_found(p, x, e, r < 0 ? NULL : &st);
        if (r >= 0 && !st.is_regular) {
                transfer_drop(s, x);
                return 0;
        }
        if (transfer_is_temporary(s, e->path, e->path_len))
                return transfer_begin_told(p, e, PHASE_TEMPORARY, r < 0 ? NULL : &st);
        return created_finally(p, x, e, r < 0 ? NULL : &st);
}

int transfer_went(Processor *p, Transfer *x, const Event *e) {
        TransferState *s = p->state;
        int r;

        if (!x)
                return 0;
        x->origin = (uint8_t) e->origin;
        r = transfer_say_abandoned(p, x, REASON_DELETED);
        transfers_remove(s->transfers, x);
        return r;
}

int transfer_moved_from(Processor *p, Transfer *x, const Event *e) {
        return e->unpaired ? transfer_went(p, x, e) : 0;
}

/* A file that nobody knew came under its own name. `x` is what was there before, or NULL. */
static int moved_in(Processor *p, Transfer *x, const Event *e) {
        TransferState *s = p->state;
        FileStat st;
        int r;

        /* By hand: it was there already. */
        if (e->source && !transfer_is_temporary(s, e->source, e->source_len)) {
                transfer_drop(s, x);
                return 0;
        }
        r = processor_look(p, e->path, &st);
        if (r >= 0 && !st.is_regular) {
                transfer_drop(s, x);
                return 0;
        }
        if (!(s->wanted & (SIGN_MOVED | SIGN_MARKED)))
                return transfer_begin_told(p, e, PHASE_FOUND, r < 0 ? NULL : &st);
        r = transfer_begin(p, e, PHASE_CLOSED, &x);
        return r < 0 ? r : transfer_sign(p, x, e, SIGN_MOVED, e->source);
}

/* A transfer that has the path of the event now, which is no temporary one. */
static int renamed(Processor *p, Transfer *x, const Event *e) {
        TransferState *s = p->state;

        switch ((Phase) x->phase) {
        case PHASE_TEMPORARY:
                x->origin = ORIGIN_KERNEL;
                if (s->wanted & SIGN_MOVED)
                        return transfer_complete(p, x, e, e->source);
                if (x->marks & MARK_CLOSED)
                        return transfer_sign(p, x, e, SIGN_CLOSED, e->source);
                x->phase = PHASE_WRITING;
                transfer_wait(p, x);
                return TRANSFER_CHANGED;
        case PHASE_HELD:
                return transfer_complete(p, x, e, e->source);
        case PHASE_DONE:
        case PHASE_ABANDONED:
                return transfer_changed(p, x, e);
        default:
                return 0;
        }
}

int transfer_moved_to(Processor *p, Transfer *there, const Event *e) {
        TransferState *s = p->state;
        Transfer *x = e->source ? transfers_find(s->transfers, e->source, e->source_len) : NULL;
        bool is_temporary = transfer_is_temporary(s, e->path, e->path_len);
        FileStat st;
        int r;

        if (!x && is_temporary) {
                r = processor_look(p, e->path, &st);
                if (r < 0 || st.is_regular)
                        return transfer_begin_told(p, e, PHASE_TEMPORARY, r < 0 ? NULL : &st);
                transfer_drop(s, there);
                return 0;
        }
        if (!x)
                return moved_in(p, there, e);
        r = transfers_move(s->transfers, x, e->path, e->path_len);
        if (r < 0)
                return r;
        if (is_temporary && !x->is_done) {
                x->phase = PHASE_TEMPORARY;
                transfers_wait_no_more(s->transfers, x);
        }
        r = is_temporary ? TRANSFER_CHANGED : renamed(p, x, e);
        if (r > 0)
                transfers_keep(s->transfers, x);
        return MIN_OF(r, 0);
}

int transfer_directory_went(Processor *p, Transfer *x, const Event *e) {
        TransferState *s = p->state;

        transfers_remove_below(s->transfers, e->path, e->path_len);
        return 0;
}

int transfer_directory_moved_from(Processor *p, Transfer *x, const Event *e) {
        return e->unpaired ? transfer_directory_went(p, x, e) : 0;
}

int transfer_directory_moved_to(Processor *p, Transfer *x, const Event *e) {
        TransferState *s = p->state;

        if (!e->source) /* nothing that was below this path is there now */
                return transfer_directory_went(p, x, e);
        return transfers_move_below(s->transfers, e->source, e->source_len, e->path, e->path_len);
}

/* A watch ended: of a directory, or of the file that is watched itself. */
int transfer_ended(Processor *p, Transfer *x, const Event *e) {
        (void) transfer_directory_went(p, x, e);
        return transfer_went(p, x, e);
}
