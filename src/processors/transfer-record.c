/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Fields and two strings, one after the other. What is read may have been written by anyone. */

#include "processors/transfer-record.h"

size_t transfer_record_fill(TransferRecord *record,
                const char *path,
                size_t path_len,
                const char *other,
                size_t other_len) {
        if (path_len > TRANSFER_PATH_MAX || other_len > TRANSFER_PATH_MAX)
                return 0;
        record->path_len = (uint32_t) path_len;
        record->other_len = (uint32_t) other_len;
        memcpy(record->paths, path, path_len);
        if (other_len > 0)
                memcpy(record->paths + path_len, other, other_len);
        return sizeof(TransferRecord) + path_len + other_len;
}

int transfer_record_read(const void *data,
                size_t n,
                TransferRecord *ret,
                const char **ret_path,
                const char **ret_other) {
        const char *paths = (const char *) data + sizeof(TransferRecord);

        if (n < sizeof(TransferRecord))
                return -EBADMSG;
        memcpy(ret, data, sizeof(TransferRecord));
        n -= sizeof(TransferRecord);
        if (ret->change >= _TRANSFER_CHANGE_MAX || ret->queue > TRANSFER_QUEUES ||
                        ret->is_done > 1 || ret->path_len > n ||
                        ret->other_len != n - ret->path_len || memchr(paths, '\0', n))
                return -EBADMSG;
        *ret_path = paths;
        *ret_other = paths + ret->path_len;
        return 0;
}
