/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A notice as a line of JSON, as INTERFACE's section 4 has it. */

#pragma once

#include "base/text.h"
#include "processors/notice.h"

/* Adds one object and a newline. */
void json_add_notice(Buffer *b, const Notice *n);

/* The same; the name of the watch, without its quotes, is at *ret_watch in `b`. */
void json_add_notice_at(Buffer *b, const Notice *n, size_t *ret_watch);

/* Adds {"event":"gap","from":N,"to":M} and a newline. */
void json_add_gap(Buffer *b, uint64_t from, uint64_t to);
