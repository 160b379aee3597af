/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A hash of 64 bits stands for a notice: that two of the few that are compared are taken for each other
 * by chance happens never. */

#include <limits.h>

#include "repeats.h"

static uint64_t add_bytes(uint64_t hash, const char *s, size_t n) {
        for (size_t i = 0; i < n; i++)
                hash = (hash ^ (uint8_t) s[i]) * UINT64_C(1099511628211);
        return (hash ^ UINT8_MAX) * UINT64_C(1099511628211); /* no byte of UTF-8: the end */
}

static uint64_t hash_of(const Notice *n) {
        uint64_t hash = UINT64_C(14695981039346656037) ^ (uint64_t) n->member;

        hash = add_bytes(hash, n->path, n->path_len);
        return n->source ? add_bytes(hash, n->source, n->source_len) : hash;
}

static int compare(const void *a, const void *b) {
        uint64_t x = *(const uint64_t *) a, y = *(const uint64_t *) b;

        return (x > y) - (x < y);
}

void repeats_done(Repeats *r) {
        free(r->hashes);
        *r = (Repeats){};
}

int repeats_read(Repeats *r, const History *h, Cursor begin, const char *watch) {
        uint64_t from, to;
        size_t allocated = 0;
        Notice n;
        int found;

        repeats_done(r);
        while ((found = history_next(h, &begin, UINT_MAX, &n, &from, &to)) != 0) {
                if (found < 0 || !streq(n.watch, watch))
                        continue;
                if (r->n == allocated) {
                        uint64_t *grown;

                        allocated = MAX_OF(allocated * 2, (size_t) 64);
                        grown = reallocarray(r->hashes, allocated, sizeof(uint64_t));
                        if (!grown)
                                return -ENOMEM;
                        r->hashes = grown;
                }
                r->hashes[r->n++] = hash_of(&n);
        }
        if (r->n > 0)
                qsort(r->hashes, r->n, sizeof(uint64_t), compare);
        return 0;
}

bool repeats_have(const Repeats *r, const Notice *n) {
        uint64_t hash;

        if (r->n == 0)
                return false;
        hash = hash_of(n);
        return bsearch(&hash, r->hashes, r->n, sizeof(uint64_t), compare) != NULL;
}
