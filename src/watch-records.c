/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What a watch keeps in its ledger besides its tree: its counters, and what its processors track. With a
 * stored intake the counters of the last step come from there. */

#include "base/text.h"
#include "watch-internal.h"

/* So many may be missing from the counters after a loss of power. */
#define KEEP_EVENTS 65536U

/* The owner of a record: a processor by the name that the configuration has for it and its type. */
static bool is_of(const ProcessorConfig *config, const char *name, const char *type) {
        return streq(config->name, name) && streq(config->type->name, type);
}

void watch_keep_record(Processor *p, const void *record, size_t n, void *userdata) {
        char owner[2 * (WATCH_NAME_MAX + 1) + 64];
        Watch *w = userdata;
        size_t i = 0, length;

        while (w->processors[i] != p)
                i++;
        length = (size_t) snprintf(owner,
                        sizeof(owner),
                        "%s%c%s",
                        w->config->processors[i]->name,
                        0,
                        p->type->name);
        assert(length < sizeof(owner));
        keeper_append(&w->keeper, WATCH_RECORD_PROCESSOR, owner, length + 1, record, n);
}

static void take_processor_record(Watch *w, const LedgerRecord *record) {
        const char *name = record->data, *end = name + record->n, *type, *data;

        type = memchr(name, '\0', record->n);
        data = type ? memchr(type + 1, '\0', (size_t) (end - type - 1)) : NULL;
        if (!data)
                return;
        type++;
        data++;
        for (size_t i = 0; i < w->n_processors; i++)
                if (is_of(w->config->processors[i], name, type))
                        (void) processor_restore(w->processors[i],
                                        data,
                                        (size_t) (end - data),
                                        w->now,
                                        watch_realtime(w));
}

/* Those of the intake are newer, if there was one. */
static void take_counters(Watch *w, const LedgerRecord *record) {
        WatchCounters counters;

        if (record->n != sizeof(counters))
                return;
        memcpy(&counters, record->data, sizeof(counters));
        if (counters.n_events > w->counters.n_events)
                w->counters = counters;
}

/* It counts by the bytes of an intake that goes on. */
static void take_takeover(Watch *w, const LedgerRecord *record) {
        GateTakeover takeover;

        if (record->n != sizeof(takeover) || !tree_is_adopted(w->tree))
                return;
        memcpy(&takeover, record->data, sizeof(takeover));
        if (tree_n_handed_out(w->tree) < takeover.mixed)
                (void) gate_take_over(&w->gate, &takeover);
}

void watch_take_records(Watch *w) {
        uint64_t position = 0;
        LedgerRecord record;

        while (w->keeper.ledger && ledger_next(w->keeper.ledger, &position, &record) > 0)
                if (record.type == WATCH_RECORD_COUNTERS)
                        take_counters(w, &record);
                else if (record.type == WATCH_RECORD_PROCESSOR)
                        take_processor_record(w, &record);
                else if (record.type == WATCH_RECORD_TAKEOVER)
                        take_takeover(w, &record);
        w->n_events_kept = w->counters.n_events;
}

void watch_keep_config(Watch *w) {
        _cleanup_(buffer_done) Buffer text = {};

        watch_config_add_text(w->config, &text);
        if (!text.failed && text.length <= LEDGER_RECORD_MAX) /* else it can be no predecessor */
                keeper_append(&w->keeper, WATCH_RECORD_CONFIG, text.data, text.length, NULL, 0);
}

void watch_begin_records(Watch *w) {
        if (tree_is_adopted(w->tree))
                return;
        /* From now on what is told is known, also after a crash in the first scan. */
        (void) watch_renew_ledger(w);
        if (tree_is_orphaned(w->tree)) /* it is kept already, and was told of the start */
                w->gate.is_successor = true;
        else
                keeper_put(&w->keeper, w->tree);
}

/* What was last said of it. */
static bool find_config(const Ledger *l, LedgerRecord *ret) {
        LedgerRecord record;
        uint64_t position = 0;
        bool is_there = false;

        while (ledger_next(l, &position, &record) > 0)
                if (record.type == WATCH_RECORD_CONFIG) {
                        *ret = record;
                        is_there = true;
                }
        return is_there;
}

int watch_take_former(Watch *w) {
        _cleanup_(problems_done) Problems problems = {};
        _cleanup_(config_freep) Config *former = NULL;
        LedgerRecord text;
        int r;

        if (!keeper_find(&w->keeper, w->context->store) || !w->context->source ||
                        !find_config(w->keeper.ledger, &text))
                return 0;
        r = config_load_memory(w->context->source, "ledger", text.data, text.n, &problems, &former);
        if (r < 0)
                return r == -ENOMEM ? r : 0;
        if (former->n_watches != 1 || !streq(former->watches[0]->name, w->config->name) ||
                        watch_config_can_become(former->watches[0], w->config))
                return 0;
        w->former = TAKE_PTR(former);
        w->config = w->former->watches[0];
        w->keeper.watch = w->config->name;
        return 0;
}

void watch_keep_counters(Watch *w) {
        w->n_events_kept = w->counters.n_events;
        keeper_append(&w->keeper,
                        WATCH_RECORD_COUNTERS,
                        &w->counters,
                        sizeof(w->counters),
                        NULL,
                        0);
}

static int write_all(Ledger *l, void *userdata) {
        Watch *w = userdata;
        int r;

        r = tree_save(w->tree);
        if (r < 0)
                return r;
        for (size_t i = 0; i < w->n_processors; i++)
                processor_save(w->processors[i]);
        watch_keep_counters(w);
        watch_keep_config(w);
        if (gate_is_taking_over(&w->gate))
                keeper_append(&w->keeper,
                                WATCH_RECORD_TAKEOVER,
                                &w->gate.takeover,
                                sizeof(w->gate.takeover),
                                NULL,
                                0);
        return ledger_error(l);
}

int watch_renew_ledger(Watch *w) {
        tree_commit(w->tree);
        return keeper_renew(&w->keeper, tree_step(w->tree) - 1, write_all, w, w->now);
}

int watch_settle_ledger(Watch *w) {
        int r;

        if (w->tree && keeper_reopen(&w->keeper, w->now) > 0) {
                tree_set_ledger(w->tree, w->keeper.ledger);
                r = watch_renew_ledger(w);
                keeper_put(&w->keeper, w->tree);
                return r;
        }
        if (!w->tree || !w->keeper.ledger)
                return 0;
        if (w->counters.n_events > w->n_events_kept + KEEP_EVENTS)
                watch_keep_counters(w);
        r = keeper_check(&w->keeper, w->now);
        return r < 0 || tree_wants_compaction(w->tree) ? watch_renew_ledger(w) : r;
}
