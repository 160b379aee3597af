/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A bus hands on what one sender says in the order in which it says it, so after the reply to StartUnit
 * there comes no word of the unit from before. A unit is done when it is inactive or failed and no job
 * is queued for it: between two attempts of Restart= it is neither. Signals say both in one word, but
 * also of states that a unit only passes through; so they are the reason to ask. */

#include <systemd/sd-id128.h>

#include "publishers/service-call.h"
#include "publishers/service-manager.h"

#define FROM_SYSTEMD "type='signal',sender='" SYSTEMD "',"

typedef enum Slot {
        SLOT_OWNER,
        SLOT_JOB_NEW,
        SLOT_JOB_REMOVED,
        SLOT_UNIT_REMOVED,
        SLOT_UNIT_CHANGED,
        SLOT_SUBSCRIBE,
        SLOT_STARTED, /* when it was, itself */
        _SLOT_MAX,
} Slot;

struct ServiceManager {
        ServiceManagerOwner owner;
        sd_bus *bus;
        sd_bus_slot *slots[_SLOT_MAX];
        bool is_ready;
};

/* ---- what comes ---- */

static int on_job_new(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        ServiceManager *s = userdata;

        s->owner.shutting_down(true, s->owner.userdata);
        return 0;
}

static JobResult job_result(const char *result) {
        return streq(result, "done")         ? JOB_ENDED_WELL
               : streq(result, "dependency") ? JOB_WAS_IN_VAIN
                                             : JOB_ENDED_BADLY;
}

static int on_job_removed(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        const char *job, *unit, *result;
        ServiceManager *s = userdata;
        uint32_t id;

        if (sd_bus_message_read(m, "uoss", &id, &job, &unit, &result) < 0)
                return 0;
        if (streq(unit, "shutdown.target"))
                s->owner.shutting_down(false, s->owner.userdata);
        else
                s->owner.job_ended(unit, job_result(result), s->owner.userdata);
        return 0;
}

static int on_unit_removed(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        ServiceManager *s = userdata;
        const char *unit;

        if (sd_bus_message_read(m, "s", &unit) >= 0)
                s->owner.unit_is(unit, true, s->owner.userdata);
        return 0;
}

/* Reads a{sv} for ActiveState and Job. Returns > 0 if both are there. */
static int read_state(sd_bus_message *m, const char **ret_state, uint32_t *ret_job) {
        bool has_state = false, has_job = false;
        const char *key;
        int r;

        r = sd_bus_message_enter_container(m, 'a', "{sv}");
        if (r < 0)
                return r;
        while ((r = sd_bus_message_enter_container(m, 'e', "sv")) > 0) {
                r = sd_bus_message_read(m, "s", &key);
                if (r < 0)
                        return r;
                if (streq(key, "ActiveState")) {
                        r = sd_bus_message_read(m, "v", "s", ret_state);
                        has_state = true;
                } else if (streq(key, "Job")) {
                        r = sd_bus_message_read(m, "v", "(uo)", ret_job, NULL);
                        has_job = true;
                } else
                        r = sd_bus_message_skip(m, "v");
                if (r < 0)
                        return r;
                r = sd_bus_message_exit_container(m);
                if (r < 0)
                        return r;
        }
        return r < 0 ? r : has_state && has_job;
}

static int on_unit_changed(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        const char *interface, *state = NULL;
        ServiceManager *s = userdata;
        _cleanup_free_ char *unit = NULL;
        uint32_t job = 0;

        if (sd_bus_path_decode(sd_bus_message_get_path(m), SYSTEMD_UNITS, &unit) <= 0 ||
                        sd_bus_message_read(m, "s", &interface) < 0 ||
                        read_state(m, &state, &job) <= 0)
                return 0;
        s->owner.unit_is(unit, unit_is_at_rest(state) && job == 0, s->owner.userdata);
        return 0;
}

/* ---- calls ---- */

int service_manager_ask(ServiceManager *s, const char *unit, void *job, ServiceCall **ret) {
        return s->is_ready ? service_call_ask(s->bus, &s->owner, unit, job, ret) : -ENOTCONN;
}

int service_manager_start(ServiceManager *s, const char *unit, void *job, ServiceCall **ret) {
        return s->is_ready ? service_call_start(s->bus, &s->owner, unit, job, ret) : -ENOTCONN;
}

/* ---- coming and going ---- */

static void lost(ServiceManager *s) {
        s->slots[SLOT_SUBSCRIBE] = sd_bus_slot_unref(s->slots[SLOT_SUBSCRIBE]);
        s->slots[SLOT_STARTED] = sd_bus_slot_unref(s->slots[SLOT_STARTED]);
        if (!s->is_ready)
                return;
        s->is_ready = false;
        s->owner.gone(s->owner.userdata);
}

static int on_subscribed(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        return 0; /* it was already, or what comes next fails, too */
}

static int on_started_property(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        Incarnation incarnation = {};
        ServiceManager *s = userdata;
        sd_id128_t boot_id;

        if (sd_bus_message_is_method_error(m, NULL) ||
                        sd_bus_message_read(m, "v", "t", &incarnation.started) < 0)
                return 0; /* it is not there, and will be heard of when it is */
        if (sd_id128_get_boot(&boot_id) >= 0)
                memcpy(incarnation.boot_id, boot_id.bytes, sizeof(incarnation.boot_id));
        s->is_ready = true;
        s->owner.ready(&incarnation, s->owner.userdata);
        return 0;
}

/* It says nothing to those who have not subscribed. */
static int greet(ServiceManager *s) {
        int r;

        lost(s);
        r = service_call(s->bus,
                        &s->slots[SLOT_SUBSCRIBE],
                        SYSTEMD_OBJECT,
                        SYSTEMD_MANAGER,
                        "Subscribe",
                        on_subscribed,
                        s,
                        NULL,
                        NULL);
        if (r < 0)
                return r;
        return service_call(s->bus,
                        &s->slots[SLOT_STARTED],
                        SYSTEMD_OBJECT,
                        "org.freedesktop.DBus.Properties",
                        "Get",
                        on_started_property,
                        s,
                        SYSTEMD_MANAGER,
                        "UserspaceTimestampMonotonic");
}

static int on_owner(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        const char *name, *before, *now;
        ServiceManager *s = userdata;

        if (sd_bus_message_read(m, "sss", &name, &before, &now) < 0)
                return 0;
        if (*now)
                (void) greet(s); /* in vain only if the connection is at its end */
        else
                lost(s);
        return 0;
}

static const struct {
        Slot slot;
        const char *match;
        sd_bus_message_handler_t handler;
} matches[] = {
        { SLOT_OWNER,
                        "type='signal',sender='org.freedesktop.DBus',member='NameOwnerChanged',"
                        "arg0='" SYSTEMD "'",
                        on_owner },
        { SLOT_JOB_NEW,
                        FROM_SYSTEMD "interface='" SYSTEMD_MANAGER
                                     "',member='JobNew',arg2='shutdown.target'",
                        on_job_new },
        { SLOT_JOB_REMOVED,
                        FROM_SYSTEMD "interface='" SYSTEMD_MANAGER "',member='JobRemoved'",
                        on_job_removed },
        { SLOT_UNIT_REMOVED,
                        FROM_SYSTEMD "interface='" SYSTEMD_MANAGER "',member='UnitRemoved'",
                        on_unit_removed },
        { SLOT_UNIT_CHANGED,
                        FROM_SYSTEMD "interface='org.freedesktop.DBus.Properties',"
                                     "member='PropertiesChanged',path_namespace='" SYSTEMD_UNITS
                                     "',arg0='org.freedesktop.systemd1.Unit'",
                        on_unit_changed },
};

static void forget_bus(ServiceManager *s) {
        lost(s);
        for (Slot slot = 0; slot < _SLOT_MAX; slot++)
                s->slots[slot] = sd_bus_slot_unref(s->slots[slot]);
        s->bus = sd_bus_unref(s->bus);
}

int service_manager_set_bus(ServiceManager *s, sd_bus *bus) {
        int r;

        forget_bus(s);
        if (!bus)
                return 0;
        s->bus = sd_bus_ref(bus);
        for (size_t i = 0; i < ELEMENTSOF(matches); i++) {
                r = sd_bus_add_match_async(bus,
                                &s->slots[matches[i].slot],
                                matches[i].match,
                                matches[i].handler,
                                NULL,
                                s);
                if (r < 0)
                        return r;
        }
        return greet(s);
}

int service_manager_new(const ServiceManagerOwner *owner, ServiceManager **ret) {
        ServiceManager *s = calloc(1, sizeof(ServiceManager));

        if (!s)
                return -ENOMEM;
        s->owner = *owner;
        *ret = s;
        return 0;
}

ServiceManager *service_manager_free(ServiceManager *s) {
        if (!s)
                return NULL;
        s->is_ready = false; /* nobody is to be told any more */
        forget_bus(s);
        free(s);
        return NULL;
}
