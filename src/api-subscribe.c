/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* org.inotifier1.Manager's Subscribe: a stream of the caller's own. Each option is a row; what is not
 * understood is refused, so that nobody gets less or more than was asked for unknowingly. */

#include "api-objects.h"
#include "base/names.h"
#include "entries.h"
#include "publishers/stream.h"
#include "snapshot.h"

typedef struct Options {
        StreamOptions stream;
        Manager *manager;
        sd_bus_error *error; /* of the caller's; borrowed */
        List watches;
        bool is_initial;
} Options;

static void options_done(Options *o) {
        list_free(o->watches);
}

static int read_since(Options *o, sd_bus_message *m) {
        o->stream.has_since = true;
        return sd_bus_message_read(m, "t", &o->stream.since);
}

static int read_watches(Options *o, sd_bus_message *m) {
        const char *name;
        int r;

        r = sd_bus_message_enter_container(m, 'a', "s");
        while (r >= 0 && (r = sd_bus_message_read(m, "s", &name)) > 0) {
                if (!manager_find_watch(o->manager, name))
                        return sd_bus_error_setf(
                                        o->error, ERROR_NO_SUCH_WATCH, "No watch '%s'", name);
                if (!list_contains(o->watches, name))
                        r = list_add(&o->watches, name, strlen(name));
        }
        return r < 0 ? r : sd_bus_message_exit_container(m);
}

static int read_events(Options *o, sd_bus_message *m) {
        const char *name;
        int r;

        r = sd_bus_message_enter_container(m, 'a', "s");
        while (r >= 0 && (r = sd_bus_message_read(m, "s", &name)) > 0) {
                uint32_t members;

                if (members_from_name(name, &members) < 0)
                        return sd_bus_error_setf(o->error,
                                        SD_BUS_ERROR_INVALID_ARGS,
                                        "Unknown event '%s'; see inotifier.conf(5) for the names",
                                        name);
                o->stream.members |= members;
        }
        return r < 0 ? r : sd_bus_message_exit_container(m);
}

static int read_initial(Options *o, sd_bus_message *m) {
        int yes, r;

        r = sd_bus_message_read(m, "b", &yes);
        if (r >= 0)
                o->is_initial = yes;
        return r;
}

static const struct {
        const char *name;
        const char *type;
        int (*read)(Options *o, sd_bus_message *m);
} option_rows[] = {
        { "since", "t", read_since },
        { "initial", "b", read_initial },
        { "watches", "as", read_watches },
        { "events", "as", read_events },
};

/* Returns 0, or < 0 with `error` set where it is the caller's. */
static int read_option(sd_bus_message *m, void *userdata) {
        Options *o = userdata;
        const char *name, *type;
        size_t i = 0;
        int r;

        r = sd_bus_message_read_basic(m, 's', &name);
        if (r < 0)
                return r;
        while (i < ELEMENTSOF(option_rows) && !streq(option_rows[i].name, name))
                i++;
        if (i == ELEMENTSOF(option_rows))
                return sd_bus_error_setf(
                                o->error, SD_BUS_ERROR_INVALID_ARGS, "Unknown option '%s'", name);
        r = sd_bus_message_peek_type(m, NULL, &type);
        if (r < 0)
                return r;
        if (!streq(type, option_rows[i].type))
                return sd_bus_error_setf(o->error,
                                SD_BUS_ERROR_INVALID_ARGS,
                                "Option '%s' is of type '%s', not '%s'",
                                name,
                                option_rows[i].type,
                                type);
        r = sd_bus_message_enter_container(m, 'v', type);
        if (r < 0)
                return r;
        r = option_rows[i].read(o, m);
        if (r < 0)
                return r;
        return sd_bus_message_exit_container(m);
}

static int set_error(sd_bus_error *error, int r, const Options *o) {
        if (r == -ERANGE)
                return sd_bus_error_setf(error,
                                ERROR_NO_SUCH_SEQUENCE,
                                "There is no notice %" PRIu64 " yet, the newest is %" PRIu64,
                                o->stream.since,
                                history_newest(manager_history(o->manager)));
        if (r == -EUSERS)
                return sd_bus_error_setf(error,
                                SD_BUS_ERROR_LIMITS_EXCEEDED,
                                "There are %u subscribers already",
                                SUBSCRIBERS_MAX);
        return r;
}

int api_subscribe(sd_bus_message *call, void *userdata, sd_bus_error *error) {
        _cleanup_(options_done) Options o = { .manager = userdata, .error = error };
        _cleanup_close_ int fd = -EBADF;
        int r;

        r = entries_read(call, "sv", read_option, &o);
        if (r < 0)
                return r;
        o.stream.watches = o.watches;
        if (o.is_initial) {
                r = snapshot_new(o.manager, o.watches, &o.stream.prelude);
                if (r < 0)
                        return r;
        }
        r = stream_subscribe(manager_stream(o.manager), &o.stream, &fd);
        if (r < 0)
                return set_error(error, r, &o);
        return sd_bus_reply_method_return(call, "h", fd);
}
