/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What an instance says of itself and its watches, in one picture: plain data. */

#pragma once

#include "ctl-object.h"
#include "ctl.h"

typedef struct WatchInfo {
        char *object;
        char *name, *state, *state_reason;
        List paths, events, processors, publishers;
        bool recursive;
        uint32_t n_directories;
        uint64_t n_events, n_notices, n_overflows;
        usec_t last_event; /* CLOCK_REALTIME; 0: none yet */
} WatchInfo;

typedef struct InstanceInfo {
        char *version, *instance;
        List config_files;
        uint64_t sequence, oldest_sequence;
        uint32_t n_watches, n_directories, n_subscribers;
        uint64_t n_events, n_notices, n_overflows;
        WatchInfo *watches; /* by name */
        size_t n_infos;
} InstanceInfo;

extern const Property watch_properties[];
extern const Property instance_properties[];

/* Asks for the watches alone, and for the instance itself. `info` is zeroed memory before the first of
 * them. They return 0 or < 0 (said); instance_info_done() releases what is there in any case. */
int instance_info_get_watches(InstanceInfo *info, Ctl *c);
int instance_info_get(InstanceInfo *info, Ctl *c);
void instance_info_done(InstanceInfo *info);

/* NULL if there is none of that name. */
const WatchInfo *instance_info_find(const InstanceInfo *info, const char *name);

/* How the state is shown. */
Colour watch_info_colour(const WatchInfo *w);
