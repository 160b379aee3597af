/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A look at a file, for processors: they have no disk of their own. */

#pragma once

#include "tree/event.h"

/* Looks at the file of an absolute path of any length, not through a link. A FileLook; there is no
 * userdata. Returns 0 or -errno. */
int look_at_file(const char *path, FileStat *ret, void *userdata);
