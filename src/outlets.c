/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A service has them all, whatever its configuration says: who is told is a bit in each notice, and a
 * reload changes it. */

#include "outlets.h"
#include "base/log.h"
#include "publishers/journal.h"
#include "publishers/stdout.h"
#include "publishers/stream.h"

int outlets_init_foreground(Outlets *o, sd_event *event, History *history, bool json) {
        return stdout_publisher_new(
                        event, history, STDOUT_FILENO, json, &o->items[PUBLISHER_STDOUT]);
}

int outlets_init_service(
                Outlets *o, sd_event *event, History *history, const char *instance, Store *store) {
        int fd, r;

        r = journal_publisher_new(event, history, instance, &o->items[PUBLISHER_JOURNAL]);
        if (r < 0)
                return r;
        r = stream_publisher_new(event, history, &o->items[PUBLISHER_STREAM]);
        if (r < 0)
                return r;
        while ((fd = store_take(store, STORE_STREAM)) >= 0) {
                r = stream_listen(o->items[PUBLISHER_STREAM], fd);
                if (r == -ENOTSOCK || r == -E2BIG)
                        log_warning(r, "Cannot serve the stream on a socket, ignoring");
                else if (r < 0)
                        return r;
        }
        return 0;
}

void outlets_done(Outlets *o) {
        for (PublisherKind kind = 0; kind < _PUBLISHER_MAX; kind++)
                o->items[kind] = publisher_free(o->items[kind]);
}

void outlets_wake(const Outlets *o) {
        /* They have their turns in this order: a line is soon written, a signal is not, and a job waits
         * for the disk. */
        static const PublisherKind kinds[] = {
                PUBLISHER_STREAM,
                PUBLISHER_STDOUT,
                PUBLISHER_BUS,
                PUBLISHER_JOURNAL,
                PUBLISHER_UNIT,
        };

        static_assert(ELEMENTSOF(kinds) == _PUBLISHER_MAX, "nobody is left out");
        for (size_t i = 0; i < ELEMENTSOF(kinds); i++)
                if (o->items[kinds[i]])
                        publisher_notify(o->items[kinds[i]]);
}

bool outlets_are_done(const Outlets *o, bool has_bus) {
        for (PublisherKind kind = 0; kind < _PUBLISHER_MAX; kind++)
                if (o->items[kind] && (kind != PUBLISHER_BUS || has_bus) &&
                                !publisher_is_done(o->items[kind]))
                        return false;
        return true;
}
