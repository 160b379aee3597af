/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What all publishers share: a cursor that goes along the history a slice at a time, so that a flood
 * of notices holds up neither the reading of events nor another publisher, and that is saved only
 * when what it passed has left the process. */

#include <inttypes.h>

#include "base/crash.h"
#include "base/log.h"
#include "publishers/publisher.h"
#include "publishers/turn.h"

/* Notices told in one turn of the loop. */
#define SLICE_MAX 128U

static const char *const publisher_names[_PUBLISHER_MAX] = {
        [PUBLISHER_BUS] = "bus",
        [PUBLISHER_JOURNAL] = "journal",
        [PUBLISHER_STDOUT] = "stdout",
        [PUBLISHER_STREAM] = "stream",
        [PUBLISHER_UNIT] = "unit",
};

int publisher_kind_from_name(const char *name, PublisherKind *ret) {
        for (PublisherKind kind = 0; kind < _PUBLISHER_MAX; kind++)
                if (kind != PUBLISHER_STDOUT && streq(name, publisher_names[kind])) {
                        *ret = kind;
                        return 0;
                }
        return -EINVAL;
}

const char *publisher_kind_name(PublisherKind kind) {
        return kind >= 0 && kind < _PUBLISHER_MAX ? publisher_names[kind] : NULL;
}

/* Says now and then that notices of this publisher go untold. */
static void note_untold(Publisher *p, int error) {
        uint64_t n = ++p->n_untold;

        if ((n & (n - 1)) == 0)
                log_warning(error,
                                "Cannot tell a notice to '%s' (%" PRIu64 " so far), ignoring",
                                p->type->name,
                                n);
}

/* Tells the gap that is waiting, if there is one. Returns > 0, or -EAGAIN if there is no room. */
static int tell_gap(Publisher *p) {
        int r;

        if (p->gap_from == 0)
                return 1;
        r = p->type->gap ? p->type->gap(p, p->gap_from, p->gap_to) : 1;
        if (r == 0)
                return -EAGAIN;
        if (r < 0)
                note_untold(p, r);
        p->gap_from = p->gap_to = 0;
        return 1;
}

/* Tells the next notice or gap. Returns > 0 if it did, 0 at the end, -EAGAIN if there is no room. */
static int tell_next(Publisher *p) {
        Cursor next = p->cursor;
        uint64_t from, to;
        Notice n;
        int r, found;

        found = history_next(p->history, &next, 1U << p->type->kind, &n, &from, &to);
        if (found == -ESTALE) {
                /* A gap that waits grows. */
                p->gap_from = p->gap_from ?: from;
                p->gap_to = to;
                p->cursor = next;
                return tell_gap(p);
        }
        r = tell_gap(p);
        if (r < 0)
                return r;
        if (found > 0) {
                r = p->type->publish(p, &n);
                if (r == 0)
                        return -EAGAIN;
                if (r < 0)
                        note_untold(p, r);
        }
        p->cursor = next;
        return found;
}

static void end_slice(Publisher *p) {
        crash_point("publish");
        if (p->type->end)
                p->type->end(p);
        crash_point("publish-end");
        if (p->gap_from == 0 && (!p->type->is_drained || p->type->is_drained(p)))
                history_save(p->history, p->type->kind, &p->cursor);
}

/* Returns as tell_next for the last one of the slice. */
static int tell_slice(Publisher *p) {
        int r = 1;

        for (unsigned i = 0; i < SLICE_MAX && r > 0; i++)
                r = tell_next(p);
        end_slice(p);
        return r;
}

static int take_slice(Publisher *p) {
        return p->type->slice ? p->type->slice(p) : tell_slice(p);
}

static int on_turn(sd_event_source *s, void *userdata) {
        Publisher *p = userdata;

        if (take_slice(p) > 0)
                publisher_wake(p);
        return 0;
}

int publisher_init(Publisher *p, const PublisherType *type, sd_event *event, History *history) {
        p->type = type;
        p->history = history;
        p->cursor = history_load(history, type->kind);
        p->event = event;
        return turn_take(event, &p->source, on_turn, p);
}

void publisher_done(Publisher *p) {
        p->source = sd_event_source_disable_unref(p->source);
}

void publisher_wake(Publisher *p) {
        if (turn_take(p->event, &p->source, on_turn, p) < 0)
                note_untold(p, -ENOMEM);
}

void publisher_notify(Publisher *p) {
        Cursor next = p->cursor;
        uint64_t from, to;
        Notice n;

        if (p->gap_from != 0 ||
                        history_next(p->history, &next, 1U << p->type->kind, &n, &from, &to) != 0) {
                publisher_wake(p);
                return;
        }
        p->cursor = next;
        if (!p->type->slice)
                end_slice(p);
}

bool publisher_is_done(Publisher *p) {
        Cursor next = p->cursor;
        uint64_t from, to;
        Notice n;

        if (p->type->slice)
                return p->type->is_drained(p);
        return history_next(p->history, &next, 1U << p->type->kind, &n, &from, &to) == 0 &&
               p->gap_from == 0 && (!p->type->is_drained || p->type->is_drained(p));
}

int publisher_flush(Publisher *p) {
        uint64_t position;
        int r;

        do {
                position = p->cursor.position;
                r = take_slice(p);
        } while (r > 0 || (r == -EAGAIN && p->cursor.position != position));
        return r == -EAGAIN;
}

Publisher *publisher_free(Publisher *p) {
        if (p)
                p->type->free(p);
        return NULL;
}
