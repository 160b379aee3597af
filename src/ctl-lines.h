/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Lines out of a descriptor, as they come. */

#pragma once

#include <systemd/sd-event.h>

#include "base/macros.h"

typedef struct Lines Lines;

typedef struct LinesOwner {
        /* A line with its end. What it returns < 0 is what the loop ends with. */
        int (*line)(const char *text, size_t n, void *userdata);
        /* No more is to come; the lines may be freed in it. */
        void (*ended)(void *userdata);
        void *userdata;
} LinesOwner;

/* Takes `fd` over, also on failure. Lines are at most LINE_LENGTH_MAX; with longer ones the loop ends with
 * -EBADMSG. Returns 0 or < 0. */
int lines_new(sd_event *event, int fd, const LinesOwner *owner, Lines **ret);
Lines *lines_free(Lines *l);
DEFINE_CLEANUP(Lines, lines_free);
