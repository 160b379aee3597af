/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* When to read again. Few events are read at once, as they come. In a flood a wake-up costs more than the
 * reading, so there is a pause before the next read, in which some gather. */

#pragma once

#include "base/macros.h"

#define GATHER_USEC USEC_PER_MSEC
#define GATHER_BYTES 1024U              /* so much within GATHER_USEC is a flood */
#define GATHER_BYTES_FULL (60U * 1024U) /* a read that brought so much has left more behind */

/* A zeroed one has read nothing yet. */
typedef struct Gather {
        usec_t began;
        unsigned n_bytes; /* read since then */
} Gather;

/* A read brought `n_read` bytes. Returns when to read next: USEC_INFINITY as soon as there is something. */
static inline usec_t gather_next(Gather *g, usec_t now, unsigned n_read) {
        if (now >= g->began + GATHER_USEC)
                *g = (Gather){ .began = now };
        g->n_bytes += n_read;
        if (n_read >= GATHER_BYTES_FULL || g->n_bytes < GATHER_BYTES)
                return USEC_INFINITY;
        return g->began + GATHER_USEC;
}
