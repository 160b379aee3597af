/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A directory of a benchmark's own below $TMPDIR or /tmp, gone when it ends; and a tree of directories in
 * it, ten in each, with names of 12 bytes. */

#pragma once

#include "base/text.h"

/* The directory. */
const char *scratch(void);

/* Makes its tree have `n` directories, the scratch directory being the first, each with `n_files` files. */
void scratch_grow(unsigned n, unsigned n_files);

/* Makes the path of directory `i` the content of `b`. */
void scratch_path(unsigned i, Buffer *b);

/* Makes and removes `n` files, one after the other in directories `first` to `first + n_directories - 1`,
 * here and there: EVENTS_PER_FILE events each, of EVENT_SIZE bytes, and every name another. */
#define EVENTS_PER_FILE 4U
#define EVENT_SIZE 32U
void scratch_touch(unsigned n, unsigned first, unsigned n_directories);
