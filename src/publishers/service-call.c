/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A unit is started in two words: which it is, and then that it be started. By another name than its own it
 * is not, for then what becomes of it is told under a name that nobody waits for, and it would not find its
 * file.
 *
 * How a unit is comes in up to four words: whether it is loaded (else it is done, and is not loaded by
 * asking), whether a job is queued for it, what state it is in, when it ran if it has failed. What happens
 * between the words is told in signals, and so the owner knows whether they count. */

#include "publishers/service-call.h"

struct ServiceCall {
        sd_bus *bus;
        const ServiceManagerOwner *owner;
        void *job;
        const char *unit; /* borrowed */
        char *path;       /* of the unit's object */
        sd_bus_slot *slot;
        bool has_job; /* the unit */
};

bool unit_is_at_rest(const char *active_state) {
        return streq(active_state, "inactive") || streq(active_state, "failed");
}

ServiceCall *service_call_free(ServiceCall *c) {
        if (!c)
                return NULL;
        sd_bus_slot_unref(c->slot);
        free(c->path);
        free(c);
        return NULL;
}

int service_call(sd_bus *bus,
                sd_bus_slot **slot,
                const char *path,
                const char *interface,
                const char *member,
                sd_bus_message_handler_t handler,
                void *userdata,
                const char *a,
                const char *b) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        int r;

        r = sd_bus_message_new_method_call(bus, &m, SYSTEMD, path, interface, member);
        if (r < 0)
                return r;
        r = sd_bus_message_set_auto_start(m, false);
        if (r >= 0 && a)
                r = sd_bus_message_append_basic(m, 's', a);
        if (r >= 0 && b)
                r = sd_bus_message_append_basic(m, 's', b);
        if (r < 0)
                return r;
        return sd_bus_call_async(bus, slot, m, handler, userdata, UINT64_MAX);
}

/* Begins with a call to the manager for the unit. */
static int begin(sd_bus *bus,
                const ServiceManagerOwner *owner,
                const char *member,
                const char *unit,
                sd_bus_message_handler_t handler,
                void *job,
                ServiceCall **ret) {
        _cleanup_(service_call_freep) ServiceCall *c = malloc(sizeof(ServiceCall));
        int r;

        if (!c)
                return -ENOMEM;
        *c = (ServiceCall){ .bus = bus, .owner = owner, .job = job, .unit = unit };
        if (sd_bus_path_encode(SYSTEMD_UNITS, unit, &c->path) < 0)
                return -ENOMEM;
        r = service_call(bus,
                        &c->slot,
                        SYSTEMD_OBJECT,
                        SYSTEMD_MANAGER,
                        member,
                        handler,
                        c,
                        unit,
                        NULL);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(c);
        return 0;
}

static int get(ServiceCall *c, const char *property, sd_bus_message_handler_t handler) {
        c->slot = sd_bus_slot_unref(c->slot);
        return service_call(c->bus,
                        &c->slot,
                        c->path,
                        "org.freedesktop.DBus.Properties",
                        "Get",
                        handler,
                        c,
                        "org.freedesktop.systemd1.Unit",
                        property);
}

/* `c` is the owner's to free, which it may do at once. */
static int answer(ServiceCall *c, UnitState state) {
        c->owner->answered(c->job, state, 0, c->owner->userdata);
        return 0;
}

/* Which start failed: one that systemd does not even run, as it was started too often or there is no file of
 * its environment, has failed, too. */
static int on_ran(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        ServiceCall *c = userdata;
        usec_t ran;

        if (sd_bus_message_is_method_error(m, NULL) || sd_bus_message_read(m, "v", "t", &ran) < 0)
                return answer(c, UNIT_UNKNOWN);
        c->owner->answered(c->job, UNIT_FAILED, ran, c->owner->userdata);
        return 0;
}

static int on_state(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        ServiceCall *c = userdata;
        const char *state;

        if (sd_bus_message_is_method_error(m, NULL) || sd_bus_message_read(m, "v", "s", &state) < 0)
                return answer(c, UNIT_UNKNOWN);
        if (c->has_job || !unit_is_at_rest(state))
                return answer(c, UNIT_RUNS);
        if (!streq(state, "failed"))
                return answer(c, UNIT_DONE);
        return get(c, "InactiveExitTimestampMonotonic", on_ran) < 0 ? answer(c, UNIT_UNKNOWN) : 0;
}

static int on_job(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        ServiceCall *c = userdata;
        uint32_t id;

        if (sd_bus_message_is_method_error(m, NULL) ||
                        sd_bus_message_read(m, "v", "(uo)", &id, NULL) < 0)
                return answer(c, UNIT_UNKNOWN);
        c->has_job = id != 0;
        return get(c, "ActiveState", on_state) < 0 ? answer(c, UNIT_UNKNOWN) : 0;
}

static int on_unit(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        ServiceCall *c = userdata;

        if (sd_bus_message_is_method_error(m, SYSTEMD ".NoSuchUnit"))
                return answer(c, UNIT_DONE);
        if (sd_bus_message_is_method_error(m, NULL))
                return answer(c, UNIT_UNKNOWN);
        return get(c, "Job", on_job) < 0 ? answer(c, UNIT_UNKNOWN) : 0;
}

int service_call_ask(sd_bus *bus,
                const ServiceManagerOwner *owner,
                const char *unit,
                void *job,
                ServiceCall **ret) {
        return begin(bus, owner, "GetUnit", unit, on_unit, job, ret);
}

static int on_started(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        ServiceCall *c = userdata;

        c->owner->started(c->job, sd_bus_message_get_error(m), c->owner->userdata);
        return 0;
}

static int refuse(ServiceCall *c, int error, const char *path) {
        _cleanup_(sd_bus_error_free) sd_bus_error e = SD_BUS_ERROR_NULL;
        _cleanup_free_ char *name = NULL;

        if (path && sd_bus_path_decode(path, SYSTEMD_UNITS, &name) > 0)
                (void) sd_bus_error_setf(&e,
                                SYSTEMD ".NoSuchUnit",
                                "it is another name of '%s', whose template Unit= has to name",
                                name);
        else
                (void) sd_bus_error_set_errno(&e, error);
        c->owner->started(c->job, &e, c->owner->userdata);
        return 0;
}

static int on_loaded(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        ServiceCall *c = userdata;
        const char *path;
        int r;

        if (sd_bus_message_is_method_error(m, NULL))
                return on_started(m, c, error);
        r = sd_bus_message_read(m, "o", &path);
        if (r < 0 || !streq(path, c->path))
                return refuse(c, r < 0 ? r : -EBADMSG, r < 0 ? NULL : path);
        c->slot = sd_bus_slot_unref(c->slot);
        r = service_call(c->bus,
                        &c->slot,
                        SYSTEMD_OBJECT,
                        SYSTEMD_MANAGER,
                        "StartUnit",
                        on_started,
                        c,
                        c->unit,
                        "replace");
        return r < 0 ? refuse(c, r, NULL) : 0;
}

int service_call_start(sd_bus *bus,
                const ServiceManagerOwner *owner,
                const char *unit,
                void *job,
                ServiceCall **ret) {
        return begin(bus, owner, "LoadUnit", unit, on_loaded, job, ret);
}
