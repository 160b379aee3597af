/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "base/crash.h"

#ifdef CRASH_POINTS
#include <signal.h>

void crash_point(const char *name) {
        static const char *wanted;
        static size_t length;
        static unsigned long left;

        if (!wanted) {
                const char *colon;

                wanted = getenv("INOTIFIER_CRASH") ?: "";
                length = strcspn(wanted, ":");
                colon = wanted[length] ? wanted + length + 1 : "1";
                left = strtoul(colon, NULL, 10);
        }
        if (left > 0 && strlen(name) == length && strncmp(name, wanted, length) == 0 && --left == 0)
                (void) kill(getpid(), SIGKILL);
}
#endif
