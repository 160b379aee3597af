/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What an earlier process has left to this one, and this one will leave: the descriptors that the
 * service manager has kept, the state directory, the history and the tally. */

#pragma once

#include "publishers/history.h"
#include "store.h"
#include "tally.h"

typedef struct Heritage {
        Store *store;
        int state_fd; /* the directory of the ledgers; -EBADF: nothing outlives a stop */
        History *history;
        Tally *tally;
} Heritage;

/* `is_service`: else there is nothing, whatever the environment says. Returns 0, or < 0, logged. */
int heritage_init(Heritage *h, uint64_t history_size, bool is_service);
void heritage_done(Heritage *h);

/* All that goes on has taken what is its own: lets go of the rest, descriptors and files. `config` says
 * which watches there are. */
typedef struct Config Config;
void heritage_drop_rest(Heritage *h, const Config *config);
