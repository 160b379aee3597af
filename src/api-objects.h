/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The objects of an instance, as they are put on a connection: one interface per file. */

#pragma once

#include <systemd/sd-bus.h>

#include "manager.h"

/* The head of a function that appends the value of a property to `reply`. */
#define PROPERTY_GETTER(name)                                                                      \
        static int name(sd_bus *bus,                                                               \
                        const char *path,                                                          \
                        const char *interface,                                                     \
                        const char *property,                                                      \
                        sd_bus_message *reply,                                                     \
                        void *userdata,                                                            \
                        sd_bus_error *error)

/* Puts the manager at OBJECT_MANAGER. */
int api_add_manager(sd_bus *bus, Manager *m, sd_bus_slot **ret);

/* Puts the watches below OBJECT_WATCH_PREFIX: what they are, and which there are. */
int api_add_watches(sd_bus *bus, Manager *m, sd_bus_slot **ret_objects, sd_bus_slot **ret_list);

/* The path of a watch's object. Returns 0 or -ENOMEM. */
int api_watch_path(const char *name, char **ret);

/* Appends an array of strings; what the bus does not take is shown as U+FFFD. `list` is
 * NULL-terminated, or NULL for none. */
int api_append_strings(sd_bus_message *m, char *const *list);

/* The method Subscribe of the manager. */
int api_subscribe(sd_bus_message *call, void *userdata, sd_bus_error *error);

/* The counter that both interfaces have as the property `name`: where it is in WatchCounters. */
uint64_t api_counter(const WatchCounters *counters, const char *name);
