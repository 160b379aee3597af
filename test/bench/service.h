/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The service that was built, on the benchmark's own bus, watching the scratch directory. */

#pragma once

#include "child.h"

/* Returns when it is ready. `settings`: lines of its [Watch]. End it with child_end(). */
void service_start(Child *c, const char *settings);

/* A stream of its notices, to read from. */
int service_subscribe(void);
