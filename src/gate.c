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
        if (!config->include && !config->exclude)
                return 0;
        return filter_new(config->include, config->exclude, &g->filter);
}

void gate_done(Gate *g) {
        repeats_done(&g->repeats);
        g->filter = filter_free(g->filter);
}

int gate_take_over(Gate *g, Cursor begin, uint64_t mark) {
        g->repeats_mark = mark;
        return repeats_read(&g->repeats, g->history, begin, g->config->name);
}

static bool is_repeat(Gate *g, const Notice *n) {
        if (g->repeats.n == 0)
                return false;
        if (tree_n_handed_out(g->tree) >= g->repeats_mark) {
                repeats_done(&g->repeats);
                return false;
        }
        return !(n->flags & NOTICE_INITIAL) && repeats_have(&g->repeats, n);
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
        if (is_repeat(g, &n))
                return 0;
        n.watch = g->config->name;
        n.step = g->tree ? tree_step(g->tree) : 0;
        r = history_append(g->history, &n, g->publish);
        if (r < 0)
                return r;
        ++*g->n_passed;
        return 0;
}
