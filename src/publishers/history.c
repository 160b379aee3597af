/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The ring lies in a memory file and is mapped twice in a row, so that a record that crosses the end
 * is contiguous all the same. Positions count bytes ever written; the place in the ring is the
 * position modulo its size. A record is written before the end moves past it, and the oldest records
 * are given up before they are overwritten: whoever opens the file after a crash finds only whole
 * ones. */

#include <sys/mman.h>

#include "base/crash.h"
#include "publishers/history-internal.h"

static_assert(sizeof(Header) <= HEADER_SIZE, "the header fits its page");
static_assert((unsigned) _PUBLISHER_MAX <= N_HEADER_CURSORS, "each publisher has a cursor");
static_assert((unsigned) _PUBLISHER_MAX <= 8, "each publisher has a bit in a record");
static_assert(sizeof(Record) % 8 == 0, "extras are aligned");

static int map_ring(History *h) {
        size_t length = HEADER_SIZE + 2 * h->size;
        char *base;

        base = mmap(NULL, length, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (base == MAP_FAILED)
                return -errno;
        h->header = (Header *) base;
        h->ring = base + HEADER_SIZE;
        if (mmap(base,
                            HEADER_SIZE + h->size,
                            PROT_READ | PROT_WRITE,
                            MAP_SHARED | MAP_FIXED,
                            h->fd,
                            0) == MAP_FAILED ||
                        mmap(h->ring + h->size,
                                        h->size,
                                        PROT_READ | PROT_WRITE,
                                        MAP_SHARED | MAP_FIXED,
                                        h->fd,
                                        HEADER_SIZE) == MAP_FAILED)
                return -errno;
        return 0;
}

History *history_free(History *h) {
        if (!h)
                return NULL;
        if (h->header)
                (void) munmap(h->header, HEADER_SIZE + 2 * h->size);
        safe_close(h->fd);
        free(h);
        return NULL;
}

int history_map(int fd, uint64_t size, History **ret) {
        _cleanup_close_ int owned = fd;
        _cleanup_(history_freep) History *h = NULL;
        int r;

        h = calloc(1, sizeof(History));
        if (!h)
                return -ENOMEM;
        h->fd = TAKE_FD(owned);
        h->size = size;
        r = map_ring(h);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(h);
        return 0;
}

int history_new(uint64_t size, History **ret) {
        uint64_t page = (uint64_t) sysconf(_SC_PAGESIZE);
        _cleanup_close_ int fd = -EBADF;
        int r;

        assert(size >= HISTORY_SIZE_MIN && size <= HISTORY_SIZE_MAX);
        size = (size + page - 1) / page * page;
        fd = memfd_create("inotifier-history", MFD_CLOEXEC);
        if (fd < 0)
                return -errno;
        if (ftruncate(fd, (off_t) (HEADER_SIZE + size)) < 0)
                return -errno;
        r = history_map(TAKE_FD(fd), size, ret);
        if (r < 0)
                return r;
        *(*ret)->header = (Header){
                .magic = HISTORY_MAGIC,
                .version = HISTORY_VERSION,
                .header_size = HEADER_SIZE,
                .size = size,
        };
        return 0;
}

void history_begin_after(History *h, uint64_t sequence) {
        assert(h->header->oldest == h->header->end);
        h->header->newest_sequence = MAX_OF(h->header->newest_sequence, sequence);
}

int history_fd(const History *h) {
        return h->fd;
}

int history_append(History *h, const Notice *n, unsigned publish) {
        Header *header = h->header;
        size_t watch_len = strlen(n->watch);
        uint64_t extras[3];
        uint16_t n_extras = 0;

        if (n->flags & NOTICE_HAS_SIZE)
                extras[n_extras++] = n->size;
        if (n->flags & NOTICE_HAS_DURATION)
                extras[n_extras++] = n->duration_usec;
        if (n->flags & NOTICE_HAS_CHUNKS)
                extras[n_extras++] = n->chunks;

        size_t source_size = n->source ? n->source_len + 1 : 0;
        uint64_t size = sizeof(Record) + n_extras * sizeof(uint64_t) + n->path_len + 1 +
                        source_size + watch_len + 1;
        size = (size + 7) & ~UINT64_C(7);
        if (n->path_len > UINT16_MAX || n->source_len > UINT16_MAX || watch_len > UINT8_MAX ||
                        size > h->size)
                return -EMSGSIZE;

        uint64_t oldest = header->oldest;
        while (header->end + size - oldest > h->size)
                oldest += record_at(h, oldest)->size;
        __atomic_store_n(&header->oldest, oldest, __ATOMIC_RELEASE);

        Record *record = record_at(h, header->end);
        *record = (Record){
                .size = (uint32_t) size,
                .member = (uint8_t) n->member,
                .flags = (uint8_t) n->flags,
                .reason = (uint8_t) n->reason,
                .publish = (uint8_t) publish,
                .mask = n->mask,
                .cookie = n->cookie,
                .sequence = header->newest_sequence + 1,
                .step = n->step,
                .usec = n->usec,
                .path_len = (uint16_t) n->path_len,
                .source_len = (uint16_t) n->source_len,
                .watch_len = (uint8_t) watch_len,
                .has_source = n->source != NULL,
                .n_extras = n_extras,
        };
        char *p = (char *) (record + 1);
        p = mempcpy(p, extras, n_extras * sizeof(uint64_t));
        p = mempcpy(p, n->path, n->path_len);
        *p++ = '\0';
        if (n->source) {
                p = mempcpy(p, n->source, n->source_len);
                *p++ = '\0';
        }
        memcpy(p, n->watch, watch_len + 1);

        /* In this order: after a crash the last record says what the newest sequence is. */
        crash_point("history-write");
        __atomic_store_n(&header->end, header->end + size, __ATOMIC_RELEASE);
        crash_point("history-end");
        header->newest_sequence++;
        return 0;
}

uint64_t history_newest(const History *h) {
        return h->header->newest_sequence;
}

uint64_t history_oldest(const History *h) {
        if (h->header->oldest == h->header->end)
                return h->header->newest_sequence + 1;
        return record_at(h, h->header->oldest)->sequence;
}

Cursor history_end(const History *h) {
        return (Cursor){ h->header->end, h->header->newest_sequence };
}

Cursor history_load(const History *h, PublisherKind kind) {
        return h->header->cursors[kind];
}

void history_save(History *h, PublisherKind kind, const Cursor *c) {
        h->header->cursors[kind] = *c;
}

static void notice_from_record(const Record *record, Notice *ret) {
        const char *p = (const char *) (record + 1);
        uint64_t extras[3] = {};
        size_t i = 0;

        memcpy(extras, p, record->n_extras * sizeof(uint64_t));
        p += record->n_extras * sizeof(uint64_t);
        *ret = (Notice){
                .member = (Member) record->member,
                .flags = (NoticeFlags) record->flags,
                .reason = (Reason) record->reason,
                .mask = record->mask,
                .cookie = record->cookie,
                .sequence = record->sequence,
                .step = record->step,
                .usec = record->usec,
                .path = p,
                .path_len = record->path_len,
        };
        if (record->flags & NOTICE_HAS_SIZE)
                ret->size = extras[i++];
        if (record->flags & NOTICE_HAS_DURATION)
                ret->duration_usec = extras[i++];
        if (record->flags & NOTICE_HAS_CHUNKS)
                ret->chunks = (uint32_t) extras[i++];
        p += record->path_len + 1;
        if (record->has_source) {
                ret->source = p;
                ret->source_len = record->source_len;
                p += record->source_len + 1;
        }
        ret->watch = p;
}

int history_next(const History *h,
                Cursor *c,
                unsigned publish,
                Notice *ret,
                uint64_t *ret_from,
                uint64_t *ret_to) {
        const Header *header = h->header;

        if (c->position < header->oldest) {
                uint64_t from = c->sequence + 1, to = history_oldest(h) - 1;

                *c = (Cursor){ header->oldest, to };
                if (from <= to) {
                        *ret_from = from;
                        *ret_to = to;
                        return -ESTALE;
                }
        }
        while (c->position < header->end) {
                const Record *record = record_at(h, c->position);

                c->position += record->size;
                c->sequence = record->sequence;
                if (record->publish & publish) {
                        notice_from_record(record, ret);
                        return 1;
                }
        }
        return 0;
}
