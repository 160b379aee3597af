/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* One connection at a time, made and lost and made again, for ever. A connection counts when the
 * name is owned on it, and the group's name is waited for before: bus policies that go by that name
 * hold from the first signal on. Only at the start can it end the daemon: when another process has
 * the name already. */

#include <ctype.h>

#include "api-objects.h"
#include "api.h"
#include "base/log.h"
#include "base/names.h"
#include "base/text.h"
#include "service.h"

#define RETRY_MIN_USEC (100 * USEC_PER_MSEC)
#define RETRY_MAX_USEC (10 * USEC_PER_SEC)
#define LAST_WRITES_USEC (500 * USEC_PER_MSEC)
#define SYSTEM_BUS_ADDRESS "unix:path=/run/dbus/system_bus_socket"

typedef enum Slot {
        SLOT_LOST,
        SLOT_REQUEST,
        SLOT_OBJECT_MANAGER,
        SLOT_MANAGER,
        SLOT_WATCHES,
        SLOT_WATCH_LIST,
        _SLOT_MAX,
} Slot;

struct Api {
        Manager *manager;
        BusKind kind; /* BUS_SYSTEM or BUS_USER */
        bool is_auto;
        ApiOwner owner;
        char *name;
        sd_bus *bus;
        sd_bus_slot *slots[_SLOT_MAX];
        sd_event_source *retry; /* connects when it elapses */
        usec_t retry_usec;
        bool may_speak;        /* the group's name is waited for, the policy holds */
        bool is_owned;         /* the name, on this connection */
        bool was_owned;        /* on any */
        bool told_unavailable; /* or logged it, where nobody is to be told */
        bool has_tried;
};

static const sd_bus_error_map error_map[] = {
        SD_BUS_ERROR_MAP(ERROR_INVALID_CONFIG, EBADMSG),
        SD_BUS_ERROR_MAP(ERROR_NO_SUCH_WATCH, ENXIO),
        SD_BUS_ERROR_MAP(ERROR_NO_SUCH_SEQUENCE, ERANGE),
        SD_BUS_ERROR_MAP_END,
};

/* ---- losing the connection ---- */

static void drop_slots(Api *a) {
        for (Slot s = 0; s < _SLOT_MAX; s++)
                a->slots[s] = sd_bus_slot_unref(a->slots[s]);
}

static void drop_connection(Api *a) {
        drop_slots(a);
        a->bus = sd_bus_close_unref(a->bus);
}

static void tell_unavailable(Api *a) {
        if (a->was_owned || a->told_unavailable)
                return;
        a->told_unavailable = true;
        log_notice("There is no bus to be had, waiting for one");
        if (a->is_auto && a->owner.unavailable)
                a->owner.unavailable(a->owner.userdata);
}

/* Once per connection counts, more calls do no harm: what is left of it is dropped when the next one
 * is made, since we may be inside one of its callbacks. */
static void connection_lost(Api *a) {
        a->may_speak = false;
        if (a->is_owned) {
                a->is_owned = false;
                log_notice("The bus is gone, waiting for it");
                a->owner.disconnected(a->owner.userdata);
        }
        tell_unavailable(a);
        (void) sd_event_source_set_time_relative(a->retry, a->retry_usec);
        (void) sd_event_source_set_enabled(a->retry, SD_EVENT_ONESHOT);
        a->retry_usec = MIN_OF(2 * a->retry_usec, RETRY_MAX_USEC);
}

static int on_lost(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        connection_lost(userdata);
        return 0;
}

/* ---- owning the names ---- */

static void name_owned(Api *a) {
        a->is_owned = a->was_owned = true;
        a->retry_usec = RETRY_MIN_USEC;
        log_debug("Owns the bus name '%s'", a->name);
        a->owner.connected(a->bus, a->owner.userdata);
}

static void name_refused(Api *a, const sd_bus_error *error) {
        /* How sd-bus ends what was under way on a connection that broke. */
        if (!sd_bus_error_has_name(error, SD_BUS_ERROR_NO_REPLY))
                log_error(sd_bus_error_get_errno(error) > 0 ? -sd_bus_error_get_errno(error) : 0,
                                "Cannot own the bus name '%s': '%s'",
                                a->name,
                                error->message ?: error->name);
        connection_lost(a);
}

static void name_taken(Api *a) {
        log_error(0,
                        "The bus name '%s' belongs to another process: is instance '%s' running already?",
                        a->name,
                        manager_instance(a->manager));
        if (a->was_owned)
                connection_lost(a);
        else
                (void) sd_event_exit(manager_event(a->manager), EXIT_FAILURE);
}

static int on_name(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        Api *a = userdata;
        uint32_t answer;

        if (sd_bus_message_is_method_error(m, NULL))
                name_refused(a, sd_bus_message_get_error(m));
        else if (sd_bus_message_read(m, "u", &answer) < 0)
                connection_lost(a);
        else if (answer == 1 || answer == 4) /* primary owner, already owner */
                name_owned(a);
        else
                name_taken(a);
        return 0;
}

static int on_group_name(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        Api *a = userdata;
        int r;

        a->slots[SLOT_REQUEST] = sd_bus_slot_unref(a->slots[SLOT_REQUEST]);
        if (sd_bus_message_is_method_error(m, NULL)) {
                name_refused(a, sd_bus_message_get_error(m));
                return 0;
        }
        /* From when the bus gives us the name until we hear of it, clients may listen already. */
        a->may_speak = true;
        r = sd_bus_request_name_async(a->bus, &a->slots[SLOT_REQUEST], a->name, 0, on_name, a);
        if (r < 0)
                connection_lost(a);
        return 0;
}

/* ---- connecting ---- */

static int user_bus_address(char **ret) {
        const char *directory = secure_getenv("XDG_RUNTIME_DIR");
        Buffer b = {};

        if (!directory)
                return -ENOMEDIUM;
        buffer_add_string(&b, "unix:path=");
        for (const char *p = directory; *p; p++)
                if (isalnum((unsigned char) *p) || strchr("-_/.", *p))
                        buffer_add_char(&b, *p);
                else {
                        buffer_add_char(&b, '%');
                        buffer_add_hex(&b, p, 1);
                }
        buffer_add_string(&b, "/bus");
        if (b.failed) {
                buffer_done(&b);
                return -ENOMEM;
        }
        *ret = b.data;
        return 0;
}

static int set_address(Api *a, sd_bus *bus) {
        const char *address = secure_getenv(a->kind == BUS_USER ? "DBUS_SESSION_BUS_ADDRESS"
                                                                : "DBUS_SYSTEM_BUS_ADDRESS");
        _cleanup_free_ char *buffer = NULL;
        int r;

        if (!address && a->kind == BUS_USER) {
                r = user_bus_address(&buffer);
                if (r < 0)
                        return r;
                address = buffer;
        }
        return sd_bus_set_address(bus, address ?: SYSTEM_BUS_ADDRESS);
}

static int prepare_bus(Api *a, sd_bus *bus) {
        int r;

        r = set_address(a, bus);
        if (r < 0)
                return r;
        r = sd_bus_set_bus_client(bus, true);
        if (r < 0)
                return r;
        /* On a bus of one user everybody may everything; on the system's each call is looked at. */
        r = sd_bus_set_trusted(bus, a->kind == BUS_USER);
        if (r < 0)
                return r;
        /* The first attempt is to tell whether there is a bus, later ones wait for its socket. */
        r = sd_bus_set_watch_bind(bus, a->has_tried);
        if (r < 0)
                return r;
        return sd_bus_set_exit_on_disconnect(bus, false);
}

static int add_objects(Api *a) {
        int r;

        r = sd_bus_add_object_manager(a->bus, &a->slots[SLOT_OBJECT_MANAGER], OBJECT_MANAGER);
        if (r < 0)
                return r;
        r = api_add_manager(a->bus, a->manager, &a->slots[SLOT_MANAGER]);
        if (r < 0)
                return r;
        return api_add_watches(
                        a->bus, a->manager, &a->slots[SLOT_WATCHES], &a->slots[SLOT_WATCH_LIST]);
}

static int connect_bus(Api *a) {
        int r;

        drop_connection(a);
        r = sd_bus_new(&a->bus);
        if (r < 0)
                return r;
        r = prepare_bus(a, a->bus);
        if (r < 0)
                return r;
        a->has_tried = true;
        r = sd_bus_start(a->bus);
        if (r < 0)
                return r;
        r = sd_bus_match_signal(a->bus,
                        &a->slots[SLOT_LOST],
                        "org.freedesktop.DBus.Local",
                        "/org/freedesktop/DBus/Local",
                        "org.freedesktop.DBus.Local",
                        "Disconnected",
                        on_lost,
                        a);
        if (r < 0)
                return r;
        r = add_objects(a);
        if (r < 0)
                return r;
        r = sd_bus_attach_event(a->bus, manager_event(a->manager), SD_EVENT_PRIORITY_NORMAL);
        if (r < 0)
                return r;
        return sd_bus_request_name_async(a->bus,
                        &a->slots[SLOT_REQUEST],
                        SERVICE_NAME_GROUP,
                        SD_BUS_NAME_QUEUE,
                        on_group_name,
                        a);
}

static int on_retry(sd_event_source *s, uint64_t usec, void *userdata) {
        Api *a = userdata;
        int r;

        r = connect_bus(a);
        if (r < 0) {
                log_debug("Cannot connect to the bus: %s", strerror(-r));
                connection_lost(a);
        }
        return 0;
}

/* ---- the outside ---- */

/* Writes what is queued, for a short while: the bus may be hung. Nothing is answered any more. */
static void write_rest(sd_bus *bus) {
        usec_t waited = 0;
        uint64_t n;

        while (waited < LAST_WRITES_USEC && sd_bus_get_n_queued_write(bus, &n) >= 0 && n > 0) {
                if (sd_bus_process(bus, NULL) < 0 || sd_bus_wait(bus, 10 * USEC_PER_MSEC) < 0)
                        return;
                waited += 10 * USEC_PER_MSEC;
        }
}

Api *api_free(Api *a) {
        if (!a)
                return NULL;
        drop_slots(a);
        if (a->is_owned)
                write_rest(a->bus);
        drop_connection(a);
        sd_event_source_disable_unref(a->retry);
        free(a->name);
        free(a);
        return NULL;
}

int api_new(Manager *m, BusKind kind, const ApiOwner *owner, Api **ret) {
        _cleanup_(api_freep) Api *a = NULL;
        int r;

        assert(kind != BUS_NONE);
        a = calloc(1, sizeof(Api));
        if (!a)
                return -ENOMEM;
        a->manager = m;
        a->owner = *owner;
        a->is_auto = kind == BUS_AUTO;
        a->kind = kind != BUS_AUTO ? kind : manager_scope(m) == SCOPE_USER ? BUS_USER : BUS_SYSTEM;
        a->retry_usec = RETRY_MIN_USEC;
        r = sd_bus_error_add_map(error_map);
        if (r < 0)
                return r;
        r = service_name(manager_instance(m), &a->name);
        if (r < 0)
                return r;
        r = sd_event_add_time_relative(
                        manager_event(m), &a->retry, CLOCK_MONOTONIC, 0, 0, on_retry, a);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(a);
        return 0;
}

void api_watch_changed(Api *a, Watch *w) {
        _cleanup_free_ char *path = NULL;
        int r;

        if (!a->may_speak)
                return;
        r = api_watch_path(watch_config(w)->name, &path);
        if (r >= 0)
                r = sd_bus_emit_properties_changed(
                                a->bus, path, INTERFACE_WATCH, "State", "StateReason", NULL);
        if (r < 0)
                log_warning(r,
                                "Cannot tell the state of watch '%s', ignoring",
                                watch_config(w)->name);
}

/* sd-bus tells of an object that went only while it can still find it; so its interfaces are named. */
static int tell_removed(sd_bus *bus, const char *path) {
        return sd_bus_emit_interfaces_removed(bus,
                        path,
                        "org.freedesktop.DBus.Peer",
                        "org.freedesktop.DBus.Introspectable",
                        "org.freedesktop.DBus.Properties",
                        INTERFACE_WATCH,
                        NULL);
}

static void tell_each(Api *a, char *const *names, int (*tell)(sd_bus *bus, const char *path)) {
        for (; names && *names; names++) {
                _cleanup_free_ char *path = NULL;
                int r;

                r = api_watch_path(*names, &path);
                if (r >= 0)
                        r = tell(a->bus, path);
                if (r < 0)
                        log_warning(r, "Cannot tell of watch '%s', ignoring", *names);
        }
}

void api_watches_changed(Api *a, char *const *added, char *const *removed) {
        if (!a->may_speak)
                return;
        tell_each(a, removed, tell_removed);
        tell_each(a, added, sd_bus_emit_object_added);
}
