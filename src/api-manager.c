/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* org.inotifier1.Manager: the instance as a whole. Its numbers are sums over its watches. */

#include "api-objects.h"
#include "base/names.h"
#include "base/path.h"
#include "build-config.h"
#include "publishers/bus-string.h"
#include "publishers/stream.h"

int api_append_strings(sd_bus_message *m, char *const *list) {
        Buffer b = {};
        int r;

        r = sd_bus_message_open_container(m, 'a', "s");
        for (; r >= 0 && list && *list; list++) {
                const char *s = bus_string(&b, *list, strlen(*list));
                r = s ? sd_bus_message_append_basic(m, 's', s) : -ENOMEM;
        }
        buffer_done(&b);
        if (r < 0)
                return r;
        return sd_bus_message_close_container(m);
}

static int append_watch(sd_bus_message *m, const Watch *w) {
        const WatchConfig *config = watch_config(w);
        _cleanup_free_ char *path = NULL;
        int r;

        r = api_watch_path(config->name, &path);
        if (r < 0)
                return r;
        r = sd_bus_message_open_container(m, 'r', "sosas");
        if (r < 0)
                return r;
        r = sd_bus_message_append(m, "sos", config->name, path, watch_state_names[watch_state(w)]);
        if (r < 0)
                return r;
        r = api_append_strings(m, config->paths);
        if (r < 0)
                return r;
        return sd_bus_message_close_container(m);
}

static int method_list_watches(sd_bus_message *call, void *userdata, sd_bus_error *error) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        Manager *m = userdata;
        int r;

        r = sd_bus_message_new_method_return(call, &reply);
        if (r < 0)
                return r;
        r = sd_bus_message_open_container(reply, 'a', "(sosas)");
        if (r < 0)
                return r;
        for (size_t i = 0; i < manager_n_watches(m); i++) {
                r = append_watch(reply, manager_watch(m, i));
                if (r < 0)
                        return r;
        }
        r = sd_bus_message_close_container(reply);
        if (r < 0)
                return r;
        return sd_bus_send(NULL, reply, NULL);
}

static int method_get_watch(sd_bus_message *call, void *userdata, sd_bus_error *error) {
        _cleanup_free_ char *path = NULL;
        Manager *m = userdata;
        const char *name;
        int r;

        r = sd_bus_message_read(call, "s", &name);
        if (r < 0)
                return r;
        if (!manager_find_watch(m, name))
                return sd_bus_error_setf(error, ERROR_NO_SUCH_WATCH, "No watch '%s'", name);
        r = api_watch_path(name, &path);
        if (r < 0)
                return r;
        return sd_bus_reply_method_return(call, "o", path);
}

static int set_invalid_config(sd_bus_error *error, const Problems *problems) {
        const char *text = problems_first_error(problems) ?: "The configuration is invalid";
        Buffer b = {};
        int r;

        text = bus_string(&b, text, strlen(text));
        r = text ? sd_bus_error_set(error, ERROR_INVALID_CONFIG, text) : -ENOMEM;
        buffer_done(&b);
        return r;
}

static void answer_reload(int r, void *userdata) {
        sd_bus_message *call = userdata;

        if (r < 0)
                (void) sd_bus_reply_method_errno(call, r, NULL);
        else
                (void) sd_bus_reply_method_return(call, "");
        sd_bus_message_unref(call);
}

static int method_reload(sd_bus_message *call, void *userdata, sd_bus_error *error) {
        _cleanup_(problems_done) Problems problems = {};
        int r;

        r = manager_reload(userdata, &problems, answer_reload, sd_bus_message_ref(call));
        if (r >= 0)
                return 1; /* answered when it is in force */
        sd_bus_message_unref(call);
        return r == -EBADMSG ? set_invalid_config(error, &problems) : r;
}

PROPERTY_GETTER(get_instance) {
        return sd_bus_message_append(reply, "s", manager_instance(userdata));
}

PROPERTY_GETTER(get_version) {
        return sd_bus_message_append(reply, "s", PROJECT_VERSION);
}

PROPERTY_GETTER(get_config_files) {
        _cleanup_(list_freep) List files = NULL;

        for (char *const *file = manager_config(userdata)->files; file && *file; file++) {
                _cleanup_free_ char *absolute = path_absolute(*file); /* --config= may not be */

                if (!absolute || list_add(&files, absolute, strlen(absolute)) < 0)
                        return -ENOMEM;
        }
        return api_append_strings(reply, files);
}

PROPERTY_GETTER(get_sequence) {
        const History *h = manager_history(userdata);

        return sd_bus_message_append(reply,
                        "t",
                        streq(property, "Sequence") ? history_newest(h) : history_oldest(h));
}

PROPERTY_GETTER(get_n_watches) {
        return sd_bus_message_append(reply, "u", (uint32_t) manager_n_watches(userdata));
}

PROPERTY_GETTER(get_n_directories) {
        uint32_t sum = 0;

        for (size_t i = 0; i < manager_n_watches(userdata); i++)
                sum += watch_n_directories(manager_watch(userdata, i));
        return sd_bus_message_append(reply, "u", sum);
}

PROPERTY_GETTER(get_n_subscribers) {
        return sd_bus_message_append(
                        reply, "u", (uint32_t) stream_n_subscribers(manager_stream(userdata)));
}

PROPERTY_GETTER(get_counter) {
        WatchCounters counters = manager_counters(userdata);

        return sd_bus_message_append(reply, "t", api_counter(&counters, property));
}

static int method_rescan(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        for (size_t i = 0; i < manager_n_watches(userdata); i++)
                watch_rescan(manager_watch(userdata, i));
        return sd_bus_reply_method_return(m, NULL);
}

static const sd_bus_vtable manager_vtable[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_PROPERTY("Version", "s", get_version, 0, SD_BUS_VTABLE_PROPERTY_CONST),
        SD_BUS_PROPERTY("Instance", "s", get_instance, 0, SD_BUS_VTABLE_PROPERTY_CONST),
        SD_BUS_PROPERTY("ConfigFiles", "as", get_config_files, 0, 0),
        SD_BUS_PROPERTY("Sequence", "t", get_sequence, 0, 0),
        SD_BUS_PROPERTY("OldestSequence", "t", get_sequence, 0, 0),
        SD_BUS_PROPERTY("NWatches", "u", get_n_watches, 0, 0),
        SD_BUS_PROPERTY("NDirectories", "u", get_n_directories, 0, 0),
        SD_BUS_PROPERTY("NSubscribers", "u", get_n_subscribers, 0, 0),
        SD_BUS_PROPERTY("NEvents", "t", get_counter, 0, 0),
        SD_BUS_PROPERTY("NNotices", "t", get_counter, 0, 0),
        SD_BUS_PROPERTY("NOverflows", "t", get_counter, 0, 0),
        SD_BUS_METHOD_WITH_ARGS("ListWatches",
                        SD_BUS_NO_ARGS,
                        SD_BUS_RESULT("a(sosas)", watches),
                        method_list_watches,
                        SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("GetWatch",
                        SD_BUS_ARGS("s", name),
                        SD_BUS_RESULT("o", watch),
                        method_get_watch,
                        SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("Subscribe",
                        SD_BUS_ARGS("a{sv}", options),
                        SD_BUS_RESULT("h", stream),
                        api_subscribe,
                        SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("Reload", SD_BUS_NO_ARGS, SD_BUS_NO_RESULT, method_reload, 0),
        SD_BUS_METHOD_WITH_ARGS("Rescan", SD_BUS_NO_ARGS, SD_BUS_NO_RESULT, method_rescan, 0),
        SD_BUS_SIGNAL_WITH_ARGS("Gap", SD_BUS_ARGS("t", from, "t", to), 0),
        SD_BUS_VTABLE_END,
};

int api_add_manager(sd_bus *bus, Manager *m, sd_bus_slot **ret) {
        return sd_bus_add_object_vtable(
                        bus, ret, OBJECT_MANAGER, INTERFACE_MANAGER, manager_vtable, m);
}
