/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Has systemd start a unit for each notice. A notice is taken when it is written down as a job; jobs are
 * done in their order, so many of a watch at a time, over restarts of this process and of the machine:
 * each at least once, and marked if it may be more. Notices that say of no file what has become of it
 * (the housekeeping of a watch, a transfer that has only begun or came to nothing) start none. */

#pragma once

#include <systemd/sd-bus.h>

#include "publishers/publisher.h"

/* Of one watch. */
typedef struct UnitSetting {
        const char *watch;
        const char *template; /* a checked one (unit-name.h) */
        uint64_t n_running_max;
} UnitSetting;

/* `directory` is where units find their files (job-files.h), `state_fd` the directory where jobs
 * outlive the process (borrowed), or -EBADF. Without a connection it waits. Returns 0 or < 0, logged. */
int unit_publisher_new(sd_event *event,
                History *history,
                const char *instance,
                const char *directory,
                int state_fd,
                Publisher **ret);

/* What holds from now on. Watches that are not named go on as they were configured, in this process or
 * an earlier one; once this is settled they have nothing more to tell than is in the history. configure()
 * returns 0 or -ENOMEM. */
int unit_publisher_configure(Publisher *p, const UnitSetting *settings, size_t n);
void unit_publisher_settle(Publisher *p);

/* A connection to the bus of the service manager, or NULL when it is gone. Takes a reference; `p` may
 * be NULL. */
void unit_publisher_set_bus(Publisher *p, sd_bus *bus);
