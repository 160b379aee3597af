/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What whoever owns a ledger file says of it. */

#pragma once

#include "base/ledger.h"

/* Opens it, and says what is wrong with what was found. Returns 0, or < 0, logged: without it nothing
 * of `what` (as "the watch 'x'") outlives a stop. */
int ledgers_open(int dir_fd, const char *name, uint32_t kind, const char *what, Ledger **ret);
