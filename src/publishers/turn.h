/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A turn in the loop for work that goes in slices: it comes after all that is ready now. */

#pragma once

#include <systemd/sd-event.h>

#include "base/macros.h"

/* Calls `handler` once, in the next turn; nothing if that is to come already. *source (NULL at first)
 * is the caller's, to be unreffed at the end. Returns 0 or < 0. */
int turn_take(sd_event *event,
                sd_event_source **source,
                sd_event_handler_t handler,
                void *userdata);
