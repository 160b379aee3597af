/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A signal of a watch as the line that the stream would have for it, for where there is no stream. */

#pragma once

#include <systemd/sd-bus.h>

#include "base/names.h"
#include "base/text.h"

/* Which member of org.inotifier1.Watch it is; < 0 for another signal. */
Member signal_member(sd_bus_message *m);

/* The watch's name, new. Returns 0 or < 0. */
int signal_watch(sd_bus_message *m, char **ret);

/* Adds a line with its end. Returns 0 or < 0. */
int signal_add_line(sd_bus_message *m, Buffer *line);
