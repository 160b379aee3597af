/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A subscriber in C: prints each file that has arrived below a directory, `arrivals /srv/dicom/`. */

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <systemd/sd-bus.h>

static int on_create(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        const char *path;
        uint32_t mask, cookie;
        uint64_t sequence, usec;
        int r;

        r = sd_bus_message_read(m, "suutt", &path, &mask, &cookie, &sequence, &usec);
        if (r < 0)
                return r;
        printf("%" PRIu64 " %s\n", sequence, path);
        return fflush(stdout);
}

int main(int argc, char *argv[]) {
        sd_bus *bus = NULL;
        char match[4096];
        int r;

        (void) snprintf(match,
                        sizeof(match),
                        "type='signal',sender='org.inotifier1',interface='org.inotifier1.Watch',"
                        "member='InCreate',arg0path='%s'",
                        argc > 1 ? argv[1] : "/");
        r = sd_bus_open_system(&bus);
        if (r >= 0)
                r = sd_bus_add_match(bus, NULL, match, on_create, NULL);
        while (r >= 0) {
                r = sd_bus_process(bus, NULL);
                if (r == 0)
                        r = sd_bus_wait(bus, UINT64_MAX);
        }
        fprintf(stderr, "%s\n", strerror(-r));
        return 1;
}
