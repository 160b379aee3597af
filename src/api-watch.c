/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* org.inotifier1.Watch: one object per watch, found by its name when asked for. A watch whose settings
 * changed is another object: it went and came, so its settings are constant as long as it is there. */

#include "api-objects.h"
#include "base/names.h"
#include "publishers/bus-string.h"
#include "publishers/publisher.h"

static const struct {
        const char *name;
        size_t offset; /* in WatchCounters */
} counter_properties[] = {
        { "NEvents", offsetof(WatchCounters, n_events) },
        { "NNotices", offsetof(WatchCounters, n_notices) },
        { "NOverflows", offsetof(WatchCounters, n_overflows) },
        { "LastEvent", offsetof(WatchCounters, last_event) },
};

uint64_t api_counter(const WatchCounters *counters, const char *name) {
        for (size_t i = 0; i < ELEMENTSOF(counter_properties); i++)
                if (streq(name, counter_properties[i].name))
                        return *(const uint64_t *) ((const char *) counters +
                                                    counter_properties[i].offset);
        assert(false);
        return 0;
}

int api_watch_path(const char *name, char **ret) {
        return sd_bus_path_encode(OBJECT_WATCH_PREFIX, name, ret);
}

PROPERTY_GETTER(get_name) {
        return sd_bus_message_append(reply, "s", watch_config(userdata)->name);
}

PROPERTY_GETTER(get_paths) {
        return api_append_strings(reply, watch_config(userdata)->paths);
}

PROPERTY_GETTER(get_events) {
        char *names[_MEMBER_MAX + 1] = {};
        size_t n = 0;

        for (Member m = 0; m < _MEMBER_MAX; m++)
                if (watch_config(userdata)->events & member_names[m].mask)
                        names[n++] = (char *) member_names[m].event;
        return api_append_strings(reply, names);
}

PROPERTY_GETTER(get_recursive) {
        return sd_bus_message_append(reply, "b", watch_config(userdata)->recursive);
}

PROPERTY_GETTER(get_processors) {
        return api_append_strings(reply, watch_config(userdata)->processor_names);
}

PROPERTY_GETTER(get_publishers) {
        char *names[_PUBLISHER_MAX + 1] = {};
        size_t n = 0;

        for (PublisherKind kind = 0; kind < _PUBLISHER_MAX; kind++)
                if (watch_config(userdata)->publish & (1U << kind))
                        names[n++] = (char *) publisher_kind_name(kind);
        return api_append_strings(reply, names);
}

PROPERTY_GETTER(get_state) {
        return sd_bus_message_append(reply, "s", watch_state_names[watch_state(userdata)]);
}

PROPERTY_GETTER(get_state_reason) {
        const char *reason = watch_state_reason(userdata);
        Buffer b = {};
        int r;

        reason = bus_string(&b, reason, strlen(reason));
        r = reason ? sd_bus_message_append_basic(reply, 's', reason) : -ENOMEM;
        buffer_done(&b);
        return r;
}

PROPERTY_GETTER(get_n_directories) {
        return sd_bus_message_append(reply, "u", watch_n_directories(userdata));
}

PROPERTY_GETTER(get_counter) {
        return sd_bus_message_append(reply, "t", api_counter(watch_counters(userdata), property));
}

static int find_watch(sd_bus *bus,
                const char *path,
                const char *interface,
                void *userdata,
                void **ret,
                sd_bus_error *error) {
        _cleanup_free_ char *name = NULL;
        Watch *w;
        int r;

        r = sd_bus_path_decode(path, OBJECT_WATCH_PREFIX, &name);
        if (r <= 0)
                return r;
        w = manager_find_watch(userdata, name);
        if (!w)
                return 0;
        *ret = w;
        return 1;
}

/* sd-bus frees the list and what is in it. */
static int list_watches(
                sd_bus *bus, const char *prefix, void *userdata, char ***ret, sd_bus_error *error) {
        size_t n = manager_n_watches(userdata);
        char **paths;

        paths = calloc(n + 1, sizeof(char *));
        if (!paths)
                return -ENOMEM;
        for (size_t i = 0; i < n; i++)
                if (api_watch_path(watch_config(manager_watch(userdata, i))->name, &paths[i]) < 0) {
                        while (i > 0)
                                free(paths[--i]);
                        free(paths);
                        return -ENOMEM;
                }
        *ret = paths;
        return 0;
}

#define NOTICE_SIGNAL(name)                                                                        \
        SD_BUS_SIGNAL_WITH_ARGS(name,                                                              \
                        SD_BUS_ARGS("s",                                                           \
                                        path,                                                      \
                                        "u",                                                       \
                                        mask,                                                      \
                                        "u",                                                       \
                                        cookie,                                                    \
                                        "t",                                                       \
                                        sequence,                                                  \
                                        "t",                                                       \
                                        usec,                                                      \
                                        "a{sv}",                                                   \
                                        details),                                                  \
                        0)

static int method_rescan(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        watch_rescan(userdata);
        return sd_bus_reply_method_return(m, NULL);
}

static const sd_bus_vtable watch_vtable[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_PROPERTY("Name", "s", get_name, 0, SD_BUS_VTABLE_PROPERTY_CONST),
        SD_BUS_PROPERTY("Paths", "as", get_paths, 0, SD_BUS_VTABLE_PROPERTY_CONST),
        SD_BUS_PROPERTY("Events", "as", get_events, 0, SD_BUS_VTABLE_PROPERTY_CONST),
        SD_BUS_PROPERTY("Recursive", "b", get_recursive, 0, SD_BUS_VTABLE_PROPERTY_CONST),
        SD_BUS_PROPERTY("Processors", "as", get_processors, 0, SD_BUS_VTABLE_PROPERTY_CONST),
        SD_BUS_PROPERTY("Publishers", "as", get_publishers, 0, SD_BUS_VTABLE_PROPERTY_CONST),
        SD_BUS_PROPERTY("State", "s", get_state, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_PROPERTY("StateReason",
                        "s",
                        get_state_reason,
                        0,
                        SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_PROPERTY("NDirectories", "u", get_n_directories, 0, 0),
        SD_BUS_PROPERTY("NEvents", "t", get_counter, 0, 0),
        SD_BUS_PROPERTY("NNotices", "t", get_counter, 0, 0),
        SD_BUS_PROPERTY("NOverflows", "t", get_counter, 0, 0),
        SD_BUS_PROPERTY("LastEvent", "t", get_counter, 0, 0),
        SD_BUS_METHOD_WITH_ARGS("Rescan", SD_BUS_NO_ARGS, SD_BUS_NO_RESULT, method_rescan, 0),
        NOTICE_SIGNAL("InAccess"),
        NOTICE_SIGNAL("InAttrib"),
        NOTICE_SIGNAL("InCloseNowrite"),
        NOTICE_SIGNAL("InCloseWrite"),
        NOTICE_SIGNAL("InCreate"),
        NOTICE_SIGNAL("InDelete"),
        NOTICE_SIGNAL("InDeleteSelf"),
        NOTICE_SIGNAL("InIgnored"),
        NOTICE_SIGNAL("InModify"),
        NOTICE_SIGNAL("InMoveSelf"),
        NOTICE_SIGNAL("InMovedFrom"),
        NOTICE_SIGNAL("InMovedTo"),
        NOTICE_SIGNAL("InOpen"),
        NOTICE_SIGNAL("InQOverflow"),
        NOTICE_SIGNAL("InUnmount"),
        NOTICE_SIGNAL("TransferStarted"),
        NOTICE_SIGNAL("TransferCompleted"),
        NOTICE_SIGNAL("TransferAbandoned"),
        NOTICE_SIGNAL("Rescanned"),
        SD_BUS_VTABLE_END,
};

int api_add_watches(sd_bus *bus, Manager *m, sd_bus_slot **ret_objects, sd_bus_slot **ret_list) {
        int r;

        r = sd_bus_add_fallback_vtable(bus,
                        ret_objects,
                        OBJECT_WATCH_PREFIX,
                        INTERFACE_WATCH,
                        watch_vtable,
                        find_watch,
                        m);
        if (r < 0)
                return r;
        return sd_bus_add_node_enumerator(bus, ret_list, OBJECT_WATCH_PREFIX, list_watches, m);
}
