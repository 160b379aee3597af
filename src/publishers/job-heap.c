/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A binary heap; each unit knows its place in it. */

#include "publishers/job-heap.h"

static bool is_before(const JobUnit *a, const JobUnit *b) {
        return a->first->ordinal < b->first->ordinal;
}

static void put(JobWatch *w, size_t place, JobUnit *u) {
        w->heap[place - 1] = u;
        u->place = place;
}

static void rise(JobWatch *w, JobUnit *u, size_t place) {
        for (; place > 1 && is_before(u, w->heap[place / 2 - 1]); place /= 2)
                put(w, place, w->heap[place / 2 - 1]);
        put(w, place, u);
}

static void sink(JobWatch *w, JobUnit *u, size_t place) {
        for (;;) {
                size_t below = 2 * place;

                if (below < w->n_heap && is_before(w->heap[below], w->heap[below - 1]))
                        below++;
                if (below > w->n_heap || !is_before(w->heap[below - 1], u))
                        break;
                put(w, place, w->heap[below - 1]);
                place = below;
        }
        put(w, place, u);
}

int job_heap_reserve(JobWatch *w, size_t n) {
        size_t n_allocated = MAX_OF(2 * w->n_heap_allocated, (size_t) 16);
        JobUnit **grown;

        if (n <= w->n_heap_allocated)
                return 0;
        grown = reallocarray(w->heap, n_allocated, sizeof(JobUnit *));
        if (!grown)
                return -ENOMEM;
        w->heap = grown;
        w->n_heap_allocated = n_allocated;
        return 0;
}

void job_heap_add(JobWatch *w, JobUnit *u) {
        assert(u->place == 0 && u->first && w->n_heap < w->n_heap_allocated);
        w->n_heap++;
        rise(w, u, w->n_heap);
}

void job_heap_remove(JobWatch *w, JobUnit *u) {
        size_t place = u->place;
        JobUnit *last = w->heap[w->n_heap - 1];

        assert(place > 0);
        u->place = 0;
        w->n_heap--;
        if (last == u)
                return;
        sink(w, last, place);
        rise(w, last, last->place);
}
