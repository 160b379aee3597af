/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* One call of Subscribe is under way, or one stream is open, or the instance is waited for. Only the first
 * call may fail for good; later ones fail because the instance is away, and its name on the bus tells when
 * it is back. The bus may go away as well: the stream does not need it. */

#include <fcntl.h>
#include <inttypes.h>

#include "base/log.h"
#include "base/names.h"
#include "ctl-bus.h"
#include "ctl-lines.h"
#include "ctl-listener.h"
#include "ctl-signal.h"
#include "ctl-subscribe.h"
#include "publishers/json.h"

#define RETRY_USEC (100 * USEC_PER_MSEC)

struct Listener {
        sd_event *event; /* borrowed, as these */
        Ctl *ctl;
        char *const *watches;
        LineSink sink;
        void *userdata;

        sd_bus_slot *name, *end, *call, *signals, *gaps;
        sd_event_source *retry; /* tries again when it elapses */
        bool has_streams;       /* descriptors can be passed */
        bool was_there;         /* listening, once */
        bool is_away;           /* the instance, and that was said */

        Lines *lines; /* of the stream, NULL for none */
        Line line;
        bool needs_initial; /* what is there is not told to its end, as far as we know */
        bool has_sequence;  /* to go on after it */
        uint64_t sequence;
};

static int end_loop(Listener *l, int r) {
        (void) sd_event_exit(l->event, r);
        return 0;
}

static void try_again(Listener *l) {
        (void) sd_event_source_set_time_relative(l->retry, RETRY_USEC);
        (void) sd_event_source_set_enabled(l->retry, SD_EVENT_ONESHOT);
}

static void say_away(Listener *l) {
        if (l->is_away)
                return;
        l->is_away = true;
        if (!l->ctl->quiet)
                log_notice("Instance '%s' went away, waiting for it", l->ctl->instance);
}

static void say_there(Listener *l) {
        bool is_first = !l->was_there, is_back = l->is_away;

        l->was_there = true;
        l->is_away = false;
        if (l->ctl->quiet || (!is_first && !is_back))
                return;
        if (is_first) {
                log_notice("Listening to instance '%s'", l->ctl->instance);
                return;
        }
        if (l->has_streams && l->has_sequence && !l->needs_initial)
                log_notice("Instance '%s' is back, going on after notice %" PRIu64,
                                l->ctl->instance,
                                l->sequence);
        else
                log_notice("Instance '%s' is back", l->ctl->instance);
}

static int take_line(Listener *l, const char *text, size_t n) {
        const LineField *event;
        uint64_t sequence;
        int r;

        r = line_parse(&l->line, text, n - 1);
        if (r < 0)
                return log_error(r, "Cannot read what instance '%s' tells", l->ctl->instance);
        event = line_find(&l->line, "event");
        if (!line_find(&l->line, "initial"))
                l->needs_initial = false;
        sequence = line_number(&l->line, event && streq(event->value, "gap") ? "to" : "sequence");
        if (sequence > l->sequence) {
                l->sequence = sequence;
                l->has_sequence = true;
        }
        return l->sink(&l->line, text, n, l->userdata);
}

static int on_line(const char *text, size_t n, void *userdata) {
        return take_line(userdata, text, n);
}

static void on_stream_end(void *userdata) {
        Listener *l = userdata;

        l->lines = lines_free(l->lines);
        say_away(l);
        try_again(l);
}

static int open_stream(Listener *l, sd_bus_message *reply) {
        LinesOwner owner = { on_line, on_stream_end, l };
        int fd, r;

        r = sd_bus_message_read_basic(reply, 'h', &fd);
        if (r < 0)
                return r;
        fd = fcntl(fd, F_DUPFD_CLOEXEC, 3);
        if (fd < 0)
                return -errno;
        return lines_new(l->event, fd, &owner, &l->lines);
}

static int subscribe(Listener *l);

/* Returns 0 to wait or to have asked anew, or < 0 for good (said). */
static int refused(Listener *l, const sd_bus_error *error) {
        if (!l->was_there)
                return ctl_explain(l->ctl, error, 0);
        if (ctl_is_absence(error)) {
                say_away(l);
                return 0;
        }
        /* Its numbers began anew: all it has is news. */
        if (sd_bus_error_has_name(error, ERROR_NO_SUCH_SEQUENCE) && l->sequence > 0) {
                log_notice("The notices of instance '%s' are numbered anew, beginning with the first",
                                l->ctl->instance);
                l->sequence = 0;
                return subscribe(l);
        }
        return ctl_explain(l->ctl, error, 0);
}

static int on_subscribed(sd_bus_message *m, void *userdata, sd_bus_error *ret_error) {
        Listener *l = userdata;
        int r;

        l->call = sd_bus_slot_unref(l->call);
        if (sd_bus_message_is_method_error(m, NULL)) {
                r = refused(l, sd_bus_message_get_error(m));
                return r < 0 ? end_loop(l, r) : 0;
        }
        r = open_stream(l, m);
        if (r < 0)
                return end_loop(l, log_error(r, "Cannot listen to '%s'", l->ctl->instance));
        say_there(l);
        return 0;
}

static int subscribe(Listener *l) {
        Subscription s = {
                .watches = l->watches,
                .has_since = l->has_sequence && !l->needs_initial,
                .since = l->sequence,
                .initial = l->needs_initial,
                .is_again = l->was_there,
        };
        int r;

        r = subscribe_call(l->ctl, l->ctl->bus, &s, on_subscribed, l, &l->call);
        if (r < 0)
                return log_error(r, "Cannot ask instance '%s'", l->ctl->instance);
        return 0;
}

static int on_sequence(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        Listener *l = userdata;
        int r;

        l->call = sd_bus_slot_unref(l->call);
        if (sd_bus_message_is_method_error(m, NULL))
                r = refused(l, sd_bus_message_get_error(m));
        else {
                r = sd_bus_message_read(m, "v", "t", &l->sequence);
                l->has_sequence = r >= 0;
                r = r < 0 ? ctl_explain(l->ctl, NULL, r) : subscribe(l);
        }
        return r < 0 ? end_loop(l, r) : 0;
}

/* Where to go on if the instance goes away before anything is told: nothing of between may be missed, so
 * it is asked first. */
static int begin(Listener *l) {
        int r;

        if (l->has_sequence || l->needs_initial)
                return subscribe(l);
        r = subscribe_ask_sequence(l->ctl, l->ctl->bus, on_sequence, l, &l->call);
        return r < 0 ? ctl_explain(l->ctl, NULL, r) : 0;
}

/* Whether there is something to be done, and the bus to do it. */
static bool may_subscribe(const Listener *l) {
        return l->has_streams && l->ctl->bus && !l->call && !l->lines;
}

static int on_name(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        Listener *l = userdata;
        const char *name, *old_owner, *new_owner;
        int r;

        r = sd_bus_message_read(m, "sss", &name, &old_owner, &new_owner);
        if (r < 0)
                return 0;
        if (!l->has_streams) {
                if (*new_owner)
                        say_there(l);
                else
                        say_away(l);
        } else if (*new_owner && l->was_there && may_subscribe(l)) {
                r = subscribe(l);
                return r < 0 ? end_loop(l, r) : 0;
        }
        return 0;
}

static void drop_bus(Listener *l) {
        l->call = sd_bus_slot_unref(l->call);
        l->name = sd_bus_slot_unref(l->name);
        l->end = sd_bus_slot_unref(l->end);
}

/* The connection itself is dropped when the next one is made: we may be inside of its callback. */
static int on_end(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        Listener *l = userdata;

        if (l->ctl->transport != TRANSPORT_LOCAL || !l->has_streams || !l->was_there)
                return end_loop(l, ctl_explain_connection(l->ctl, -ECONNRESET));
        try_again(l);
        return 0;
}

static int follow_bus(Listener *l) {
        int r;

        r = subscribe_to_name(l->ctl, l->ctl->bus, on_name, l, &l->name);
        if (r < 0)
                return r;
        r = subscribe_to_end(l->ctl->bus, on_end, l, &l->end);
        if (r < 0)
                return r;
        return sd_bus_attach_event(l->ctl->bus, l->event, SD_EVENT_PRIORITY_NORMAL);
}

/* A bus that is gone is looked for again and again. */
static bool ensure_bus(Listener *l) {
        if (l->ctl->bus && sd_bus_is_open(l->ctl->bus) > 0)
                return true;
        drop_bus(l);
        l->ctl->bus = sd_bus_close_unref(l->ctl->bus);
        if (ctl_open_bus(l->ctl, &l->ctl->bus) >= 0 && follow_bus(l) >= 0)
                return true;
        drop_bus(l);
        l->ctl->bus = sd_bus_close_unref(l->ctl->bus);
        try_again(l);
        return false;
}

static int on_retry(sd_event_source *source, uint64_t usec, void *userdata) {
        Listener *l = userdata;
        int r;

        if (!ensure_bus(l) || !may_subscribe(l))
                return 0;
        r = subscribe(l);
        return r < 0 ? end_loop(l, r) : 0;
}

static int on_signal(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        Listener *l = userdata;
        Buffer line = {};
        int r;

        if (!subscribe_wants(l->ctl, l->watches, m))
                return 0;
        r = signal_add_line(m, &line);
        if (r < 0)
                r = log_error(r, "Cannot read what instance '%s' tells", l->ctl->instance);
        else
                r = take_line(l, line.data, line.length);
        buffer_done(&line);
        return r < 0 ? end_loop(l, r) : 0;
}

static int on_gap(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        Listener *l = userdata;
        Buffer line = {};
        uint64_t from, to;
        int r = 0;

        if (!sd_bus_message_is_signal(m, INTERFACE_MANAGER, "Gap") ||
                        sd_bus_message_read(m, "tt", &from, &to) < 0)
                return 0;
        json_add_gap(&line, from, to);
        if (!line.failed)
                r = take_line(l, line.data, line.length);
        buffer_done(&line);
        return r < 0 ? end_loop(l, r) : 0;
}

/* First the signals, then whether there is somebody to send them: nothing is missed between. */
static int listen_to_signals(Listener *l) {
        Ctl *c = l->ctl;
        int r;

        if (c->has_since || c->initial)
                return log_error(0,
                                       "--since= and --initial need a stream, which cannot be had from '%s': "
                                       "run inotifierctl there, with ssh(1) or machinectl(1)",
                                       c->where),
                       -EOPNOTSUPP;
        r = subscribe_to_signals(c, c->bus, INTERFACE_WATCH, on_signal, l, &l->signals);
        if (r >= 0)
                r = subscribe_to_signals(c, c->bus, INTERFACE_MANAGER, on_gap, l, &l->gaps);
        if (r < 0)
                return ctl_explain(c, NULL, r);
        r = ctl_call(c,
                        OBJECT_MANAGER,
                        "org.freedesktop.DBus.Properties",
                        "Get",
                        NULL,
                        "ss",
                        INTERFACE_MANAGER,
                        "Sequence");
        for (char *const *name = l->watches; r >= 0 && *name; name++)
                r = ctl_call(c, OBJECT_MANAGER, INTERFACE_MANAGER, "GetWatch", NULL, "s", *name);
        if (r >= 0)
                say_there(l);
        return r;
}

/* ssh(1) passes no descriptors, whatever both of its ends say that they can do. */
static bool can_have_streams(const Ctl *c) {
        return c->transport != TRANSPORT_HOST && sd_bus_can_send(c->bus, 'h') > 0;
}

Listener *listener_free(Listener *l) {
        if (!l)
                return NULL;
        drop_bus(l);
        sd_bus_slot_unref(l->signals);
        sd_bus_slot_unref(l->gaps);
        if (l->ctl->bus)
                (void) sd_bus_detach_event(l->ctl->bus);
        sd_event_source_disable_unref(l->retry);
        lines_free(l->lines);
        line_done(&l->line);
        free(l);
        return NULL;
}

int listener_new(sd_event *event,
                Ctl *c,
                char *const *watches,
                LineSink sink,
                void *userdata,
                Listener **ret) {
        _cleanup_(listener_freep) Listener *l = calloc(1, sizeof(Listener));
        int r;

        if (!l)
                return log_oom();
        *l = (Listener){
                .event = event,
                .ctl = c,
                .watches = watches,
                .sink = sink,
                .userdata = userdata,
                .needs_initial = c->initial,
                .has_sequence = c->has_since,
                .sequence = c->since,
        };
        r = sd_event_add_time_relative(event, &l->retry, CLOCK_MONOTONIC, 0, 0, on_retry, l);
        if (r >= 0)
                r = sd_event_source_set_enabled(l->retry, SD_EVENT_OFF);
        if (r >= 0)
                r = follow_bus(l);
        if (r < 0)
                return ctl_explain(c, NULL, r);
        l->has_streams = can_have_streams(c);
        r = l->has_streams ? begin(l) : listen_to_signals(l);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(l);
        return 0;
}
