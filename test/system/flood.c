/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Makes events as fast as the kernel does: `flood N FILE FILE` writes a byte N times, to the two files in
 * turn, so that no event is merged with the one before it. */

#include <fcntl.h>

#include "base/macros.h"

int main(int argc, char *argv[]) {
        int fds[2];

        if (argc != 4)
                return EXIT_FAILURE;
        for (int i = 0; i < 2; i++) {
                fds[i] = open(argv[2 + i], O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
                if (fds[i] < 0) {
                        perror(argv[2 + i]);
                        return EXIT_FAILURE;
                }
        }
        for (long i = 0; i < strtol(argv[1], NULL, 10); i++)
                if (pwrite(fds[i % 2], "x", 1, 0) != 1) {
                        perror("pwrite");
                        return EXIT_FAILURE;
                }
        return EXIT_SUCCESS;
}
