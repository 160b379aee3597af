/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Calls to the service manager, each on its way until it is answered or let go of. For
 * service-manager.c alone. */

#pragma once

#include "publishers/service-manager.h"

#define SYSTEMD "org.freedesktop.systemd1"
#define SYSTEMD_OBJECT "/org/freedesktop/systemd1"
#define SYSTEMD_MANAGER "org.freedesktop.systemd1.Manager"
#define SYSTEMD_UNITS SYSTEMD_OBJECT "/unit"

/* Whether an ActiveState is one of a unit of which nothing runs. */
bool unit_is_at_rest(const char *active_state);

/* Calls a method with up to two strings (NULL: none). Without a time limit: who goes away ends it. */
int service_call(sd_bus *bus,
                sd_bus_slot **slot,
                const char *path,
                const char *interface,
                const char *member,
                sd_bus_message_handler_t handler,
                void *userdata,
                const char *a,
                const char *b);

/* As service_manager_start() and service_manager_ask(). `bus` and `owner` are borrowed. */
int service_call_start(sd_bus *bus,
                const ServiceManagerOwner *owner,
                const char *unit,
                void *job,
                ServiceCall **ret);
int service_call_ask(sd_bus *bus,
                const ServiceManagerOwner *owner,
                const char *unit,
                void *job,
                ServiceCall **ret);
