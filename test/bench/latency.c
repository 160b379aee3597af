/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* From what happens to a file until a subscriber has been told, 200 times a second: on a stream and on
 * a message bus, against bare loops that do nothing else. */

#include <fcntl.h>
#include <limits.h>
#include <sys/inotify.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>

#include "bench.h"
#include "child.h"
#include "message-bus.h"
#include "scratch.h"
#include "service.h"

#define PERIOD_NSEC 5000000L
#define N_MAX 1024U

static unsigned n_events;
static char file[PATH_MAX];

typedef struct Latency {
        Samples p50, p99;
} Latency;

/* Returns when one more notice has come. */
typedef void (*Receive)(void *userdata);

static void measure(Receive receive, void *userdata, Latency *ret) {
        double usec[N_MAX];
        struct timespec next;

        MUST_ERRNO(clock_gettime(CLOCK_MONOTONIC, &next));
        for (unsigned i = 0; i < n_events; i++) {
                next.tv_nsec += PERIOD_NSEC;
                if (next.tv_nsec >= 1000000000L) {
                        next.tv_nsec -= 1000000000L;
                        next.tv_sec++;
                }
                while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &next, NULL) != 0)
                        ;
                double began = bench_clock();
                MUST_ERRNO(chmod(file, i % 2 == 0 ? 0600 : 0644));
                receive(userdata);
                usec[i] = (bench_clock() - began) * 1e6;
        }
        samples_add(&ret->p50, quantile(usec, n_events, 0.5));
        samples_add(&ret->p99, quantile(usec, n_events, 0.99));
}

static int watch_scratch(void) {
        int fd = (int) MUST_ERRNO(inotify_init1(IN_CLOEXEC));

        MUST_ERRNO(inotify_add_watch(fd, scratch(), IN_ATTRIB));
        (void) fputs("Watches established.\n", stderr);
        return fd;
}

static void bare_stream(int out, void *userdata) {
        static const char line[] = "{\"event\":\"in_attrib\",\"path\":\"/tmp/somewhere/file\"}\n";
        int fd = watch_scratch();
        char buffer[4096];

        while (read(fd, buffer, sizeof(buffer)) > 0)
                MUST_ERRNO(write(*(int *) userdata, line, sizeof(line) - 1));
}

static void receive_line(void *userdata) {
        char buffer[4096];

        if (read(*(int *) userdata, buffer, sizeof(buffer)) <= 0)
                errx(EXIT_FAILURE, "There is nobody who tells");
}

static void bare_bus(int out, void *userdata) {
        sd_bus *bus = message_bus_connect();
        int fd = watch_scratch();
        char buffer[4096];
        Notice n = { .member = MEMBER_IN_ATTRIB, .mask = IN_ATTRIB, .path = file };

        while (read(fd, buffer, sizeof(buffer)) > 0) {
                n.sequence++;
                MUST(message_bus_emit(bus, &n));
                MUST(sd_bus_flush(bus));
        }
}

typedef struct Subscriber {
        sd_bus *bus;
        unsigned n_received;
} Subscriber;

static int on_signal(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        ((Subscriber *) userdata)->n_received++;
        return 0;
}

static void receive_signal(void *userdata) {
        Subscriber *s = userdata;
        unsigned before = s->n_received;

        while (s->n_received == before) {
                if (MUST(sd_bus_process(s->bus, NULL)) == 0)
                        MUST(sd_bus_wait(s->bus, UINT64_MAX));
        }
}

static void print(const char *what, const char *unit, const Samples *ours, const Samples *base) {
        Samples ratio = samples_ratio(ours, base);

        bench_row(&ratio,
                        "x",
                        2,
                        what,
                        "%s: %.0f us, bare %.0f",
                        unit,
                        samples_median(ours),
                        samples_median(base));
}

#define SETTINGS "Events=attrib\nProcessor=all\n"

static void measure_stream(Latency *ret, bool is_ours) {
        int fds[2] = { -EBADF, -EBADF };
        Child c;

        if (is_ours) {
                service_start(&c, SETTINGS "Publish=stream\n");
                fds[0] = service_subscribe();
        } else {
                MUST_ERRNO(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds));
                child_fork(&c, bare_stream, &fds[1]);
                fds[1] = safe_close(fds[1]);
                child_expect(&c, "Watches established.");
        }
        measure(receive_line, &fds[0], ret);
        (void) child_end(&c);
        safe_close(fds[0]);
}

static void measure_bus(Latency *ret, bool is_ours) {
        Subscriber s = { .bus = message_bus_connect() };
        Child c;

        MUST(sd_bus_match_signal(s.bus, NULL, NULL, NULL, INTERFACE_WATCH, NULL, on_signal, &s));
        if (is_ours)
                service_start(&c, SETTINGS "Publish=bus\n");
        else {
                child_fork(&c, bare_bus, NULL);
                child_expect(&c, "Watches established.");
        }
        measure(receive_signal, &s, ret);
        (void) child_end(&c);
        sd_bus_close_unref(s.bus);
}

int main(int argc, char *argv[]) {
        Latency stream[2] = {}, bus[2] = {};

        bench_start(argc, argv, "latency");
        n_events = bench_n(400, 10);
        (void) snprintf(file, sizeof(file), "%s/file", scratch());
        safe_close((int) MUST_ERRNO(creat(file, 0644)));
        for (unsigned i = bench_n(5, 1); i > 0; i--)
                for (int is_ours = 0; is_ours < 2; is_ours++) {
                        measure_stream(&stream[is_ours], is_ours);
                        measure_bus(&bus[is_ours], is_ours);
                }
        print("event to a stream subscriber, to a bare loop",
                        "p50",
                        &stream[true].p50,
                        &stream[false].p50);
        print("the same", "p99", &stream[true].p99, &stream[false].p99);
        print("event to a bus subscriber, to a bare loop", "p50", &bus[true].p50, &bus[false].p50);
        print("the same", "p99", &bus[true].p99, &bus[false].p99);
        return EXIT_SUCCESS;
}
