/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A file that is found, and not seen to come, may still be written to by somebody whose open nobody saw:
 * it is whole when it has stood still. What is known to be complete does not complete again. */

#include "processors/transfer-internal.h"

/* What a rescan finds of a transfer that is known by its temporary name: it was renamed unseen. It is
 * waited for nevertheless, for an inode alone may be that of another file by now. */
static int take_over(Processor *p, const Event *e, const FileStat *st, Transfer **ret) {
        TransferState *s = p->state;
        Transfer *x = st && st->n_links == 1 ? transfers_find_inode(s->transfers, st->inode) : NULL;
        int r;

        if (!x || (x->phase != PHASE_TEMPORARY && x->phase != PHASE_HELD))
                return 0;
        r = transfers_move(s->transfers, x, e->path, e->path_len);
        if (r < 0)
                return r;
        *ret = x;
        return 0;
}

static int found_temporary(Processor *p, Transfer *x, const Event *e, const FileStat *st) {
        TransferState *s = p->state;
        int r;

        if (x && (x->inode == 0 || !st || x->inode == st->inode))
                return 0; /* found again */
        x = NULL;
        r = take_over(p, e, st, &x);
        if (r >= 0 && !x)
                r = transfer_begin(p, e, PHASE_TEMPORARY, &x);
        if (r < 0)
                return r;
        x->phase = PHASE_TEMPORARY;
        transfer_wait(p, x);
        if (st)
                transfer_remember(s, x, st);
        r = transfer_say_started(p, x, e);
        transfers_keep(s->transfers, x);
        return r;
}

/* That it stood still long enough before anyone looked. */
static int found_at_rest(Processor *p, Transfer *x, const Event *e, const FileStat *st) {
        const TransferState *s = p->state;
        bool idles = s->wanted & SIGN_IDLE && !(s->wanted & SIGN_STILL);
        Wait wait = idles ? WAIT_IDLE : WAIT_STILL;

        if (e->origin == ORIGIN_MOVED_IN && s->wanted & SIGN_MOVED)
                return transfer_sign(p, x, e, SIGN_MOVED, NULL) ?: 1;
        if (!st || !transfer_is_still(s, x, st, transfer_delay(p, wait)))
                return 0;
        return transfer_sign(p, x, e, idles ? SIGN_IDLE : SIGN_STILL, NULL) ?: 1;
}

static int found_finally(Processor *p, Transfer *x, const Event *e, const FileStat *st) {
        TransferState *s = p->state;
        int r = 0;

        if (x && x->phase == PHASE_ABANDONED)
                return 0;
        if (x && st && x->phase == PHASE_DONE && transfer_is_same(x, st))
                return 0;
        if (x && !x->is_done && e->origin != ORIGIN_RESCAN)
                return 0; /* events told of it before */
        if (x && x->is_done) {
                transfers_remove(s->transfers, x);
                x = NULL;
        }
        if (!x)
                r = take_over(p, e, st, &x);
        if (r >= 0 && !x)
                r = transfer_begin(p, e, PHASE_FOUND, &x);
        if (r < 0)
                return r;
        x->phase = PHASE_FOUND;
        x->origin = (uint8_t) e->origin;
        x->n_open = 0;
        x->ctime_nsec = 0;
        r = found_at_rest(p, x, e, st);
        if (r != 0)
                return MIN_OF(r, 0);
        if (st)
                transfer_remember(s, x, st);
        transfer_wait(p, x);
        r = transfer_say_started(p, x, e);
        transfers_keep(s->transfers, x);
        return r;
}

int transfer_found(Processor *p, Transfer *x, const Event *e, const FileStat *st) {
        TransferState *s = p->state;

        if (st && !st->is_regular) {
                if (x)
                        transfers_remove(s->transfers, x);
                return 0;
        }
        return transfer_is_temporary(s, e->path, e->path_len) ? found_temporary(p, x, e, st)
                                                              : found_finally(p, x, e, st);
}

void transfer_doubt(Processor *p) {
        TransferState *s = p->state;

        for (Transfer *x = transfers_oldest(s->transfers); x; x = x->ages.next) {
                x->n_open = 0;
                if (x->phase != PHASE_TEMPORARY && x->phase != PHASE_HELD) {
                        x->phase = PHASE_FOUND;
                        x->ctime_nsec = 0;
                        transfer_wait(p, x);
                }
                transfers_keep(s->transfers, x);
        }
}
