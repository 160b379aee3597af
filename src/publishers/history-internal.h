/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What history.c and history-adopt.c share: the layout of the memory file. */

#pragma once

#include "publishers/history.h"

#define HISTORY_MAGIC UINT64_C(0x31796f7473694869) /* "iHistoy1" */
#define HISTORY_VERSION 2U
#define HEADER_SIZE 4096U
#define N_HEADER_CURSORS 16U

typedef struct Header {
        uint64_t magic;
        uint32_t version;
        uint32_t header_size;
        uint64_t size; /* of the ring */
        uint64_t end;  /* position after the newest record */
        uint64_t oldest;
        uint64_t newest_sequence;
        Cursor cursors[N_HEADER_CURSORS]; /* by PublisherKind */
} Header;

typedef struct Record {
        uint32_t size; /* of all of it, a multiple of 8 */
        uint8_t member;
        uint8_t flags;
        uint8_t reason;
        uint8_t publish;
        uint32_t mask;
        uint32_t cookie;
        uint64_t sequence;
        uint64_t step;
        usec_t usec;
        uint16_t path_len;
        uint16_t source_len;
        uint8_t watch_len;
        uint8_t has_source;
        uint16_t n_extras; /* uint64_t each: size, duration, chunks, those that the flags name */
        /* extras, path NUL, source NUL (if it has one), watch NUL */
} Record;

struct History {
        Header *header;
        char *ring; /* mapped twice */
        uint64_t size;
        int fd;
        uint64_t last; /* of an adopted one: position of the first notice of the last step */
};

static inline Record *record_at(const History *h, uint64_t position) {
        return (Record *) (h->ring + position % h->size);
}

static inline const char *watch_of(const Record *record) {
        return (const char *) (record + 1) + record->n_extras * sizeof(uint64_t) +
               record->path_len + 1 + (record->has_source ? record->source_len + 1 : 0);
}

/* Maps a file of a header and `size` bytes of ring; takes `fd` over, also on failure. */
int history_map(int fd, uint64_t size, History **ret);
