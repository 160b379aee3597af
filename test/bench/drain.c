/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What an event costs on its way from the kernel's queue into the history, with nobody listening,
 * against a bare loop of read(2). The queues are filled first: nothing but the reading is measured. */

#include <inttypes.h>

#include "bare.h"
#include "bench.h"
#include "config.h"
#include "scratch.h"
#include "watch.h"

#define N_QUEUES_MAX 8U

/* What is compared: `n_watches` of the directories `first` and below. */
typedef struct Case {
        const char *settings;
        unsigned n_watches;
        unsigned first, n_directories;
} Case;

static void ignore(Watch *w, void *userdata) {
}

static const WatchOwner owner = { ignore, ignore, ignore, NULL };
static unsigned n_files; /* whose events fill a queue */
static sd_event *event;
static History *history;

/* Nanoseconds of CPU per event. */
static double per_event(double began, unsigned n_queues) {
        return (bench_cpu() - began) * 1e9 / (n_queues * n_files * EVENTS_PER_FILE);
}

static Config *make_config(const Case *c) {
        ConfigSource source = { .scope = SCOPE_SYSTEM, .instance = "bench" };
        _cleanup_(problems_done) Problems problems = {};
        _cleanup_(buffer_done) Buffer text = {}, path = {};
        Config *config;

        scratch_path(c->first, &path);
        for (unsigned i = 0; i < c->n_watches; i++) {
                buffer_add_string(&text, "[Watch bench-");
                buffer_add_u64(&text, i);
                buffer_add_string(&text, "]\nRecursive=yes\nPublish=none\nPath=");
                buffer_add_string(&text, path.data);
                buffer_add_string(&text, c->settings);
        }
        MUST(config_load_memory(&source, "bench", text.data, text.length, &problems, &config));
        return config;
}

static double drain(Watch *const *watches, const Case *c) {
        uint64_t n_events = (uint64_t) n_files * EVENTS_PER_FILE * c->n_watches;
        uint64_t before = history_newest(history);

        scratch_touch(n_files, c->first, c->n_directories);
        double began = bench_cpu();
        for (unsigned i = 0; i < c->n_watches; i++)
                watch_drain(watches[i]);
        double figure = per_event(began, c->n_watches);
        uint64_t n = history_newest(history) - before;
        if (n != n_events)
                errx(EXIT_FAILURE, "%" PRIu64 " notices of %" PRIu64 " events", n, n_events);
        return figure;
}

static double ours(const Case *c) {
        _cleanup_(config_freep) Config *config = make_config(c);
        const WatchContext context = {
                .event = event,
                .history = history,
                .state_fd = -EBADF,
                .owner = owner,
        };
        Watch *watches[N_QUEUES_MAX];

        for (unsigned i = 0; i < c->n_watches; i++) {
                MUST(watch_new(&context, config->watches[i], false, &watches[i]));
                watch_finish_scans(watches[i]);
        }
        for (unsigned i = 0; i < c->n_watches; i++)
                watch_drain(watches[i]); /* each has seen the others look */
        (void) drain(watches, c);        /* what is made at the first use is no cost of an event */
        double figure = drain(watches, c);
        for (unsigned i = 0; i < c->n_watches; i++)
                watch_free(watches[i]);
        return figure;
}

int main(int argc, char *argv[]) {
        Samples base = {}, one = {}, many = {}, filtered = {};

        bench_start(argc, argv, "drain");
        unsigned n_rounds = bench_n(11, 1), n_directories = bench_n(100000, 100);
        n_files = bench_n(4000, 100);
        Case one_directory = { "\n", 1, n_directories - 1, 1 };
        Case many_directories = { "\n", 1, 0, n_directories };
        Case filters = { "\nInclude=*.x\nExclude=.*\n", 8, n_directories - 1, 1 };

        MUST(sd_event_new(&event));
        MUST(history_new(UINT64_C(16) * 1024 * 1024, &history));
        scratch_grow(n_directories, 0);
        for (unsigned i = bench_n(10, 0); i > 0; i--) /* until the ring has been round */
                (void) ours(&one_directory);
        for (unsigned i = 0; i < n_rounds; i++) {
                samples_add(&base, bare_read(one_directory.first, n_files));
                samples_add(&one, ours(&one_directory));
                samples_add(&many, ours(&many_directories));
                samples_add(&filtered, ours(&filters));
        }
        Samples one_ratio = samples_ratio(&one, &base), many_ratio = samples_ratio(&many, &one);
        Samples filtered_ratio = samples_ratio(&filtered, &base);
        Samples added = samples_difference(&filtered_ratio, &one_ratio);
        bench_row(&one_ratio,
                        "x",
                        1.4,
                        "queue to history, nobody listening",
                        "%.0f ns an event, a bare read(2) loop %.0f",
                        samples_median(&one),
                        samples_median(&base));
        bench_row(&many_ratio,
                        "x",
                        1.2,
                        "the same, 100,000 directories, to one",
                        "%.0f ns an event",
                        samples_median(&many));
        bench_row(&added,
                        "more",
                        0.5,
                        "the same, eight watches that filter",
                        "%.0f ns an event",
                        samples_median(&filtered));
        history_free(history);
        sd_event_unref(event);
        return EXIT_SUCCESS;
}
