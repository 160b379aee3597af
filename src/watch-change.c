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

void watch_change(Watch *w, const WatchConfig *config) {
        int r = change_processors(w, config);

        w->config = w->gate.config = config;
        w->keeper.watch = config->name;
        w->gate.publish = config->publish | w->context->extra_publish;
        if (watch_begin(w) && r > 0) /* without what that one kept */
                (void) watch_renew_ledger(w);
        else
                watch_keep_config(w);
        if (w->tree && r >= 0)
                r = tree_set_mask(w->tree, watch_mask(w));
        watch_settle(w, r);
}
