/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Attends to real work: starts the program on a directory, runs command after command there, and waits
 * after each until the picture that was told is what is on the disk.
 *
 *   attend DIRECTORY COMMAND… */

#include <err.h>
#include <unistd.h>

#include "watcher.h"

int main(int argc, char *argv[]) {
        _cleanup_(buffer_done) Buffer failure = {};
        unsigned n_passed = 0, n_failed = 0;
        Watcher w;

        if (argc < 3)
                errx(EXIT_FAILURE, "attend DIRECTORY COMMAND...");
        watcher_start(&w, argv[1], "create,delete,move", 0);
        if (chdir(argv[1]) < 0)
                err(EXIT_FAILURE, "%s", argv[1]);
        for (int i = 2; i < argc && n_failed == 0; i++) {
                if (system(argv[i]) != 0)
                        errx(EXIT_FAILURE, "failed: %s", argv[i]);
                bool ok = watcher_rest(&w, &failure);
                printf("%s %s: %u directories%s\n%s",
                                ok ? "ok" : "FAILED:",
                                argv[i],
                                w.picture.n_directories,
                                w.n_overflows > 0 ? ", events were lost, files do not count" : "",
                                ok ? "" : failure.data);
                (void) fflush(stdout);
                n_passed += ok;
                n_failed += !ok;
        }
        watcher_stop(&w);
        printf("%u passed, %u failed\n", n_passed, n_failed);
        return n_failed > 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
