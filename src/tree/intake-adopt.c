/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* An intake that another process has left: it may have died between any two of its steps, and what it has
 * left may be another's, or damaged. */

#include <fcntl.h>
#include <sys/stat.h>

#include "tree/intake-internal.h"

static Batch *batch_at(const Intake *i, uint64_t at) {
        return (Batch *) (void *) (i->data + at);
}

/* Whether batches follow each other up to the tail, with the head in one of them or behind. */
static bool is_whole(const Intake *i) {
        const Header *h = i->header;
        uint64_t at = 0, tail = tail_of(i);
        bool has_head;

        if (h->magic != INTAKE_MAGIC || h->version != INTAKE_VERSION ||
                        h->header_size != HEADER_SIZE || h->slot > 1 || tail > DATA_SIZE)
                return false;
        has_head = intake_is_empty(i);
        while (at < tail) {
                const Batch *batch = batch_at(i, at);
                const Slot *slot = slot_of(i);

                if (tail - at < sizeof(Batch) || batch->size > INTAKE_READ_MAX ||
                                batch_end(at, batch->size) > tail)
                        return false;
                if (slot->head_batch == at)
                        has_head = slot->head >= at + sizeof(Batch) &&
                                   slot->head <= at + sizeof(Batch) + batch->size;
                at = batch_end(at, batch->size);
        }
        return has_head;
}

/* The bytes of a read that its process did not come to publish: up to what no event can be. */
static size_t landed_size(const Intake *i) {
        size_t at = 0;
        Raw raw;

        if (i->header->landing == last_read(i))
                return 0;
        while (raw_decode(i->landing + at, INTAKE_READ_MAX - at, &raw) >= 0 && raw.mask != 0)
                at += raw.size;
        return at;
}

void intake_refresh(Intake *i, usec_t now) {
        for (uint64_t at = 0; at < tail_of(i); at = batch_end(at, batch_at(i, at)->size))
                batch_at(i, at)->now = now;
}

/* Makes good what a death can have left half done. */
static int mend(Intake *i, usec_t now, usec_t usec) {
        Header *h = i->header;
        IntakePlace place;
        IntakeRecord record;
        int r;

        h->n_read = intake_n_handed_out(i);
        place = intake_head(i);
        while ((r = intake_next(i, &place, &record)) != 0)
                h->n_read += r > 0 ? record.raw.size : 0;
        if (h->n_read == intake_n_handed_out(i))
                intake_restart(i);
        if (landed_size(i) > 0 && intake_has_room(i))
                intake_take_landed(i, landed_size(i), now, usec);
        if (fallocate(i->fd,
                            FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
                            HEADER_SIZE,
                            INTAKE_READ_MAX) < 0)
                return -errno;
        __atomic_store_n(&h->landing, last_read(i) + 1, __ATOMIC_RELEASE);
        return 0;
}

int intake_peek(int fd, uint64_t *ret_id, uint64_t *ret_step) {
        Header h;

        if (pread(fd, &h, sizeof(h), 0) != sizeof(h) || h.magic != INTAKE_MAGIC ||
                        h.version != INTAKE_VERSION || h.slot > 1)
                return -EBADMSG;
        *ret_id = h.id;
        *ret_step = h.slots[h.slot].step;
        return 0;
}

int intake_adopt(int fd, usec_t now, usec_t usec, Intake **ret) {
        _cleanup_(intake_freep) Intake *i = NULL;
        _cleanup_close_ int owned = fd;
        struct stat st;
        int r;

        if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_size != FILE_SIZE)
                return intake_new(ret);
        r = intake_map(TAKE_FD(owned), &i);
        if (r < 0)
                return r;
        if (!is_whole(i))
                return intake_new(ret);
        r = mend(i, now, usec);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(i);
        return 1;
}
