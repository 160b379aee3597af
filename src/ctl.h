/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What every command of inotifierctl(1) is given: whom to ask, and how to answer. */

#pragma once

#include <systemd/sd-bus.h>

#include "config.h"
#include "ctl-json.h"
#include "ctl-terminal.h"

typedef enum Transport {
        TRANSPORT_LOCAL,
        TRANSPORT_HOST,
        TRANSPORT_MACHINE,
        _TRANSPORT_MAX,
        _TRANSPORT_INVALID = -EINVAL,
} Transport;

typedef struct Ctl {
        Transport transport;
        const char *where; /* host or machine; NULL for this one */
        Scope scope;
        const char *instance;
        JsonMode json;
        bool no_legend;
        bool no_pager;
        bool quiet;

        /* Of monitor. */
        bool has_since, initial;
        uint64_t since;
        uint32_t n_max;       /* 0: no end */
        uint32_t members;     /* 1 << Member each; 0: all */
        bool is_monitor_only; /* one of its options was given */

        char *service; /* the instance's name on the bus */
        sd_bus *bus;   /* NULL until somebody asks */
        Terminal terminal;
} Ctl;

/* Commands take the arguments behind their name, NULL-terminated. They return < 0 when they failed,
 * having said why. */
int ctl_list(Ctl *c, char *const *arguments);
int ctl_status(Ctl *c, char *const *arguments);
int ctl_monitor(Ctl *c, char *const *arguments);
int ctl_rescan(Ctl *c, char *const *arguments);
int ctl_reload(Ctl *c, char *const *arguments);
int ctl_check(Ctl *c, char *const *arguments);
int ctl_processors(Ctl *c, char *const *arguments);

/* Prints what a command has to show, through the pager where there is one. Returns 0 or < 0 (said). */
int ctl_show(const Ctl *c, const Buffer *text);
