/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The intake is a buffer in a memory file: batches follow each other from its beginning, and when all
 * are handed out it begins anew. read(2) lands in a zone of its own that is all zero before, and from
 * there is copied to the tail; tail and number of the read are published in one: who finds in the zone
 * a read that was not published knows that its process died before it could, and where the bytes end.
 * What was handed out is published in one as well, by the index of the slot that says so. */

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>

#include "base/crash.h"
#include "tree/intake.h"

#define INTAKE_MAGIC UINT64_C(0x32656b61746e4969) /* "iIntake2" */
#define INTAKE_VERSION 2U
#define HEADER_SIZE 4096U
#define DATA_SIZE                                                                                  \
        (512U * 1024U) /* several reads: a move waits for its second half without stopping them */
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

static void publish(Intake *i, uint64_t tail, uint32_t read) {
        __atomic_store_n(&i->header->published, (uint64_t) read << 32 | tail, __ATOMIC_RELEASE);
}

static inline const Slot *slot_of(const Intake *i) {
        return &i->header->slots[i->header->slot];
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

static int map(int fd, Intake **ret) {
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
        struct timespec realtime;
        uint64_t id;
        int r;

        if (fd < 0)
                return -errno;
        if (getrandom(&id, sizeof(id), 0) != sizeof(id))
                return -errno;
        if (ftruncate(fd, FILE_SIZE) < 0)
                return -errno;
        r = map(TAKE_FD(fd), ret);
        if (r < 0)
                return r;
        (void) clock_gettime(CLOCK_REALTIME, &realtime);
        *(*ret)->header = (Header){
                .magic = INTAKE_MAGIC,
                .version = INTAKE_VERSION,
                .header_size = HEADER_SIZE,
                .id = id & ~UINT64_C(1),
                .landing = 1,
                .slots = { { .head = sizeof(Batch), .step = (uint64_t) realtime.tv_sec << 30 } },
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

static uint64_t batch_end(uint64_t at, uint64_t size) {
        return at + sizeof(Batch) + ((size + 7) & ~UINT64_C(7));
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

/* Makes a batch of `n` bytes that have landed. */
static void take_landed(Intake *i, size_t n, usec_t now, usec_t usec) {
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
        take_landed(i, (size_t) n, now, usec);
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

int intake_next(const Intake *i, IntakePlace *place, IntakeRecord *ret) {
        Batch batch;
        uint64_t end;
        int r;

        for (;;) {
                if (place->batch >= tail_of(i))
                        return 0;
                memcpy(&batch, i->data + place->batch, sizeof(batch));
                end = place->batch + sizeof(batch) + batch.size;
                if (place->offset < end)
                        break;
                place->batch = batch_end(place->batch, batch.size);
                place->offset = place->batch + sizeof(batch);
        }
        r = raw_decode(i->data + place->offset, end - place->offset, &ret->raw);
        if (r < 0) {
                place->offset = end;
                return r;
        }
        ret->usec = batch.usec;
        ret->now = batch.now;
        place->offset += ret->raw.size;
        if (raw_is_left_out(&ret->raw))
                ret->raw.size = ret->raw.cookie;
        return 1;
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

        slot.head_batch = 0;
        slot.head = sizeof(Batch);
        slot.n_handed_out = i->header->n_read;
        publish(i, 0, last_read(i));
        crash_point("intake-restart");
        flip(i, &slot);
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
                take_landed(i, landed_size(i), now, usec);
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
        r = map(TAKE_FD(owned), &i);
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
