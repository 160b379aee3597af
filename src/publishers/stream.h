/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Tells notices as lines of JSON to whoever connects to a socket, and to those who subscribe otherwise.
 * Each is a cursor on the history; a notice becomes a line once for all of them, and only when there is
 * one. Nobody is waited for: who is slower than the ring skips ahead and is told so. */

#pragma once

#include "publishers/publisher.h"
#include "publishers/subscriber.h"

#define SUBSCRIBERS_MAX 4096U

/* Returns 0 or < 0. */
int stream_publisher_new(sd_event *event, History *history, Publisher **ret);

/* Serves a listening socket, from now on; who connects is told what happens from then on. Takes `fd`
 * over, also on failure. Returns 0, -ENOTSOCK for what is no listening socket, -E2BIG, or another < 0. */
int stream_listen(Publisher *p, int fd);

typedef struct StreamOptions {
        bool has_since;
        uint64_t since;       /* the sequence of the last notice that is known already */
        uint32_t members;     /* 1 << Member each; 0: all */
        char *const *watches; /* names; NULL or empty: all; copied */
        Prelude prelude;      /* all zero: none */
} StreamOptions;

/* A subscriber of its own, which reads from *ret_fd and ends when that is closed. The prelude is taken
 * over, also on failure. Returns 0; -ERANGE if `since` is newer than the newest notice; -EUSERS if there
 * are SUBSCRIBERS_MAX already; or another < 0. */
int stream_subscribe(Publisher *p, const StreamOptions *options, int *ret_fd);

unsigned stream_n_subscribers(const Publisher *p);
