/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Another configuration for a watch that goes on: what does not shape its tree can be changed in place,
 * between one event and the next. */

#include "watch-internal.h"

/* The processor that goes on as `config` has it, or NULL. */
static Processor **find_same(const Watch *w, const ProcessorConfig *config) {
        for (size_t i = 0; i < w->n_processors; i++)
                if (processor_config_equal(w->config->processors[i], config))
                        return &w->processors[i];
        return NULL;
}

bool watch_can_change(const Watch *w, const WatchConfig *config) {
        return w->tree && watch_config_can_become(w->config, config);
}

void watch_set_config(Watch *w, const WatchConfig *config) {
        assert(watch_config_equal(w->config, config));
        for (size_t i = 0; i < w->n_processors; i++)
                w->processors[i]->settings = config->processors[i]->settings;
        w->config = w->gate.config = config;
        w->keeper.watch = config->name;
}

/* Returns > 0 if one of them is no more. */
static int change_processors(Watch *w, const WatchConfig *config) {
        bool is_one_gone = false;
        Processor **processors;
        size_t n;
        int r;

        r = watch_start_processors(w, config, &processors, &n);
        if (r < 0)
                return r;
        for (size_t i = 0; i < n; i++) {
                Processor **same = find_same(w, config->processors[i]);

                if (!same || !*same)
                        continue;
                processor_free(processors[i]);
                processors[i] = TAKE_PTR(*same);
                processors[i]->settings = config->processors[i]->settings;
        }
        for (size_t i = 0; i < w->n_processors; i++)
                is_one_gone |= w->processors[i] != NULL;
        watch_free_processors(w->processors, w->n_processors);
        w->processors = processors;
        w->n_processors = n;
        return is_one_gone;
}

/* What it tells, and how far its tree goes. */
static int change_gate(Watch *w, const WatchConfig *config) {
        Filter *filter;
        TreeReach reach;
        int r;

        r = gate_new_filter(config, &filter);
        if (r < 0)
                return r;
        reach = watch_reach(config, filter);
        r = tree_set_reach(w->tree, &reach);
        w->gate.is_successor |= tree_is_reaching(w->tree);
        gate_change(&w->gate, config, config->publish | w->context->extra_publish, filter);
        return r;
}

void watch_change(Watch *w, const WatchConfig *config) {
        int r = change_processors(w, config), k;

        (void) watch_begin(w);
        k = change_gate(w, config);
        w->config = config;
        w->keeper.watch = config->name;
        if (r > 0) /* without what that one kept */
                (void) watch_renew_ledger(w);
        else
                watch_keep_config(w);
        if (r >= 0)
                r = k < 0 ? k : tree_set_mask(w->tree, watch_mask(w));
        watch_settle(w, r);
}

bool watch_is_changing(const Watch *w) {
        return w->tree && tree_is_reaching(w->tree);
}
