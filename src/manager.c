/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The manager wires an instance and holds no rule of its own: what is ready, what is reloaded, who is
 * woken, what the service manager is told. */

#include <fcntl.h>
#include <signal.h>
#include <sys/epoll.h>

#include "base/log.h"
#include "manager-internal.h"
#include "publishers/bus.h"

#define STOP_USEC (3 * USEC_PER_SEC) /* to tell what is not told yet */

Manager *manager_free(Manager *m) {
        if (!m)
                return NULL;
        reload_done(&m->reload);
        sd_event_source_disable_unref(m->reload_turn);
        api_free(m->api);
        watches_done(&m->watches);
        outlets_done(&m->outlets);
        status_done(&m->status);
        sd_event_source_disable_unref(m->stop_post);
        safe_close(m->mountinfo_fd);
        sd_event_unref(m->event);
        heritage_done(&m->heritage);
        config_free(m->config);
        free(m);
        return NULL;
}

static void wake_publishers(Watch *w, void *userdata) {
        Manager *m = userdata;

        tally_reserve(m->heritage.tally, history_newest(m->heritage.history));
        outlets_wake(&m->outlets);
}

void manager_check_ready(Manager *m) {
        if (m->is_ready || !m->is_bus_settled || !m->is_placed || m->reload.config ||
                        watches_are_busy(&m->watches) || watches_are_changing(&m->watches))
                return;
        m->is_ready = true;
        status_tell(&m->status);
        (void) sd_notify(false, "READY=1");
        if (m->options.is_foreground)
                (void) fputs("Watches established.\n", stderr);
        else
                log_info("Watching, instance '%s', %zu watch%s",
                                manager_instance(m),
                                m->watches.n,
                                m->watches.n == 1 ? "" : "es");
}

/* Something changed that STATUS= tells. */
static void progressed(Watch *w, void *userdata) {
        Manager *m = userdata;

        manager_check_reload(m);
        if (m->is_ready)
                status_changed(&m->status);
        else if (m->is_placed) {
                manager_check_ready(m);
                if (!m->is_ready)
                        status_progress(&m->status);
        }
}

static void state_changed(Watch *w, void *userdata) {
        const char *reason = watch_state_reason(w);
        Manager *m = userdata;

        log_notice("Watch '%s' is %s%s%s",
                        watch_config(w)->name,
                        watch_state_names[watch_state(w)],
                        *reason ? ": " : "",
                        reason);
        if (m->api && watches_find(&m->watches, watch_config(w)->name) == w)
                api_watch_changed(m->api, w);
        progressed(w, m);
}

static void bus_connected(sd_bus *bus, void *userdata) {
        Manager *m = userdata;

        bus_publisher_set_bus(m->outlets.items[PUBLISHER_BUS], bus);
        units_set_bus(&m->units, bus);
        m->is_bus_connected = m->is_bus_settled = true;
        manager_check_ready(m);
}

static void bus_disconnected(void *userdata) {
        Manager *m = userdata;

        bus_publisher_set_bus(m->outlets.items[PUBLISHER_BUS], NULL);
        units_set_bus(&m->units, NULL);
        m->is_bus_connected = false;
}

static void bus_unavailable(void *userdata) {
        Manager *m = userdata;

        m->is_bus_settled = true;
        manager_check_ready(m);
}

static int start_bus(Manager *m) {
        ApiOwner owner = { bus_connected, bus_disconnected, bus_unavailable, m };
        int r;

        if (m->config->manager.bus == BUS_NONE || m->options.is_foreground) {
                m->is_bus_settled = true;
                return 0;
        }
        r = bus_publisher_new(m->event, m->heritage.history, &m->outlets.items[PUBLISHER_BUS]);
        if (r < 0)
                return log_error(r, "Cannot set up the bus publisher");
        r = api_new(m, m->config->manager.bus, &owner, &m->api);
        return r < 0 ? log_error(r, "Cannot set up the bus connection") : 0;
}

static void ignore_end(int r, void *userdata) {
}

static int on_sighup(sd_event_source *source, const struct signalfd_siginfo *si, void *userdata) {
        _cleanup_(problems_done) Problems problems = {};
        Manager *m = userdata;

        if (!m->options.is_foreground)
                (void) manager_reload(m, &problems, ignore_end, NULL);
        return 0;
}

static int on_stop_post(sd_event_source *source, void *userdata) {
        Manager *m = userdata;

        for (size_t i = 0; i < m->watches.n; i++)
                if (!watch_is_settled(m->watches.items[i]))
                        return 0;
        if (!outlets_are_done(&m->outlets, m->is_bus_connected))
                return 0;
        return sd_event_exit(m->event, EXIT_SUCCESS);
}

static int on_stop_timer(sd_event_source *source, uint64_t usec, void *userdata) {
        log_warning(0, "Stopped before all was told");
        return sd_event_exit(sd_event_source_get_event(source), EXIT_SUCCESS);
}

/* Tells what there is to tell, for a while; at once if told a second time. */
static int on_stop(sd_event_source *source, const struct signalfd_siginfo *si, void *userdata) {
        Manager *m = userdata;
        int r;

        if (m->stop_post)
                return sd_event_exit(m->event, EXIT_SUCCESS);
        (void) sd_notify(false, "STOPPING=1\nSTATUS=Stopping");
        for (size_t i = 0; i < m->watches.n; i++)
                watch_drain(m->watches.items[i]); /* which wakes the publishers */
        r = sd_event_add_time_relative(
                        m->event, NULL, CLOCK_MONOTONIC, STOP_USEC, 0, on_stop_timer, NULL);
        if (r >= 0)
                r = sd_event_add_post(m->event, &m->stop_post, on_stop_post, m);
        return r >= 0 ? on_stop_post(m->stop_post, m) : sd_event_exit(m->event, EXIT_SUCCESS);
}

static int on_mounts(sd_event_source *source, int fd, uint32_t revents, void *userdata) {
        Manager *m = userdata;

        for (size_t i = 0; i < m->watches.n; i++)
                watch_mounts_changed(m->watches.items[i]);
        return 0;
}

static int set_up_loop(Manager *m) {
        int r;

        r = sd_event_default(&m->event);
        if (r < 0)
                return r;
        r = sd_event_set_watchdog(m->event, true);
        if (r < 0)
                return r;
        r = sd_event_add_signal(m->event, NULL, SIGTERM | SD_EVENT_SIGNAL_PROCMASK, on_stop, m);
        if (r < 0)
                return r;
        r = sd_event_add_signal(m->event, NULL, SIGINT | SD_EVENT_SIGNAL_PROCMASK, on_stop, m);
        if (r < 0)
                return r;
        r = sd_event_add_signal(m->event, NULL, SIGHUP | SD_EVENT_SIGNAL_PROCMASK, on_sighup, m);
        if (r < 0)
                return r;
        r = status_init(&m->status, m->event, &m->watches);
        if (r < 0)
                return r;

        /* A mount over a watched directory makes no inotify event. */
        m->mountinfo_fd = open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC);
        if (m->mountinfo_fd < 0) {
                log_warning(-errno, "Cannot open /proc/self/mountinfo, mounts will go unnoticed");
                return 0;
        }
        return sd_event_add_io(m->event, NULL, m->mountinfo_fd, EPOLLPRI, on_mounts, m);
}

static int set_up_outlets(Manager *m) {
        const Heritage *h = &m->heritage;
        int r;

        m->units = (Units){
                .source = m->options.source,
                .event = m->event,
                .history = h->history,
                .state_fd = h->state_fd,
                .publisher = &m->outlets.items[PUBLISHER_UNIT],
        };
        if (m->options.is_foreground)
                return outlets_init_foreground(&m->outlets, m->event, h->history, m->options.json);
        r = outlets_init_service(&m->outlets, m->event, h->history, manager_instance(m), h->store);
        return r < 0 ? r : units_apply(&m->units, m->config);
}

int manager_new(const ManagerOptions *options, Config *config, Manager **ret) {
        _cleanup_(manager_freep) Manager *m = NULL;
        int r;

        m = malloc(sizeof(Manager));
        if (!m) {
                config_free(config);
                return log_oom();
        }
        *m = (Manager){
                .options = *options,
                .config = config,
                .mountinfo_fd = -EBADF,
                .heritage.state_fd = -EBADF,
        };
        r = set_up_loop(m);
        if (r < 0)
                return log_error(r, "Cannot set up the event loop");
        r = heritage_init(&m->heritage, config->manager.history_size, !options->is_foreground);
        if (r < 0)
                return r;
        r = set_up_outlets(m);
        if (r < 0)
                return log_error(r, "Cannot set up the publishers");
        *ret = TAKE_PTR(m);
        return 0;
}

static int place_watches(Manager *m) {
        int r;

        m->context = (WatchContext){
                .event = m->event,
                .source = m->options.source,
                .history = m->heritage.history,
                .store = m->heritage.store,
                .state_fd = m->heritage.state_fd,
                .extra_publish = m->options.is_foreground ? 1U << PUBLISHER_STDOUT : 0,
                .owner = { wake_publishers, state_changed, progressed, m },
        };
        r = watches_new(&m->context, m->config, &(Watches){}, &m->watches);
        m->context.store = NULL;
        if (r >= 0)
                heritage_drop_rest(&m->heritage, m->config);
        return r;
}

int manager_run(Manager *m) {
        int r, status;

        r = start_bus(m);
        if (r < 0)
                return r;
        r = place_watches(m);
        if (r < 0)
                return r;
        m->is_placed = true;
        manager_catch_up(m);
        progressed(NULL, m);

        status = sd_event_loop(m->event);
        if (status == EXIT_SUCCESS)
                tally_settle(m->heritage.tally, history_newest(m->heritage.history));
        return status < 0 ? log_error(status, "The event loop has failed") : status;
}

const char *manager_instance(const Manager *m) {
        return m->options.source->instance;
}

Scope manager_scope(const Manager *m) {
        return m->options.source->scope;
}

const Config *manager_config(const Manager *m) {
        return m->config;
}

History *manager_history(const Manager *m) {
        return m->heritage.history;
}

Publisher *manager_stream(const Manager *m) {
        return m->outlets.items[PUBLISHER_STREAM];
}

sd_event *manager_event(const Manager *m) {
        return m->event;
}

WatchCounters manager_counters(const Manager *m) {
        WatchCounters sum = watches_counters(&m->watches), ended = tally_ended(m->heritage.tally);

        watch_counters_add(&sum, &ended);
        return sum;
}

size_t manager_n_watches(const Manager *m) {
        return m->watches.n;
}

Watch *manager_watch(const Manager *m, size_t i) {
        return m->watches.items[i];
}

Watch *manager_find_watch(const Manager *m, const char *name) {
        return watches_find(&m->watches, name);
}
