/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The entries of a dictionary in a D-Bus message, one after the other. */

#pragma once

#include <systemd/sd-bus.h>

/* Reads the key and the value of one entry. Returns 0 or < 0. */
typedef int (*EntryReader)(sd_bus_message *m, void *userdata);

/* Goes through a dictionary; `contents` is what an entry of it holds, as "sv". Returns 0; or < 0, from
 * `read` as well, which ends it. */
int entries_read(sd_bus_message *m, const char *contents, EntryReader read, void *userdata);
