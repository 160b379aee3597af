/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A record is written behind the end and then the end moves past it: that is all there is to a commit,
 * for a process may die between any two stores, but they are all made. A loss of power keeps no order,
 * so each record has a checksum, which its place and its file are part of. A compaction writes another
 * file aside and renames it over the first. */

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "base/crash.h"
#include "base/ledger-file.h"
#include "base/ledger.h"

#define LENGTH_MIN (UINT64_C(128) * 1024) /* no compaction below twice this */
#define ASIDE_SUFFIX ".new"

typedef struct RecordHead {
        uint32_t checksum;
        uint32_t n : 24;
        uint32_t type : 8;
        uint64_t stamp;
} RecordHead;

struct Ledger {
        LedgerFile file;
        int dir_fd; /* borrowed */
        char *name; /* NULL: a memory file */
        char *aside;
        uint32_t kind;
        LedgerState state;
        uint64_t n_dropped;
        uint64_t stamp;
        bool is_synced;
        bool is_compacting;
        bool is_suspended; /* until the next compaction */
        int compact_error; /* of an append amid a compaction */
        const char *found; /* the file as it was opened, up to its end, until the first append */
        uint64_t n_found;
};

static_assert(sizeof(LedgerHeader) <= LEDGER_HEADER_SIZE, "the header fits its page");
static_assert(sizeof(RecordHead) == 16, "records are aligned, their data too");
static_assert(LEDGER_RECORD_MAX < 1U << 24, "the length of a record fits its field");

static size_t record_size(size_t n) {
        return sizeof(RecordHead) + ((n + 7) & ~(size_t) 7);
}

/* Over all of the record, the zeroes that fill it up included, but its own field. */
static uint32_t checksum(uint64_t seed, uint64_t offset, const char *record, size_t size) {
        uint64_t h = seed ^ (offset * UINT64_C(0x9e3779b97f4a7c15)), word;

        for (size_t i = 0; i < size; i += sizeof(word)) {
                memcpy(&word, record + i, sizeof(word));
                if (i == 0)
                        memset(&word, 0, sizeof(uint32_t));
                h = (h ^ word) * UINT64_C(0xff51afd7ed558ccd);
                h ^= h >> 32;
        }
        return (uint32_t) h;
}

static void forget_found(Ledger *l) {
        if (l->found)
                (void) munmap((void *) (uintptr_t) l->found, l->n_found);
        l->found = NULL;
        l->n_found = 0;
}

Ledger *ledger_free(Ledger *l) {
        if (!l)
                return NULL;
        forget_found(l);
        ledger_file_done(&l->file);
        free(l->name);
        free(l->aside);
        free(l);
        return NULL;
}

void ledger_remove(Ledger *l) {
        if (l->name)
                (void) unlinkat(l->dir_fd, l->name, 0);
}

/* Puts the file aside in the place of the ledger's own, and takes it. */
static int replace(Ledger *l, LedgerFile *aside) {
        crash_point("ledger-written");
        if (l->name && renameat(l->dir_fd, l->aside, l->dir_fd, l->name) < 0)
                return -errno;
        crash_point("ledger-renamed");
        ledger_file_done(&l->file);
        l->file = TAKE(*aside, LEDGER_FILE_NONE);
        return 0;
}

static bool header_fits(const LedgerHeader *h, uint32_t kind) {
        return h->magic == LEDGER_MAGIC && h->version == LEDGER_VERSION && h->kind == kind &&
               h->end >= LEDGER_HEADER_SIZE && h->end % 8 == 0 && h->end <= LEDGER_SIZE_MAX &&
               h->error <= 0;
}

/* The size of the record at `offset`, or 0 if it is not whole. */
static size_t whole_record(const Ledger *l, uint64_t offset) {
        const char *record = l->found + offset;
        uint64_t left = l->n_found - offset;
        RecordHead head;

        if (left < sizeof(head))
                return 0;
        memcpy(&head, record, sizeof(head));
        size_t size = record_size(head.n);
        if (head.type == 0 || head.n > LEDGER_RECORD_MAX || size > left ||
                        head.checksum != checksum(l->file.header->seed, offset, record, size))
                return 0;
        return size;
}

/* Finds the end of what is whole. */
static int examine(Ledger *l) {
        LedgerHeader *h = l->file.header;
        uint64_t offset = LEDGER_HEADER_SIZE, end = h->end;
        size_t size;
        int r;

        l->n_found = MIN_OF(end, l->file.size);
        r = ledger_file_read_through(l->file.fd, l->n_found);
        if (r < 0)
                return r;
        void *p = mmap(NULL, l->n_found, PROT_READ, MAP_SHARED, l->file.fd, 0);
        if (p == MAP_FAILED)
                return -errno;
        l->found = p;
        for (; (size = whole_record(l, offset)) > 0; offset += size) {
                RecordHead head;

                memcpy(&head, l->found + offset, sizeof(head));
                l->stamp = head.stamp;
        }
        l->state = offset < end ? LEDGER_TORN : h->error < 0 ? LEDGER_INCOMPLETE : LEDGER_WHOLE;
        l->n_dropped = end - offset;
        h->end = offset;
        h->length = MIN_OF(MAX_OF(h->length, LEDGER_HEADER_SIZE), offset);
        return 0;
}

/* Begins anew in the place of what cannot be used. */
static int begin_anew(Ledger *l) {
        _cleanup_(ledger_file_done) LedgerFile aside = LEDGER_FILE_NONE;
        int r;

        forget_found(l);
        r = ledger_file_new(l->dir_fd, l->aside, l->kind, &aside);
        return r < 0 ? r : replace(l, &aside);
}

static int load(Ledger *l) {
        _cleanup_close_ int fd = -EBADF;
        struct stat st = {};
        int r;

        r = ledger_file_open(l->dir_fd, l->name, &fd);
        if (r < 0)
                return r;
        if (fd >= 0 && fstat(fd, &st) < 0)
                return -errno;
        if (fd >= 0 && S_ISREG(st.st_mode) && st.st_size == 0) {
                r = ledger_file_map(&l->file, TAKE_FD(fd), true);
                return r < 0 ? r : ledger_file_begin(&l->file, l->kind);
        }
        l->state = LEDGER_FOREIGN;
        l->n_dropped = (uint64_t) st.st_size;
        if (fd < 0 || !S_ISREG(st.st_mode) || st.st_size < (off_t) LEDGER_HEADER_SIZE)
                return begin_anew(l);
        r = ledger_file_read_through(fd, LEDGER_HEADER_SIZE);
        if (r >= 0)
                r = ledger_file_map(&l->file, TAKE_FD(fd), false);
        if (r >= 0 && header_fits(l->file.header, l->kind))
                r = examine(l);
        if (r == -ENOMEM || l->state != LEDGER_FOREIGN)
                return r;
        return begin_anew(l);
}

int ledger_open(int dir_fd, const char *name, uint32_t kind, Ledger **ret) {
        _cleanup_(ledger_freep) Ledger *l = malloc(sizeof(Ledger));
        int r;

        if (!l)
                return -ENOMEM;
        *l = (Ledger){ .file = LEDGER_FILE_NONE, .dir_fd = dir_fd, .kind = kind };
        if (name) {
                l->name = strdup(name);
                if (!l->name || asprintf(&l->aside, "%s" ASIDE_SUFFIX, name) < 0) {
                        l->aside = NULL;
                        return -ENOMEM;
                }
        }
        r = name ? load(l) : begin_anew(l);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(l);
        return 0;
}

LedgerState ledger_state(const Ledger *l) {
        return l->state;
}

uint64_t ledger_n_dropped(const Ledger *l) {
        return l->n_dropped;
}

int ledger_next(const Ledger *l, uint64_t *position, LedgerRecord *ret) {
        uint64_t offset = MAX_OF(*position, LEDGER_HEADER_SIZE);
        RecordHead head;

        if (!l->found || offset >= l->file.header->end)
                return 0;
        memcpy(&head, l->found + offset, sizeof(head));
        *ret = (LedgerRecord){
                .type = (uint8_t) head.type,
                .stamp = head.stamp,
                .data = l->found + offset + sizeof(head),
                .n = head.n,
        };
        *position = offset + record_size(head.n);
        return 1;
}

int ledger_cut(Ledger *l, uint64_t stamp) {
        uint64_t position = 0, before = LEDGER_HEADER_SIZE;
        LedgerRecord record;

        l->stamp = 0;
        while (ledger_next(l, &position, &record) > 0 && record.stamp <= stamp) {
                before = position;
                l->stamp = record.stamp;
        }
        if (before >= l->file.header->end)
                return 0;
        __atomic_store_n(&l->file.header->end, before, __ATOMIC_RELEASE);
        l->file.header->length = MIN_OF(l->file.header->length, before);
        return 1;
}

void ledger_set_stamp(Ledger *l, uint64_t stamp) {
        l->stamp = stamp;
}

uint64_t ledger_stamp(const Ledger *l) {
        return l->stamp;
}

static int append(
                Ledger *l, RecordHead head, const void *a, size_t n_a, const void *b, size_t n_b) {
        LedgerHeader *h = l->file.header;
        size_t size = record_size(n_a + n_b);
        char *record;
        int r;

        if (h->end + size > LEDGER_SIZE_MAX)
                return -EFBIG;
        r = ledger_file_reserve(&l->file, h->end, size, &record);
        if (r < 0)
                return r;
        memset(record + size - sizeof(uint64_t), 0, sizeof(uint64_t));
        memcpy(record, &head, sizeof(head));
        if (n_a > 0)
                memcpy(record + sizeof(head), a, n_a);
        if (n_b > 0)
                memcpy(record + sizeof(head) + n_a, b, n_b);
        head.checksum = checksum(h->seed, h->end, record, size);
        memcpy(record, &head.checksum, sizeof(head.checksum));
        crash_point("ledger-append");
        __atomic_store_n(&h->end, h->end + size, __ATOMIC_RELEASE);
        crash_point("ledger-end");
        return 0;
}

int ledger_append_parts(
                Ledger *l, uint8_t type, const void *a, size_t n_a, const void *b, size_t n_b) {
        RecordHead head = {
                .n = (uint32_t) (n_a + n_b),
                .type = type,
                .stamp = l->stamp,
        };
        int *error = l->is_compacting ? &l->compact_error : &l->file.header->error;

        assert(type > 0 && n_a <= LEDGER_RECORD_MAX && n_b <= LEDGER_RECORD_MAX - n_a);
        if (ledger_error(l) < 0)
                return ledger_error(l);
        if (l->found && !l->is_compacting)
                forget_found(l);
        *error = append(l, head, a, n_a, b, n_b);
        return *error;
}

int ledger_error(const Ledger *l) {
        if (l->is_compacting)
                return l->compact_error;
        return l->is_suspended && l->file.header->error == 0 ? -ESTALE : l->file.header->error;
}

void ledger_suspend(Ledger *l) {
        l->is_suspended = true;
}

void ledger_invalidate(Ledger *l, int error) {
        assert(error < 0);
        l->file.header->error = error;
}

unsigned ledger_growth(const Ledger *l) {
        const LedgerHeader *h = l->file.header;

        return (unsigned) MAX_OF(h->end / MAX_OF(h->length, LENGTH_MIN), 1U);
}

static int sync_file(const Ledger *l) {
        return fdatasync(l->file.fd) < 0 ? -errno : 0;
}

static int sync_directory(const Ledger *l) {
        _cleanup_close_ int fd = -EBADF;

        if (!l->name)
                return 0;
        fd = openat(l->dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        return fd < 0 || fsync(fd) < 0 ? -errno : 0;
}

static int
compact(Ledger *l, uint64_t stamp, int (*write)(Ledger *l, void *userdata), void *userdata) {
        LedgerFile aside = LEDGER_FILE_NONE, old;
        uint64_t stamp_before = l->stamp;
        int r;

        assert(!l->is_compacting);
        forget_found(l);
        r = ledger_file_new(l->dir_fd, l->aside, l->kind, &aside);
        if (r < 0) {
                ledger_file_done(&aside);
                return r;
        }
        old = TAKE(l->file, aside);
        l->stamp = stamp;
        l->is_compacting = true;
        l->compact_error = 0;
        r = write(l, userdata);
        if (r >= 0)
                r = l->compact_error;
        if (r >= 0 && l->is_synced)
                r = sync_file(l);
        l->is_compacting = false;
        l->stamp = stamp_before;
        aside = TAKE(l->file, old);
        if (r >= 0) {
                aside.header->length = aside.header->end;
                r = replace(l, &aside);
        }
        if (r < 0 && l->name)
                (void) unlinkat(l->dir_fd, l->aside, 0);
        ledger_file_done(&aside);
        return r >= 0 && l->is_synced ? sync_directory(l) : r;
}

int ledger_compact(Ledger *l,
                uint64_t stamp,
                int (*write)(Ledger *l, void *userdata),
                void *userdata) {
        int r = compact(l, stamp, write, userdata);

        if (TAKE(l->is_suspended, false) && r < 0)
                ledger_invalidate(l, r);
        return r;
}

int ledger_sync(Ledger *l) {
        int r = sync_file(l);

        if (r >= 0 && !l->is_synced)
                r = sync_directory(l);
        l->is_synced = true;
        return r;
}

uint64_t ledger_size(const Ledger *l) {
        return l->file.header->end;
}
