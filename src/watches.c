/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The running watches: built aside, then swapped in, so that what cannot be set up changes nothing. */

#include "watches.h"
#include "base/log.h"

void watches_done(Watches *w) {
        for (size_t i = 0; i < w->n; i++)
                watch_free(w->items[i]);
        free(w->items);
        *w = (Watches){};
}

Watch *watches_find(const Watches *w, const char *name) {
        for (size_t i = 0; i < w->n; i++)
                if (w->items[i] && streq(watch_config(w->items[i])->name, name))
                        return w->items[i];
        return NULL;
}

WatchCounters watches_counters(const Watches *w) {
        WatchCounters sum = {};

        for (size_t i = 0; i < w->n; i++)
                watch_counters_add(&sum, watch_counters(w->items[i]));
        return sum;
}

bool watches_are_busy(const Watches *w) {
        for (size_t i = 0; i < w->n; i++)
                if (w->items[i] && watch_is_busy(w->items[i]))
                        return true;
        return false;
}

bool watches_are_changing(const Watches *w) {
        for (size_t i = 0; i < w->n; i++)
                if (w->items[i] && watch_is_changing(w->items[i]))
                        return true;
        return false;
}

bool watches_are_as_configured(const Watches *w, const Config *config) {
        for (size_t i = 0; i < w->n; i++)
                if (!watch_config_equal(watch_config(w->items[i]), config->watches[i]))
                        return false;
        return true;
}

static bool can_become(const Watch *w, const WatchConfig *config) {
        return watch_config_equal(watch_config(w), config) || watch_can_change(w, config);
}

int watches_new(const WatchContext *context,
                const Config *config,
                const Watches *old,
                Watches *ret) {
        _cleanup_(watches_drop) Watches w = {};
        int r;

        w.items = calloc(config->n_watches + 1, sizeof(Watch *));
        if (!w.items)
                return log_oom();
        for (; w.n < config->n_watches; w.n++) {
                const WatchConfig *c = config->watches[w.n];
                const Watch *predecessor = watches_find(old, c->name);

                if (predecessor && can_become(predecessor, c))
                        continue;
                r = watch_new(context, c, predecessor, &w.items[w.n]);
                if (r >= 0)
                        continue;
                if (context->store) /* a start: what was kept stays, for the next one */
                        watches_done(&w);
                return log_error(r, "Cannot set up watch '%s'", c->name);
        }
        *ret = TAKE(w, (Watches){});
        return 0;
}

void watches_drop(Watches *w) {
        for (size_t i = 0; i < w->n; i++)
                if (w->items[i])
                        w->items[i] = watch_end(w->items[i]);
        watches_done(w);
}

static void go_on(Watch *w, const WatchConfig *config) {
        if (watch_config_equal(watch_config(w), config))
                watch_set_config(w, config);
        else
                watch_change(w, config);
}

void watches_take_over(Watches *w, Watches *old, const Config *config, WatchCounters *ret_ended) {
        *ret_ended = (WatchCounters){};
        for (size_t i = 0; i < w->n; i++)
                for (size_t j = 0; j < old->n && !w->items[i]; j++)
                        if (old->items[j] && streq(watch_config(old->items[j])->name,
                                                             config->watches[i]->name)) {
                                w->items[i] = TAKE_PTR(old->items[j]);
                                go_on(w->items[i], config->watches[i]);
                        }
        for (size_t j = 0; j < old->n; j++) {
                Watch *next;

                if (!old->items[j])
                        continue;
                next = watches_find(w, watch_config(old->items[j])->name);
                if (next) {
                        watch_take_over(next, TAKE_PTR(old->items[j]));
                        continue;
                }
                watch_drain(old->items[j]);
                watch_counters_add(ret_ended, watch_counters(old->items[j]));
                old->items[j] = watch_end(old->items[j]);
        }
        watches_done(old);
}

char **watches_changed_names(const Config *a, const Config *b) {
        char **names = calloc(a->n_watches + 1, sizeof(char *));
        size_t n = 0;

        for (size_t i = 0; names && i < a->n_watches; i++) {
                bool is_same = false;

                for (size_t j = 0; j < b->n_watches && !is_same; j++)
                        is_same = streq(a->watches[i]->name, b->watches[j]->name) &&
                                  watch_config_equal(a->watches[i], b->watches[j]);
                if (!is_same)
                        names[n++] = a->watches[i]->name;
        }
        return names;
}
