/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Names from the disk are hostile bytes; this makes them fit for where they go. All functions take a
 * length and need no NUL. */

#pragma once

#include "base/macros.h"

/* Whether the bytes are valid UTF-8 (RFC 3629: shortest form, no surrogates, nothing past U+10FFFF). */
bool text_is_utf8(const char *s, size_t n);

/* Whether all of it is printable ASCII but for quotes and backslashes: it stands for itself everywhere. */
bool text_is_plain(const char *s, size_t n);

/* Puts the digits at `to`, which has room for 20. Returns where they end. */
char *text_put_u64(char *to, uint64_t value);

/* A hash of a name, different for each `seed`. */
static inline uint32_t text_hash(uint64_t seed, const char *s, size_t n) {
        uint64_t h = (seed + 1) * UINT64_C(0x9e3779b97f4a7c15) ^ n, word;

        for (; n >= sizeof(word); s += sizeof(word), n -= sizeof(word)) {
                memcpy(&word, s, sizeof(word));
                h = (h ^ word) * UINT64_C(0xff51afd7ed558ccd);
                h ^= h >> 32;
        }
        word = 0;
        memcpy(&word, s, n);
        h = (h ^ word) * UINT64_C(0xff51afd7ed558ccd);
        return (uint32_t) (h >> 32);
}

/* A growing buffer of bytes, reused from call to call so that the event's way allocates nothing. A
 * zeroed one is empty. `data` is NUL-terminated after every call that adds. */
typedef struct Buffer {
        char *data;
        size_t length;
        size_t allocated;
        bool failed; /* out of memory; what was added since is missing */
} Buffer;

void buffer_done(Buffer *b);
static inline void buffer_clear(Buffer *b) {
        b->length = 0;
        b->failed = false;
}

/* Makes room for `n` more bytes and a NUL. Returns false without memory. */
bool buffer_reserve(Buffer *b, size_t n);

static inline void buffer_add(Buffer *b, const void *data, size_t n) {
        if ((b->failed || n >= b->allocated - b->length) && !buffer_reserve(b, n))
                return;
        memcpy(b->data + b->length, data, n);
        b->length += n;
        b->data[b->length] = '\0';
}

/* Adds `n` bytes for the caller to fill. Returns where, or NULL without memory. */
char *buffer_add_room(Buffer *b, size_t n);
static inline void buffer_add_string(Buffer *b, const char *s) {
        buffer_add(b, s, strlen(s));
}
static inline void buffer_add_char(Buffer *b, char c) {
        buffer_add(b, &c, 1);
}
void buffer_add_u64(Buffer *b, uint64_t value);

/* Adds the text as valid UTF-8: each invalid piece (as much as could begin a character, at least one
 * byte; Unicode's "maximal subpart") becomes one U+FFFD, the rest is kept. */
void buffer_add_utf8(Buffer *b, const char *s, size_t n);

/* Adds the text for a terminal or a log line: invalid bytes, control characters (C0, DEL, C1) and the
 * backslash as \xNN (\n, \t and \\ as such), the rest as it is. */
void buffer_add_escaped(Buffer *b, const char *s, size_t n);

/* The same, but backslashes stay: what is escaped already is added unchanged. */
void buffer_add_printable(Buffer *b, const char *s, size_t n);

/* Adds a JSON string with its quotes: control characters and C1 escaped, invalid UTF-8 as U+FFFD. */
void buffer_add_json(Buffer *b, const char *s, size_t n);

/* Adds lower-case hex. */
void buffer_add_hex(Buffer *b, const void *data, size_t n);
