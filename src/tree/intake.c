/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The intake is a buffer in a memory file: batches follow each other from its beginning, and when all
 * are handed out it begins anew. read(2) lands in a zone of its own that is all zero before, and from
 * there is copied to the tail; tail and number of the read are published in one: who finds in the zone
 * a read that was not published knows that its process died before it could, and where the bytes end.
 * What was handed out is published in one as well, by the index of the slot that says so. */

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <time.h>

#include "base/crash.h"
#include "tree/intake-internal.h"

static void publish(Intake *i, uint64_t tail, uint32_t read) {
        __atomic_store_n(&i->header->published, (uint64_t) read << 32 | tail, __ATOMIC_RELEASE);
}

Intake *intake_free(Intake *i) {
        if (!i)
                return NULL;
        if (i->header)
                (void) munmap(i->header, FILE_SIZE);
        safe_close(i->fd);
        free(i);
        return NULL;
}

int intake_map(int fd, Intake **ret) {
        _cleanup_close_ int owned = fd;
        _cleanup_(intake_freep) Intake *i = calloc(1, sizeof(Intake));
        void *p;

        if (!i)
                return -ENOMEM;
        i->fd = TAKE_FD(owned);
        p = mmap(NULL, FILE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, i->fd, 0);
        if (p == MAP_FAILED)
                return -errno;
        i->header = p;
        i->landing = (char *) p + HEADER_SIZE;
        i->data = i->landing + INTAKE_READ_MAX;
        *ret = TAKE_PTR(i);
        return 0;
}

int intake_new(Intake **ret) {
        _cleanup_close_ int fd = memfd_create("inotifier-intake", MFD_CLOEXEC);
        struct timespec now;
        uint64_t id, step;
        int r;

        if (fd < 0)
                return -errno;
        if (getrandom(&id, sizeof(id), 0) != sizeof(id))
                return -errno;
        if (ftruncate(fd, FILE_SIZE) < 0)
                return -errno;
        r = intake_map(TAKE_FD(fd), ret);
        if (r < 0)
                return r;
        (void) clock_gettime(CLOCK_REALTIME, &now);
        step = (uint64_t) now.tv_sec * UINT64_C(1000000000) + (uint64_t) now.tv_nsec;
        *(*ret)->header = (Header){
                .magic = INTAKE_MAGIC,
                .version = INTAKE_VERSION,
                .header_size = HEADER_SIZE,
                .id = id & ~UINT64_C(1),
                .landing = 1,
                .slots = { { .head = sizeof(Batch), .step = step } },
        };
        return 0;
}

void intake_disown(Intake *i) {
        i->header->id = (i->header->id + 2) | 1; /* an odd one says so */
}

bool intake_is_disowned(const Intake *i) {
        return i->header->id & 1;
}

bool intake_has_room(const Intake *i) {
        return tail_of(i) + sizeof(Batch) + INTAKE_READ_MAX <= DATA_SIZE;
}

bool intake_is_empty(const Intake *i) {
        return slot_of(i)->head_batch >= tail_of(i);
}

/* Publishes `n` bytes behind the room of a batch's header at the tail; 0: only that the read was. */
static void add_batch(Intake *i, size_t n, usec_t now, usec_t usec, uint32_t read) {
        Batch batch = { .size = n, .usec = usec, .now = now };
        uint64_t tail = tail_of(i);

        if (n > 0) {
                memcpy(i->data + tail, &batch, sizeof(batch));
                tail = batch_end(tail, n);
        }
        publish(i, tail, read);
}

void intake_take_landed(Intake *i, size_t n, usec_t now, usec_t usec) {
        char *to = i->data + tail_of(i) + sizeof(Batch);
        size_t kept = i->header->is_looking ? raw_copy_without_looking(to, i->landing, n) : n;

        if (!i->header->is_looking)
                memcpy(to, i->landing, n);
        else if (kept == sizeof(struct inotify_event) && kept < n && intake_is_empty(i))
                kept = 0; /* all of it is left out, and nothing waits for its turn */
        i->header->n_read += n;
        add_batch(i, kept, now, usec, i->header->landing);
}

int intake_read(Intake *i, int fd, bool is_looking, usec_t now, usec_t usec) {
        ssize_t n;

        assert(intake_has_room(i));
        i->header->is_looking = is_looking;
        n = read(fd, i->landing, INTAKE_READ_MAX);
        if (n < 0)
                return errno == EAGAIN || errno == EINTR ? 0 : -errno;
        crash_point("intake-read");
        intake_take_landed(i, (size_t) n, now, usec);
        crash_point("intake-put");
        memset(i->landing, 0, (size_t) n);
        __atomic_store_n(&i->header->landing, i->header->landing + 1, __ATOMIC_RELEASE);
        return (int) n;
}

int intake_put(Intake *i, const void *data, size_t n, usec_t now, usec_t usec) {
        if (n > INTAKE_READ_MAX || !intake_has_room(i))
                return -ENOBUFS;
        memcpy(i->data + tail_of(i) + sizeof(Batch), data, n);
        i->header->n_read += n;
        add_batch(i, n, now, usec, last_read(i));
        return 0;
}

IntakePlace intake_head(const Intake *i) {
        return (IntakePlace){ slot_of(i)->head_batch, slot_of(i)->head };
}

/* Moves to the next record. Returns the bytes from there to the end of its batch, 0 at the tail. */
static size_t find_record(const Intake *i, IntakePlace *place, Batch *ret) {
        for (; place->batch < tail_of(i); place->offset = place->batch + sizeof(*ret)) {
                memcpy(ret, i->data + place->batch, sizeof(*ret));
                if (place->offset < place->batch + sizeof(*ret) + ret->size)
                        return place->batch + sizeof(*ret) + ret->size - place->offset;
                place->batch = batch_end(place->batch, ret->size);
        }
        return 0;
}

int intake_next(const Intake *i, IntakePlace *place, IntakeRecord *ret) {
        Batch batch;
        size_t n = find_record(i, place, &batch);
        int r;

        if (n == 0)
                return 0;
        r = raw_decode(i->data + place->offset, n, &ret->raw);
        if (r < 0) {
                place->offset += n;
                return r;
        }
        ret->usec = batch.usec;
        ret->now = batch.now;
        place->offset += ret->raw.size;
        if (raw_is_left_out(&ret->raw))
                ret->raw.size = ret->raw.cookie;
        return 1;
}

bool intake_next_wd(const Intake *i, IntakePlace *place, int *ret_wd) {
        Batch batch;
        size_t n = find_record(i, place, &batch);

        n = raw_peek(i->data + place->offset, n, ret_wd);
        place->offset += n;
        return n > 0;
}

/* Fills the slot that does not hold, and has it hold from now on. */
static void flip(Intake *i, const Slot *slot) {
        uint32_t other = !i->header->slot;

        i->header->slots[other] = *slot;
        crash_point("intake-commit");
        __atomic_store_n(&i->header->slot, other, __ATOMIC_RELEASE);
}

void intake_commit(Intake *i, const IntakePlace *place, uint64_t n_handed_out, uint64_t step) {
        Slot slot = {
                .head_batch = place->batch,
                .head = place->offset,
                .n_handed_out = n_handed_out,
                .step = step,
        };

        if (i->kept)
                memcpy(slot.kept, i->kept, sizeof(slot.kept));
        flip(i, &slot);
}

void intake_restart(Intake *i) {
        Slot slot = *slot_of(i);
        uint64_t tail = tail_of(i);

        slot.head_batch = 0;
        slot.head = sizeof(Batch);
        slot.n_handed_out = i->header->n_read;
        publish(i, 0, last_read(i));
        crash_point("intake-restart");
        flip(i, &slot);
        if (tail > DATA_KEPT)
                (void) fallocate(i->fd,
                                FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
                                HEADER_SIZE + INTAKE_READ_MAX + DATA_KEPT,
                                DATA_SIZE - DATA_KEPT);
}

uint64_t intake_n_read(const Intake *i) {
        return i->header->n_read;
}

uint64_t intake_n_handed_out(const Intake *i) {
        return slot_of(i)->n_handed_out;
}

uint64_t intake_step(const Intake *i) {
        return slot_of(i)->step;
}

const uint64_t *intake_kept(const Intake *i) {
        return slot_of(i)->kept;
}

void intake_set_kept(Intake *i, const uint64_t *kept) {
        i->kept = kept;
}

uint64_t intake_id(const Intake *i) {
        return i->header->id;
}

int intake_fd(const Intake *i) {
        return i->fd;
}
