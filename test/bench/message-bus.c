/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* dbus-daemon on a socket in the scratch directory's neighbourhood, which is abstract: nothing is left. */

#include "message-bus.h"
#include "bench.h"
#include "child.h"

const char *message_bus(void) {
        static char address[256];
        static Child daemon;
        ssize_t n;

        if (*address)
                return address;
        child_start(&daemon,
                        (const char *[]){ "dbus-daemon",
                                        "--session",
                                        "--nofork",
                                        "--nopidfile",
                                        "--nosyslog",
                                        "--print-address",
                                        "--address=unix:tmpdir=/tmp",
                                        NULL });
        n = read(daemon.out, address, sizeof(address) - 1);
        if (n <= 0)
                errx(EXIT_FAILURE, "No dbus-daemon can be started");
        address[strcspn(address, "\n")] = '\0';
        return address;
}

sd_bus *message_bus_connect(void) {
        sd_bus *bus;

        MUST(sd_bus_new(&bus));
        MUST(sd_bus_set_address(bus, message_bus()));
        MUST(sd_bus_set_bus_client(bus, true));
        MUST(sd_bus_set_trusted(bus, true));
        MUST(sd_bus_start(bus));
        return bus;
}

int message_bus_emit(sd_bus *bus, const Notice *n) {
        return sd_bus_emit_signal(bus,
                        OBJECT_WATCH_PREFIX "/bench",
                        INTERFACE_WATCH,
                        member_names[n->member].signal,
                        "suutta{sv}",
                        n->path,
                        n->mask,
                        n->cookie,
                        n->sequence,
                        n->usec,
                        0);
}
