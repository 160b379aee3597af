/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A notice and the unit that is to be started for it, as bytes that outlive the process. */

#pragma once

#include "base/text.h"
#include "processors/notice.h"

/* Adds the record. Returns 0, -EMSGSIZE for lengths that cannot be, or -ENOMEM. */
int job_record_add(Buffer *b, const Notice *n, const char *unit);

/* Reads a record back; the strings lie in `data` (aligned to 8 bytes). Returns 0, or -EBADMSG if it is
 * none. */
int job_record_read(const void *data, size_t n, Notice *ret, const char **ret_unit);
