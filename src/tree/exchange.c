/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* renameat2(2) with RENAME_EXCHANGE makes two moves, a to b and then b to a, of which the second is
 * about what was at b before the first. It is told so that each move has what its first half took
 * away: both first halves, then both second halves. */

#include <sys/stat.h>

#include "tree/looks.h"

#define RECORDS_MAX 64U  /* that others may have put in between */
#define COMING_MAX 4096U /* looked through for what is to come of a name */

/* Where it is noted that the half was handed out before its turn, or -1. */
static int early_index(const Tree *t, uint32_t cookie, bool is_second) {
        for (unsigned i = 0; i < EARLY_MAX; i++)
                if (t->early[i].cookie == cookie && t->early[i].is_second == is_second)
                        return (int) i;
        return -1;
}

static bool is_early(const Tree *t, const Raw *raw) {
        return t->n_early > 0 && raw->cookie != 0 &&
               early_index(t, raw->cookie, raw_is_moved_to(raw)) >= 0;
}

bool exchange_has_room(const Tree *t) {
        return t->n_early + EARLY_OF_ONE_MAX <= EARLY_MAX;
}

void exchange_note_early(Tree *t, const Raw *raw) {
        int i = early_index(t, 0, false);

        assert(i >= 0);
        t->early[i] = (Early){ raw->cookie, raw_is_moved_to(raw) };
        t->n_early++;
        image_early(t->ledger, &t->early[i], false);
}

static void forget_early(Tree *t, Early *early) {
        image_early(t->ledger, early, true);
        *early = (Early){};
        t->n_early--;
}

bool exchange_was_early(Tree *t, const Raw *raw) {
        int i = is_early(t, raw) ? early_index(t, raw->cookie, raw_is_moved_to(raw)) : -1;

        if (i < 0)
                return false;
        forget_early(t, &t->early[i]);
        return true;
}

void exchange_restart(Tree *t) {
        for (unsigned i = 0; t->n_early > 0 && i < EARLY_MAX; i++)
                if (t->early[i].cookie != 0)
                        forget_early(t, &t->early[i]);
}

bool exchange_is_open(const Tree *t) {
        return t->n_early > 0;
}

static bool is_last_of(const Raw *raw, const Node *n) {
        return n && raw_is_ignored(raw) && raw->wd == n->wd;
}

static bool is_about(const Raw *raw, const Raw *at) {
        return raw->wd == at->wd && (at->cookie == 0 || raw->cookie != at->cookie) &&
               (raw_is_arrival(raw) || raw_is_departure(raw)) && streq(raw->name, at->name);
}

/* The next other record about a name, among the next `n`. Returns whether there is one. */
static bool find_among(
                const Tree *t, IntakePlace *place, const Raw *at, unsigned n, IntakeRecord *ret) {
        while (n-- > 0 && intake_next(t->intake, place, ret) > 0)
                if (!is_early(t, &ret->raw) && is_about(&ret->raw, at))
                        return true;
        return false;
}

static bool find_next(const Tree *t, IntakePlace *place, const Raw *at, IntakeRecord *ret) {
        return find_among(t, place, at, RECORDS_MAX, ret);
}

bool exchange_is_to_come(const Tree *t, int wd, const char *name, bool if_unknown) {
        IntakePlace place = t->place;
        Raw at = { .wd = wd, .name = name };
        IntakeRecord next;

        return find_among(t, &place, &at, COMING_MAX, &next) ||
               (if_unknown && intake_next(t->intake, &place, &next) > 0);
}

static const Node *child_at(const Tree *t, const Raw *raw) {
        const Node *n = nodes_get(&t->nodes, raw->wd);

        return n ? nodes_child(&t->nodes, n, raw->name, raw->name_len) : NULL;
}

/* What a directory says of the names in it, but for that move: nothing comes between the two of an exchange,
 * for it has both directories locked. */
static bool is_another(const Raw *raw, int wd, uint32_t cookie) {
        return raw->wd == wd && raw->cookie != cookie &&
               (raw_is_arrival(raw) || raw_is_departure(raw));
}

/* A first half that follows a second one of the same name, which came from `from_wd`: what was there is
 * leaving, unless there was nothing, or an empty directory that was replaced. */
static bool find_from(
                const Tree *t, IntakePlace *place, int from_wd, const Raw *to, IntakeRecord *ret) {
        const Node *there = child_at(t, to);
        const Raw *raw = &ret->raw;

        for (unsigned n = RECORDS_MAX; n > 0 && intake_next(t->intake, place, ret) > 0; n--) {
                if (is_early(t, raw))
                        continue;
                if (is_last_of(raw, there))
                        return false;
                if (is_another(raw, to->wd, to->cookie) || is_another(raw, from_wd, to->cookie))
                        return raw_is_moved_from(raw) && is_about(raw, to);
        }
        return false;
}

/* Two moves, a to b and b to a, may be a move over an empty directory and back again: then what was at b
 * is gone, which its last record says, as late as whoever holds it open lets go of it. If they were an
 * exchange it is at a. `at`: that name; `there`: what was at b; `other`: what was at a. The last words of
 * a directory come just before its parent tells that it was deleted. */
static bool
is_gone(Tree *t, const IntakePlace *place, const Raw *at, const Node *there, const Node *other) {
        const Node *last = NULL;
        IntakePlace p = *place;
        IntakeRecord next, second;
        Raw to = *at;

        while (intake_next(t->intake, &p, &next) > 0) {
                const Raw *raw = &next.raw;

                if (is_last_of(raw, there))
                        last = there;
                else if (is_last_of(raw, other) && last == NULL)
                        last = other;
                else if (is_about(raw, &to)) {
                        if (last)
                                return !(raw->mask & IN_DELETE) == (last == there);
                        if (!raw_is_moved_from(raw) || moves_find_second(t->moves,
                                                                       t->intake,
                                                                       &p,
                                                                       raw->cookie,
                                                                       &second) == 0)
                                return false;
                        to = second.raw;
                }
        }
        return last && last == there;
}

/* All that is known of what happened: what we hold open keeps its last words, and what lies in the queue
 * is not looked through. */
static void take_in_all(Tree *t) {
        t->dir_fd = safe_close(t->dir_fd);
        (void) tree_take_in(t);
}

/* Whether it can be an exchange, as far as is known of what was there. */
static bool is_likely(const Raw *from, const Raw *to, const Node *there) {
        return raw_is_dir(from) != raw_is_dir(to) || (there && raw_is_dir(to));
}

static bool is_watched(const Tree *t, const Node *n) {
        return n && !node_is_ghost(n) && !past_is(t, n);
}

/* Takes in all that is said until whoever has the directory locked is through; where it is elsewhere by now
 * he is. Returns whether there was room for all. */
static bool wait_for_writers(Tree *t, int wd) {
        Node *n = nodes_get(&t->nodes, wd);
        int fd = n ? follow_open(t, n) : -ENOENT;

        if (fd >= 0)
                follow_writers(fd);
        t->dir_fd = safe_close(t->dir_fd);
        return tree_take_in_all(t) > 0;
}

typedef enum Mover {
        MOVER_A,
        MOVER_B,
        MOVER_NEITHER,
        MOVER_UNKNOWN, /* that may be in what is still to come, or is lost */
} Mover;

/* `is_all`: all that was said of the move is in the intake. */
static Mover find_mover_among(const Tree *t,
                IntakePlace place,
                int from_wd,
                const Raw *to,
                const Node *a,
                const Node *b,
                bool is_all) {
        IntakeRecord next;

        while (intake_next(t->intake, &place, &next) > 0) {
                const Raw *raw = &next.raw;

                if (raw_is_overflow(raw))
                        return MOVER_UNKNOWN;
                if (is_another(raw, from_wd, to->cookie) || is_another(raw, to->wd, to->cookie))
                        return MOVER_NEITHER;
                if (raw_is_moved_self(raw) && a && raw->wd == a->wd)
                        return MOVER_A;
                if (raw_is_moved_self(raw) && b && raw->wd == b->wd)
                        return MOVER_B;
        }
        return is_all ? MOVER_NEITHER : MOVER_UNKNOWN;
}

/* Which of the two the move is of that ends with `to`, before `place`: what is watched says itself that it
 * has moved, while the directories that it left and came to are locked. */
static Mover
find_mover(Tree *t, IntakePlace place, int from_wd, const Raw *to, const Node *a, const Node *b) {
        Mover mover = find_mover_among(t, place, from_wd, to, a, b, false);

        return mover == MOVER_UNKNOWN && wait_for_writers(t, from_wd)
                               ? find_mover_among(t, place, from_wd, to, a, b, true)
                               : mover;
}

/* Whether there is something at the name after the move that ends before `place`. What is watched there
 * and was replaced by the move is gone, which its last record tells. */
static bool is_taken(Tree *t, IntakePlace *place, const Raw *raw) {
        const Node *there = child_at(t, raw);
        IntakeRecord next, after;
        struct stat st;

        if (find_next(t, place, raw, &next))
                return raw_is_departure(&next.raw) ||
                       (raw_is_moved_to(&next.raw) &&
                                       ((there && !node_is_ghost(there)) ||
                                                       (find_next(t, place, &next.raw, &after) &&
                                                                       raw_is_moved_from(
                                                                                       &after.raw))));
        if (there && !node_is_ghost(there))
                return true;
        return files_stat(t, nodes_get(&t->nodes, raw->wd), raw->name, &st) >= 0;
}

/* The place behind the second half of the move whose first half is before `place`. */
static IntakePlace behind(const Tree *t, IntakePlace place, const Raw *to) {
        IntakeRecord next;

        while (intake_next(t->intake, &place, &next) > 0)
                if (raw_is_moved_to(&next.raw) && next.raw.cookie == to->cookie)
                        break;
        return place;
}

bool exchange_find(Tree *t,
                const IntakePlace *place,
                const Raw *from,
                const Raw *to,
                IntakeRecord *ret_from,
                IntakeRecord *ret_to) {
        IntakePlace after, p;
        const Node *a, *b;
        Mover mover;

        /* A file that takes the place of nothing but, perhaps, another file. */
        if (!raw_is_dir(from) && !child_at(t, to))
                return false;
        after = p = behind(t, *place, to);
        if (!exchange_has_room(t) || !find_from(t, &p, from->wd, to, ret_from) ||
                        moves_find_second(t->moves, t->intake, &p, ret_from->raw.cookie, ret_to) ==
                                        0 ||
                        ret_to->raw.wd != from->wd || !streq(ret_to->raw.name, from->name))
                return false;
        take_in_all(t);
        a = child_at(t, from);
        b = child_at(t, to);
        if (is_watched(t, a) || is_watched(t, b)) {
                mover = find_mover(t, p, to->wd, &ret_to->raw, a, b);
                /* What has said once that it moves would have said so again. */
                if (mover == MOVER_NEITHER &&
                                find_mover(t, after, from->wd, to, a, NULL) == MOVER_A)
                        return true;
                if (mover == MOVER_A || (mover == MOVER_NEITHER && is_watched(t, b)))
                        return false;
                if (mover == MOVER_B)
                        return true;
        }
        return is_likely(&ret_from->raw, to, b) && !is_gone(t, &p, &ret_to->raw, b, a) &&
               is_taken(t, &p, to);
}

bool exchange_find_outside(
                Tree *t, const IntakePlace *place, const Raw *to, IntakeRecord *ret_from) {
        IntakePlace p = *place;
        const Node *there = child_at(t, to);
        IntakeRecord back;
        Mover mover;

        if (!exchange_has_room(t) || !(raw_is_dir(to) || there) ||
                        !find_from(t, &p, to->wd, to, ret_from) ||
                        moves_find_second(t->moves, t->intake, &p, ret_from->raw.cookie, &back) !=
                                        0)
                return false;
        mover = is_watched(t, there) ? find_mover(t, p, to->wd, &ret_from->raw, there, NULL)
                                     : MOVER_UNKNOWN;
        if (mover != MOVER_UNKNOWN)
                return mover == MOVER_A;
        return is_likely(&ret_from->raw, to, there) && is_taken(t, &p, to);
}

bool exchange_has_moved(Tree *t, const IntakePlace *place, const Raw *from, const Raw *to) {
        const Node *n = nodes_get(&t->nodes, from->wd);
        const Node *leaving = n && raw_is_dir(from) ? follow_leaving(t, n, from) : NULL;

        /* A descriptor of which nothing is known may have been asked for less. */
        return !is_watched(t, leaving) || t->orphan_wd > 0 ||
               find_mover(t, behind(t, *place, to), from->wd, to, leaving, NULL) != MOVER_NEITHER;
}

/* It may be a move over an empty directory and back again all the same: then what moved first is where
 * it was. */
int exchange_check(Tree *t, const Raw *from, int wd) {
        Find find = {
                .wd = from->wd, .kind = FIND_ELSEWHERE, .is_dir = true, .key = (uint64_t) wd
        };
        int r;

        if (wd <= 0)
                return 0;
        r = tree_mark(t, &find.mark);
        if (r < 0)
                return r;
        find.begin = find.end = find.mark;
        return finds_add(&t->finds, &find, from->name);
}

static const Arrival *find_arrival(const Tree *t, int wd, const char *name) {
        for (unsigned i = 1; i <= ARRIVALS_MAX; i++) {
                const Arrival *a = &t->arrivals[(t->n_arrivals - i) % ARRIVALS_MAX];

                if (a->wd == wd && streq(a->name, name))
                        return a;
        }
        return NULL;
}

static int add_check(Tree *t, const Raw *raw, bool is_dir) {
        Find find = {
                .wd = raw->wd,
                .kind = is_dir ? FIND_CHECK : FIND_LEFT,
                .origin = ORIGIN_SCAN,
                .is_dir = is_dir,
        };
        int r = tree_mark(t, &find.mark);

        return r < 0 ? r : finds_add(&t->finds, &find, raw->name);
}

int exchange_departed(Tree *t, const Raw *raw) {
        const Arrival *a = find_arrival(t, raw->wd, raw->name);

        return a ? add_check(t, raw, a->is_dir || raw_is_dir(raw)) : 0;
}

int exchange_arrived(Tree *t, const Raw *raw, const Source *source) {
        Arrival *a;
        int r = 0;

        if (raw_is_dir(raw) && source &&
                        find_arrival(t, source->from_wd, strrchr(source->path.data, '/') + 1))
                r = add_check(t, raw, true);
        a = &t->arrivals[t->n_arrivals++ % ARRIVALS_MAX];
        a->wd = raw->wd;
        a->is_dir = raw_is_dir(raw);
        (void) snprintf(a->name, sizeof(a->name), "%s", raw->name);
        image_arrival(t->ledger, a);
        return r;
}
