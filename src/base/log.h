/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Messages for people, on stderr: with sd-daemon(3)'s level prefixes where stderr is the journal, and
 * with the program's name where it is not. Foreign text in them is quoted by the caller ('%s') and
 * escaped here: control characters never get through. */

#pragma once

#include <systemd/sd-daemon.h>

#include "base/problem.h"

/* Messages above this level (7 is debug) are dropped; default 6. Reads $SYSTEMD_LOG_LEVEL as systemd's
 * daemons do. */
void log_setup(const char *program);

/* `level` is 3 error, 4 warning, 5 notice, 6 info, 7 debug. `error` is -errno or 0; where it is not 0
 * its text is appended after ": ". Returns `error`, so that `return log_error(r, ...)` is one line. */
int log_full(int level, int error, const char *format, ...) _printf_(3, 4);

/* Each as it is, FILE:LINE first: nothing stands before it but, for the journal, its level. */
void log_problems(const Problems *problems);

#define log_error(error, ...) log_full(3, (error), __VA_ARGS__)
#define log_warning(error, ...) log_full(4, (error), __VA_ARGS__)
#define log_notice(...) ((void) log_full(5, 0, __VA_ARGS__))
#define log_info(...) ((void) log_full(6, 0, __VA_ARGS__))
#define log_debug(...) ((void) log_full(7, 0, __VA_ARGS__))
#define log_oom() log_full(3, -ENOMEM, "Cannot go on")
