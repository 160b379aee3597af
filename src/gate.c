/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What the user did not ask for is not told; what tells of a gap in the picture always is. */

#include "gate.h"
#include "base/names.h"

int gate_init(Gate *g,
                const WatchConfig *config,
                History *history,
                unsigned publish,
                uint64_t *n_passed) {
        *g = (Gate){
                .config = config,
                .history = history,
                .publish = publish,
                .n_passed = n_passed,
        };
        return gate_new_filter(config, &g->filter);
}

int gate_new_filter(const WatchConfig *config, Filter **ret) {
        *ret = NULL;
        return config->include || config->exclude
                               ? filter_new(config->include, config->exclude, ret)
                               : 0;
}

void gate_change(Gate *g, const WatchConfig *config, unsigned publish, Filter *filter) {
        g->config = config;
        g->publish = publish;
        filter_free(g->filter);
        g->filter = filter;
}

void gate_done(Gate *g) {
        repeats_done(&g->repeats);
        g->filter = filter_free(g->filter);
}

void gate_mute(Gate *g) {
        g->is_successor = g->is_muted = true;
        g->takeover.begin = history_end(g->history);
}

int gate_take_over(Gate *g, const GateTakeover *takeover) {
        g->is_muted = false;
        g->takeover = *takeover;
        return repeats_read(
                        &g->repeats, g->history, takeover->begin, takeover->end, g->config->name);
}

bool gate_is_taking_over(Gate *g) {
        if (g->takeover.end.position == 0 || g->is_muted)
                return g->is_muted;
        if (g->tree && (tree_n_handed_out(g->tree) < g->takeover.mixed || !tree_is_quiet(g->tree)))
                return true;
        g->takeover = (GateTakeover){};
        repeats_done(&g->repeats);
        return false;
}

/* Whether the watch that was there before has told it. What looks find has no place among the events: it
 * is told by the other if that has said so last. */
static bool was_told(const Gate *g, const Notice *n) {
        uint64_t position = g->tree ? tree_n_handed_out(g->tree) : 0;

        if (g->is_muted)
                return true;
        if (g->takeover.end.position == 0)
                return false;
        if (g->is_found)
                return repeats_end_with(&g->repeats, n);
        return position < g->takeover.told ||
               (position < g->takeover.mixed && repeats_have(&g->repeats, n, g->takeover.sequence));
}

int gate_say(const Notice *notice, void *userdata) {
        Gate *g = userdata;
        uint32_t bit = member_names[notice->member].mask;
        Notice n = *notice;
        int r;

        if (n.flags & NOTICE_INITIAL && (!g->config->initial_scan || g->is_successor))
                return 0;
        if (bit != 0 && !(bit & (g->config->events | MASK_ALWAYS)))
                return 0;
        if (g->filter) {
                const char *below = tree_below(g->tree, n.path, n.path_len);
                if (below && !filter_passes(g->filter, below))
                        return 0;
        }
        if (was_told(g, &n))
                return 0;
        n.watch = g->config->name;
        n.step = g->tree ? tree_step(g->tree) : 0;
        r = history_append(g->history, &n, g->publish);
        if (r < 0)
                return r;
        ++*g->n_passed;
        return 0;
}
