/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A line of the stream as monitor prints it. */

#pragma once

#include "ctl-json.h"
#include "ctl-line.h"
#include "ctl-terminal.h"

/* Adds a line as the journal has them:
 *
 *     Nov 21 02:45:10.123456 incoming[7]: in_create /srv/incoming/a (source_path=/srv/incoming/a.part) */
void print_text(const Terminal *t, const Line *l, Buffer *out);

/* Adds the object laid out. */
void print_pretty(const Line *l, Buffer *out);
