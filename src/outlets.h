/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Where the notices of an instance go: its publishers, by their kind. */

#pragma once

#include "publishers/publisher.h"
#include "store.h"

typedef struct Outlets {
        Publisher *items[_PUBLISHER_MAX]; /* NULL where there is none */
} Outlets;

/* stdout alone. `event` and `history` are borrowed and outlive it. Returns 0 or < 0. */
int outlets_init_foreground(Outlets *o, sd_event *event, History *history, bool json);

/* Those of a service, but for the bus: that comes when it is known which one. Takes the listening sockets
 * of the stream out of the store. `instance` is borrowed and outlives it. Returns 0 or < 0. */
int outlets_init_service(
                Outlets *o, sd_event *event, History *history, const char *instance, Store *store);
void outlets_done(Outlets *o);

/* Notices were written. */
void outlets_wake(const Outlets *o);

/* Whether all was told that can be; `has_bus`: there is a bus to tell it to. */
bool outlets_are_done(const Outlets *o, bool has_bus);
