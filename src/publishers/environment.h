/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A notice as an environment file: lines KEY=VALUE that systemd's EnvironmentFile= and a shell that
 * sources it read alike, whatever bytes are in the names. */

#pragma once

#include "base/text.h"
#include "processors/notice.h"

/* Adds a line for each thing that the notice says. A path that is not UTF-8, which systemd takes in no
 * file, has U+FFFD for what cannot be shown, and its exact bytes as hex in a line of their own.
 * `is_repeat`: it may have been handed out before. */
void environment_add_notice(Buffer *b, const Notice *n, const char *instance, bool is_repeat);
