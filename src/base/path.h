/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Paths as text. */

#pragma once

#include "base/macros.h"

/* Absolute, without `.`, `//` and a trailing `/`, but with symlinks as they are: what is meant is the path,
 * not what it leads to now. The caller's; NULL when out of memory, or if nobody can tell where we are. */
char *path_absolute(const char *path);
