/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <fcntl.h>
#include <limits.h>

#include "bench.h"
#include "message-bus.h"
#include "scratch.h"
#include "service.h"

static char config[PATH_MAX];

static void remove_config(void) {
        (void) unlink(config);
}

void service_start(Child *c, const char *settings) {
        char option[PATH_MAX + 16];

        if (!*config) {
                (void) snprintf(config, sizeof(config), "%s.conf", scratch());
                MUST_ERRNO(atexit(remove_config));
        }
        FILE *f = fopen(config, "we");
        if (!f)
                err(EXIT_FAILURE, "%s", config);
        fprintf(f, "[Manager]\nBus=user\n[Watch bench]\nPath=%s\n%s", scratch(), settings);
        MUST_ERRNO(fclose(f));
        (void) snprintf(option, sizeof(option), "--config=%s", config);
        MUST_ERRNO(setenv("DBUS_SESSION_BUS_ADDRESS", message_bus(), true));
        child_start(c, (const char *[]){ inotifier(), "--user", option, NULL });
        child_expect(c, "Watching, instance");
}

int service_subscribe(void) {
        sd_bus_message *reply;
        sd_bus *bus = message_bus_connect();
        int fd;

        MUST(sd_bus_call_method(bus,
                        SERVICE_NAME,
                        OBJECT_MANAGER,
                        INTERFACE_MANAGER,
                        "Subscribe",
                        NULL,
                        &reply,
                        "a{sv}",
                        0));
        MUST(sd_bus_message_read(reply, "h", &fd));
        fd = (int) MUST_ERRNO(fcntl(fd, F_DUPFD_CLOEXEC, 3));
        sd_bus_message_unref(reply);
        sd_bus_close_unref(bus);
        return fd;
}
