/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* From the head of the intake, record by record, and what is due in between. */

#include <limits.h>
#include <sys/ioctl.h>

#include "tree/looks.h"

/* Both halves are queued by one system call; only memory pressure or preemption comes between. */
#define MOVE_HOLD_USEC (50 * USEC_PER_MSEC)

/* A read of no more than this has left nothing in the queue: the next record would have had room. */
#define READ_WITHOUT_REST_MAX (int) (INTAKE_READ_MAX - sizeof(struct inotify_event) - NAME_MAX - 1)

/* How far to look ahead, in trees that are too large for a cache. */
#define AHEAD_RECORDS_MAX 128U
#define AHEAD_DIRECTORIES_MIN 1024U

/* What is handed out in one go, in records; to go to a directory costs as much as many of them. */
#define SPENT_MAX 16384U
#define SPENT_TO_OPEN 64U

void tree_spend_to_open(Tree *t) {
        t->n_spent += SPENT_TO_OPEN;
}

bool tree_is_spent(const Tree *t) {
        return t->n_spent >= SPENT_MAX;
}

bool tree_is_member(const Tree *t, int wd) {
        const Node *n = nodes_get(&t->nodes, wd);

        return n && node_is_member(n);
}

/* What was to wait until these bytes were handed out. */
static int do_due(Tree *t, usec_t now) {
        int r;

        t->due_mark = UINT64_MAX;
        if (t->n_handed_out >= t->check_mark) {
                r = roots_check(t, now);
                if (r < 0)
                        return r;
                if (TAKE(t->is_rescan_due, false))
                        rescan_want(t, now, false);
        }
        if (t->mounts_changed && t->check_mark == UINT64_MAX) {
                r = remount_check(t);
                if (r < 0)
                        return r;
        }
        r = scan_tell_due(t);
        if (r < 0)
                return r;
        if (tree_is_spent(t)) { /* and there is more of this, perhaps, before anything else */
                t->due_mark = 0;
                return 0;
        }
        if (t->n_handed_out >= t->rescan_mark) {
                r = rescan_finish(t, now);
                if (r < 0)
                        return r;
        }
        if (t->n_handed_out >= t->parked_mark) {
                r = scan_unpark(t);
                if (r < 0)
                        return r;
        }
        tree_note_due(t, MIN_OF(t->check_mark, t->rescan_mark));
        tree_note_due(t, t->parked_mark);
        if (t->finds.first)
                tree_note_due(t, t->finds.first->mark);
        return 0;
}

/* Whether a first half is to wait for its second: for so long, and then until the queue was seen empty,
 * for we may have been kept from reading longer than that. */
static bool must_wait(Tree *t, const IntakeRecord *record) {
        usec_t deadline = record->now + MOVE_HOLD_USEC;

        if (!intake_has_room(t->intake) || t->emptied >= deadline)
                return false;
        t->move_deadline = deadline;
        return true;
}

/* Whether the second half, that is to come in `wd`, will be told. */
static bool is_to_be_told(Tree *t, int wd) {
        Node *n = nodes_get(&t->nodes, wd);

        return n && node_is_member(n) && look_age(t, n) > 0;
}

/* A first half, before its turn. */
static int hand_out_early(Tree *t, const IntakeRecord *record, bool paired) {
        const Node *n = nodes_get(&t->nodes, record->raw.wd);
        Node *leaving;
        int r;

        exchange_note_early(t, &record->raw);
        r = record_hand_out(t, record, paired);
        if (r < 0 || !paired || !raw_is_dir(&record->raw))
                return r;
        leaving = follow_leaving(t, n, &record->raw);
        if (leaving) /* until its second half comes */
                follow_shadow(t, leaving);
        return 0;
}

/* A second half, before its turn: what others have put in between happened when all had moved. */
static int hand_out_second_early(Tree *t, const IntakeRecord *record) {
        exchange_note_early(t, &record->raw);
        return record_hand_out(t, record, false);
}

/* Whether it would move into itself: then something was lost. */
static bool is_cycle(Tree *t, const Raw *from, const Raw *to) {
        const Node *n = nodes_get(&t->nodes, from->wd), *leaving;

        leaving = n && raw_is_dir(from) ? follow_leaving(t, n, from) : NULL;
        if (!leaving || !node_is_below(nodes_get(&t->nodes, to->wd), leaving))
                return false;
        rescan_want(t, 0, false);
        return true;
}

/* A first half. Returns > 0 if it is to wait for its second one. */
static int hand_out_from(Tree *t, const IntakeRecord *record, const IntakePlace *place) {
        Node *n = nodes_get(&t->nodes, record->raw.wd);
        IntakeRecord to, back, back_to;
        int has_second, r = 0, wd = 0;
        bool paired, is_told;
        const Node *leaving;

        has_second = moves_find_second(t->moves, t->intake, place, record->raw.cookie, &to);
        if (has_second == 0 &&
                        !(tree_is_member(t, record->raw.wd) &&
                                        record_find_second(t, &record->raw)) &&
                        must_wait(t, record))
                return 1;
        paired = has_second > 0 && is_to_be_told(t, to.raw.wd) &&
                 !is_cycle(t, &record->raw, &to.raw);
        is_told = paired && is_to_be_told(t, record->raw.wd);
        if (!is_told || !exchange_find(t, place, &record->raw, &to.raw, &back, &back_to)) {
                /* A mount that came and went before the table was looked at. */
                if (is_told && !exchange_has_moved(t, place, &record->raw, &to.raw))
                        r = remount_left(t, n, record->raw.name);
                if (r >= 0)
                        r = record_hand_out(t, record, paired);
                return r < 0 || !paired || has_second == 1 || !exchange_has_room(t)
                                       ? r
                                       : hand_out_second_early(t, &to);
        }
        leaving = raw_is_dir(&record->raw) ? follow_leaving(t, n, &record->raw) : NULL;
        if (leaving)
                wd = leaving->wd;
        r = record_hand_out(t, record, true);
        if (r >= 0)
                r = hand_out_early(t, &back, true);
        if (r >= 0)
                r = hand_out_second_early(t, &to);
        if (r >= 0)
                r = hand_out_second_early(t, &back_to);
        return r < 0 ? r : exchange_check(t, &record->raw, wd);
}

/* A second half; `before` is its own place. */
static int hand_out_to(Tree *t,
                const IntakeRecord *record,
                const IntakePlace *before,
                const IntakePlace *place) {
        IntakeRecord back;
        int r = 0;

        if (!moves_has_source(t->moves, record->raw.cookie) && is_to_be_told(t, record->raw.wd) &&
                        exchange_find_outside(t, place, &record->raw, &back)) {
                t->place = *before; /* this one is still to come */
                r = hand_out_early(t, &back, false);
                t->place = *place;
        }
        return r < 0 ? r : record_hand_out(t, record, false);
}

/* Returns > 0 if the record is to wait. */
static int hand_out_next(Tree *t,
                const IntakeRecord *record,
                const IntakePlace *before,
                const IntakePlace *place) {
        const Raw *raw = &record->raw;

        if (exchange_was_early(t, raw))
                return 0;
        if (raw_is_moved_to(raw))
                return hand_out_to(t, record, before, place);
        return raw_is_moved_from(raw) ? hand_out_from(t, record, place)
                                      : record_hand_out(t, record, false);
}

/* In a large tree the next event is about a directory that no cache holds: asks for those of the next
 * records together. Returns the number of records looked at. */
static unsigned look_ahead(const Tree *t, IntakePlace place) {
        int wds[NODES_PREFETCH_MAX], wd;
        unsigned n_records = 0;
        size_t n = 0;

        while (n < NODES_PREFETCH_MAX && n_records < AHEAD_RECORDS_MAX &&
                        intake_next_wd(t->intake, &place, &wd)) {
                n_records++;
                if (n == 0 || wds[n - 1] != wd)
                        wds[n++] = wd;
        }
        nodes_prefetch(&t->nodes, wds, n);
        return n_records;
}

void tree_end_step(Tree *t, const IntakePlace *place) {
        if (t->ledger) {
                image_status(t);
                image_sources(t);
        }
        orphan_end(t);
        intake_commit(t->intake, place, t->n_handed_out, t->step++);
        if (t->ledger)
                ledger_set_stamp(t->ledger, t->step);
}

void tree_commit(Tree *t) {
        IntakePlace head = intake_head(t->intake);

        tree_end_step(t, &head);
}

/* Hands out records until a first half must wait (> 0), a scan is under way, or it is enough for one go. Both
 * halves of a move are one step, with all that is between them; `done` is where it ends. */
static int hand_out_records(Tree *t, usec_t now, IntakePlace *done) {
        IntakePlace place = *done;
        IntakeRecord record;
        unsigned n_ahead = 0;
        int r;

        if (t->n_directories < AHEAD_DIRECTORIES_MIN)
                n_ahead = UINT_MAX;
        while (((!scan_is_under_way(t) && !tree_is_spent(t)) || exchange_is_open(t)) &&
                        (r = intake_next(t->intake, &place, &record)) != 0) {
                t->n_spent++;
                if (n_ahead-- == 0)
                        n_ahead = look_ahead(t, place);
                t->place = place;
                if (r > 0) {
                        r = hand_out_next(t, &record, done, &place);
                        if (r > 0)
                                return 1;
                        t->n_handed_out += record.raw.size;
                }
                *done = place;
                if (r == -ENOMEM)
                        return r;
                if (t->n_handed_out >= t->due_mark) {
                        r = do_due(t, now);
                        if (r < 0)
                                return r;
                }
                if (moves_n_sources(t->moves) == 0 && !exchange_is_open(t))
                        tree_end_step(t, done);
        }
        return 0;
}

int tree_hand_out(Tree *t, usec_t now) {
        IntakePlace done = intake_head(t->intake);
        int r;

        t->move_deadline = USEC_INFINITY;
        t->n_spent = 0;
        r = t->is_behind && t->n_handed_out >= t->due_mark ? do_due(t, now) : 0;
        if (r >= 0)
                r = hand_out_records(t, now, &done);
        tree_end_step(t, &done);
        t->is_behind = tree_is_spent(t);
        if (r != 0 || scan_is_under_way(t) || t->is_behind)
                return MIN_OF(r, 0);
        intake_restart(t->intake);
        t->place = intake_head(t->intake);
        moves_restart(t->moves);
        exchange_restart(t);
        t->n_handed_out = intake_n_read(t->intake);
        r = t->n_handed_out >= t->due_mark ? do_due(t, now) : 0;
        t->is_behind = tree_is_spent(t);
        return r;
}

int tree_take_in(Tree *t) {
        int n;

        if (!intake_has_room(t->intake))
                return 0;
        n = intake_read(t->intake, t->fd, scan_is_under_way(t), t->now, t->usec);
        if (n >= 0 && n <= READ_WITHOUT_REST_MAX)
                t->emptied = t->now;
        return n;
}

int tree_take_in_all(Tree *t) {
        uint64_t mark;
        int r = tree_queued_mark(t, &mark);

        if (r < 0)
                return r;
        while (intake_n_read(t->intake) < mark && (r = tree_take_in(t)) > 0)
                ;
        return r < 0 ? r : intake_n_read(t->intake) >= mark;
}

int tree_release_moves(Tree *t) {
        int r = 0;

        while (r >= 0 && t->move_deadline != USEC_INFINITY) {
                t->emptied = t->move_deadline;
                r = tree_hand_out(t, t->move_deadline);
        }
        t->emptied = 0;
        t->dir_fd = safe_close(t->dir_fd);
        tree_commit(t);
        return r;
}

uint64_t tree_n_handed_out(const Tree *t) {
        return t->n_handed_out;
}

int tree_queued_mark(const Tree *t, uint64_t *ret) {
        int queued = 0;

        if (ioctl(t->fd, FIONREAD, &queued) < 0)
                return -errno;
        *ret = intake_n_read(t->intake) + (uint64_t) queued;
        return 0;
}

/* To the kernel it costs a walk along its queue: a long one is taken in first. */
int tree_position(Tree *t) {
        int n, r = tree_queued_mark(t, &t->position);

        while (r >= 0 && t->position > intake_n_read(t->intake) + QUEUE_LONG &&
                        intake_has_room(t->intake)) {
                n = intake_read(t->intake, t->fd, scan_is_under_way(t), t->now, t->usec);
                if (n <= 0)
                        return n;
                r = tree_queued_mark(t, &t->position);
        }
        return r;
}

int tree_mark(Tree *t, uint64_t *ret) {
        int r = tree_position(t);

        if (r < 0)
                return r;
        *ret = t->position;
        tree_note_due(t, *ret);
        return 0;
}
