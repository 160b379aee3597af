/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The watches come in one reply, the object manager's, so that they fit together. */

#include "ctl-instance.h"
#include "base/log.h"
#include "base/names.h"
#include "ctl-bus.h"
#include "entries.h"

#define WATCH(field) offsetof(WatchInfo, field)
const Property watch_properties[] = {
        { "Name", "name", 's', WATCH(name) },
        { "State", "state", 's', WATCH(state) },
        { "StateReason", "state_reason", 's', WATCH(state_reason) },
        { "Paths", "paths", 'a', WATCH(paths) },
        { "Events", "events", 'a', WATCH(events) },
        { "Recursive", "recursive", 'b', WATCH(recursive) },
        { "Processors", "processors", 'a', WATCH(processors) },
        { "Publishers", "publishers", 'a', WATCH(publishers) },
        { "NDirectories", "n_directories", 'u', WATCH(n_directories) },
        { "NEvents", "n_events", 't', WATCH(n_events) },
        { "NNotices", "n_notices", 't', WATCH(n_notices) },
        { "NOverflows", "n_overflows", 't', WATCH(n_overflows) },
        { "LastEvent", "last_event", 't', WATCH(last_event) },
        {},
};

#define INSTANCE(field) offsetof(InstanceInfo, field)
const Property instance_properties[] = {
        { "Version", "version", 's', INSTANCE(version) },
        { "Instance", "instance", 's', INSTANCE(instance) },
        { "ConfigFiles", "config_files", 'a', INSTANCE(config_files) },
        { "Sequence", "sequence", 't', INSTANCE(sequence) },
        { "OldestSequence", "oldest_sequence", 't', INSTANCE(oldest_sequence) },
        { "NWatches", "n_watches", 'u', INSTANCE(n_watches) },
        { "NDirectories", "n_directories", 'u', INSTANCE(n_directories) },
        { "NSubscribers", "n_subscribers", 'u', INSTANCE(n_subscribers) },
        { "NEvents", "n_events", 't', INSTANCE(n_events) },
        { "NNotices", "n_notices", 't', INSTANCE(n_notices) },
        { "NOverflows", "n_overflows", 't', INSTANCE(n_overflows) },
        {},
};

static const Colour state_colours[_WATCH_STATE_MAX] = {
        [WATCH_WATCHING] = COLOUR_GREEN,
        [WATCH_WAITING] = COLOUR_YELLOW,
        [WATCH_DEGRADED] = COLOUR_YELLOW,
        [WATCH_FAILED] = COLOUR_RED,
};

Colour watch_info_colour(const WatchInfo *w) {
        for (WatchState s = 0; w->state && s < _WATCH_STATE_MAX; s++)
                if (streq(w->state, watch_state_names[s]))
                        return state_colours[s];
        return COLOUR_NONE;
}

static void watch_info_done(WatchInfo *w) {
        object_done(watch_properties, w);
        free(w->object);
}

void instance_info_done(InstanceInfo *info) {
        for (size_t i = 0; i < info->n_infos; i++)
                watch_info_done(&info->watches[i]);
        free(info->watches);
        object_done(instance_properties, info);
        *info = (InstanceInfo){};
}

/* A watch that is not complete, as one of a stranger to this interface, is none. */
static int keep_watch(InstanceInfo *info, const char *object, WatchInfo *w) {
        WatchInfo *watches;

        if (!w->name || !w->state)
                return 0;
        w->object = strdup(object);
        watches = reallocarray(info->watches, info->n_infos + 1, sizeof(WatchInfo));
        if (watches)
                info->watches = watches;
        if (!w->object || !watches)
                return -ENOMEM;
        watches[info->n_infos++] = *w;
        *w = (WatchInfo){};
        return 0;
}

/* One interface of an object, which may be ours. */
static int read_interface(sd_bus_message *m, void *userdata) {
        const char *interface;
        int r;

        r = sd_bus_message_read_basic(m, 's', &interface);
        if (r < 0)
                return r;
        return streq(interface, INTERFACE_WATCH) ? object_read(watch_properties, m, userdata)
                                                 : sd_bus_message_skip(m, "a{sv}");
}

static int read_object(sd_bus_message *m, void *userdata) {
        WatchInfo w = {};
        const char *object;
        int r;

        r = sd_bus_message_read_basic(m, 'o', &object);
        if (r >= 0)
                r = entries_read(m, "sa{sv}", read_interface, &w);
        if (r >= 0)
                r = keep_watch(userdata, object, &w);
        watch_info_done(&w);
        return r;
}

static int by_name(const void *a, const void *b) {
        return strcmp(((const WatchInfo *) a)->name, ((const WatchInfo *) b)->name);
}

int instance_info_get_watches(InstanceInfo *info, Ctl *c) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        int r;

        r = ctl_call(c,
                        OBJECT_MANAGER,
                        "org.freedesktop.DBus.ObjectManager",
                        "GetManagedObjects",
                        &reply,
                        NULL);
        if (r < 0)
                return r;
        r = entries_read(reply, "oa{sa{sv}}", read_object, info);
        if (r < 0)
                return log_error(r, "Cannot read what instance '%s' answers", c->instance);
        if (info->n_infos > 0)
                qsort(info->watches, info->n_infos, sizeof(WatchInfo), by_name);
        return 0;
}

int instance_info_get(InstanceInfo *info, Ctl *c) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        int r;

        r = ctl_call(c,
                        OBJECT_MANAGER,
                        "org.freedesktop.DBus.Properties",
                        "GetAll",
                        &reply,
                        "s",
                        INTERFACE_MANAGER);
        if (r < 0)
                return r;
        r = object_read(instance_properties, reply, info);
        if (r < 0)
                return log_error(r, "Cannot read what instance '%s' answers", c->instance);
        return 0;
}

const WatchInfo *instance_info_find(const InstanceInfo *info, const char *name) {
        for (size_t i = 0; i < info->n_infos; i++)
                if (streq(info->watches[i].name, name))
                        return &info->watches[i];
        return NULL;
}
