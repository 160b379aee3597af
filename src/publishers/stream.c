/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Subscribers are in one of three lists: those to be served in the next turn, those who are up to date,
 * and those whose socket is full. A turn serves some of the first, a piece each; new notices move all
 * of the second at once. So a stopped subscriber costs nothing, and a thousand cost what they read. */

#include <inttypes.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "base/log.h"
#include "publishers/listeners.h"
#include "publishers/stream.h"

#define SERVED_MAX 64U                  /* in one turn of the loop */
#define LAST_USEC (100 * USEC_PER_MSEC) /* at the end, to those whose socket is full */

typedef struct Stream {
        Publisher base; /* its cursor: what the idle ones were woken for */
        Pieces pieces;
        Link ready, idle, blocked;
        unsigned n_subscribers;
        Listeners *listeners;
        uint64_t n_refused;
        sd_event_source *last; /* at the end: when the blocked ones are given up */
        bool is_last;
} Stream;

static void link_init(Link *l) {
        l->next = l->previous = l;
}

static bool link_is_empty(const Link *l) {
        return l->next == l;
}

static void link_take(Link *l) {
        l->next->previous = l->previous;
        l->previous->next = l->next;
        link_init(l);
}

static void link_add(Link *list, Link *l) {
        l->previous = list->previous;
        l->next = list;
        list->previous->next = l;
        list->previous = l;
}

static void move_to(Link *list, Subscriber *s) {
        link_take(&s->link);
        link_add(list, &s->link);
}

/* All of `from` go to the end of `to`. */
static void move_all(Link *to, Link *from) {
        if (link_is_empty(from))
                return;
        from->next->previous = to->previous;
        to->previous->next = from->next;
        from->previous->next = to;
        to->previous = from->previous;
        link_init(from);
}

/* ---- serving ---- */

static void drop(Stream *s, Subscriber *subscriber) {
        link_take(&subscriber->link);
        subscriber_free(subscriber);
        s->pieces.n_wanted = s->n_subscribers--;
        if (s->n_subscribers == 0) /* nobody to share them with */
                pieces_done(&s->pieces);
}

static void set_io(Subscriber *s) {
        (void) sd_event_source_set_io_events(s->io,
                        (s->is_deaf ? 0 : (uint32_t) EPOLLIN) |
                                        (s->is_blocked ? (uint32_t) EPOLLOUT : 0));
}

static void serve(Stream *s, Subscriber *subscriber) {
        int r = subscriber_serve(subscriber, &s->pieces);

        if (r < 0 && r != -EAGAIN) {
                if (r != -EPIPE && r != -ECONNRESET)
                        log_warning(r, "Cannot go on with a subscriber of the stream, letting it go");
                drop(s, subscriber);
        } else if (subscriber->is_blocked) {
                move_to(&s->blocked, subscriber);
                set_io(subscriber);
        } else
                move_to(r == 0 ? &s->idle : &s->ready, subscriber);
}

/* What has come since was for others than the stream: it is passed, however far the ring has gone round. */
static void pass(Link *list, const Cursor *cursor) {
        for (Link *link = list->next; link != list; link = link->next) {
                Subscriber *subscriber = (Subscriber *) link;

                if (subscriber->at.position < cursor->position)
                        subscriber->at = *cursor;
        }
}

/* Wakes those who are up to date, if they are no more. */
static void wake_idle(Stream *s) {
        Publisher *p = &s->base;
        Cursor passed = p->cursor;
        uint64_t from, to;
        Notice n;

        if (link_is_empty(&s->idle))
                return;
        if (history_next(p->history, &p->cursor, s->pieces.publish, &n, &from, &to) == 0)
                return;
        p->cursor = history_end(p->history);
        pass(&s->idle, &passed);
        move_all(&s->ready, &s->idle);
}

static int stream_slice(Publisher *p) {
        Stream *s = (Stream *) p;

        wake_idle(s);
        for (unsigned i = 0; i < SERVED_MAX && !link_is_empty(&s->ready); i++)
                serve(s, (Subscriber *) s->ready.next);
        return !link_is_empty(&s->ready);
}

static int on_io(sd_event_source *source, int fd, uint32_t revents, void *userdata) {
        Subscriber *subscriber = userdata;
        Stream *s = subscriber->stream;

        if (revents & (EPOLLERR | EPOLLHUP)) {
                drop(s, subscriber);
                return 0;
        }
        if (revents & EPOLLIN && !subscriber->is_deaf) {
                int r = subscriber_hear(subscriber);

                if (r < 0) {
                        drop(s, subscriber);
                        return 0;
                }
                subscriber->is_deaf = r == 0;
        }
        if (revents & EPOLLOUT && subscriber->is_blocked) {
                subscriber->is_blocked = false;
                move_to(&s->ready, subscriber);
                publisher_wake(&s->base);
        }
        set_io(subscriber);
        return 0;
}

/* Takes `fd` over, also on failure. */
static int add_subscriber(Stream *s, int fd, const Cursor *at, Subscriber **ret) {
        _cleanup_(subscriber_freep) Subscriber *subscriber = NULL;
        int r;

        r = subscriber_new(fd, at, &subscriber);
        if (r < 0)
                return r;
        subscriber->stream = s;
        r = sd_event_add_io(s->base.event, &subscriber->io, fd, EPOLLIN, on_io, subscriber);
        if (r < 0)
                return r;
        link_add(&s->ready, &subscriber->link);
        s->pieces.n_wanted = ++s->n_subscribers + 1;
        publisher_wake(&s->base);
        *ret = TAKE_PTR(subscriber);
        return 0;
}

static void refuse(Stream *s, int fd) {
        uint64_t n = ++s->n_refused;

        if ((n & (n - 1)) == 0)
                log_warning(0,
                                "The stream has %u subscribers and takes no more (%" PRIu64
                                " refused so far)",
                                SUBSCRIBERS_MAX,
                                n);
        safe_close(fd);
}

static int take_connection(int fd, const Cursor *at, void *userdata) {
        Stream *s = userdata;
        Subscriber *subscriber;

        if (s->n_subscribers < SUBSCRIBERS_MAX)
                return add_subscriber(s, fd, at, &subscriber);
        refuse(s, fd);
        return 0;
}

/* ---- the outside ---- */

static int subscribe(Stream *s, const StreamOptions *options, Subscriber **ret, int *ret_fd) {
        Cursor end = history_end(s->base.history);
        _cleanup_close_ int theirs = -EBADF;
        Subscriber *subscriber;
        int fds[2], r;

        if (options->has_since && options->since > end.sequence)
                return -ERANGE;
        if (s->n_subscribers >= SUBSCRIBERS_MAX)
                return -EUSERS;
        if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) < 0)
                return -errno;
        theirs = fds[1];
        (void) shutdown(fds[0], SHUT_RD);
        r = add_subscriber(s, fds[0], &end, &subscriber);
        if (r < 0)
                return r;
        *ret = subscriber;
        subscriber->is_deaf = true;
        set_io(subscriber);
        subscriber->members = options->members;
        if (options->has_since && options->since < end.sequence)
                subscriber_set_since(subscriber, options->since);
        for (char *const *name = options->watches; name && *name; name++) {
                r = list_add(&subscriber->watches, *name, strlen(*name));
                if (r < 0)
                        return r;
        }
        *ret_fd = TAKE_FD(theirs);
        return 0;
}

int stream_subscribe(Publisher *p, const StreamOptions *options, int *ret_fd) {
        Stream *s = (Stream *) p;
        Subscriber *subscriber = NULL;
        int r;

        r = subscribe(s, options, &subscriber, ret_fd);
        if (r >= 0)
                subscriber->prelude = options->prelude;
        else if (options->prelude.free)
                options->prelude.free(options->prelude.prelude);
        if (r < 0 && subscriber)
                drop(s, subscriber);
        return r;
}

int stream_listen(Publisher *p, int fd) {
        return listeners_add(((Stream *) p)->listeners, fd);
}

unsigned stream_n_subscribers(const Publisher *p) {
        return ((const Stream *) p)->n_subscribers;
}

static int on_last(sd_event_source *source, uint64_t usec, void *userdata) {
        ((Stream *) userdata)->is_last = true;
        return 0;
}

/* At the end: those whose socket is full have a moment to make room. */
static bool stream_is_drained(Publisher *p) {
        Stream *s = (Stream *) p;

        wake_idle(s);
        if (!link_is_empty(&s->ready)) {
                publisher_wake(p);
                return false;
        }
        if (link_is_empty(&s->blocked))
                return true;
        if (!s->last && sd_event_add_time_relative(p->event,
                                        &s->last,
                                        CLOCK_MONOTONIC,
                                        LAST_USEC,
                                        0,
                                        on_last,
                                        s) < 0)
                return true;
        return s->is_last;
}

static void free_all(Link *list) {
        while (!link_is_empty(list)) {
                Subscriber *subscriber = (Subscriber *) list->next;

                link_take(&subscriber->link);
                subscriber_free(subscriber);
        }
}

static void stream_free(Publisher *p) {
        Stream *s = (Stream *) p;

        publisher_done(p);
        free_all(&s->ready);
        free_all(&s->idle);
        free_all(&s->blocked);
        listeners_free(s->listeners);
        sd_event_source_disable_unref(s->last);
        pieces_done(&s->pieces);
        free(s);
}

static const PublisherType stream_type = {
        .name = "stream",
        .kind = PUBLISHER_STREAM,
        .slice = stream_slice,
        .is_drained = stream_is_drained,
        .free = stream_free,
};

int stream_publisher_new(sd_event *event, History *history, Publisher **ret) {
        _cleanup_(publisher_freep) Publisher *p = NULL;
        Stream *s;
        int r;

        s = calloc(1, sizeof(Stream));
        if (!s)
                return -ENOMEM;
        p = &s->base;
        p->type = &stream_type;
        s->pieces = (Pieces){ .history = history, .publish = 1U << PUBLISHER_STREAM };
        link_init(&s->ready);
        link_init(&s->idle);
        link_init(&s->blocked);
        r = publisher_init(p, &stream_type, event, history);
        if (r < 0)
                return r;
        r = listeners_new(event, history, take_connection, s, &s->listeners);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(p);
        return 0;
}
