/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Where things are: files for units in /run/inotifier/INSTANCE, which is RuntimeDirectory= of the
 * service, jobs in its StateDirectory=. */

#include <fcntl.h>

#include "base/log.h"
#include "places.h"
#include "publishers/job-log.h"
#include "publishers/unit.h"
#include "units.h"

static bool is_wanted(const Units *u, const Config *config) {
        for (size_t i = 0; i < config->n_watches; i++)
                if (config->watches[i]->publish & 1U << PUBLISHER_UNIT)
                        return true;
        return u->state_fd >= 0 && faccessat(u->state_fd, UNIT_LEDGER, F_OK, 0) >= 0;
}

static int start(Units *u) {
        _cleanup_(places_done) Places places = {};
        _cleanup_free_ char *directory = NULL;
        int r;

        r = places_init(&places, u->source->scope, NULL);
        if (r < 0)
                return log_oom();
        if (!places.runtime)
                return log_error(-ENOENT,
                                "There is no place for the files of units: $XDG_RUNTIME_DIR is not set");
        if (asprintf(&directory, "%s/inotifier/%s", places.runtime, u->source->instance) < 0) {
                directory = NULL;
                return log_oom();
        }
        r = unit_publisher_new(u->event,
                        u->history,
                        u->source->instance,
                        directory,
                        u->state_fd,
                        u->publisher);
        if (r >= 0 && u->bus)
                unit_publisher_set_bus(*u->publisher, u->bus);
        return r;
}

int units_apply(Units *u, const Config *config) {
        _cleanup_free_ UnitSetting *settings = NULL;
        size_t n = 0;
        int r;

        if (!*u->publisher && !is_wanted(u, config))
                return 0;
        settings = calloc(config->n_watches + 1, sizeof(UnitSetting));
        if (!settings)
                return log_oom();
        for (size_t i = 0; i < config->n_watches; i++) {
                const WatchConfig *w = config->watches[i];

                if (w->publish & 1U << PUBLISHER_UNIT)
                        settings[n++] = (UnitSetting){ w->name, w->unit, w->max_units };
        }
        if (!*u->publisher) {
                r = start(u);
                if (r < 0)
                        return r;
        }
        r = unit_publisher_configure(*u->publisher, settings, n);
        return r < 0 ? log_oom() : 0;
}

void units_settle(Units *u) {
        if (*u->publisher)
                unit_publisher_settle(*u->publisher);
}

void units_set_bus(Units *u, sd_bus *bus) {
        u->bus = bus;
        unit_publisher_set_bus(*u->publisher, bus);
}
