/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "reload.h"

void reload_drop(Reload *r) {
        watches_drop(&r->watches);
        r->config = config_free(r->config);
}

int reload_begin(Reload *r, const WatchContext *context, Config *config, const Watches *running) {
        int q;

        reload_drop(r);
        r->config = config;
        q = watches_new(context, config, running, &r->watches);
        if (q < 0)
                r->config = config_free(r->config);
        return q;
}

int reload_wait(Reload *r, ReloadDone done, void *userdata) {
        if (r->n_waiters == RELOAD_WAITERS_MAX)
                return -EBUSY;
        r->waiters[r->n_waiters].done = done;
        r->waiters[r->n_waiters++].userdata = userdata;
        return 0;
}

bool reload_is_ready(const Reload *r, const Watches *running) {
        return r->config && !watches_are_busy(&r->watches) && !watches_are_changing(running);
}

bool reload_is_over(const Reload *r, const Watches *running) {
        return r->is_applied && !r->config && !watches_are_changing(running);
}

Config *reload_apply(Reload *r, Watches *watches, WatchCounters *ret_ended) {
        Watches old = *watches;

        *watches = TAKE(r->watches, (Watches){});
        watches_take_over(watches, &old, r->config, ret_ended);
        r->is_applied = true;
        return TAKE_PTR(r->config);
}

void reload_tell(Reload *r, int result) {
        while (r->n_waiters > 0) {
                r->n_waiters--;
                r->waiters[r->n_waiters].done(result, r->waiters[r->n_waiters].userdata);
        }
}

void reload_done(Reload *r) {
        reload_drop(r);
        reload_tell(r, -ECANCELED);
}
