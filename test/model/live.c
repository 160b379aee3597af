/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The program against the disk: one to four processes do what a seed says at full speed, again and
 * again; each time when all is at rest, the picture that was told is what is on the disk.
 *
 *   live [-m] [-q EVENTS] DIRECTORY [SEEDS [FIRST]]
 *
 * -m: they mount and unmount, too; that needs root.
 * -q: the kernel keeps no more events than that, so that some are lost all the time. */

#include <err.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "operations.h"
#include "watcher.h"

#define PROCESSES_MAX 4U

static void work(uint64_t seed, const Habit *habit, unsigned n) {
        Operation o;

        while (n-- > 0) {
                operation_choose(&seed, habit, &o);
                (void) operation_do(&o);
        }
}

static void work_together(uint64_t *state, const Habit *habit) {
        unsigned n_processes = 1 + random_below(state, PROCESSES_MAX);
        unsigned n = 100 + random_below(state, 1500);
        int status;

        for (unsigned i = 0; i < n_processes; i++) {
                uint64_t seed = random_next(state);

                if (fork() == 0) {
                        work(seed, habit, n);
                        _exit(0);
                }
        }
        while (n_processes-- > 0)
                if (wait(&status) < 0 || status != 0)
                        errx(EXIT_FAILURE, "a process failed");
}

/* Returns whether it passes; else `failure` tells why. */
static bool passes(uint64_t seed, unsigned queue_max, bool is_root, Buffer *failure) {
        uint64_t state = seed * 104729;
        bool ok = true;
        Habit habit;
        Watcher w;

        if ((mkdir("in", 0755) | mkdir("out", 0755)) < 0)
                err(EXIT_FAILURE, "mkdir");
        habit_choose(&state, is_root, &habit);
        if (random_below(&state, 2) == 0)
                work(random_next(&state), &habit, 100);
        /* Of those that looking at the disk causes, many are lost where few are kept. */
        bool is_all = random_below(&state, 2) == 0 && queue_max == 0;
        watcher_start(&w, "in", is_all ? NULL : "create,delete,move", queue_max);
        for (unsigned i = 0; i < 3 && ok; i++) {
                work_together(&state, &habit);
                ok = watcher_rest(&w, failure);
        }
        watcher_stop(&w);
        remove_all("in");
        remove_all("out");
        return ok;
}

int main(int argc, char *argv[]) {
        _cleanup_(buffer_done) Buffer failure = {};
        unsigned long n_passed = 0, n_failed = 0, n, first;
        unsigned queue_max = 0;
        char directory[PATH_MAX];
        bool may_mount = false;
        int c;

        while ((c = getopt(argc, argv, "mq:")) >= 0)
                switch (c) {
                case 'm':
                        may_mount = true;
                        break;
                case 'q':
                        queue_max = (unsigned) strtoul(optarg, NULL, 10);
                        break;
                default:
                        return EXIT_FAILURE;
                }
        if (optind >= argc)
                errx(EXIT_FAILURE, "where?");
        (void) snprintf(directory, sizeof(directory), "%s/live-XXXXXX", argv[optind]);
        n = optind + 1 < argc ? strtoul(argv[optind + 1], NULL, 10) : 25;
        first = optind + 2 < argc ? strtoul(argv[optind + 2], NULL, 10) : 1;
        if (may_mount && (unshare(CLONE_NEWNS) < 0 ||
                                         mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0))
                err(EXIT_FAILURE, "mounting");
        if (!mkdtemp(directory) || chdir(directory) < 0)
                err(EXIT_FAILURE, "%s", directory);
        for (unsigned long seed = first; seed < first + n; seed++) {
                if (passes(seed, queue_max, may_mount, &failure)) {
                        n_passed++;
                        continue;
                }
                n_failed++;
                printf("FAILED: seed %lu\n%s", seed, failure.data ?: "");
                (void) fflush(stdout);
        }
        if (chdir("/") < 0 || rmdir(directory) < 0)
                warn("%s", directory);
        printf("%lu passed, %lu failed\n", n_passed, n_failed);
        return n_failed > 0 || n_passed == 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
