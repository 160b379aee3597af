/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* How long it takes until a large tree is being watched, against find(1), which only lists it: CPU time,
 * as all is in the cache. */

#include <ftw.h>
#include <sys/inotify.h>

#include "bench.h"
#include "child.h"
#include "scratch.h"

static unsigned n_directories;
static int fd;

static int add(const char *path, const struct stat *st, int type, struct FTW *ftw) {
        if (type == FTW_D)
                MUST_ERRNO(inotify_add_watch(fd, path, IN_ALL_EVENTS));
        return 0;
}

/* What anyone would write. */
static double bare(void) {
        double began = bench_cpu();

        fd = (int) MUST_ERRNO(inotify_init1(IN_CLOEXEC));
        MUST_ERRNO(nftw(scratch(), add, 64, FTW_PHYS));
        double figure = bench_cpu() - began;
        fd = safe_close(fd);
        return figure;
}

static double find(void) {
        Child c;

        child_start(&c,
                        (const char *[]){ "find",
                                        scratch(),
                                        "-type",
                                        "d",
                                        "-fprint",
                                        "/dev/null",
                                        NULL });
        return child_wait(&c);
}

/* Ready means watching: counts what the kernel knows of. */
static unsigned count_watches(pid_t pid) {
        char command[128];
        unsigned n = 0;

        (void) snprintf(command,
                        sizeof(command),
                        "cat /proc/%d/fdinfo/* 2>/dev/null | grep --count ^inotify",
                        pid);
        FILE *f = popen(command, "re");
        if (!f || fscanf(f, "%u", &n) != 1)
                errx(EXIT_FAILURE, "Cannot count watches");
        (void) pclose(f);
        return n;
}

static double ours(const char *processor) {
        Child c;

        child_start(&c, (const char *[]){ inotifier(), "-r", "-p", processor, scratch(), NULL });
        child_expect(&c, "Watches established.");
        double figure = child_cpu(&c);
        unsigned n = count_watches(c.pid);
        if (n < n_directories)
                errx(EXIT_FAILURE, "Ready with %u of %u directories watched", n, n_directories);
        (void) child_end(&c);
        return figure;
}

static Samples base, walk;

static void print(const Samples *ours_ms, double at_most, const char *what) {
        Samples ratio = samples_ratio(ours_ms, &base);

        bench_row(&ratio,
                        "x",
                        at_most,
                        what,
                        "%.0f ms, find -type d %.0f, nftw(3) and inotify_add_watch(2) %.0f",
                        samples_median(ours_ms),
                        samples_median(&base),
                        samples_median(&walk));
}

int main(int argc, char *argv[]) {
        Samples plain = {}, recovering = {};

        bench_start(argc, argv, "startup");
        unsigned n_rounds = bench_n(7, 1);
        n_directories = bench_n(100000, 100);
        scratch_grow(n_directories, 1);
        (void) find(); /* warms the cache */
        for (unsigned i = 0; i < n_rounds; i++) {
                samples_add(&base, find() * 1e3);
                samples_add(&walk, bare() * 1e3);
                samples_add(&plain, ours("all") * 1e3);
                samples_add(&recovering, ours("create") * 1e3);
        }
        print(&plain, 0.7, "100,000 directories to find, Recover=no");
        print(&recovering, 1.3, "the same with a file in each, Recover=yes");
        return EXIT_SUCCESS;
}
