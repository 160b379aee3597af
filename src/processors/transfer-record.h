/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What happened to a table of transfers, as one record of bytes. */

#pragma once

#include "processors/transfers.h"

typedef enum TransferChange {
        TRANSFER_IS,          /* there, with these fields */
        TRANSFER_GONE,        /* forgotten */
        TRANSFER_MOVED,       /* from `path` to `other` */
        TRANSFERS_BELOW_GONE, /* all below `path` */
        TRANSFERS_BELOW_MOVED,
        _TRANSFER_CHANGE_MAX,
        _TRANSFER_CHANGE_INVALID = -EINVAL,
} TransferChange;

/* The order of the changes and the layout are part of what is on disk. */
typedef struct TransferRecord {
        uint32_t change;
        uint32_t chunks;
        uint64_t inode;
        usec_t started_usec;
        usec_t usec;
        uint64_t size;
        uint64_t ctime_nsec;
        usec_t due_usec;
        uint16_t n_open;
        uint8_t phase;
        uint8_t marks;
        uint8_t origin;
        uint8_t queue;
        uint8_t is_done;
        uint8_t zero;
        uint32_t path_len, other_len; /* of the two strings that follow, without NUL */
        char paths[];
} TransferRecord;

/* The room that any record fits into. Longer paths than these are told by nobody. */
#define TRANSFER_PATH_MAX ((size_t) UINT16_MAX)
#define TRANSFER_RECORD_MAX (sizeof(TransferRecord) + 2 * TRANSFER_PATH_MAX)

/* Puts the strings behind the fields. Returns the size of all, or 0 if they do not fit. */
size_t transfer_record_fill(TransferRecord *record,
                const char *path,
                size_t path_len,
                const char *other,
                size_t other_len);

/* Copies the fields out of bytes that may be anything. Returns 0 with the strings in *ret_path and
 * *ret_other (borrowed, not terminated), or -EBADMSG. */
int transfer_record_read(const void *data,
                size_t n,
                TransferRecord *ret,
                const char **ret_path,
                const char **ret_other);
