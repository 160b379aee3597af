/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What there is below the watches, told before what happens. */

#pragma once

#include "manager.h"
#include "publishers/subscriber.h"

/* Of the watches of these names, or of all (NULL, or an empty list), as far as they are published to the
 * stream. The manager is borrowed. Returns 0 or -ENOMEM. */
int snapshot_new(Manager *m, char *const *watches, Prelude *ret);
