/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The kernel's own records, as many as a call brings. */

#include <unistd.h>

#include "tree/reader.h"

#define BUFFER_SIZE (32U * 1024U)

int reader_open(Reader *r, int fd) {
        r->fd = fd;
        r->at = r->n = 0;
        if (!r->buffer)
                r->buffer = malloc(BUFFER_SIZE);
        if (r->buffer)
                return 0;
        reader_close(r);
        return -ENOMEM;
}

const struct dirent64 *reader_next(Reader *r) {
        if (r->at == r->n) {
                ssize_t n = getdents64(r->fd, r->buffer, BUFFER_SIZE);

                if (n <= 0)
                        return NULL;
                r->n = (size_t) n;
                r->at = 0;
        }
        const struct dirent64 *entry = (const void *) (r->buffer + r->at);
        r->at += entry->d_reclen;
        return entry;
}

void reader_close(Reader *r) {
        r->fd = safe_close(r->fd);
        r->at = r->n = 0;
}

void reader_done(Reader *r) {
        free(r->buffer);
        *r = (Reader){ .fd = -EBADF };
}
