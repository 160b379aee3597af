/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* One who listens to the stream: a socket, a place in the history, and what is wanted of it. What the
 * socket does not take waits in the history, but for the rest of a line that was begun. */

#pragma once

#include <systemd/sd-event.h>

#include "base/list.h"
#include "publishers/pieces.h"

/* What is told before the history: whoever knows what there is. */
typedef struct Prelude {
        /* Says the next notices of it, some hundred at most, to `say`, which returns < 0 if it cannot go
         * on. Returns > 0 if there are more, 0 if that was all, -EAGAIN if it cannot begin yet (the
         * stream asks again in its next turn), or another < 0: then the subscriber is let go. */
        int (*next)(void *prelude, int (*say)(const Notice *n, void *userdata), void *userdata);
        void (*free)(void *prelude);
        void *prelude;
} Prelude;

typedef struct Link Link;
struct Link {
        Link *next, *previous;
};

typedef struct Subscriber {
        Link link;             /* in one of the lists of the stream */
        struct Stream *stream; /* that it belongs to */
        int fd;
        sd_event_source *io;
        Cursor at;        /* the place of the next notice */
        uint64_t since;   /* while is_seeking: of the notice before that */
        bool is_seeking;  /* `at` is before the place that it begins at */
        bool is_blocked;  /* the socket takes no more now */
        bool is_deaf;     /* it is no more read */
        uint32_t members; /* 1 << Member each; 0: all */
        List watches;     /* their names; NULL: all */
        Prelude prelude;  /* next is NULL when there is none, or it is through */
        bool is_prelude_begun;
        uint64_t prelude_sequence; /* that its notices carry */
        Buffer rest;               /* not yet sent */
        size_t rest_sent;          /* of it */
        uint64_t n_heard;          /* bytes that it wrote to us */
} Subscriber;

/* Takes `fd` over, also on failure; it begins at `at`. Returns 0 or -ENOMEM. */
int subscriber_new(int fd, const Cursor *at, Subscriber **ret);
Subscriber *subscriber_free(Subscriber *s);
DEFINE_CLEANUP(Subscriber, subscriber_free);

/* Begins behind the notice `since`, which the history may have lost; subscriber_seek() finds the place. */
void subscriber_set_since(Subscriber *s, uint64_t since);

/* The next step of what it is to be sent, a piece at most. Returns > 0 if there may be more to send, 0 if
 * not, -EAGAIN if it must wait for the prelude; is_blocked says whether it is the socket that has no
 * room. Another < 0: it is gone. */
int subscriber_serve(Subscriber *s, Pieces *pieces);

/* Reads what it wrote, and drops it. Returns > 0 if it may write more, 0 if nothing more is to be read,
 * < 0 if it is gone. */
int subscriber_hear(Subscriber *s);
