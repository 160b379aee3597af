/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What a signal on the bus costs: the publisher, from the history, against a bare loop that sends the
 * same signals and as well waits for the bus before it has sent too many. */

#include "publishers/bus.h"
#include "bench.h"
#include "message-bus.h"

#define WINDOW 256U /* signals before the bus is asked whether it is still there */

typedef struct Cost {
        double cpu, seconds;
} Cost;

static unsigned n_signals;

static Notice make_notice(unsigned i) {
        static char path[64];
        Notice n = {
                .member = MEMBER_IN_CLOSE_WRITE,
                .mask = IN_CLOSE_WRITE,
                .sequence = i + 1,
                .usec = 1763629200000000,
                .path = path,
                .watch = "bench",
        };

        n.path_len = (size_t) snprintf(path, sizeof(path), "/srv/dicom/incoming/file-%08u.dcm", i);
        return n;
}

/* Waits until the bus has taken all. */
static void ask(sd_bus *bus) {
        MUST(sd_bus_call_method(bus,
                        "org.freedesktop.DBus",
                        "/org/freedesktop/DBus",
                        "org.freedesktop.DBus",
                        "GetId",
                        NULL,
                        NULL,
                        NULL));
}

static Cost bare(void) {
        sd_bus *bus = message_bus_connect();
        Cost cost;

        ask(bus);
        cost = (Cost){ -bench_cpu(), -bench_clock() };
        for (unsigned i = 0; i < n_signals; i++) {
                Notice n = make_notice(i);
                MUST(message_bus_emit(bus, &n));
                if (i % WINDOW == WINDOW - 1)
                        ask(bus);
        }
        ask(bus);
        cost.cpu += bench_cpu();
        cost.seconds += bench_clock();
        sd_bus_close_unref(bus);
        return cost;
}

static Cost ours(void) {
        sd_bus *bus = message_bus_connect();
        History *history;
        Publisher *p;
        sd_event *event;
        Cost cost;

        MUST(sd_event_new(&event));
        MUST(sd_bus_attach_event(bus, event, 0));
        MUST(history_new(UINT64_C(64) * 1024 * 1024, &history));
        MUST(bus_publisher_new(event, history, &p));
        bus_publisher_set_bus(p, bus);
        ask(bus);
        for (unsigned i = 0; i < n_signals; i++) {
                Notice n = make_notice(i);
                MUST(history_append(history, &n, 1U << PUBLISHER_BUS));
        }
        cost = (Cost){ -bench_cpu(), -bench_clock() };
        publisher_wake(p);
        while (!publisher_is_done(p))
                MUST(sd_event_run(event, UINT64_MAX));
        ask(bus);
        cost.cpu += bench_cpu();
        cost.seconds += bench_clock();
        publisher_free(p);
        history_free(history);
        sd_bus_close_unref(bus);
        sd_event_unref(event);
        return cost;
}

int main(int argc, char *argv[]) {
        Samples base_cpu = {}, base_time = {}, cpu = {}, time = {}, ratio;

        bench_start(argc, argv, "bus");
        n_signals = bench_n(50000, 500);
        for (unsigned i = bench_n(9, 1); i > 0; i--) {
                Cost base = bare(), own = ours();

                samples_add(&base_cpu, base.cpu * 1e6 / n_signals);
                samples_add(&base_time, base.seconds * 1e6 / n_signals);
                samples_add(&cpu, own.cpu * 1e6 / n_signals);
                samples_add(&time, own.seconds * 1e6 / n_signals);
        }
        ratio = samples_ratio(&cpu, &base_cpu);
        bench_row(&ratio,
                        "x",
                        1.1,
                        "CPU for a signal, to a bare sd-bus loop",
                        "%.1f us, bare %.1f",
                        samples_median(&cpu),
                        samples_median(&base_cpu));
        ratio = samples_ratio(&time, &base_time);
        bench_row(&ratio,
                        "x",
                        1 / 0.9,
                        "time for a signal, to the same",
                        "%.0f a second, bare %.0f",
                        1e6 / samples_median(&time),
                        1e6 / samples_median(&base_time));
        return EXIT_SUCCESS;
}
