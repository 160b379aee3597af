/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Bytes of inotify become records; no system call, and no trust: a length that does not fit is an
 * error, not a read past the end. */

#include "tree/decode.h"

int raw_decode(const void *data, size_t n, Raw *ret) {
        struct inotify_event e;

        if (n < sizeof(e))
                return -EBADMSG;
        memcpy(&e, data, sizeof(e));
        if (e.len > n - sizeof(e))
                return -EBADMSG;

        const char *name = e.len > 0 ? (const char *) data + sizeof(e) : "";
        size_t name_len = strnlen(name, e.len);
        if (e.len > 0 && name_len == e.len)
                return -EBADMSG; /* the kernel always pads with NUL */
        *ret = (Raw){
                .wd = e.wd,
                .mask = e.mask,
                .cookie = e.cookie,
                .name = name,
                .name_len = name_len,
                .size = sizeof(e) + e.len,
        };
        return 0;
}

size_t raw_copy_without_looking(char *to, const char *from, size_t n) {
        struct inotify_event left_out = {};
        size_t kept = 0;
        Raw raw;

        for (size_t at = 0; at < n && raw_decode(from + at, n - at, &raw) >= 0; at += raw.size) {
                bool is_looking = raw_is_looking(&raw);

                kept -= is_looking && left_out.cookie != 0 ? sizeof(left_out) : 0;
                left_out.cookie = is_looking ? left_out.cookie + (uint32_t) raw.size : 0;
                size_t size = is_looking ? sizeof(left_out) : raw.size;
                memcpy(to + kept, is_looking ? (const void *) &left_out : from + at, size);
                kept += size;
        }
        return kept;
}
