/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Names made fit for the bus, without a copy where they are fit already. */

#include "publishers/bus-string.h"

#define REPLACEMENT "\xef\xbf\xbd" /* U+FFFD */

/* The length of the noncharacter at the start of valid UTF-8, or 0: U+FDD0 to U+FDEF, U+xFFFE and
 * U+xFFFF. There is a NUL behind the last byte. */
static size_t noncharacter(const uint8_t *s) {
        if (s[0] == 0xef && s[1] == 0xb7 && s[2] >= 0x90 && s[2] <= 0xaf)
                return 3;
        if (s[0] == 0xef && s[1] == 0xbf && s[2] >= 0xbe)
                return 3;
        if (s[0] >= 0xf0 && (s[1] & 0x0f) == 0x0f && s[2] == 0xbf && s[3] >= 0xbe)
                return 4;
        return 0;
}

/* The place of the first noncharacter, or n. */
static size_t find_noncharacter(const char *s, size_t n) {
        size_t i = 0;

        while (i < n && ((uint8_t) s[i] < 0xef || noncharacter((const uint8_t *) s + i) == 0))
                i++;
        return i;
}

const char *bus_string(Buffer *b, const char *s, size_t n) {
        Buffer utf8 = {};

        if (text_is_utf8(s, n) && find_noncharacter(s, n) == n)
                return s;

        buffer_add_utf8(&utf8, s, n);
        buffer_clear(b);
        for (size_t i = 0; i < utf8.length;) {
                size_t end = i + find_noncharacter(utf8.data + i, utf8.length - i);

                buffer_add(b, utf8.data + i, end - i);
                if (end < utf8.length) {
                        buffer_add_string(b, REPLACEMENT);
                        end += noncharacter((const uint8_t *) utf8.data + end);
                }
                i = end;
        }
        b->failed |= utf8.failed;
        buffer_done(&utf8);
        return b->failed ? NULL : b->data;
}
