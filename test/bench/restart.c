/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* How long it takes from exec to READY=1, with and without a stored descriptor, for a large tree that is
 * in the cache; and what is kept meanwhile. The service manager is this program. */

#include "../unit/service.h"
#include "bench.h"
#include "child.h"
#include "scratch.h"

static Service service;

static usec_t cpu_of(pid_t pid) {
        struct timespec t = {};
        clockid_t clock;

        if (clock_getcpuclockid(pid, &clock) != 0 || clock_gettime(clock, &t) < 0)
                errx(EXIT_FAILURE, "Cannot ask for the CPU time of %d", pid);
        return (usec_t) t.tv_sec * USEC_PER_SEC + (usec_t) t.tv_nsec / 1000;
}

/* Returns the CPU time until it was ready. */
static double start(double *ret_elapsed_ms) {
        usec_t started = clock_usec();

        service_start(&service, NULL);
        if (!service_wait_ready(&service))
                errx(EXIT_FAILURE, "It does not get ready");
        *ret_elapsed_ms = (double) (clock_usec() - started) / 1e3;
        return (double) cpu_of(service.pid) / 1e3;
}

static double size_of(const char *name) {
        char path[128];
        struct stat st;

        (void) snprintf(path, sizeof(path), "%s/state/%s", service.base, name);
        MUST_ERRNO(stat(path, &st));
        return (double) st.st_blocks * 512 / 1024;
}

static double intake_size(void) {
        struct stat st;

        MUST_ERRNO(fstat(service_stored(&service, "intake-tree"), &st));
        return (double) st.st_blocks * 512 / 1024;
}

static void measure(unsigned n_rounds, bool recover) {
        Samples first = {}, again = {}, first_elapsed = {}, again_elapsed = {}, ratio;
        double elapsed, ledger = 0, intake = 0;
        char config[1024];

        (void) snprintf(config,
                        sizeof(config),
                        "[Manager]\nBus=none\n[Watch tree]\nPath=%s\nRecursive=yes\nRecover=%s\n",
                        scratch(),
                        recover ? "yes" : "no");
        for (unsigned i = 0; i < n_rounds; i++) {
                service_init(&service);
                service.program = inotifier();
                service_write_config(&service, config);
                samples_add(&first, start(&elapsed));
                samples_add(&first_elapsed, elapsed);
                (void) service_kill(&service, SIGKILL);
                samples_add(&again, start(&elapsed));
                samples_add(&again_elapsed, elapsed);
                ledger = size_of("watch-tree.ledger");
                intake = intake_size();
                service_done(&service);
        }
        ratio = samples_ratio(&again, &first);
        bench_row(&ratio,
                        "x",
                        0.1,
                        recover ? "restart, 100,000 directories with a file each, Recover=yes"
                                : "restart, 100,000 directories, Recover=no",
                        "%.0f ms CPU, start %.0f; elapsed %.0f and %.0f; ledger %.0f KiB, intake %.0f",
                        samples_median(&again),
                        samples_median(&first),
                        samples_median(&again_elapsed),
                        samples_median(&first_elapsed),
                        ledger,
                        intake);
}

int main(int argc, char *argv[]) {
        bench_start(argc, argv, "restart");
        unsigned n_rounds = bench_n(5, 1);

        scratch_grow(bench_n(100000, 100), 1);
        measure(n_rounds, false);
        measure(n_rounds, true);
        return EXIT_SUCCESS;
}
