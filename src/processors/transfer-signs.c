/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* When a file is complete: the strategies are a table of the signs that they go by. A file that is gone
 * by the time it is known to be whole is told where it went, with the size that it has there. */

#include "base/parse.h"
#include "processors/transfer-internal.h"

/* Ticks of ctime, on kernels that count it in these. */
#define TICK_USEC (20 * USEC_PER_MSEC)

/* In the order of the bits of TransferSettings.complete. */
static const struct {
        const char *name;
        unsigned signs;
} strategies[] = {
        { "rename", SIGN_MOVED | SIGN_STILL },
        { "close", SIGN_CLOSED | SIGN_STILL },
        { "link", SIGN_LINKED | SIGN_STILL },
        { "idle", SIGN_IDLE },
        { "marker", SIGN_MARKED },
};

static int parse_complete(
                const Setting *setting, const char *value, void *target, const char **ret_why) {
        unsigned bits = 0;
        int r;

        for (;;) {
                _cleanup_free_ char *word = NULL;
                size_t i = 0;

                r = parse_word(&value, false, &word);
                if (r < 0)
                        *ret_why = "a quote is not closed";
                if (r <= 0)
                        break;
                while (i < ELEMENTSOF(strategies) && !streq(word, strategies[i].name))
                        i++;
                if (i == ELEMENTSOF(strategies)) {
                        *ret_why = "write rename, close, link, idle or marker, separated by spaces";
                        return -EINVAL;
                }
                bits |= 1U << i;
        }
        if (r == 0)
                *(unsigned *) target |= bits;
        return r;
}

static bool complete_equal(const void *a, const void *b) {
        return *(const unsigned *) a == *(const unsigned *) b;
}

const SettingKind transfer_kind_complete = {
        .name = "names",
        .size = sizeof(unsigned),
        .parse = parse_complete,
        .equal = complete_equal,
        .repeatable = true,
};

unsigned transfer_signs_wanted(unsigned complete) {
        unsigned signs = 0;

        for (size_t i = 0; i < ELEMENTSOF(strategies); i++)
                if (complete & (1U << i))
                        signs |= strategies[i].signs;
        return signs;
}

usec_t transfer_delay(const Processor *p, Wait wait) {
        const TransferSettings *settings = p->settings;
        const usec_t delays[_WAIT_MAX] = {
                [WAIT_LINK] = 100 * USEC_PER_MSEC,
                [WAIT_STILL] = USEC_PER_SEC,
                [WAIT_IDLE] = settings->idle,
        };

        return delays[wait];
}

/* What its phase waits for; _WAIT_MAX: for events alone. */
static Wait wait_of(const TransferState *s, const Transfer *x) {
        bool idles = s->wanted & SIGN_IDLE;

        switch ((Phase) x->phase) {
        case PHASE_CREATED:
                if (x->queue > 0)
                        return x->queue - 1U;
                if (s->wanted & SIGN_LINKED)
                        return WAIT_STILL;
                return idles ? WAIT_IDLE : s->wanted & SIGN_MARKED ? WAIT_STILL : _WAIT_MAX;
        case PHASE_WRITING: /* without an opener there may be nobody to close it */
                return idles || x->n_open == 0 ? WAIT_IDLE : _WAIT_MAX;
        case PHASE_CLOSED: /* others that have it open may be readers, or forget to tell */
                return idles || x->n_open > 0 ? WAIT_IDLE : _WAIT_MAX;
        case PHASE_FOUND:
                return idles && !(s->wanted & SIGN_STILL) ? WAIT_IDLE : WAIT_STILL;
        case PHASE_HELD:
                return WAIT_IDLE;
        default:
                return _WAIT_MAX;
        }
}

void transfer_wait(Processor *p, Transfer *x) {
        TransferState *s = p->state;
        Wait wait = wait_of(s, x);

        if (wait == _WAIT_MAX) {
                transfers_wait_no_more(s->transfers, x);
                return;
        }
        usec_t due = usec_add(s->now, transfer_delay(p, wait));
        transfers_wait(s->transfers, x, wait, due, usec_add(due, s->clock));
}

/* A notice of it; what it is about is the event's, or nobody's. */
static void fill_notice(
                Processor *p, const Transfer *x, const Event *e, Member member, Notice *ret) {
        const TransferState *s = p->state;
        /* How a temporary name was found says nothing of what became of it. */
        bool is_seen = x->phase == PHASE_TEMPORARY && member != MEMBER_TRANSFER_STARTED;
        Event about = {
                .mask = e ? e->mask : 0,
                .origin = is_seen ? ORIGIN_KERNEL : x->origin,
                .usec = e ? e->usec : usec_add(s->now, s->clock),
                .path = x->path,
                .path_len = x->path_len,
        };

        notice_from_event(&about, ret);
        ret->member = member;
        if (member == MEMBER_TRANSFER_STARTED || !(x->marks & MARK_TOLD))
                return;
        ret->flags |= NOTICE_HAS_CHUNKS | NOTICE_HAS_DURATION;
        ret->chunks = x->chunks;
        ret->duration_usec = usec_add(s->now - MIN_OF(x->started, s->now), x->age);
}

int transfer_say_started(Processor *p, Transfer *x, const Event *e) {
        Notice n;

        if (x->marks & MARK_TOLD)
                return 0;
        x->marks |= MARK_TOLD;
        fill_notice(p, x, e, MEMBER_TRANSFER_STARTED, &n);
        return processor_say(p, &n);
}

int transfer_say_abandoned(Processor *p, const Transfer *x, Reason reason) {
        Notice n;

        if (x->is_done || !(x->marks & MARK_TOLD))
                return 0;
        fill_notice(p, x, NULL, MEMBER_TRANSFER_ABANDONED, &n);
        n.reason = reason;
        return processor_say(p, &n);
}

bool transfer_is_same(const Transfer *x, const FileStat *st) {
        return x->ctime_nsec != 0 && x->inode == st->inode && x->size == st->size &&
               x->ctime_nsec == st->ctime_nsec;
}

static bool is_older(const TransferState *s, const FileStat *st, usec_t age) {
        return s->now + s->clock >= usec_add(st->ctime_nsec / 1000, age);
}

void transfer_remember(TransferState *s, Transfer *x, const FileStat *st) {
        transfers_set_inode(s->transfers, x, st->inode);
        x->size = st->size;
        x->ctime_nsec = st->ctime_nsec;
        x->marks &= (uint8_t) ~MARK_RACY;
        if (!is_older(s, st, TICK_USEC))
                x->marks |= MARK_RACY;
}

bool transfer_is_still(
                const TransferState *s, const Transfer *x, const FileStat *st, usec_t delay) {
        return transfer_is_same(x, st) || is_older(s, st, delay);
}

static void finish(TransferState *s, Transfer *x, const FileStat *st) {
        x->phase = PHASE_DONE;
        x->marks = 0;
        if (st)
                transfer_remember(s, x, st);
        transfers_done(s->transfers, x);
        transfers_keep(s->transfers, x);
}

static int say_completed(Processor *p,
                const Transfer *x,
                const Event *e,
                const FileStat *st,
                const char *source) {
        Notice n;

        fill_notice(p, x, e, MEMBER_TRANSFER_COMPLETED, &n);
        n.source = source;
        n.source_len = source ? strlen(source) : 0;
        if (st) {
                n.flags |= NOTICE_HAS_SIZE;
                n.size = st->size;
        }
        return processor_say(p, &n);
}

int transfer_complete(Processor *p, Transfer *x, const Event *e, const char *source) {
        TransferState *s = p->state;
        FileStat st;
        int r, q = 0;

        if (e) /* what completes it was seen, however it was found */
                x->origin = (uint8_t) e->origin;
        r = processor_look(p, x->path, &st);
        if (r == -ENOENT || r == -ENOTDIR) {
                x->phase = PHASE_HELD;
                transfer_wait(p, x);
                transfers_keep(s->transfers, x);
                return 0;
        }
        if (r < 0 || st.is_regular)
                q = say_completed(p, x, e, r < 0 ? NULL : &st, source);
        finish(s, x, r < 0 ? NULL : &st);
        return q;
}

int transfer_sign(Processor *p, Transfer *x, const Event *e, Sign sign, const char *source) {
        TransferState *s = p->state;

        if ((sign & s->wanted) || (s->wanted & SIGN_MARKED && transfer_has_marker(p, x)))
                return transfer_complete(p, x, e, source);
        x->phase = PHASE_CLOSED;
        transfer_wait(p, x);
        int r = transfer_say_started(p, x, e);
        transfers_keep(s->transfers, x);
        return r;
}

/* The sign that it is if a transfer has stood still in this phase. */
static Sign sign_of_stillness(const TransferState *s, const Transfer *x) {
        if (x->phase == PHASE_CREATED && s->wanted & SIGN_LINKED)
                return SIGN_LINKED;
        if (x->phase == PHASE_FOUND && s->wanted & SIGN_STILL)
                return SIGN_STILL;
        return s->wanted & SIGN_IDLE ? SIGN_IDLE : SIGN_CLOSED;
}

int transfer_due(Processor *p, Transfer *x) {
        TransferState *s = p->state;
        Wait waited = x->queue - 1U;
        FileStat st;
        int r;

        r = processor_look(p, x->path, &st);
        bool is_gone = r == -ENOENT || r == -ENOTDIR;
        bool is_still = r < 0 ? !is_gone : transfer_is_still(s, x, &st, transfer_delay(p, waited));
        if (r >= 0)
                transfer_remember(s, x, &st);
        if (!is_still) { /* what is gone has an event of its own */
                usec_t due = usec_add(s->now, transfer_delay(p, is_gone ? WAIT_IDLE : waited));
                transfers_wait(s->transfers,
                                x,
                                is_gone ? WAIT_IDLE : waited,
                                due,
                                usec_add(due, s->clock));
                transfers_keep(s->transfers, x);
                return 0;
        }
        if (x->phase == PHASE_HELD)
                return transfer_complete(p, x, NULL, NULL);
        /* It takes nobody to have it open to stand still for so long. */
        x->n_open = 0;
        return transfer_sign(p, x, NULL, sign_of_stillness(s, x), NULL);
}
