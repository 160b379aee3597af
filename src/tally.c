/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Each record says all there is to say of its type; the last one of each holds. The file is small and
 * seldom written, so that each record may wait for the disk. */

#include "tally.h"
#include "base/ledger.h"
#include "base/log.h"
#include "ledgers.h"

#define TALLY_KIND UINT32_C(0x0154474d) /* "MGT", layout 1 */

typedef enum TallyRecord {
        TALLY_RESERVED = LEDGER_TYPES_OWNER, /* uint64_t: what was given is no more than that */
        TALLY_ENDED,                         /* WatchCounters */
} TallyRecord;

struct Tally {
        Ledger *ledger; /* NULL: it could not be opened */
        uint64_t reserved;
        WatchCounters ended;
        bool is_failing;
};

Tally *tally_free(Tally *t) {
        if (!t)
                return NULL;
        ledger_free(t->ledger);
        free(t);
        return NULL;
}

static void replay(Tally *t) {
        const struct {
                uint8_t type;
                void *to;
                size_t n;
        } fields[] = {
                { TALLY_RESERVED, &t->reserved, sizeof(t->reserved) },
                { TALLY_ENDED, &t->ended, sizeof(t->ended) },
        };
        LedgerRecord record;
        uint64_t position = 0;

        while (ledger_next(t->ledger, &position, &record) > 0)
                for (size_t i = 0; i < ELEMENTSOF(fields); i++)
                        if (record.type == fields[i].type && record.n == fields[i].n)
                                memcpy(fields[i].to, record.data, record.n);
}

static int write_all(Ledger *l, void *userdata) {
        const Tally *t = userdata;
        int r = ledger_append(l, TALLY_RESERVED, &t->reserved, sizeof(t->reserved));

        return r < 0 ? r : ledger_append(l, TALLY_ENDED, &t->ended, sizeof(t->ended));
}

/* Appends, or if that cannot be done any more writes it anew. */
static void note(Tally *t, uint8_t type, const void *data, size_t n) {
        int r;

        if (!t->ledger)
                return;
        r = ledger_error(t->ledger) == 0 && !ledger_is_long(t->ledger)
                            ? ledger_append(t->ledger, type, data, n)
                            : ledger_compact(t->ledger, 0, write_all, t);
        if (r >= 0)
                r = ledger_sync(t->ledger);
        if (r < 0 && !t->is_failing)
                log_warning(r,
                                "Cannot write '%s', after a reboot sequences may repeat",
                                TALLY_FILE);
        t->is_failing = r < 0;
}

int tally_new(int state_fd, Tally **ret) {
        _cleanup_(tally_freep) Tally *t = calloc(1, sizeof(Tally));
        int r;

        if (!t)
                return -ENOMEM;
        if (state_fd >= 0) {
                r = ledgers_open(state_fd, TALLY_FILE, TALLY_KIND, "the sequence", &t->ledger);
                if (r == -ENOMEM)
                        return r;
                if (r >= 0)
                        replay(t);
        }
        *ret = TAKE_PTR(t);
        return 0;
}

uint64_t tally_sequence(const Tally *t) {
        return t->reserved;
}

void tally_reserve(Tally *t, uint64_t newest) {
        if (newest + TALLY_BLOCK / 2 <= t->reserved)
                return;
        t->reserved = newest + TALLY_BLOCK;
        note(t, TALLY_RESERVED, &t->reserved, sizeof(t->reserved));
}

void tally_settle(Tally *t, uint64_t newest) {
        t->reserved = newest;
        note(t, TALLY_RESERVED, &t->reserved, sizeof(t->reserved));
}

WatchCounters tally_ended(const Tally *t) {
        return t->ended;
}

void tally_add_ended(Tally *t, const WatchCounters *c) {
        if (c->n_events == 0 && c->n_notices == 0)
                return;
        watch_counters_add(&t->ended, c);
        note(t, TALLY_ENDED, &t->ended, sizeof(t->ended));
}
