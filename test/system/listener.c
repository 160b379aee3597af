/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A client of the stream for the system tests: `listener SOCKET` connects, says so on stderr, and copies
 * what comes to stdout. `listener --quiet N SOCKET` does so N times, and drops it. `listener --subscribe OPTION=VALUE...` has a stream of its own from the bus:
 * since=N, initial=yes, watches=NAME, events=NAME. */

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <systemd/sd-bus.h>

#include "base/macros.h"

static int copy(int fd) {
        char buffer[65536];
        ssize_t n;

        (void) fputs("connected\n", stderr);
        while ((n = read(fd, buffer, sizeof(buffer))) > 0)
                if (write(STDOUT_FILENO, buffer, (size_t) n) != n)
                        return -errno;
        return n < 0 ? -errno : 0;
}

static int open_socket(const char *path) {
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        int fd;

        (void) snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
        fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (fd < 0 || connect(fd, (struct sockaddr *) &address, sizeof(address)) < 0)
                return -errno;
        return fd;
}

static int connect_to(const char *path) {
        int fd = open_socket(path);

        return fd < 0 ? fd : copy(fd);
}

/* Many who read and say nothing. */
static int drop_all(unsigned n, const char *path) {
        struct pollfd *polls = calloc(n, sizeof(struct pollfd));
        char buffer[65536];

        if (!polls)
                return -ENOMEM;
        for (unsigned i = 0; i < n; i++) {
                polls[i] = (struct pollfd){ .fd = open_socket(path), .events = POLLIN };
                if (polls[i].fd < 0)
                        return polls[i].fd;
        }
        (void) fputs("connected\n", stderr);
        while (poll(polls, n, -1) > 0)
                for (unsigned i = 0; i < n; i++)
                        if (polls[i].revents != 0 && read(polls[i].fd, buffer, sizeof(buffer)) <= 0)
                                return -ECONNRESET;
        return -errno;
}

static int append_option(sd_bus_message *m, const char *name, const char *value) {
        if (streq(name, "since"))
                return sd_bus_message_append(m, "{sv}", name, "t", strtoull(value, NULL, 10));
        if (streq(name, "initial"))
                return sd_bus_message_append(m, "{sv}", name, "b", (int) streq(value, "yes"));
        return sd_bus_message_append(m, "{sv}", name, "as", 1, value);
}

static int subscribe(char *options[]) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL, *reply = NULL;
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        sd_bus *bus;
        int fd, r;

        r = sd_bus_default_system(&bus);
        if (r < 0)
                return r;
        r = sd_bus_message_new_method_call(bus,
                        &m,
                        "org.inotifier1",
                        "/org/inotifier1",
                        "org.inotifier1.Manager",
                        "Subscribe");
        if (r < 0)
                return r;
        r = sd_bus_message_open_container(m, 'a', "{sv}");
        for (; *options && r >= 0; options++) {
                char *value = strchr(*options, '=');

                if (!value)
                        return -EINVAL;
                *value = '\0';
                r = append_option(m, *options, value + 1);
        }
        if (r >= 0)
                r = sd_bus_message_close_container(m);
        if (r < 0)
                return r;
        r = sd_bus_call(bus, m, 0, &error, &reply);
        if (r < 0) {
                fprintf(stderr, "%s: %s\n", error.name, error.message);
                return r;
        }
        r = sd_bus_message_read(reply, "h", &fd);
        return r < 0 ? r : copy(fd);
}

int main(int argc, char *argv[]) {
        int r;

        if (argc < 2)
                return EXIT_FAILURE;
        if (streq(argv[1], "--subscribe"))
                r = subscribe(argv + 2);
        else if (streq(argv[1], "--quiet") && argc == 4)
                r = drop_all((unsigned) strtoul(argv[2], NULL, 10), argv[3]);
        else
                r = connect_to(argv[1]);
        if (r < 0)
                fprintf(stderr, "%s\n", strerror(-r));
        return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
