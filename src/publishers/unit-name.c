/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A path becomes an instance: its slashes dashes, but for the first, and whatever else a unit's name
 * does not take \xNN. */

#include <inttypes.h>

#include "publishers/unit-name.h"

#define SUFFIX ".service"
#define ALPHANUMERIC "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
#define SEQUENCE_DIGITS 20U

int unit_template_check(const char *name, const char **ret_why) {
        size_t prefix_len = strspn(name, ALPHANUMERIC ":-_.\\");

        if (prefix_len == 0 || !streq(name + prefix_len, "@" SUFFIX)) {
                *ret_why = "write the template of a service, as inotifier-ingest@.service";
                return -EINVAL;
        }
        if (strlen(name) > UNIT_NAME_MAX - SEQUENCE_DIGITS) {
                *ret_why = "it is too long for the name of a template, 235 bytes at most";
                return -EINVAL;
        }
        return 0;
}

/* Escapes `path` without its first slash into at most `size` bytes. Returns the bytes written, or 0 if
 * it does not fit. */
static size_t escape(const char *path, size_t path_len, char *to, size_t size) {
        static const char hex[] = "0123456789abcdef";
        size_t n = 0;

        if (path_len <= 1) {
                *to = '-'; /* the root */
                return 1;
        }
        for (size_t i = 1; i < path_len; i++) {
                char c = path[i];
                bool fits = c == '/' ||
                            (c != '\0' && strchr(ALPHANUMERIC ":_.", c) && !(c == '.' && i == 1));

                if (n + (fits ? 1 : 4) > size)
                        return 0;
                if (fits)
                        to[n++] = c == '/' ? '-' : c;
                else {
                        to[n++] = '\\';
                        to[n++] = 'x';
                        to[n++] = hex[(uint8_t) c >> 4];
                        to[n++] = hex[(uint8_t) c & 15];
                }
        }
        return n;
}

void unit_name_make(const char *template,
                const char *path,
                size_t path_len,
                uint64_t sequence,
                char ret[static UNIT_NAME_MAX + 1]) {
        size_t prefix_len = strlen(template) - strlen(SUFFIX);
        size_t room = UNIT_NAME_MAX - strlen(template), n;

        memcpy(ret, template, prefix_len);
        n = escape(path, path_len, ret + prefix_len, room);
        if (n == 0)
                n = (size_t) snprintf(ret + prefix_len, room + 1, "%" PRIu64, sequence);
        memcpy(ret + prefix_len + n, SUFFIX, sizeof(SUFFIX));
}

void unit_name_strip(const char *name, char ret[static UNIT_NAME_MAX + 1]) {
        size_t n = 0;

        for (; *name && n < UNIT_NAME_MAX; name++)
                if (*name != '\\')
                        ret[n++] = *name;
        ret[n] = '\0';
}
