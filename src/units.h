/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The publisher of units of an instance: there if a watch is configured for it, or jobs of an earlier
 * process may be left. */

#pragma once

#include <systemd/sd-bus.h>

#include "config.h"
#include "publishers/publisher.h"

/* All is borrowed. */
typedef struct Units {
        const ConfigSource *source;
        sd_event *event;
        History *history;
        int state_fd;          /* the directory of ledgers, or -EBADF */
        sd_bus *bus;           /* that the service manager is on; NULL: none now */
        Publisher **publisher; /* where the publisher is to be, its owner's; NULL there: none yet */
} Units;

/* Watches of this configuration are about to tell; those of the one before still may. Returns 0 or < 0,
 * logged. */
int units_apply(Units *u, const Config *config);

/* The configuration is in force: all others have told what they had to. */
void units_settle(Units *u);

/* NULL: it is gone. */
void units_set_bus(Units *u, sd_bus *bus);
