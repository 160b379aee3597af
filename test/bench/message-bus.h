/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A message bus of a benchmark's own, and the signal that all compare. */

#pragma once

#include <systemd/sd-bus.h>

#include "processors/notice.h"

/* Starts it, once; it ends with us. Returns its address. */
const char *message_bus(void);

sd_bus *message_bus_connect(void);

/* Sends what the service would tell of `n`, as short as sd-bus allows. */
int message_bus_emit(sd_bus *bus, const Notice *n);
