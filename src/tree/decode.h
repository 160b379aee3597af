/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Bytes of inotify become records; no system call. What a mask means is asked here and nowhere else. */

#pragma once

#include <sys/inotify.h>

#include "base/macros.h"

/* One inotify_event, its name borrowed from the bytes. */
typedef struct Raw {
        int wd;
        uint32_t mask;
        uint32_t cookie;
        const char *name; /* NUL-terminated; "" where the event is about the watched file itself */
        size_t name_len;
        size_t size; /* of the record in the bytes */
} Raw;

/* Decodes the record at `data`. Returns 0, or -EBADMSG if the bytes are no whole record. */
int raw_decode(const void *data, size_t n, Raw *ret);

/* What it is about, and no more. Returns the size of the record, or 0 if the bytes are no whole one. */
static inline size_t raw_peek(const void *data, size_t n, int *ret_wd) {
        struct inotify_event e;

        if (n < sizeof(e))
                return 0;
        memcpy(&e, data, sizeof(e));
        *ret_wd = e.wd;
        return e.len <= n - sizeof(e) ? sizeof(e) + e.len : 0;
}

/* Comes whatever was asked for. */
#define MASK_UNASKED (IN_IGNORED | IN_UNMOUNT | IN_Q_OVERFLOW)

/* The queue was full and events were dropped; belongs to no wd. */
static inline bool raw_is_overflow(const Raw *raw) {
        return raw->mask & IN_Q_OVERFLOW;
}
/* The kernel has let go of the wd: nothing more comes under it. */
static inline bool raw_is_ignored(const Raw *raw) {
        return raw->mask & IN_IGNORED;
}
static inline bool raw_is_move_half(const Raw *raw) {
        return raw->mask & IN_MOVE;
}
static inline bool raw_is_moved_from(const Raw *raw) {
        return raw->mask & IN_MOVED_FROM;
}
static inline bool raw_is_moved_to(const Raw *raw) {
        return raw->mask & IN_MOVED_TO;
}
/* A name came into being in the watched directory. */
static inline bool raw_is_arrival(const Raw *raw) {
        return raw->mask & (IN_CREATE | IN_MOVED_TO);
}
/* A name went from the watched directory. */
static inline bool raw_is_departure(const Raw *raw) {
        return raw->mask & (IN_DELETE | IN_MOVED_FROM);
}
/* The watched file is not, or no longer, where it was, and all about it as it was there has been said:
 * a removal and an unmount are always followed by IN_IGNORED. */
static inline bool raw_is_gone(const Raw *raw) {
        return raw->mask & (IN_MOVE_SELF | IN_IGNORED);
}
/* The watched file has moved: queued after both halves, as long as their directories are locked. */
static inline bool raw_is_moved_self(const Raw *raw) {
        return raw->mask & IN_MOVE_SELF;
}
/* What looking into a directory causes. */
#define MASK_LOOKING (IN_OPEN | IN_ACCESS | IN_CLOSE_NOWRITE)
static inline bool raw_is_looking(const Raw *raw) {
        return raw->mask & IN_ISDIR && raw->mask & MASK_LOOKING;
}
/* It may be out of reach, or within it again: modes changed, or the number of links. */
static inline bool raw_unsettles_self(const Raw *raw) {
        return raw->mask & IN_ATTRIB && raw->name_len == 0;
}
/* Somebody who had the file open for writing closed it. */
static inline bool raw_is_written(const Raw *raw) {
        return raw->mask & IN_CLOSE_WRITE;
}
static inline bool raw_is_dir(const Raw *raw) {
        return raw->mask & IN_ISDIR;
}

/* Copies the whole records in `n` bytes that tell more than that someone looks; `to` has room for all.
 * In the place of each run of others is a record without a mask, that has their size as its cookie.
 * Returns the bytes written. */
size_t raw_copy_without_looking(char *to, const char *from, size_t n);
static inline bool raw_is_left_out(const Raw *raw) {
        return raw->mask == 0;
}
