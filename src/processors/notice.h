/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A Notice is what a processor has to say: plain data, its strings borrowed, valid during the call.
 * It is what the history keeps and every publisher reads. */

#pragma once

#include "base/macros.h"
#include "base/names.h"

typedef enum NoticeFlags {
        NOTICE_INITIAL = 1 << 0,      /* there already at the first start */
        NOTICE_RESCAN = 1 << 1,       /* found by a rescan, not seen as an event */
        NOTICE_HAS_SIZE = 1 << 2,     /* `size` is known */
        NOTICE_HAS_DURATION = 1 << 3, /* `duration_usec` is known */
        NOTICE_HAS_CHUNKS = 1 << 4,   /* `chunks` is known */
} NoticeFlags;

typedef struct Notice {
        Member member;
        NoticeFlags flags;
        Reason reason;
        uint32_t mask;     /* of inotify, IN_ISDIR included */
        uint32_t cookie;   /* of a move, else 0 */
        uint64_t sequence; /* given by the history */
        usec_t usec;       /* CLOCK_REALTIME, when the event was read */
        uint64_t size;
        usec_t duration_usec;
        uint32_t chunks;
        const char *path; /* absolute, exact bytes, NUL-terminated */
        size_t path_len;
        const char *source; /* NULL where there is none */
        size_t source_len;
        const char *watch; /* the name of the watch; set by whoever hands it to the history */
        uint64_t step;     /* of that watch, in which it was said; likewise */
} Notice;
