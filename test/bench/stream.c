/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What an event costs on its way from the kernel's queue to those who read the stream, against a bare loop
 * of read(2); and what memory that takes. The queue is filled first, and the readers are another process:
 * nothing but our own work is measured. */

#include <poll.h>
#include <sys/epoll.h>
#include <sys/resource.h>

#include "bare.h"
#include "bench.h"
#include "child.h"
#include "config.h"
#include "publishers/stream.h"
#include "scratch.h"
#include "watch.h"

#define N_READERS_MAX 100U

static unsigned n_files; /* whose events fill the queue */
static sd_event *event;
static History *history;
static Publisher *stream;

static void wrote(Watch *w, void *userdata) {
        publisher_wake(stream);
}

static void ignore(Watch *w, void *userdata) {
}

typedef struct Readers {
        int fds[N_READERS_MAX];
        unsigned n;
        uint64_t n_lines; /* that they are to read in all, each time */
} Readers;

/* Reads all there is; writes a byte whenever all lines are there. */
static void read_lines(int out, void *userdata) {
        static char buffer[256 * 1024];
        const Readers *r = userdata;
        struct pollfd polls[N_READERS_MAX];
        uint64_t n_lines = 0;

        for (unsigned i = 0; i < r->n; i++)
                polls[i] = (struct pollfd){ .fd = r->fds[i], .events = POLLIN };
        while (MUST_ERRNO(poll(polls, r->n, -1)) > 0)
                for (unsigned i = 0; i < r->n; i++) {
                        if (polls[i].revents == 0)
                                continue;
                        ssize_t n = read(r->fds[i], buffer, sizeof(buffer));
                        if (n <= 0)
                                return;
                        for (char *p = buffer; (p = memchr(p, '\n', (size_t) (buffer + n - p)));
                                        p++)
                                n_lines++;
                        if (n_lines == r->n_lines) {
                                n_lines = 0;
                                MUST_ERRNO(write(out, "", 1));
                        }
                }
}

static int on_read(sd_event_source *source, int fd, uint32_t revents, void *userdata) {
        char byte;

        if (read(fd, &byte, 1) != 1)
                errx(EXIT_FAILURE, "The readers are gone");
        *(bool *) userdata = true;
        return 0;
}

/* Nanoseconds of CPU per event until the readers have it all. */
static double flood(bool *is_read) {
        scratch_touch(n_files, 0, 1);
        *is_read = false;
        double began = bench_cpu();
        while (!*is_read)
                MUST(sd_event_run(event, UINT64_MAX));
        return (bench_cpu() - began) * 1e9 / (n_files * EVENTS_PER_FILE);
}

static double measure(const Config *config, unsigned n_readers) {
        WatchContext context = {
                .event = event,
                .history = history,
                .state_fd = -EBADF,
                .owner = { wrote, ignore, ignore, NULL },
        };
        Readers readers = { .n = n_readers };
        sd_event_source *source = NULL;
        bool is_read = false;
        Watch *watch;
        Child child;

        MUST(watch_new(&context, config->watches[0], false, &watch));
        watch_finish_scans(watch);
        watch_drain(watch);
        for (unsigned i = 0; i < n_readers; i++)
                MUST(stream_subscribe(stream, &(StreamOptions){}, &readers.fds[i]));
        readers.n_lines = (uint64_t) n_readers * n_files * EVENTS_PER_FILE;
        child_fork(&child, read_lines, &readers);
        for (unsigned i = 0; i < n_readers; i++)
                safe_close(readers.fds[i]);
        MUST(sd_event_add_io(event, &source, child.out, EPOLLIN, on_read, &is_read));
        (void) flood(&is_read); /* what is made at the first use is no cost of an event */
        double figure = flood(&is_read);
        sd_event_source_disable_unref(source);
        (void) child_end(&child);
        watch_free(watch);
        while (stream_n_subscribers(stream) > 0)
                MUST(sd_event_run(event, UINT64_MAX));
        return figure;
}

static Config *make_config(void) {
        ConfigSource source = { .scope = SCOPE_SYSTEM, .instance = "bench" };
        _cleanup_(problems_done) Problems problems = {};
        _cleanup_(buffer_done) Buffer text = {};
        Config *config;

        buffer_add_string(&text, "[Watch bench]\nPublish=stream\nPath=");
        buffer_add_string(&text, scratch());
        buffer_add_string(&text, "\n");
        MUST(config_load_memory(&source, "bench", text.data, text.length, &problems, &config));
        return config;
}

int main(int argc, char *argv[]) {
        static const struct {
                unsigned n_readers;
                double at_most;
                const char *what;
        } cases[] = {
                { 1, 1.6, "queue to one stream subscriber" },
                { 4, 1.8, "the same, four" },
                { 100, 40, "the same, a hundred" },
        };
        Samples base = {}, ours[ELEMENTSOF(cases)] = {};

        bench_start(argc, argv, "stream");
        n_files = bench_n(4000, 100);
        MUST(sd_event_new(&event));
        MUST(history_new(UINT64_C(16) * 1024 * 1024, &history));
        MUST(stream_publisher_new(event, history, &stream));
        _cleanup_(config_freep) Config *config = make_config();
        for (unsigned i = bench_n(10, 0); i > 0; i--) /* until the ring has been round */
                (void) measure(config, 1);
        for (unsigned i = bench_n(11, 1); i > 0; i--) {
                samples_add(&base, bare_read(0, n_files));
                for (size_t k = 0; k < ELEMENTSOF(cases); k++)
                        samples_add(&ours[k], measure(config, cases[k].n_readers));
        }
        for (size_t k = 0; k < ELEMENTSOF(cases); k++) {
                Samples ratio = samples_ratio(&ours[k], &base);

                bench_row(&ratio,
                                "x",
                                cases[k].at_most,
                                cases[k].what,
                                "%.0f ns an event, a bare read(2) loop %.0f",
                                samples_median(&ours[k]),
                                samples_median(&base));
        }
        publisher_free(stream);
        history_free(history);
        sd_event_unref(event);
        return EXIT_SUCCESS;
}
