/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Errors by their names on the bus: what they mean here, and what helps. */

#include <stdarg.h>

#include "base/log.h"
#include "base/names.h"
#include "ctl-bus.h"

int ctl_open_bus(const Ctl *c, sd_bus **ret) {
        static int (*const open_bus[_SCOPE_MAX][_TRANSPORT_MAX])(sd_bus **ret, const char *where) = {
                [SCOPE_SYSTEM] = {
                        [TRANSPORT_HOST] = sd_bus_open_system_remote,
                        [TRANSPORT_MACHINE] = sd_bus_open_system_machine,
                },
                [SCOPE_USER] = {
                        [TRANSPORT_MACHINE] = sd_bus_open_user_machine,
                },
        };
        int r;

        if (c->transport == TRANSPORT_LOCAL)
                r = c->scope == SCOPE_USER ? sd_bus_open_user(ret) : sd_bus_open_system(ret);
        else
                r = open_bus[c->scope][c->transport](ret, c->where);
        return r < 0 ? r : 0;
}

int ctl_explain_connection(const Ctl *c, int r) {
        if (c->transport == TRANSPORT_HOST)
                return log_error(r,
                                "Cannot reach '%s': log in there with ssh once, and see that it has "
                                "systemd-stdio-bridge",
                                c->where);
        if (c->transport == TRANSPORT_MACHINE)
                return log_error(r,
                                "Cannot reach machine '%s': see whether machinectl(1) lists it, and "
                                "be root",
                                c->where);
        if (c->scope == SCOPE_USER)
                return log_error(r,
                                "Cannot reach the session bus: log in, or set XDG_RUNTIME_DIR; for the "
                                "system's instance leave out --user");
        return log_error(r, "Cannot reach the system bus: see 'systemctl status dbus'");
}

int ctl_connect(Ctl *c) {
        int r;

        if (c->bus)
                return 0;
        r = ctl_open_bus(c, &c->bus);
        if (r < 0)
                return ctl_explain_connection(c, r);
        return 0;
}

/* "inotifier", or "--user inotifier@NAME": how systemctl is to be told which one. */
#define UNIT "%sinotifier%s%s"
#define UNIT_OF(c)                                                                                 \
        (c)->scope == SCOPE_USER ? "--user " : "", streq((c)->instance, MAIN_INSTANCE) ? "" : "@", \
                        streq((c)->instance, MAIN_INSTANCE) ? "" : (c)->instance

static void say_access(const Ctl *c, const char *message) {
        log_error(0, "Access denied: be root, or, only to look, a member of the group 'inotifier'");
}

static void say_start(const Ctl *c, const char *message) {
        log_error(0,
                        "Instance '%s' is not running: start it with 'systemctl start " UNIT "'",
                        c->instance,
                        UNIT_OF(c));
}

static void say_look(const Ctl *c, const char *message) {
        log_error(0,
                        "Instance '%s' does not answer ('%s'): see 'systemctl status " UNIT "'",
                        c->instance,
                        message,
                        UNIT_OF(c));
}

static void say_list(const Ctl *c, const char *message) {
        log_error(0, "%s: 'inotifierctl list' names those that are there", message);
}

static void say_anew(const Ctl *c, const char *message) {
        log_error(0,
                        "%s: its notices are numbered anew, or these are another instance's; --since=0 "
                        "begins with the oldest that are kept",
                        message);
}

/* FILE:LINE: first, as everywhere. */
static void say_file(const Ctl *c, const char *message) {
        _cleanup_(problems_done) Problems problems = {};

        problem_error(&problems, NULL, 0, "%s", message);
        log_problems(&problems);
}

static void say_connection(const Ctl *c, const char *message) {
        (void) ctl_explain_connection(c, -ECONNRESET);
}

static void say_other(const Ctl *c, const char *message) {
        log_error(0, "Instance '%s' refuses: '%s'", c->instance, message);
}

typedef void (*Advice)(const Ctl *c, const char *message);

/* Names that end in '.' stand for all that begin so. */
static const struct {
        const char *error;
        Advice say;
} advices[] = {
        { SD_BUS_ERROR_ACCESS_DENIED, say_access },
        { SD_BUS_ERROR_INTERACTIVE_AUTHORIZATION_REQUIRED, say_access },
        { SD_BUS_ERROR_SERVICE_UNKNOWN, say_start },
        { SD_BUS_ERROR_NAME_HAS_NO_OWNER, say_start },
        { SD_BUS_ERROR_NO_REPLY, say_look },
        { SD_BUS_ERROR_TIMEOUT, say_look },
        { "org.freedesktop.DBus.Error.Spawn.", say_look },
        { "org.freedesktop.systemd1.", say_look },
        { SD_BUS_ERROR_UNKNOWN_OBJECT, say_list },
        { ERROR_NO_SUCH_WATCH, say_list },
        { ERROR_NO_SUCH_SEQUENCE, say_anew },
        { ERROR_INVALID_CONFIG, say_file },
        { SD_BUS_ERROR_DISCONNECTED, say_connection },
        /* How sd-bus calls what broke while it was being made. */
        { "System.Error.ENOTCONN", say_connection },
        { "System.Error.ECONNRESET", say_connection },
        { "System.Error.EPIPE", say_connection },
};

static Advice find_advice(const char *error) {
        for (size_t i = 0; i < ELEMENTSOF(advices); i++) {
                const char *name = advices[i].error;
                size_t n = strlen(name);

                if (name[n - 1] == '.' ? strncmp(error, name, n) == 0 : streq(error, name))
                        return advices[i].say;
        }
        return say_other;
}

int ctl_explain(const Ctl *c, const sd_bus_error *error, int r) {
        if (sd_bus_error_is_set(error))
                find_advice(error->name)(c, error->message ?: error->name);
        else if (r == -ECONNRESET || r == -ENOTCONN || r == -EPIPE)
                (void) ctl_explain_connection(c, r);
        else
                log_error(r, "Cannot ask instance '%s'", c->instance);
        return r < 0 ? r : -EIO;
}

bool ctl_is_absence(const sd_bus_error *error) {
        static const char *const names[] = {
                SD_BUS_ERROR_SERVICE_UNKNOWN,
                SD_BUS_ERROR_NAME_HAS_NO_OWNER,
                SD_BUS_ERROR_NO_REPLY,
                SD_BUS_ERROR_DISCONNECTED,
        };

        for (size_t i = 0; i < ELEMENTSOF(names); i++)
                if (sd_bus_error_has_name(error, names[i]))
                        return true;
        return false;
}

int ctl_call(Ctl *c,
                const char *path,
                const char *interface,
                const char *member,
                sd_bus_message **ret,
                const char *types,
                ...) {
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        va_list ap;
        int r;

        r = ctl_connect(c);
        if (r < 0)
                return r;
        va_start(ap, types);
        r = sd_bus_call_methodv(
                        c->bus, c->service, path, interface, member, &error, ret, types, ap);
        va_end(ap);
        return r < 0 ? ctl_explain(c, &error, r) : 0;
}

int ctl_no_such_watch(const char *name) {
        return log_error(0, "No watch '%s': 'inotifierctl list' names those that are there", name),
               -ENXIO;
}
