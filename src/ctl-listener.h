/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Listens to an instance, for ever: to a stream of its own where descriptors can be passed, else to the
 * bus. When the instance goes away it is waited for, and the stream goes on after the last notice. */

#pragma once

#include <systemd/sd-event.h>

#include "ctl-line.h"
#include "ctl.h"

typedef struct Listener Listener;

/* A line, read (`l`) and as it came (`text`, with its end). Returns 0, or < 0 if it can be taken no more:
 * then that is what the loop ends with. */
typedef int (*LineSink)(const Line *l, const char *text, size_t n, void *userdata);

/* Begins to listen. `c`, which is connected, and `watches` are borrowed and outlive it. What cannot be
 * done is said, and ends the loop with a value < 0. Returns 0 or < 0 (said). */
int listener_new(sd_event *event,
                Ctl *c,
                char *const *watches,
                LineSink sink,
                void *userdata,
                Listener **ret);
Listener *listener_free(Listener *l);
DEFINE_CLEANUP(Listener, listener_free);
