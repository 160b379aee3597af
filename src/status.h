/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What the service manager is told of how an instance is doing: STATUS= with its watches, directories
 * and overflows, and more time for a start that makes progress. */

#pragma once

#include <systemd/sd-event.h>

#include "watches.h"

typedef struct Status {
        const Watches *watches; /* borrowed */
        sd_event *event;        /* borrowed */
        sd_event_source *timer; /* on while what was told is out of date */
        usec_t told;            /* when, during the start */
} Status;

int status_init(Status *s, sd_event *event, const Watches *watches);
void status_done(Status *s);

/* Tells it now. */
void status_tell(const Status *s);

/* Something changed: tells it soon, once for all that changes meanwhile. */
void status_changed(Status *s);

/* The start goes on: tells how far it is now and then, and asks for more time. */
void status_progress(Status *s);

/* A reload begins; READY=1 ends it. */
void status_reloading(void);
