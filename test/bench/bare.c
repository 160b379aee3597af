/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <sys/inotify.h>

#include "bare.h"
#include "bench.h"
#include "scratch.h"

double bare_read(unsigned i, unsigned n_files) {
        _cleanup_close_ int fd = (int) MUST_ERRNO(inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
        size_t n_bytes = n_files * EVENTS_PER_FILE * EVENT_SIZE, n_read = 0;
        _cleanup_(buffer_done) Buffer path = {};
        static char buffer[64 * 1024];
        ssize_t n;

        scratch_path(i, &path);
        MUST_ERRNO(inotify_add_watch(fd, path.data, IN_ALL_EVENTS));
        scratch_touch(n_files, i, 1);
        double began = bench_cpu();
        while ((n = read(fd, buffer, sizeof(buffer))) > 0)
                n_read += (size_t) n;
        double cpu = bench_cpu() - began;
        if (n_read != n_bytes)
                errx(EXIT_FAILURE, "The bare loop has read %zu bytes only", n_read);
        return cpu * 1e9 / (n_files * EVENTS_PER_FILE);
}
