/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* To sd-event a defer source has been pending since it was made, however often it had its turn, and
 * goes before all others; only a new one queues behind them. */

#include "publishers/turn.h"

int turn_take(sd_event *event,
                sd_event_source **source,
                sd_event_handler_t handler,
                void *userdata) {
        sd_event_source *s;
        int r;

        if (*source && sd_event_source_get_enabled(*source, NULL) > 0)
                return 0;
        r = sd_event_add_defer(event, &s, handler, userdata);
        if (r < 0)
                return r;
        sd_event_source_disable_unref(*source);
        *source = s;
        return 0;
}
