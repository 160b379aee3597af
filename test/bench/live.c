/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A writer at full speed, and a reader that is told of all of it, on a stream or a pipe: what telling costs, and
 * how much is lost, against inotifywait(1). */

#include <fcntl.h>
#include <limits.h>
#include <poll.h>

#include "bench.h"
#include "child.h"
#include "scratch.h"
#include "service.h"

#define LAST "the-last-one"

static unsigned n_files;

static void write_files(int out, void *userdata) {
        scratch_touch(n_files, 0, 1);
}

static void touch_last(void) {
        char path[PATH_MAX];

        (void) snprintf(path, sizeof(path), "%s/" LAST, scratch());
        safe_close((int) MUST_ERRNO(creat(path, 0644)));
        MUST_ERRNO(unlink(path));
}

/* Lines up to the one that tells of the last file. It is touched when nothing has come for a while: if
 * it is lost with others, it is touched again. */
static uint64_t read_lines(int fd) {
        static char buffer[256 * 1024];
        struct pollfd p = { .fd = fd, .events = POLLIN };
        uint64_t n_lines = 0;
        size_t length = 0; /* of a line that has no end yet */

        for (;;) {
                if (MUST_ERRNO(poll(&p, 1, 500)) == 0) {
                        touch_last();
                        continue;
                }
                size_t n = (size_t) MUST_ERRNO(read(fd, buffer + length, sizeof(buffer) - length));
                if (n == 0)
                        errx(EXIT_FAILURE, "There is nobody who tells");
                char *line = buffer, *end = buffer + length + n, *newline;
                for (; (newline = memchr(line, '\n', (size_t) (end - line))); line = newline + 1) {
                        if (memmem(line, (size_t) (newline - line), LAST, strlen(LAST)))
                                return n_lines;
                        n_lines++;
                }
                length = (size_t) (end - line);
                memmove(buffer, line, length);
        }
}

/* Who tells: one that does so on its stdout, or our service, NULL. */
static void measure(const char *const argv[], Samples *ret_cpu, Samples *ret_lost) {
        uint64_t n_events = (uint64_t) n_files * EVENTS_PER_FILE, n_lines;
        _cleanup_close_ int fd = -EBADF;
        Child teller, writer;

        if (argv) {
                child_start(&teller, argv);
                child_expect(&teller, "Watches established.");
        } else {
                service_start(&teller, "Recursive=yes\nPublish=stream\n");
                fd = service_subscribe();
        }
        double began = child_cpu(&teller);
        child_fork(&writer, write_files, NULL);
        n_lines = read_lines(fd >= 0 ? fd : teller.out);
        samples_add(ret_cpu, child_cpu(&teller) - began);
        samples_add(ret_lost, (double) n_events - (double) MIN_OF(n_lines, n_events));
        (void) child_wait(&writer);
        (void) child_end(&teller);
}

int main(int argc, char *argv[]) {
        Samples base = {}, base_lost = {}, ours = {}, lost = {}, ratio;

        bench_start(argc, argv, "live");
        n_files = bench_n(250000, 250);
        for (unsigned i = bench_n(5, 1); i > 0; i--) {
                measure((const char *[]){ "inotifywait", "-m", "-r", scratch(), NULL },
                                &base,
                                &base_lost);
                measure(NULL, &ours, &lost);
        }
        ratio = samples_ratio(&ours, &base);
        bench_row(&ratio,
                        "x",
                        0.4,
                        "1,000,000 events at full speed, to inotifywait",
                        "%.2f s of CPU, inotifywait %.2f s",
                        samples_median(&ours),
                        samples_median(&base));
        bench_row(&lost, "lost", 0, "of them", "inotifywait %.0f", samples_median(&base_lost));
        return EXIT_SUCCESS;
}
