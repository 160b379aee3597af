/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What manager.c and manager-reload.c share. */

#pragma once

#include "api.h"
#include "heritage.h"
#include "manager.h"
#include "outlets.h"
#include "status.h"
#include "units.h"

struct Manager {
        ManagerOptions options;
        Config *config;
        sd_event *event;
        Heritage heritage;
        Outlets outlets;
        Units units;
        WatchContext context;
        Watches watches;
        Reload reload;
        sd_event_source *reload_turn;
        Api *api;
        int mountinfo_fd;
        Status status;
        sd_event_source *stop_post; /* on from the signal to stop until all is told */
        bool is_bus_connected;
        bool is_bus_settled; /* connected, or known not to be there */
        bool is_placed;      /* every watch is among the watches */
        bool is_ready;
};

/* Says READY=1 if all is ready for the first time. */
void manager_check_ready(Manager *m);

/* At the start: what an earlier process has left as its configuration had it becomes as ours has it. */
void manager_catch_up(Manager *m);

/* Goes on with a reload whose watches are scanned, in the next turn. */
void manager_check_reload(Manager *m);
