/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The options of Subscribe are the options of monitor; over signals they are held against each. */

#include "ctl-subscribe.h"
#include "base/list.h"
#include "base/names.h"
#include "ctl-signal.h"

static int append_names(sd_bus_message *m, const char *key, char *const *names) {
        int r;

        if (!*names)
                return 0;
        r = sd_bus_message_open_container(m, 'e', "sv");
        if (r < 0)
                return r;
        r = sd_bus_message_append_basic(m, 's', key);
        if (r < 0)
                return r;
        r = sd_bus_message_open_container(m, 'v', "as");
        if (r < 0)
                return r;
        r = sd_bus_message_append_strv(m, (char **) names);
        if (r < 0)
                return r;
        r = sd_bus_message_close_container(m);
        if (r < 0)
                return r;
        return sd_bus_message_close_container(m);
}

static int append_options(const Ctl *c, sd_bus_message *m, const Subscription *s) {
        char *events[_MEMBER_MAX + 1] = {};
        size_t n = 0;
        int r;

        for (Member i = 0; i < _MEMBER_MAX; i++)
                if (c->members & (1U << i))
                        events[n++] = (char *) member_names[i].event;
        r = sd_bus_message_open_container(m, 'a', "{sv}");
        if (r >= 0 && s->has_since)
                r = sd_bus_message_append(m, "{sv}", "since", "t", s->since);
        if (r >= 0 && s->initial)
                r = sd_bus_message_append(m, "{sv}", "initial", "b", true);
        if (r >= 0)
                r = append_names(m, "watches", s->watches);
        if (r >= 0)
                r = append_names(m, "events", events);
        if (r < 0)
                return r;
        return sd_bus_message_close_container(m);
}

int subscribe_call(const Ctl *c,
                sd_bus *bus,
                const Subscription *subscription,
                sd_bus_message_handler_t answered,
                void *userdata,
                sd_bus_slot **ret) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        int r;

        r = sd_bus_message_new_method_call(
                        bus, &m, c->service, OBJECT_MANAGER, INTERFACE_MANAGER, "Subscribe");
        if (r < 0)
                return r;
        r = sd_bus_message_set_auto_start(m, !subscription->is_again);
        if (r < 0)
                return r;
        r = append_options(c, m, subscription);
        if (r < 0)
                return r;
        return sd_bus_call_async(bus, ret, m, answered, userdata, 0);
}

int subscribe_ask_sequence(const Ctl *c,
                sd_bus *bus,
                sd_bus_message_handler_t answered,
                void *userdata,
                sd_bus_slot **ret) {
        return sd_bus_call_method_async(bus,
                        ret,
                        c->service,
                        OBJECT_MANAGER,
                        "org.freedesktop.DBus.Properties",
                        "Get",
                        answered,
                        userdata,
                        "ss",
                        INTERFACE_MANAGER,
                        "Sequence");
}

int subscribe_to_name(const Ctl *c,
                sd_bus *bus,
                sd_bus_message_handler_t handler,
                void *userdata,
                sd_bus_slot **ret) {
        char match[512];

        (void) snprintf(match,
                        sizeof(match),
                        "type='signal',sender='org.freedesktop.DBus',"
                        "path='/org/freedesktop/DBus',interface='org.freedesktop.DBus',"
                        "member='NameOwnerChanged',arg0='%s'",
                        c->service);
        return sd_bus_add_match(bus, ret, match, handler, userdata);
}

int subscribe_to_end(
                sd_bus *bus, sd_bus_message_handler_t handler, void *userdata, sd_bus_slot **ret) {
        return sd_bus_match_signal(bus,
                        ret,
                        "org.freedesktop.DBus.Local",
                        "/org/freedesktop/DBus/Local",
                        "org.freedesktop.DBus.Local",
                        "Disconnected",
                        handler,
                        userdata);
}

int subscribe_to_signals(const Ctl *c,
                sd_bus *bus,
                const char *interface,
                sd_bus_message_handler_t handler,
                void *userdata,
                sd_bus_slot **ret) {
        return sd_bus_match_signal(bus, ret, c->service, NULL, interface, NULL, handler, userdata);
}

bool subscribe_wants(const Ctl *c, char *const *watches, sd_bus_message *m) {
        _cleanup_free_ char *watch = NULL;
        Member member = signal_member(m);

        if (member < 0 || (c->members != 0 && !(c->members & (1U << member))))
                return false;
        if (!*watches)
                return true;
        return signal_watch(m, &watch) >= 0 && list_contains(watches, watch);
}
