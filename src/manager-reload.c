/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A reload of an instance: answered, and READY=1 said, when it is in force. */

#include "base/log.h"
#include "manager-internal.h"
#include "publishers/turn.h"

/* The new configuration takes force. */
static int apply(Manager *m) {
        Config *old = m->config, *config = m->reload.config;
        _cleanup_free_ char **added = watches_changed_names(config, old);
        _cleanup_free_ char **removed = watches_changed_names(old, config);
        WatchCounters ended;

        if (!added || !removed)
                return log_oom();
        if (config->manager.bus != old->manager.bus ||
                        config->manager.history_size != old->manager.history_size)
                log_warning(0, "Bus= and HistorySize= take effect at the next start, not at a reload");
        m->config = reload_apply(&m->reload, &m->watches, &ended);
        units_settle(&m->units);
        tally_add_ended(m->heritage.tally, &ended);
        if (m->api)
                api_watches_changed(m->api, added, removed);
        config_free(old);
        return 0;
}

static void end_reload(Manager *m, int r) {
        if (r >= 0)
                log_info("Reloaded, %zu watches", m->watches.n);
        else
                log_error(r == -EBADMSG ? 0 : r,
                                "Not reloaded, the old configuration stays in force");
        if (m->reload.config || m->reload.is_applied)
                return; /* another one is under way */
        status_tell(&m->status);
        if (m->is_ready)
                (void) sd_notify(false, "READY=1");
        else
                manager_check_ready(m);
}

static int on_reload_turn(sd_event_source *source, void *userdata) {
        Manager *m = userdata;
        int r = 0;

        if (reload_is_ready(&m->reload, &m->watches))
                r = apply(m);
        if (r < 0) {
                reload_drop(&m->reload);
                (void) units_apply(&m->units, m->config);
        }
        if (r >= 0 && !reload_is_over(&m->reload, &m->watches))
                return 0;
        m->reload.is_applied = false;
        end_reload(m, r);
        reload_tell(&m->reload, r);
        return 0;
}

void manager_check_reload(Manager *m) {
        if (reload_is_ready(&m->reload, &m->watches) || reload_is_over(&m->reload, &m->watches))
                (void) turn_take(m->event, &m->reload_turn, on_reload_turn, m);
}

void manager_catch_up(Manager *m) {
        _cleanup_(problems_done) Problems problems = {};
        _cleanup_(config_freep) Config *config = NULL;
        int r;

        if (watches_are_as_configured(&m->watches, m->config))
                return;
        r = config_load(m->options.source, &problems, &config);
        if (r >= 0)
                r = reload_begin(&m->reload, &m->context, TAKE_PTR(config), &m->watches);
        if (r < 0)
                log_error(r, "Some watches stay as they were before the start, until a reload");
        manager_check_reload(m);
}

int manager_reload(Manager *m, Problems *problems, ReloadDone done, void *userdata) {
        _cleanup_(config_freep) Config *config = NULL;
        int r;

        if (m->is_ready) /* else READY=1 at the end would be of the start */
                status_reloading();
        r = config_load(m->options.source, problems, &config);
        log_problems(problems);
        if (r >= 0)
                r = reload_wait(&m->reload, done, userdata);
        if (r < 0) {
                end_reload(m, r);
                return r;
        }
        r = units_apply(&m->units, config);
        if (r >= 0)
                r = reload_begin(&m->reload, &m->context, TAKE_PTR(config), &m->watches);
        if (r < 0) {
                (void) units_apply(&m->units, m->config); /* as before */
                end_reload(m, r);
                reload_tell(&m->reload, r);
                return 0;
        }
        manager_check_reload(m);
        return 0;
}
