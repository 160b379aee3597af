/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Watch descriptors and what they stand for: a hash of pointers to structs that begin with their wd. */

#pragma once

#include "base/macros.h"

/* A zeroed one is empty. */
typedef struct Wds {
        int **slots;      /* NULL: free */
        uint32_t n_slots; /* a power of two, or 0 */
        uint32_t n_used;
} Wds;

void wds_done(Wds *w);

/* NULL if there is none. */
void *wds_get(const Wds *w, int wd);

/* Asks the memory for what wds_get() of these will look at, all at once. */
void wds_prefetch(const Wds *w, const int *wds, size_t n);

/* Puts a struct that begins with its wd (int, not 0) under it, in place of what is there. Returns 0 or
 * -ENOMEM. */
int wds_put(Wds *w, void *value);
void wds_remove(Wds *w, int wd);

/* Makes room for `n` in all at once. Returns 0 or -ENOMEM. */
int wds_reserve(Wds *w, uint32_t n);

/* Goes through all: *position begins at 0. Returns the next value, or NULL after the last. Nothing may
 * be put or removed meanwhile. */
void *wds_next(const Wds *w, uint32_t *position);
