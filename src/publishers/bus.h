/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Tells notices as D-Bus signals of org.inotifier1.Watch. The bus is handed few signals at a time: a
 * small bound on sd-bus's queue, and a round trip to the bus now and then, so that neither grows
 * because of us; what could not be told is announced with Manager's Gap. */

#pragma once

#include <systemd/sd-bus.h>

#include "publishers/publisher.h"

/* Without a connection it waits. Returns 0 or < 0. */
int bus_publisher_new(sd_event *event, History *history, Publisher **ret);

/* A connection that may send signals, or NULL when it is gone. What was taken and had not left when it
 * went is told again on the next one, with the same sequence. Takes a reference. */
void bus_publisher_set_bus(Publisher *p, sd_bus *bus);
