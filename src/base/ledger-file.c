/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The file grows by chunks that grow with it, each allocated by the file system before it is used. */

#include <fcntl.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>

#include "base/ledger-file.h"

#define OPEN_TRIES_MAX 16U
#define WINDOW_SIZE (UINT64_C(1024) * 1024)
#define CHUNK_MIN (UINT64_C(64) * 1024)
#define CHUNK_MAX (UINT64_C(16) * 1024 * 1024)

static uint64_t round_up(uint64_t n, uint64_t step) {
        return (n + step - 1) / step * step;
}

void ledger_file_done(LedgerFile *f) {
        if (f->header)
                (void) munmap(f->header, LEDGER_HEADER_SIZE);
        if (f->window)
                (void) munmap(f->window, f->window_size);
        safe_close(f->fd);
        *f = LEDGER_FILE_NONE;
}

/* For file systems that cannot allocate: zeroes do. */
static int fill(int fd, uint64_t from, uint64_t to) {
        static const char zeroes[16 * 1024];

        while (from < to) {
                ssize_t n = pwrite(fd,
                                zeroes,
                                MIN_OF((size_t) (to - from), sizeof(zeroes)),
                                (off_t) from);
                if (n < 0 && errno != EINTR)
                        return -errno;
                from += n > 0 ? (uint64_t) n : 0;
        }
        return 0;
}

/* Makes it `size` bytes long, all of them with room. */
static int grow(LedgerFile *f, uint64_t size) {
        int r;

        do
                r = fallocate(f->fd, 0, (off_t) f->size, (off_t) (size - f->size)) < 0 ? -errno : 0;
        while (r == -EINTR);
        if (r == -EOPNOTSUPP)
                r = fill(f->fd, f->size, size);
        if (r < 0) /* room that was had in part is given back */
                (void) !ftruncate(f->fd, (off_t) f->size);
        else
                f->size = size;
        return r;
}

int ledger_file_map(LedgerFile *f, int fd, bool is_new) {
        _cleanup_(ledger_file_done) LedgerFile mapped = { .fd = fd };
        struct stat st;
        void *p;
        int r;

        if (fstat(fd, &st) < 0)
                return -errno;
        mapped.size = (uint64_t) st.st_size;
        if (is_new) {
                r = grow(&mapped, CHUNK_MIN);
                if (r < 0)
                        return r;
        }
        p = mmap(NULL, LEDGER_HEADER_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        if (p == MAP_FAILED)
                return -errno;
        mapped.header = p;
        *f = TAKE(mapped, LEDGER_FILE_NONE);
        return 0;
}

int ledger_file_begin(LedgerFile *f, uint32_t kind) {
        LedgerHeader header = {
                .version = LEDGER_VERSION,
                .kind = kind,
                .end = LEDGER_HEADER_SIZE,
                .length = LEDGER_HEADER_SIZE,
        };

        if (getrandom(&header.seed, sizeof(header.seed), 0) != (ssize_t) sizeof(header.seed))
                return -errno;
        *f->header = header;
        __atomic_store_n(&f->header->magic, LEDGER_MAGIC, __ATOMIC_RELEASE);
        return 0;
}

static int lock(int fd) {
        if (flock(fd, LOCK_EX | LOCK_NB) < 0)
                return errno == EWOULDBLOCK ? -EBUSY : -errno;
        return 0;
}

int ledger_file_new(int dir_fd, const char *name, uint32_t kind, LedgerFile *ret) {
        _cleanup_close_ int fd = -EBADF;
        int r;

        if (name) {
                (void) unlinkat(dir_fd, name, 0);
                fd = openat(dir_fd, name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
        } else
                fd = memfd_create("inotifier-ledger", MFD_CLOEXEC);
        if (fd < 0)
                return -errno;
        r = lock(fd);
        if (r >= 0)
                r = ledger_file_map(ret, TAKE_FD(fd), true);
        if (r >= 0)
                r = ledger_file_begin(ret, kind);
        if (r < 0 && name)
                (void) unlinkat(dir_fd, name, 0);
        return r;
}

int ledger_file_open(int dir_fd, const char *name, int *ret) {
        static const int flags = O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
        struct stat st;
        int r;

        for (unsigned i = 0; i < OPEN_TRIES_MAX; i++) {
                _cleanup_close_ int fd = openat(dir_fd, name, flags);

                if (fd < 0 && errno == ENOENT)
                        fd = openat(dir_fd, name, flags | O_CREAT | O_EXCL, 0600);
                if (fd < 0 && errno == EEXIST)
                        continue;
                if (fd < 0 && (errno == ELOOP || errno == EACCES || errno == EPERM ||
                                              errno == ENXIO))
                        return 0;
                if (fd < 0)
                        return -errno;
                r = lock(fd);
                if (r < 0)
                        return r;
                if (fstat(fd, &st) < 0)
                        return -errno;
                if (st.st_nlink == 0) /* the last owner has just put another in its place */
                        continue;
                *ret = TAKE_FD(fd);
                return 0;
        }
        return -EBUSY;
}

int ledger_file_read_through(int fd, uint64_t size) {
        char bytes[64 * 1024];
        ssize_t n;

        for (uint64_t at = 0; at < size; at += (uint64_t) n) {
                n = pread(fd, bytes, sizeof(bytes), (off_t) at);
                if (n < 0)
                        return -errno;
                if (n == 0)
                        return -EIO;
        }
        return 0;
}

static int move_window(LedgerFile *f, uint64_t offset, size_t n) {
        uint64_t page = (uint64_t) sysconf(_SC_PAGESIZE);
        uint64_t begin = offset / page * page;
        uint64_t size = round_up(MAX_OF(offset + n - begin, WINDOW_SIZE), page);
        void *p;

        /* Of the last page, what lies past the end of the file is ours as well. */
        size = MIN_OF(size, round_up(f->size - begin, page));
        p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, f->fd, (off_t) begin);
        if (p == MAP_FAILED)
                return -errno;
        if (f->window)
                (void) munmap(f->window, f->window_size);
        f->window = p;
        f->window_begin = begin;
        f->window_size = size;
        return 0;
}

int ledger_file_reserve(LedgerFile *f, uint64_t offset, size_t n, char **ret) {
        int r;

        if (offset + n > f->size) {
                uint64_t chunk = MIN_OF(MAX_OF(f->size / 4, CHUNK_MIN), CHUNK_MAX);

                r = grow(f, round_up(offset + n + chunk, CHUNK_MIN));
                if (r == -ENOSPC || r == -EDQUOT) /* what is needed may fit */
                        r = grow(f, offset + n);
                if (r < 0)
                        return r;
        }
        if (!f->window || offset < f->window_begin ||
                        offset + n > f->window_begin + f->window_size) {
                r = move_window(f, offset, n);
                if (r < 0)
                        return r;
        }
        *ret = f->window + (offset - f->window_begin);
        return 0;
}
