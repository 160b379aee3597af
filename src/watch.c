/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A watch joins the rooms: what the tree hands out goes to the processors, what they say goes through
 * Events=, Include= and Exclude= into the history. It owns the only timer, armed to the nearest
 * deadline of them all. */

#include <inttypes.h>

#include "base/log.h"
#include "look.h"
#include "publishers/turn.h"
#include "tree/intake.h"
#include "watch-internal.h"

#define RETRY_USEC (5 * USEC_PER_SEC)

static int take_event(const Event *e, void *userdata) {
        Watch *w = userdata;
        int r = 0;

        w->counters.n_events++;
        w->counters.last_event = e->usec;
        w->gate.is_found = e->origin != ORIGIN_KERNEL;
        if (processor_is_always_told(e) > 0) {
                Notice n;

                if (e->mask & IN_Q_OVERFLOW)
                        w->counters.n_overflows++;
                notice_from_event(e, &n);
                r = gate_say(&n, &w->gate);
        }
        for (size_t i = 0; i < w->n_processors && r >= 0; i++)
                r = processor_process(w->processors[i], e, w->now);
        w->gate.is_found = false;
        if (r < 0 && r != -ENOMEM) {
                uint64_t n = ++w->n_untold;

                if ((n & (n - 1)) == 0)
                        log_warning(r,
                                        "Watch '%s': cannot tell of '%.256s' (%" PRIu64
                                        " so far), ignoring",
                                        w->config->name,
                                        e->path,
                                        n);
                return 0;
        }
        return r;
}

static usec_t clock_now(sd_event *event, clockid_t clock) {
        usec_t now = 0;

        (void) sd_event_now(event, clock, &now);
        return now;
}

usec_t watch_realtime(const Watch *w) {
        return clock_now(w->context->event, CLOCK_REALTIME);
}

bool watch_begin(Watch *w) {
        w->now = clock_now(w->context->event, CLOCK_MONOTONIC);
        return w->tree;
}

static usec_t next_deadline(const Watch *w) {
        usec_t deadline = MIN_OF(MIN_OF(w->gather_until, w->retry_at),
                        MIN_OF(w->announced.due_at, w->keeper.retry_at));

        if (w->tree)
                deadline = MIN_OF(deadline, tree_deadline(w->tree));
        for (size_t i = 0; i < w->n_processors; i++)
                deadline = MIN_OF(deadline, w->processors[i]->deadline);
        return deadline;
}

static void arm(Watch *w) {
        usec_t deadline = next_deadline(w);

        if (deadline == w->armed)
                return;
        w->armed = deadline;
        if (deadline != USEC_INFINITY)
                (void) sd_event_source_set_time(w->timer, deadline);
        (void) sd_event_source_set_enabled(
                        w->timer, deadline == USEC_INFINITY ? SD_EVENT_OFF : SD_EVENT_ONESHOT);
}

static int on_work(sd_event_source *source, void *userdata);

void watch_settle(Watch *w, int r) {
        bool is_busy = watch_is_busy(w);
        uint64_t generation = w->tree ? tree_generation(w->tree) : 0;

        if (w->counters.n_notices != w->n_notices_seen) {
                w->n_notices_seen = w->counters.n_notices;
                w->context->owner.wrote(w, w->context->owner.userdata);
        }
        if (is_busy && r >= 0)
                r = turn_take(w->context->event, &w->work, on_work, w);
        if (r < 0) { /* memory, as a rule; the service manager starts us anew, nothing goes on blind */
                log_error(r, "Watch '%s' cannot go on, exiting", w->config->name);
                (void) sd_event_exit(w->context->event, EXIT_FAILURE);
        }
        (void) gate_is_taking_over(&w->gate);
        if (watch_settle_ledger(w) > 0)
                w->generation_seen = UINT64_MAX;
        if (is_busy != w->was_busy || generation != w->generation_seen ||
                        w->counters.n_overflows != w->n_overflows_seen ||
                        w->announced.due_at <= w->now) {
                w->was_busy = is_busy;
                w->generation_seen = generation;
                w->n_overflows_seen = w->counters.n_overflows;
                if (announced_take(&w->announced, watch_state(w), watch_state_reason(w), w->now))
                        w->context->owner.state_changed(w, w->context->owner.userdata);
                else
                        w->context->owner.progressed(w, w->context->owner.userdata);
        }
        arm(w);
}

static int on_io(sd_event_source *source, int fd, uint32_t revents, void *userdata) {
        Watch *w = userdata;
        int r;

        (void) watch_begin(w);
        r = tree_read(w->tree, w->now, watch_realtime(w));
        w->gather_until = gather_next(&w->gather, w->now, (unsigned) MAX_OF(r, 0));
        if (w->gather_until != USEC_INFINITY)
                (void) sd_event_source_set_enabled(w->io, SD_EVENT_OFF);
        watch_settle(w, r);
        return 0;
}

static int on_work(sd_event_source *source, void *userdata) {
        Watch *w = userdata;
        int r;

        (void) watch_begin(w);
        r = tree_work(w->tree, w->now, watch_realtime(w));
        watch_settle(w, r);
        return 0;
}

static int on_timer(sd_event_source *source, uint64_t usec, void *userdata) {
        Watch *w = userdata;
        int r = 0;

        w->armed = USEC_INFINITY; /* it was for one shot */
        (void) watch_begin(w);
        if (w->gather_until <= w->now) {
                w->gather_until = USEC_INFINITY;
                (void) sd_event_source_set_enabled(w->io, SD_EVENT_ON);
        }
        if (w->retry_at <= w->now)
                r = watch_place(w);
        if (w->tree && tree_deadline(w->tree) <= w->now)
                r = tree_elapse(w->tree, w->now);
        for (size_t i = 0; i < w->n_processors && r >= 0; i++)
                r = processor_elapse(w->processors[i], w->now);
        if (w->tree)
                tree_commit(w->tree);
        watch_settle(w, r);
        return 0;
}

uint32_t watch_mask(const Watch *w) {
        uint32_t mask = 0, excluded = IN_EXCL_UNLINK; /* if nobody minds */

        /* What Events= names, for processors that tell just that, and what the others need for their
         * rules. */
        for (size_t i = 0; i < w->n_processors; i++) {
                mask |= w->processors[i]->type->needs ?: w->config->events;
                excluded &= w->processors[i]->type->needs;
        }
        return (mask & IN_ALL_EVENTS) | excluded;
}

static_assert(sizeof(WatchCounters) == INTAKE_N_KEPT * sizeof(uint64_t), "the tree commits them");

TreeReach watch_reach(const WatchConfig *config, const Filter *filter) {
        return (TreeReach){ config->cross_mounts, config->follow_symlinks, filter };
}

static void tree_options(Watch *w, TreeOptions *ret) {
        *ret = (TreeOptions){
                .roots = w->config->paths,
                .mask = watch_mask(w),
                .scan_initial = w->config->initial_scan,
                .recursive = w->config->recursive,
                .reach = watch_reach(w->config, w->gate.filter),
                .recover = watch_config_recovers(w->config),
                .ledger = w->keeper.ledger,
                .kept = (uint64_t *) &w->counters,
        };
        for (size_t i = 0; i < w->n_processors; i++)
                ret->scan_initial |= w->processors[i]->type->needs_initial;
        keeper_take(&w->keeper, w->context->store, &ret->fd, &ret->intake_fd);
}

/* Without a descriptor to be had the watch is there all the same, tells that it has failed, and tries
 * again. */
int watch_place(Watch *w) {
        TreeOptions options;
        int r;

        w->retry_at = USEC_INFINITY;
        tree_options(w, &options);
        r = tree_new(&options, take_event, w, &w->tree);
        if (r == -EMFILE || r == -ENFILE) {
                if (!w->failure)
                        log_error(r,
                                        "Watch '%s': no inotify descriptor is left; raise "
                                        "fs.inotify.max_user_instances, trying again every 5 s",
                                        w->config->name);
                w->failure = "No inotify descriptor is left; raise fs.inotify.max_user_instances";
                w->generation_seen = UINT64_MAX;
                w->retry_at = w->now + RETRY_USEC;
                return 0;
        }
        if (r < 0)
                return r;
        w->gate.tree = w->tree;
        w->gate.is_successor |= tree_is_reaching(w->tree);
        w->failure = NULL;
        w->generation_seen = UINT64_MAX;
        watch_take_records(w);
        w->n_notices_seen = w->counters.n_notices;
        watch_begin_records(w);
        r = sd_event_add_io(w->context->event, &w->io, tree_fd(w->tree), EPOLLIN, on_io, w);
        if (r < 0)
                return r;
        return tree_start(w->tree, w->now, watch_realtime(w));
}

void watch_free_processors(Processor **processors, size_t n) {
        for (size_t i = 0; i < n; i++)
                processor_free(processors[i]);
        free(processors);
}

int watch_start_processors(Watch *w, const WatchConfig *config, Processor ***ret, size_t *ret_n) {
        Processor **processors = calloc(config->n_processors, sizeof(Processor *));

        if (!processors)
                return -ENOMEM;
        for (size_t i = 0; i < config->n_processors; i++) {
                const ProcessorConfig *p = config->processors[i];
                int r = processor_new(p->type, p->settings, gate_say, &w->gate, &processors[i]);
                if (r < 0) {
                        watch_free_processors(processors, i);
                        return r;
                }
                processors[i]->keep = watch_keep_record;
                processors[i]->keep_userdata = w;
                processors[i]->look = look_at_file;
        }
        *ret = processors;
        *ret_n = config->n_processors;
        return 0;
}

static int set_up(Watch *w) {
        int r;

        r = gate_init(&w->gate,
                        w->config,
                        w->context->history,
                        w->config->publish | w->context->extra_publish,
                        &w->counters.n_notices);
        if (r < 0)
                return r;
        r = watch_start_processors(w, w->config, &w->processors, &w->n_processors);
        if (r < 0)
                return r;
        r = sd_event_add_time(w->context->event, &w->timer, CLOCK_MONOTONIC, 0, 1, on_timer, w);
        if (r < 0)
                return r;
        return sd_event_source_set_enabled(w->timer, SD_EVENT_OFF);
}

int watch_new(const WatchContext *context,
                const WatchConfig *config,
                bool is_successor,
                Watch **ret) {
        _cleanup_(watch_freep) Watch *w = NULL;
        int r;

        w = malloc(sizeof(Watch));
        if (!w)
                return -ENOMEM;
        *w = (Watch){
                .config = config,
                .context = context,
                .keeper = { .state_fd = -EBADF, .retry_at = USEC_INFINITY },
                .armed = USEC_INFINITY,
                .gather_until = USEC_INFINITY,
                .retry_at = USEC_INFINITY,
                .announced = ANNOUNCED_NOTHING,
                .now = clock_now(context->event, CLOCK_MONOTONIC),
                .generation_seen = UINT64_MAX,
        };
        w->keeper.watch = config->name;
        if (!is_successor) { /* else its predecessor has what is kept */
                r = keeper_init(&w->keeper, context->state_fd, config->name, w->now);
                if (r >= 0)
                        r = watch_take_former(w);
                if (r < 0)
                        return r;
        }
        r = set_up(w);
        if (r < 0)
                return r;
        if (is_successor)
                gate_mute(&w->gate);
        r = watch_place(w);
        if (r < 0)
                return r;
        watch_settle(w, 0);
        *ret = TAKE_PTR(w);
        return 0;
}

Watch *watch_free(Watch *w) {
        if (!w)
                return NULL;
        sd_event_source_disable_unref(w->io);
        sd_event_source_disable_unref(w->timer);
        sd_event_source_disable_unref(w->work);
        watch_keep_counters(w);
        watch_free_processors(w->processors, w->n_processors);
        tree_free(w->tree);
        keeper_done(&w->keeper);
        gate_done(&w->gate);
        announced_done(&w->announced);
        config_free(w->former);
        free(w);
        return NULL;
}

Watch *watch_end(Watch *w) {
        keeper_forget(&w->keeper);
        return watch_free(w);
}

const WatchConfig *watch_config(const Watch *w) {
        return w->config;
}

WatchState watch_state(const Watch *w) {
        static const WatchState from_tree[] = {
                [TREE_WATCHING] = WATCH_WATCHING,
                [TREE_WAITING] = WATCH_WAITING,
                [TREE_DEGRADED] = WATCH_DEGRADED,
        };

        WatchState state;

        if (w->failure)
                return WATCH_FAILED;
        state = from_tree[tree_state(w->tree)];
        return w->keeper.reason[0] ? MAX_OF(state, WATCH_DEGRADED) : state;
}

const char *watch_state_reason(const Watch *w) {
        if (w->failure)
                return w->failure;
        return w->keeper.reason[0] && tree_state(w->tree) == TREE_WATCHING
                               ? w->keeper.reason
                               : tree_state_reason(w->tree);
}

unsigned watch_n_directories(const Watch *w) {
        return w->tree ? tree_n_directories(w->tree) : 0;
}

const WatchCounters *watch_counters(const Watch *w) {
        return &w->counters;
}

void watch_counters_add(WatchCounters *sum, const WatchCounters *c) {
        sum->n_events += c->n_events;
        sum->n_notices += c->n_notices;
        sum->n_overflows += c->n_overflows;
        sum->last_event = MAX_OF(sum->last_event, c->last_event);
}

void watch_mounts_changed(Watch *w) {
        if (!watch_begin(w))
                return;
        watch_settle(w, tree_check_roots(w->tree, w->now, watch_realtime(w)));
}

void watch_rescan(Watch *w) {
        if (!watch_begin(w))
                return;
        tree_rescan(w->tree, w->now);
        watch_settle(w, 0);
}
