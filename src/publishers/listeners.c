/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Connections are taken before anything else that is ready, so one that is seen now was made since the
 * loop waited the last time but one; what happened after it was read since then too. So it begins where
 * the history ended then. */

#include <fcntl.h>
#include <inttypes.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <systemd/sd-daemon.h>

#include "base/log.h"
#include "publishers/listeners.h"

#define ACCEPTED_MAX 64U          /* at one time */
#define REFUSED_USEC USEC_PER_SEC /* before the next try, when descriptors are used up */

typedef struct Listener {
        int fd;
        sd_event_source *io;
} Listener;

struct Listeners {
        sd_event *event;
        const History *history;
        ConnectionSink sink;
        void *userdata;
        Listener items[LISTENERS_MAX];
        size_t n;
        Cursor now, before; /* the end of the history when the loop waited, and the time before that */
        sd_event_source *retry; /* on while none are taken */
        bool is_refusing;
        uint64_t n_refused;
};

static void set_refusing(Listeners *l, bool refuse) {
        l->is_refusing = refuse;
        for (size_t i = 0; i < l->n; i++)
                (void) sd_event_source_set_enabled(
                                l->items[i].io, refuse ? SD_EVENT_OFF : SD_EVENT_ON);
}

static int on_retry(sd_event_source *source, uint64_t usec, void *userdata) {
        set_refusing(userdata, false);
        return 0;
}

/* Who is waiting waits on, and is told then what happened meanwhile. */
static void refuse_for_now(Listeners *l, int error) {
        uint64_t n = ++l->n_refused;

        if ((n & (n - 1)) == 0)
                log_warning(error,
                                "Cannot take a connection to the stream (%" PRIu64
                                " times so far), trying again in a second",
                                n);
        set_refusing(l, true);
        (void) sd_event_source_set_time_relative(l->retry, REFUSED_USEC);
        (void) sd_event_source_set_enabled(l->retry, SD_EVENT_ONESHOT);
}

static int on_connections(sd_event_source *source, int fd, uint32_t revents, void *userdata) {
        Listeners *l = userdata;

        for (unsigned i = 0; i < ACCEPTED_MAX; i++) {
                int client = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK), r;

                if (client < 0 && (errno == EAGAIN || errno == ECONNABORTED || errno == EINTR))
                        return 0;
                r = client < 0 ? -errno : l->sink(client, &l->before, l->userdata);
                if (r < 0) {
                        refuse_for_now(l, r);
                        return 0;
                }
        }
        return 0;
}

/* The loop is about to wait. While connections are not taken the places stay. */
static int on_prepare(sd_event_source *source, void *userdata) {
        Listeners *l = userdata;

        if (!l->is_refusing) {
                l->before = l->now;
                l->now = history_end(l->history);
        }
        return 0;
}

Listeners *listeners_free(Listeners *l) {
        if (!l)
                return NULL;
        for (size_t i = 0; i < l->n; i++) {
                sd_event_source_disable_unref(l->items[i].io);
                safe_close(l->items[i].fd);
        }
        sd_event_source_disable_unref(l->retry);
        free(l);
        return NULL;
}

int listeners_new(sd_event *event,
                const History *history,
                ConnectionSink sink,
                void *userdata,
                Listeners **ret) {
        _cleanup_(listeners_freep) Listeners *l = NULL;
        int r;

        l = malloc(sizeof(Listeners));
        if (!l)
                return -ENOMEM;
        *l = (Listeners){
                .event = event,
                .history = history,
                .sink = sink,
                .userdata = userdata,
                .now = history_end(history),
                .before = history_end(history),
        };
        r = sd_event_add_time_relative(event, &l->retry, CLOCK_MONOTONIC, 0, 0, on_retry, l);
        if (r < 0)
                return r;
        r = sd_event_source_set_enabled(l->retry, SD_EVENT_OFF);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(l);
        return 0;
}

int listeners_add(Listeners *l, int fd) {
        _cleanup_close_ int owned = fd;
        Listener *item = &l->items[l->n];
        int r;

        if (l->n == LISTENERS_MAX)
                return -E2BIG;
        r = sd_is_socket(fd, AF_UNSPEC, SOCK_STREAM, 1);
        if (r <= 0)
                return r < 0 ? r : -ENOTSOCK;
        r = fcntl(fd, F_GETFL);
        if (r < 0 || fcntl(fd, F_SETFL, r | O_NONBLOCK) < 0)
                return -errno;
        r = sd_event_add_io(l->event, &item->io, fd, EPOLLIN, on_connections, l);
        if (r < 0)
                return r;
        item->fd = TAKE_FD(owned);
        l->n++;
        r = sd_event_source_set_priority(item->io, SD_EVENT_PRIORITY_IMPORTANT);
        if (r < 0)
                return r;
        return l->n == 1 ? sd_event_source_set_prepare(item->io, on_prepare) : 0;
}
