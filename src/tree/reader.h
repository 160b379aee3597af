/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A directory that is being read: what readdir(3) does, without the system calls and the memory that
 * fdopendir(3) takes for each of a hundred thousand. */

#pragma once

#include <dirent.h>

#include "base/macros.h"

/* A zeroed one is closed. Its buffer stays for the next directory. */
typedef struct Reader {
        int fd;
        size_t at, n; /* what is left in the buffer */
        char *buffer;
} Reader;

/* Takes `fd` over, also on failure. Returns 0 or -ENOMEM. */
int reader_open(Reader *r, int fd);

/* The next entry, borrowed until the next call; NULL at the end, or if it cannot be read any more. When it
 * says so, all is queued that was there to be seen. */
const struct dirent64 *reader_next(Reader *r);

void reader_close(Reader *r);
/* Frees the buffer, too. */
void reader_done(Reader *r);
