/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A daemon of an older version, for its successor to find what it has stored: `older NAME=MAGIC=SIZE...`
 * stores memory files of that size that begin with that word and version 1, says READY=1, and waits. */

#include <sys/mman.h>
#include <systemd/sd-daemon.h>

#include "base/macros.h"

int main(int argc, char *argv[]) {
        for (int i = 1; i < argc; i++) {
                char *state = NULL, message[128];
                const char *name = strtok_r(argv[i], "=", &state);
                const char *magic = strtok_r(NULL, "=", &state),
                           *size = strtok_r(NULL, "=", &state);
                int fd = memfd_create("older", MFD_CLOEXEC);

                if (!name || !magic || !size || strlen(magic) != 8 || fd < 0)
                        return EXIT_FAILURE;
                if (ftruncate(fd, atol(size)) < 0 || pwrite(fd, magic, 8, 0) != 8 ||
                                pwrite(fd, &(uint32_t){ 1 }, 4, 8) != 4)
                        return EXIT_FAILURE;
                (void) snprintf(message, sizeof(message), "FDSTORE=1\nFDPOLL=0\nFDNAME=%s", name);
                if (sd_pid_notify_with_fds(0, false, message, &fd, 1) <= 0)
                        return EXIT_FAILURE;
        }
        (void) sd_notify(false, "READY=1");
        for (;;)
                (void) pause();
}
