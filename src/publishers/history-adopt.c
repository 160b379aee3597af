/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Going on with the history of an earlier process. It is taken only if every record is whole; what was
 * said in a step that was not done to its end can be cut off: it was told to nobody. */

#include <sys/stat.h>

#include "publishers/history-internal.h"

/* Whether the bytes at `position` are a whole record. */
static bool record_is_whole(const History *h, uint64_t position) {
        uint64_t left = h->header->end - position;
        const Record *record = record_at(h, position);

        if (left < sizeof(Record) || record->size < sizeof(Record) || record->size > left ||
                        record->size % 8 != 0 || record->n_extras > 3 ||
                        record->member >= _MEMBER_MAX || record->reason >= _REASON_MAX)
                return false;
        uint64_t used = sizeof(Record) + record->n_extras * sizeof(uint64_t) + record->path_len +
                        1U + (record->has_source ? record->source_len + 1U : 0) +
                        record->watch_len + 1U;
        return used <= record->size;
}

/* Whether the ring is one of ours, and whole. */
static bool is_whole(const History *h) {
        const Header *header = h->header;
        uint64_t position = header->oldest, sequence = 0;

        if (header->magic != HISTORY_MAGIC || header->version != HISTORY_VERSION ||
                        header->header_size != HEADER_SIZE || header->size != h->size ||
                        header->oldest > header->end || header->end - header->oldest > h->size)
                return false;
        while (position < header->end) {
                if (!record_is_whole(h, position))
                        return false;
                const Record *record = record_at(h, position);
                if (sequence != 0 && record->sequence != sequence + 1)
                        return false;
                sequence = record->sequence;
                position += record->size;
        }
        return true;
}

/* A cursor that is at no record begins anew at the oldest. */
static void check_cursor(const History *h, Cursor *c) {
        uint64_t position = h->header->oldest;

        if (c->position < position)
                return; /* behind; it will be told */
        while (position < c->position && position < h->header->end)
                position += record_at(h, position)->size;
        if (position != c->position)
                *c = (Cursor){ h->header->oldest, history_oldest(h) - 1 };
}

/* Makes good what a crash can have left half done; it may be ended halfway itself. */
static void mend(History *h) {
        uint64_t position = h->header->oldest;
        const Record *before = NULL;

        while (position < h->header->end) {
                const Record *record = record_at(h, position);

                if (!before || record->step != before->step ||
                                !streq(watch_of(record), watch_of(before)))
                        h->last = position;
                position += record->size;
                before = record;
        }
        if (before)
                h->header->newest_sequence = before->sequence;
        for (size_t i = 0; i < N_HEADER_CURSORS; i++)
                check_cursor(h, &h->header->cursors[i]);
}

/* Fills an empty ring, with the same sequences and cursors. */
static void copy_ring(History *to, const History *from) {
        uint64_t position = from->header->oldest;
        Cursor cursors[N_HEADER_CURSORS];

        memcpy(cursors, from->header->cursors, sizeof(cursors));
        while (from->header->end - position > to->size)
                position += record_at(from, position)->size;
        to->header->newest_sequence = from->header->newest_sequence;
        to->header->end = to->header->oldest = position;
        while (position < from->header->end) {
                const Record *record = record_at(from, position);

                memcpy(record_at(to, position), record, record->size);
                position += record->size;
        }
        to->header->end = position;
        to->last = MAX_OF(from->last, to->header->oldest);
        memcpy(to->header->cursors, cursors, sizeof(cursors));
}

int history_copy(const History *h, uint64_t size, History **ret) {
        int r = history_new(size, ret);

        if (r >= 0)
                copy_ring(*ret, h);
        return r;
}

int history_adopt(int fd, uint64_t size, History **ret) {
        _cleanup_(history_freep) History *old = NULL, *h = NULL;
        _cleanup_close_ int owned = fd;
        struct stat st;
        int r;

        r = history_new(size, &h);
        if (r < 0)
                return r;
        bool may_be_one = fstat(fd, &st) >= 0 && S_ISREG(st.st_mode) &&
                          st.st_size >= (off_t) (HEADER_SIZE + HISTORY_SIZE_MIN) &&
                          st.st_size <= (off_t) (HEADER_SIZE + HISTORY_SIZE_MAX);
        if (may_be_one)
                r = history_map(TAKE_FD(owned), (uint64_t) st.st_size - HEADER_SIZE, &old);
        if (r == -ENOMEM)
                return r;
        if (!may_be_one || r < 0 || !is_whole(old)) {
                *ret = TAKE_PTR(h);
                return 0;
        }
        mend(old);
        if (old->size == h->size)
                *ret = TAKE_PTR(old);
        else {
                copy_ring(h, old);
                *ret = TAKE_PTR(h);
        }
        return 1;
}

const char *history_last_step(const History *h, uint64_t *ret_step) {
        const Record *record = record_at(h, h->last);

        if (h->header->oldest == h->header->end)
                return NULL;
        *ret_step = record->step;
        return watch_of(record);
}

void history_cut_last_step(History *h) {
        h->header->newest_sequence = record_at(h, h->last)->sequence - 1;
        __atomic_store_n(&h->header->end, h->last, __ATOMIC_RELEASE);
        for (size_t i = 0; i < N_HEADER_CURSORS; i++)
                check_cursor(h, &h->header->cursors[i]);
}
