/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A hash of 64 bits stands for a notice: that two of the few that are compared are taken for each other
 * by chance happens never. */

#include <limits.h>

#include "repeats.h"

struct Repeat {
        uint64_t path; /* its hash */
        uint64_t hash; /* of all of it */
        uint64_t sequence;
        Member member;
        bool is_last; /* about that path */
};

static uint64_t add_bytes(uint64_t hash, const char *s, size_t n) {
        for (size_t i = 0; i < n; i++)
                hash = (hash ^ (uint8_t) s[i]) * UINT64_C(1099511628211);
        return (hash ^ UINT8_MAX) * UINT64_C(1099511628211); /* no byte of UTF-8: the end */
}

static Repeat from_notice(const Notice *n) {
        uint64_t path = add_bytes(UINT64_C(14695981039346656037), n->path, n->path_len);
        uint64_t hash = (path ^ (uint64_t) n->member) * UINT64_C(1099511628211);

        if (n->source)
                hash = add_bytes(hash, n->source, n->source_len);
        return (Repeat){
                .path = path,
                .hash = hash,
                .sequence = n->sequence,
                .member = n->member,
        };
}

static int compare_numbers(uint64_t x, uint64_t y) {
        return (x > y) - (x < y);
}

static int by_path(const void *a, const void *b) {
        const Repeat *x = a, *y = b;

        return compare_numbers(x->path, y->path) ?: compare_numbers(x->sequence, y->sequence);
}

static int by_what_alone(const void *a, const void *b) {
        const Repeat *x = a, *y = b;

        return compare_numbers(x->path, y->path) ?: compare_numbers(x->hash, y->hash);
}

static int by_what(const void *a, const void *b) {
        const Repeat *x = a, *y = b;

        return by_what_alone(a, b) ?: compare_numbers(x->sequence, y->sequence);
}

static int by_path_alone(const void *a, const void *b) {
        return compare_numbers(((const Repeat *) a)->path, ((const Repeat *) b)->path);
}

void repeats_done(Repeats *r) {
        free(r->items);
        *r = (Repeats){};
}

/* Of those that say the same the last one is kept. */
static void sort(Repeats *r) {
        size_t n = 0;

        if (r->n == 0)
                return;
        qsort(r->items, r->n, sizeof(Repeat), by_path);
        for (size_t i = 0; i < r->n; i++)
                r->items[i].is_last = i + 1 == r->n || r->items[i + 1].path != r->items[i].path;
        qsort(r->items, r->n, sizeof(Repeat), by_what);
        for (size_t i = 0; i < r->n; i++)
                if (i + 1 == r->n || by_what_alone(&r->items[i + 1], &r->items[i]) != 0)
                        r->items[n++] = r->items[i];
        r->n = n;
}

int repeats_read(Repeats *r, const History *h, Cursor begin, Cursor end, const char *watch) {
        uint64_t from, to;
        size_t allocated = 0;
        Notice n;
        int found;

        repeats_done(r);
        while (begin.position < end.position &&
                        (found = history_next(h, &begin, UINT_MAX, &n, &from, &to)) != 0) {
                if (found < 0 || !streq(n.watch, watch))
                        continue;
                if (r->n == allocated) {
                        Repeat *grown;

                        allocated = MAX_OF(allocated * 2, (size_t) 64);
                        grown = reallocarray(r->items, allocated, sizeof(Repeat));
                        if (!grown)
                                return -ENOMEM;
                        r->items = grown;
                }
                r->items[r->n++] = from_notice(&n);
        }
        sort(r);
        return 0;
}

static const Repeat *
find(const Repeats *r, const Repeat *wanted, int (*compare)(const void *a, const void *b)) {
        return r->n == 0 ? NULL : bsearch(wanted, r->items, r->n, sizeof(Repeat), compare);
}

bool repeats_have(const Repeats *r, const Notice *n, uint64_t sequence) {
        Repeat wanted = from_notice(n);
        const Repeat *found = find(r, &wanted, by_what_alone);

        return found && found->sequence > sequence;
}

#define MASK_GONE (IN_DELETE | IN_MOVED_FROM)
#define MASK_THERE                                                                                 \
        (IN_CREATE | IN_MOVED_TO | IN_ACCESS | IN_ATTRIB | IN_CLOSE | IN_MODIFY | IN_OPEN)

/* A look sees whether there is such a name, and not where from or where to. */
static bool has_found(const Repeat *last, const Repeat *found) {
        uint32_t mask = member_names[last->member].mask;

        if (found->member == MEMBER_IN_CREATE)
                return mask & MASK_THERE;
        if (found->member == MEMBER_IN_DELETE)
                return mask & MASK_GONE;
        return last->hash == found->hash;
}

bool repeats_end_with(const Repeats *r, const Notice *n) {
        Repeat wanted = from_notice(n);
        const Repeat *i = find(r, &wanted, by_path_alone), *end;

        if (!i)
                return false;
        end = r->items + r->n;
        while (i > r->items && i[-1].path == wanted.path)
                i--;
        for (; i < end && i->path == wanted.path; i++)
                if (i->is_last)
                        return has_found(i, &wanted);
        return false;
}
