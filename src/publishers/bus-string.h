/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What may go over the bus as a string. sd-bus refuses noncharacters (U+FFFE and the like) besides what
 * is not UTF-8, on the sender's side as well as on the reader's. */

#pragma once

#include "base/text.h"

/* Returns `s` if the bus takes it as it is, or a copy in `b` that has U+FFFD for what cannot be shown;
 * NULL when out of memory. `s` needs a NUL at s[n]. The result is valid until `b` changes. */
const char *bus_string(Buffer *b, const char *s, size_t n);
