/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* An Event is what happened to one file: plain data, its strings borrowed, valid during the call. The
 * tree makes them, processors take them.
 *
 * A move inside of what is watched is two events, IN_MOVED_FROM and then IN_MOVED_TO with `source`. */

#pragma once

#include "base/macros.h"

/* How the tree came to know. */
typedef enum Origin {
        ORIGIN_KERNEL,   /* an inotify event */
        ORIGIN_SCAN,     /* found in a directory that appeared a moment ago: it is new */
        ORIGIN_INITIAL,  /* there already when the watch was first placed */
        ORIGIN_RESCAN,   /* found by a rescan: it happened while nobody could see it */
        ORIGIN_MOVED_IN, /* found in a directory that was moved in as it is a moment ago */
        _ORIGIN_MAX,
        _ORIGIN_INVALID = -EINVAL,
} Origin;

/* What a look at a file says. */
typedef struct FileStat {
        uint64_t inode;
        uint64_t size;
        uint64_t ctime_nsec; /* CLOCK_REALTIME */
        uint32_t n_links;
        bool is_regular;
} FileStat;

typedef struct Event {
        uint32_t mask;   /* exactly one inotify event bit, IN_ISDIR besides */
        uint32_t cookie; /* of a move, else 0 */
        Origin origin;
        usec_t usec;      /* CLOCK_REALTIME, when it was read */
        const char *path; /* absolute, exact bytes, NUL-terminated */
        size_t path_len;
        const char *source; /* of a paired IN_MOVED_TO: where it came from; else NULL */
        size_t source_len;
        bool unpaired; /* of an IN_MOVED_FROM: no other half is to come, it was moved out */
        /* Of an IN_MOVED_TO of a file: that it was here before, under another name, nobody was told, or
         * cannot know: nobody saw it there, events were lost, or the halves came too far apart. */
        bool is_missed;
} Event;
