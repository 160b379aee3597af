/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The manager wires an instance: its configuration, watches, history, publishers and bus, and tells
 * the service manager how it is doing. */

#pragma once

#include <systemd/sd-event.h>

#include "config.h"
#include "publishers/publisher.h"
#include "reload.h"
#include "watch.h"

typedef struct Manager Manager;

/* `config` is taken over, also on failure. `source` tells where reloads read from; it is borrowed and
 * outlives the manager; `is_foreground` means no bus, no reload, notices on stdout (`json`: as JSON).
 * Returns 0 or < 0, which it has logged. */
typedef struct ManagerOptions {
        const ConfigSource *source;
        bool is_foreground;
        bool json;
} ManagerOptions;

int manager_new(const ManagerOptions *options, Config *config, Manager **ret);
Manager *manager_free(Manager *m);
DEFINE_CLEANUP(Manager, manager_free);

/* Places the watches, says READY=1 when all is ready, and serves until told to stop. Returns the exit
 * status, or < 0. */
int manager_run(Manager *m);

/* Reads the configuration again and takes it over, all or nothing: unchanged watches keep their
 * descriptor and state, and so do those of which other events are wanted; new ones are scanned first,
 * while the others go on. Returns 0, and `done` is called when it is in force or has failed; or < 0, and
 * it is not: what is wrong is in `problems` (-EBADMSG for an invalid configuration), and the old one
 * stays in force. */
int manager_reload(Manager *m, Problems *problems, ReloadDone done, void *userdata);

const char *manager_instance(const Manager *m);
Scope manager_scope(const Manager *m);
const Config *manager_config(const Manager *m);
History *manager_history(const Manager *m);
Publisher *manager_stream(const Manager *m); /* NULL in the foreground */
sd_event *manager_event(const Manager *m);

/* The sums over all watches since the start, whatever reloads have ended. */
WatchCounters manager_counters(const Manager *m);

/* The watches, in the order of the configuration. */
size_t manager_n_watches(const Manager *m);
Watch *manager_watch(const Manager *m, size_t i);
Watch *manager_find_watch(const Manager *m, const char *name); /* NULL if there is none */
