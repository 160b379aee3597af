/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The bus connection of an instance and the objects on it: org.inotifier1.Manager at /org/inotifier1,
 * org.inotifier1.Watch below /org/inotifier1/watch. Connects, owns the name, connects again when the
 * bus goes away and comes back; watching never depends on it. */

#pragma once

#include <systemd/sd-bus.h>

#include "manager.h"

typedef struct Api Api;

typedef struct ApiOwner {
        /* The name is owned on a (new) connection: signals may be sent on `bus`. */
        void (*connected)(sd_bus *bus, void *userdata);
        /* The connection is gone; `bus` must not be used any more. */
        void (*disconnected)(void *userdata);
        /* For Bus=auto at the start only, once: there is no bus to be had now (it goes on trying). */
        void (*unavailable)(void *userdata);
        void *userdata;
} ApiOwner;

/* Begins to connect. `kind` is not BUS_NONE. Borrows the manager. Returns 0 or < 0 (memory and the
 * like; a bus that is not there is no error). */
int api_new(Manager *m, BusKind kind, const ApiOwner *owner, Api **ret);
Api *api_free(Api *a);
DEFINE_CLEANUP(Api, api_free);

/* After a change of a watch's state: emits PropertiesChanged, if connected. */
void api_watch_changed(Api *a, Watch *w);

/* After a reload: emits InterfacesAdded/Removed for the names that came and went (NULL-terminated). */
void api_watches_changed(Api *a, char *const *added, char *const *removed);
