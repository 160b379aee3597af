/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The properties of an object on the bus as the fields of a struct: a table says which, and how they are
 * called in JSON. What the other side has beyond the table is skipped, what it lacks stays zero. */

#pragma once

#include <systemd/sd-bus.h>

#include "base/list.h"
#include "ctl-json.h"

typedef struct Property {
        const char *name; /* on the bus: NEvents */
        const char *json; /* n_events */
        char type; /* of D-Bus: s char *, b bool, u uint32_t, t uint64_t; 'a' for as, a List */
        size_t offset;
} Property;

/* Tables end with a row whose name is NULL. */

/* Reads a{sv} into `object`, which is zeroed memory before the first call. Returns 0 or < 0. */
int object_read(const Property *table, sd_bus_message *m, void *object);
void object_done(const Property *table, void *object);

/* Adds each as a key and its value. */
void object_add_json(const Property *table, const void *object, JsonWriter *w);
