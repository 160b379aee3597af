/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Linear probing, at most three quarters full; removal moves the followers up, so that there are no
 * tombstones however many directories come and go. */

#include "tree/wds.h"

/* Watch descriptors are given out in a row, and directories that were found one after the other are
 * near each other: so many in a row share a cache line. */
#define BLOCK 8U

static uint32_t home_of(const Wds *w, int wd) {
        uint32_t block = (uint32_t) wd / BLOCK * UINT32_C(2654435761);

        return (block * BLOCK + (uint32_t) wd % BLOCK) & (w->n_slots - 1);
}

void wds_done(Wds *w) {
        free(w->slots);
        *w = (Wds){};
}

static int **find(const Wds *w, int wd) {
        uint32_t i = home_of(w, wd);

        while (w->slots[i] && *w->slots[i] != wd)
                i = (i + 1) & (w->n_slots - 1);
        return &w->slots[i];
}

void *wds_get(const Wds *w, int wd) {
        return w->n_used > 0 ? *find(w, wd) : NULL;
}

void wds_prefetch(const Wds *w, const int *wds, size_t n) {
        if (w->n_used == 0)
                return;
        for (size_t i = 0; i < n; i++)
                __builtin_prefetch(&w->slots[home_of(w, wds[i])]);
        for (size_t i = 0; i < n; i++)
                __builtin_prefetch(w->slots[home_of(w, wds[i])]);
}

static int grow(Wds *w, uint32_t n_slots) {
        Wds grown = { .n_slots = n_slots };

        grown.slots = calloc(grown.n_slots, sizeof(int *));
        if (!grown.slots)
                return -ENOMEM;
        for (uint32_t i = 0; i < w->n_slots; i++)
                if (w->slots[i])
                        *find(&grown, *w->slots[i]) = w->slots[i];
        grown.n_used = w->n_used;
        free(w->slots);
        *w = grown;
        return 0;
}

int wds_reserve(Wds *w, uint32_t n) {
        uint32_t n_slots = MAX_OF(w->n_slots, 16U);

        while (n_slots < UINT32_C(1) << 31 && n > n_slots / 4 * 3)
                n_slots *= 2;
        return n_slots > w->n_slots ? grow(w, n_slots) : 0;
}

int wds_put(Wds *w, void *value) {
        if (w->n_used + 1 > w->n_slots / 4 * 3) {
                int r = wds_reserve(w, w->n_used + 1);
                if (r < 0)
                        return r;
        }
        int **slot = find(w, *(int *) value);
        w->n_used += !*slot;
        *slot = value;
        return 0;
}

void wds_remove(Wds *w, int wd) {
        if (w->n_used == 0)
                return;
        int **slot = find(w, wd);
        if (!*slot)
                return;

        uint32_t hole = (uint32_t) (slot - w->slots), mask = w->n_slots - 1;
        for (uint32_t i = (hole + 1) & mask; w->slots[i]; i = (i + 1) & mask) {
                uint32_t home = home_of(w, *w->slots[i]);

                /* It may move up only if its home does not lie between the hole and itself. */
                if (((i - home) & mask) >= ((i - hole) & mask)) {
                        w->slots[hole] = w->slots[i];
                        hole = i;
                }
        }
        w->slots[hole] = NULL;
        w->n_used--;
}

void *wds_next(const Wds *w, uint32_t *position) {
        while (*position < w->n_slots) {
                void *value = w->slots[(*position)++];
                if (value)
                        return value;
        }
        return NULL;
}
