/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Points in time for people, worded as systemd's tools word them. All are CLOCK_REALTIME. */

#pragma once

#include "base/text.h"

usec_t time_now(void);

/* Adds "5s ago", "1 week 2 days ago", or for what lies ahead "5s left". */
void time_add_relative(Buffer *b, usec_t at, usec_t now);

/* Adds "Sat 2026-11-21 02:45:10 UTC", in the local time zone. */
void time_add_stamp(Buffer *b, usec_t at);

/* Adds "Nov 21 02:45:10.123456", as the journal's lines begin. */
void time_add_precise(Buffer *b, usec_t at);
