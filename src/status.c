/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Told at most once a second, whatever the watches do. */

#include <inttypes.h>
#include <time.h>

#include "base/log.h"
#include "status.h"

#define INTERVAL_USEC USEC_PER_SEC
#define EXTEND_USEC (60 * USEC_PER_SEC)

static int on_timer(sd_event_source *source, uint64_t usec, void *userdata) {
        status_tell(userdata);
        return 0;
}

int status_init(Status *s, sd_event *event, const Watches *watches) {
        int r;

        *s = (Status){ .watches = watches, .event = event };
        r = sd_event_add_time_relative(event, &s->timer, CLOCK_MONOTONIC, 0, 0, on_timer, s);
        if (r < 0)
                return r;
        return sd_event_source_set_enabled(s->timer, SD_EVENT_OFF);
}

void status_done(Status *s) {
        s->timer = sd_event_source_disable_unref(s->timer);
}

void status_tell(const Status *s) {
        unsigned n_directories = 0, n_by_state[_WATCH_STATE_MAX] = {};
        uint64_t n_overflows = 0;

        for (size_t i = 0; i < s->watches->n; i++) {
                const Watch *w = s->watches->items[i];

                n_directories += watch_n_directories(w);
                n_overflows += watch_counters(w)->n_overflows;
                n_by_state[watch_state(w)]++;
        }
        (void) sd_notifyf(false,
                        "STATUS=%zu watch%s (%u waiting, %u degraded, %u failed), %u directories, "
                        "%" PRIu64 " overflows",
                        s->watches->n,
                        s->watches->n == 1 ? "" : "es",
                        n_by_state[WATCH_WAITING],
                        n_by_state[WATCH_DEGRADED],
                        n_by_state[WATCH_FAILED],
                        n_directories,
                        n_overflows);
}

void status_changed(Status *s) {
        if (sd_event_source_get_enabled(s->timer, NULL) != 0)
                return;
        (void) sd_event_source_set_time_relative(s->timer, INTERVAL_USEC);
        (void) sd_event_source_set_enabled(s->timer, SD_EVENT_ONESHOT);
}

void status_progress(Status *s) {
        usec_t now = 0;

        (void) sd_event_now(s->event, CLOCK_MONOTONIC, &now);
        if (now < s->told + INTERVAL_USEC)
                return;
        s->told = now;
        status_tell(s);
        (void) sd_notifyf(false, "EXTEND_TIMEOUT_USEC=%" PRIu64, EXTEND_USEC);
}

void status_reloading(void) {
        struct timespec now;

        (void) clock_gettime(CLOCK_MONOTONIC, &now);
        (void) sd_notifyf(false,
                        "RELOADING=1\nMONOTONIC_USEC=%" PRIu64 "\nSTATUS=Reloading",
                        (usec_t) now.tv_sec * USEC_PER_SEC + (usec_t) now.tv_nsec / 1000);
}
