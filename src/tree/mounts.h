/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Which mount a file lies on, which there are, and where. The kernel's own IN_UNMOUNT comes when the
 * file system dies, which may be long after it has left our path, or never if it is mounted elsewhere
 * too; and a mount over a watched directory makes no event at all. */

#pragma once

#include "base/macros.h"

typedef struct Mount {
        uint64_t id;
        char *path; /* in this mount namespace */
} Mount;

/* The mount table, in the order of mounting. A zeroed one is empty. */
typedef struct Mounts {
        Mount *items;
        size_t n;
} Mounts;

void mounts_done(Mounts *m);

/* Reads the table as it is now. Returns 0 or < 0. */
int mounts_read(Mounts *ret);

/* Whether the mount is in the table, at the same place. */
bool mounts_have(const Mounts *m, const Mount *mount);

/* The number of the mount that `fd` (O_PATH will do) lies on; 0 if it cannot be told. */
uint64_t mount_of(int fd);

/* Whether the mount table has that number now; true in doubt. */
bool mount_is_there(uint64_t mount);
