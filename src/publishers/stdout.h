/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Prints notices on stdout, for the foreground: short lines as inotifywait -m prints them, or a JSON
 * object per line. Never waits for a slow reader. */

#pragma once

#include "publishers/publisher.h"

/* `fd` is borrowed, and stays in the mode it is in. When the reader is gone the loop is told to exit
 * with status 0 (the process ignores SIGPIPE from now on). Returns 0 or < 0. */
int stdout_publisher_new(sd_event *event, History *history, int fd, bool json, Publisher **ret);
