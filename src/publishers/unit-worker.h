/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Does the jobs: has their units started as far as there is room, hears what becomes of them, and goes on
 * where a process before this one was. */

#pragma once

#include <systemd/sd-bus.h>

#include "publishers/job-files.h"
#include "publishers/job-log.h"

typedef struct UnitWorker UnitWorker;

typedef struct UnitWorkerOwner {
        /* There may be room for more jobs. */
        void (*room)(void *userdata);
        void *userdata;
} UnitWorkerOwner;

/* Without a connection it waits. All is borrowed and outlives it. Returns 0 or < 0. */
int unit_worker_new(sd_event *event,
                Jobs *jobs,
                JobLog *log,
                JobFiles *files,
                const UnitWorkerOwner *owner,
                UnitWorker **ret);
UnitWorker *unit_worker_free(UnitWorker *u);
DEFINE_CLEANUP(UnitWorker, unit_worker_free);

/* A connection to the bus of the service manager, or NULL when it is gone. Takes a reference. */
void unit_worker_set_bus(UnitWorker *u, sd_bus *bus);

/* There may be more to do. */
void unit_worker_run(UnitWorker *u);

/* Jobs cannot be written down: tells it once, and tries again later. */
void unit_worker_in_trouble(UnitWorker *u, int error);
