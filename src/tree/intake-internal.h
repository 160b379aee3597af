/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What intake.c and intake-adopt.c share: the layout of the memory file. */

#pragma once

#include "tree/intake.h"

#define INTAKE_MAGIC UINT64_C(0x32656b61746e4969) /* "iIntake2" */
#define INTAKE_VERSION 3U
#define HEADER_SIZE 4096U
/* Eight full queues of the kernel's: while what was read is handed out, or waits for a scan, reading goes on.
 * What is more than a part of it is given back when all was handed out. */
#define DATA_SIZE (4U * 1024U * 1024U)
#define DATA_KEPT (512U * 1024U)
#define FILE_SIZE (HEADER_SIZE + INTAKE_READ_MAX + DATA_SIZE)

/* What was handed out. */
typedef struct Slot {
        uint64_t head_batch; /* offset of the batch of the next record to hand out */
        uint64_t head;       /* its own offset */
        uint64_t n_handed_out;
        uint64_t step;
        uint64_t kept[INTAKE_N_KEPT];
} Slot;

typedef struct Header {
        uint64_t magic;
        uint32_t version;
        uint32_t header_size;
        uint64_t id;
        uint64_t published; /* offset after the last batch; above it, the number of the last read */
        uint32_t landing;   /* the number of the read that the zone is, or will be, of */
        uint32_t is_looking; /* ... and what it is about */
        uint64_t n_read;
        uint32_t slot; /* which one holds */
        uint32_t unused;
        Slot slots[2];
} Header;

typedef struct Batch {
        uint64_t size; /* of its records */
        usec_t usec;
        usec_t now;
} Batch;

struct Intake {
        Header *header;
        char *landing;
        char *data;
        const uint64_t *kept; /* borrowed, or NULL */
        int fd;
};

static_assert(sizeof(Header) <= HEADER_SIZE, "the header fits its page");
static_assert(DATA_SIZE <= UINT32_MAX, "a tail has 32 bits");

static inline uint64_t tail_of(const Intake *i) {
        return (uint32_t) i->header->published;
}

static inline uint32_t last_read(const Intake *i) {
        return (uint32_t) (i->header->published >> 32);
}

static inline const Slot *slot_of(const Intake *i) {
        return &i->header->slots[i->header->slot];
}

static inline uint64_t batch_end(uint64_t at, uint64_t size) {
        return at + sizeof(Batch) + ((size + 7) & ~UINT64_C(7));
}

/* Takes `fd` over, also on failure; what is in it is not looked at. Returns 0 or < 0. */
int intake_map(int fd, Intake **ret);

/* Makes a batch of `n` bytes that have landed. */
void intake_take_landed(Intake *i, size_t n, usec_t now, usec_t usec);
