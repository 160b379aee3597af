/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The file of a ledger: a header that stays mapped, and a window on the end, so that a long ledger takes
 * no more of the memory than a short one. Nothing is mapped before the file system has given room for
 * it: who writes to a hole of a full disk gets SIGBUS. */

#pragma once

#include "base/macros.h"

#define LEDGER_MAGIC UINT64_C(0x3172656764654c69) /* "iLedger1" */
#define LEDGER_VERSION 1U
#define LEDGER_HEADER_SIZE 4096U

typedef struct LedgerHeader {
        uint64_t magic;
        uint32_t version;
        uint32_t kind;
        uint64_t seed;   /* of the checksums, so that no record of another file is taken for one */
        uint64_t end;    /* offset after the last record */
        uint64_t length; /* `end` after the last compaction */
        int32_t error;   /* the ledger is incomplete: -errno; 0: it is not */
} LedgerHeader;

typedef struct LedgerFile {
        int fd; /* -EBADF: none */
        LedgerHeader *header;
        uint64_t size; /* of the file; up to here there is room */
        char *window;
        uint64_t window_begin;
        uint64_t window_size;
} LedgerFile;

#define LEDGER_FILE_NONE ((LedgerFile){ .fd = -EBADF })

/* Takes `fd` over, also on failure, and maps its header: one of at least LEDGER_HEADER_SIZE bytes, or
 * with `is_new` an empty file, which is given room and zeroes. Returns 0 or < 0. */
int ledger_file_map(LedgerFile *f, int fd, bool is_new);
void ledger_file_done(LedgerFile *f);

/* Gives a file without contents a header. The magic comes last: what dies before that is no ledger. */
int ledger_file_begin(LedgerFile *f, uint32_t kind);

/* Makes a file with a header, locked, in place of one that may be there; `name` NULL: a memory file.
 * Returns 0 or < 0. */
int ledger_file_new(int dir_fd, const char *name, uint32_t kind, LedgerFile *ret);

/* Opens and locks what is there, made if nothing is. Returns 0 with the descriptor, which stays as it is
 * if what is there cannot be had by us (a link, no rights); -EBUSY if another process has it; or
 * another < 0. */
int ledger_file_open(int dir_fd, const char *name, int *ret);

/* Reads all of it, so that a disk that cannot is an error, and not a signal when it is mapped. */
int ledger_file_read_through(int fd, uint64_t size);

/* The place of `n` bytes at `offset`, with room for them. Returns 0, or < 0 (-ENOSPC, ...). */
int ledger_file_reserve(LedgerFile *f, uint64_t offset, size_t n, char **ret);
