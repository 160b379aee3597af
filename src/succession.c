/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* How a watch ends: what the kernel has queued for it is told; and if another one follows it, that one
 * begins where it ended: nothing is missed between them, and nothing told by both. */

#include "base/log.h"
#include "watch-internal.h"

#define DRAIN_READS_MAX 256U
/* For two watches to meet: first with halves of moves waiting for the others, and in the end wherever the new
 * one is. */
#define LEVEL_WHOLE_TRIES 32U
#define LEVEL_BOTH_TRIES 160U
#define LEVEL_TRIES 192U
#define RELEASED_USEC (50 * USEC_PER_MSEC)

bool watch_is_busy(const Watch *w) {
        return w->tree && tree_is_busy(w->tree);
}

void watch_finish_scans(Watch *w) {
        int r = 1;

        if (!watch_is_busy(w))
                return;
        while (r > 0 && watch_is_busy(w)) {
                (void) sd_notify(false, "WATCHDOG=1");
                r = tree_work(w->tree, w->now, watch_realtime(w));
        }
        watch_settle(w, r);
}

/* Whether there is something to hand out that was read. */
static bool is_behind(const Watch *w) {
        return tree_is_busy(w->tree) && !tree_is_scanning(w->tree);
}

void watch_read_queued(Watch *w, bool with_halves) {
        int r = 1;

        if (!watch_begin(w))
                return;
        for (unsigned i = 0; i < DRAIN_READS_MAX && r >= 0 && (r > 0 || is_behind(w)); i++)
                r = tree_read(w->tree, w->now, watch_realtime(w));
        if (r >= 0 && with_halves)
                r = tree_release_moves(w->tree);
        watch_settle(w, r);
}

void watch_drain(Watch *w) {
        watch_read_queued(w, false);
}

bool watch_is_settled(const Watch *w) {
        return !w->tree || tree_is_scanning(w->tree) || tree_is_settled(w->tree);
}

/* Whether it has handed out all that the kernel has queued, and has nothing else left to do. */
static bool is_level(const Watch *w) {
        uint64_t queued;

        return tree_queued_mark(w->tree, &queued) < 0 ||
               (tree_n_handed_out(w->tree) >= queued && tree_is_quiet(w->tree));
}

/* Tells all that there is to be told, with what a rescan that is due finds: what is there the new one takes
 * for granted. */
static void tell_all(Watch *old, bool with_halves) {
        watch_finish_scans(old);
        watch_read_queued(old, with_halves);
        if (old->tree && tree_owes_rescan(old->tree)) {
                watch_settle(old, tree_begin_rescan(old->tree));
                watch_finish_scans(old);
                watch_read_queued(old, with_halves);
        }
}

/* Until what the one has told and what the other has seen meet: at a moment when neither has anything
 * left to do, or, where writers leave none, as near to it as can be. */
static int level(Watch *w, Watch *old, GateTakeover *ret) {
        int r = 0;

        /* A directory that the new one did not come to yet is watched by the old one alone. */
        while (watch_is_busy(w) && r >= 0) {
                (void) sd_notify(false, "WATCHDOG=1");
                r = tree_scan(w->tree, w->now, watch_realtime(w));
                watch_read_queued(old, false);
        }
        for (unsigned i = 0; i < LEVEL_TRIES && r >= 0; i++) {
                /* The other half of a move may be on its way, or there may be none. */
                bool is_late = i >= LEVEL_WHOLE_TRIES;

                watch_read_queued(w, is_late);
                watch_finish_scans(w);
                r = tree_queued_mark(w->tree, &ret->told);
                ret->sequence = history_newest(w->gate.history);
                tell_all(old, is_late);
                if (!old->tree || r < 0)
                        break;
                r = tree_queued_mark(w->tree, &ret->mixed);
                if (r < 0 || !is_level(old))
                        continue;
                ret->told = ret->mixed;
                if (i >= LEVEL_BOTH_TRIES ||
                                (tree_is_quiet(w->tree) &&
                                                tree_n_handed_out(w->tree) >= ret->mixed))
                        break;
        }
        return r;
}

/* A processor of the new watch follows one of the old. */
typedef struct Handover {
        Watch *watch;
        Processor *to;
} Handover;

static void hand_record(Processor *p, const void *record, size_t n, void *userdata) {
        Handover *h = userdata;

        (void) processor_restore(h->to, record, n, h->watch->now, watch_realtime(h->watch));
}

/* What the processors of the old watch track, those of the new one do from now on. */
static void hand_processors_over(Watch *w, Watch *old) {
        for (size_t i = 0; i < old->n_processors; i++)
                for (size_t j = 0; j < w->n_processors; j++) {
                        const ProcessorConfig *from = old->config->processors[i];
                        const ProcessorConfig *to = w->config->processors[j];
                        Handover h = { w, w->processors[j] };

                        if (!streq(from->name, to->name) || from->type != to->type)
                                continue;
                        old->processors[i]->keep = hand_record;
                        old->processors[i]->keep_userdata = &h;
                        processor_save(old->processors[i]);
                        old->processors[i]->keep = NULL;
                }
}

/* There was no descriptor for the new one while there was the old one: it begins where that one ends. */
static int begin_late(Watch *w) {
        int r;

        keeper_release(&w->keeper);
        r = watch_place(w);
        if (r >= 0 && !w->tree) /* it closes its descriptors when it comes to that */
                w->retry_at = w->now + RELEASED_USEC;
        return r;
}

/* The ledger becomes the new watch's, and with it, in one, all that outlives the process. */
static void take_ledger(Watch *w) {
        if (!w->keeper.ledger) {
                keeper_put(&w->keeper, w->tree); /* which keeps nothing */
                return;
        }
        tree_set_ledger(w->tree, w->keeper.ledger);
        keeper_put_beside(&w->keeper, w->tree);
        (void) watch_renew_ledger(w);
        keeper_turn_over(&w->keeper);
}

void watch_take_over(Watch *w, Watch *old) {
        GateTakeover takeover = { .begin = w->gate.takeover.begin };
        int r = 0;

        if (w->tree) {
                r = level(w, old, &takeover);
                takeover.end = history_end(w->gate.history);
        } else { /* it has seen nothing that the other has told */
                watch_read_queued(old, true);
                takeover = (GateTakeover){};
        }
        if (r >= 0)
                r = gate_take_over(&w->gate, &takeover);
        hand_processors_over(w, old);
        watch_counters_add(&w->counters, &old->counters);
        if (old->tree)
                tree_set_ledger(old->tree, NULL);
        keeper_inherit(&w->keeper, &old->keeper);
        if (r >= 0 && w->tree)
                take_ledger(w);
        old = watch_free(old);
        if (r >= 0)
                r = w->tree ? tree_read(w->tree, w->now, watch_realtime(w)) : begin_late(w);
        watch_settle(w, r);
}
