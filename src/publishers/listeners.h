/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Listening sockets. Who connects begins at a place in the history before which lies all that was read
 * before the connection was made, and behind which lies all that happened after it. */

#pragma once

#include <systemd/sd-event.h>

#include "publishers/history.h"

#define LISTENERS_MAX 16U

typedef struct Listeners Listeners;

/* Takes a connection, which is to be told what lies behind `at`, and owns `fd` from then on, whatever
 * it returns: 0, or < 0 if there is no memory for more. */
typedef int (*ConnectionSink)(int fd, const Cursor *at, void *userdata);

/* `event` and `history` are borrowed and outlive it. Returns 0 or < 0. */
int listeners_new(sd_event *event,
                const History *history,
                ConnectionSink sink,
                void *userdata,
                Listeners **ret);
Listeners *listeners_free(Listeners *l);
DEFINE_CLEANUP(Listeners, listeners_free);

/* Takes a listening socket over, also on failure. Returns 0, -ENOTSOCK for what is none, -E2BIG, or
 * another < 0. */
int listeners_add(Listeners *l, int fd);
