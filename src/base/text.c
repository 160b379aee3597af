/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Hostile bytes made fit for a bus, a terminal and JSON. One decoder of UTF-8 serves them all: it
 * says how long the next character is, or how long the next piece that is none. */

#include "base/text.h"

#define REPLACEMENT "\xef\xbf\xbd" /* U+FFFD */
#define BUFFER_MIN 256U

/* Length of the character at `s` (n > 0), or minus the length of the piece that begins none. */
static int next_character(const uint8_t *s, size_t n) {
        uint8_t low = 0x80, high = 0xbf; /* what the second byte may be */
        int length;

        if (s[0] < 0x80)
                return 1;
        if (s[0] >= 0xc2 && s[0] <= 0xdf)
                length = 2;
        else if (s[0] >= 0xe0 && s[0] <= 0xef) {
                length = 3;
                if (s[0] == 0xe0)
                        low = 0xa0;
                else if (s[0] == 0xed)
                        high = 0x9f;
        } else if (s[0] >= 0xf0 && s[0] <= 0xf4) {
                length = 4;
                if (s[0] == 0xf0)
                        low = 0x90;
                else if (s[0] == 0xf4)
                        high = 0x8f;
        } else
                return -1;

        for (int i = 1; i < length; i++) {
                if ((size_t) i == n || s[i] < low || s[i] > high)
                        return -i;
                low = 0x80;
                high = 0xbf;
        }
        return length;
}

/* How many bytes of ASCII `s` begins with. */
static size_t ascii_span(const char *s, size_t n) {
        size_t i = 0;
        uint64_t word;

        for (; i + sizeof(word) <= n; i += sizeof(word)) {
                memcpy(&word, s + i, sizeof(word));
                if (word & UINT64_C(0x8080808080808080))
                        break;
        }
        while (i < n && (uint8_t) s[i] < 0x80)
                i++;
        return i;
}

bool text_is_utf8(const char *s, size_t n) {
        for (size_t i = 0; i < n;) {
                i += ascii_span(s + i, n - i);
                if (i == n)
                        break;

                int length = next_character((const uint8_t *) s + i, n - i);
                if (length < 0)
                        return false;
                i += (size_t) length;
        }
        return true;
}

typedef uint8_t Block __attribute__((vector_size(16)));

/* The bytes of a block that are not plain are not 0 in the result. */
static inline Block find_odd(const char *s) {
        Block b;

        memcpy(&b, s, sizeof(b));
        return (Block) ((b < ' ') | (b >= 0x7f) | (b == '"') | (b == '\\'));
}

bool text_is_plain(const char *s, size_t n) {
        Block odd = {};
        uint64_t words[2];

        if (n < sizeof(Block)) {
                for (size_t i = 0; i < n; i++)
                        if (s[i] < ' ' || s[i] >= 0x7f || s[i] == '"' || s[i] == '\\')
                                return false;
                return true;
        }
        for (size_t i = 0; i + sizeof(Block) <= n; i += sizeof(Block))
                odd |= find_odd(s + i);
        odd |= find_odd(s + n - sizeof(Block)); /* the rest, and some of those before it again */
        memcpy(words, &odd, sizeof(odd));
        return (words[0] | words[1]) == 0;
}

static inline char *put_pair(char *to, uint32_t value) {
        static const char pairs[] = "00010203040506070809101112131415161718192021222324"
                                    "25262728293031323334353637383940414243444546474849"
                                    "50515253545556575859606162636465666768697071727374"
                                    "75767778798081828384858687888990919293949596979899";

        return mempcpy(to, pairs + (size_t) value * 2, 2);
}

/* Eight digits. */
static char *put_eight(char *to, uint32_t value) {
        uint32_t high = value / 10000, low = value % 10000;

        to = put_pair(to, high / 100);
        to = put_pair(to, high % 100);
        to = put_pair(to, low / 100);
        return put_pair(to, low % 100);
}

/* In groups of eight digits, which do not wait for each other; of the first without leading zeros. */
char *text_put_u64(char *to, uint64_t value) {
        const uint64_t group = 100000000;
        char digits[8];
        size_t n_zeros = 0;

        if (value >= group) {
                to = text_put_u64(to, value / group);
                return put_eight(to, (uint32_t) (value % group));
        }
        if (value < 10) {
                *to = (char) ('0' + value);
                return to + 1;
        }
        (void) put_eight(digits, (uint32_t) value);
        while (digits[n_zeros] == '0')
                n_zeros++;
        memcpy(to, digits + n_zeros, sizeof(digits) - n_zeros);
        return to + sizeof(digits) - n_zeros;
}

void buffer_done(Buffer *b) {
        free(b->data);
        *b = (Buffer){};
}

bool buffer_reserve(Buffer *b, size_t n) {
        size_t size = MAX_OF(b->allocated, BUFFER_MIN);
        char *data;

        if (b->failed)
                return false;
        if (n < b->allocated - b->length)
                return true;

        while (size - b->length <= n) {
                if (size > SIZE_MAX / 4) {
                        b->failed = true;
                        return false;
                }
                size *= 2;
        }
        data = realloc(b->data, size);
        if (!data) {
                b->failed = true;
                return false;
        }
        b->data = data;
        b->allocated = size;
        return true;
}

char *buffer_add_room(Buffer *b, size_t n) {
        char *room;

        if (!buffer_reserve(b, n))
                return NULL;
        room = b->data + b->length;
        b->length += n;
        b->data[b->length] = '\0';
        return room;
}

void buffer_add_u64(Buffer *b, uint64_t value) {
        char digits[20];

        buffer_add(b, digits, (size_t) (text_put_u64(digits, value) - digits));
}

void buffer_add_utf8(Buffer *b, const char *s, size_t n) {
        size_t begin = 0; /* of what is valid and not yet added */

        for (size_t i = 0; i < n;) {
                i += ascii_span(s + i, n - i);
                if (i == n)
                        break;

                int length = next_character((const uint8_t *) s + i, n - i);
                if (length > 0) {
                        i += (size_t) length;
                        continue;
                }
                buffer_add(b, s + begin, i - begin);
                buffer_add(b, REPLACEMENT, strlen(REPLACEMENT));
                i += (size_t) -length;
                begin = i;
        }
        buffer_add(b, s + begin, n - begin);
}

static const char hex_digits[] = "0123456789abcdef";

static void add_byte_escape(Buffer *b, uint8_t byte) {
        const char escape[] = { '\\', 'x', hex_digits[byte >> 4], hex_digits[byte & 15] };

        buffer_add(b, escape, sizeof(escape));
}

/* A character of C0, C1 or DEL. */
static bool is_control(const uint8_t *s, int length) {
        return (length == 1 && (s[0] < 0x20 || s[0] == 0x7f)) ||
               (length == 2 && s[0] == 0xc2 && s[1] < 0xa0);
}

static void add_printable(Buffer *b, const char *s, size_t n, bool with_backslash) {
        size_t begin = 0;

        for (size_t i = 0; i < n;) {
                const uint8_t *at = (const uint8_t *) s + i;
                int length = next_character(at, n - i);
                size_t size = (size_t) abs(length);

                if (length > 0 && !is_control(at, length) && !(with_backslash && *at == '\\')) {
                        i += size;
                        continue;
                }
                buffer_add(b, s + begin, i - begin);
                if (*at == '\n')
                        buffer_add_string(b, "\\n");
                else if (*at == '\t')
                        buffer_add_string(b, "\\t");
                else if (*at == '\\')
                        buffer_add_string(b, "\\\\");
                else
                        for (size_t k = 0; k < size; k++)
                                add_byte_escape(b, at[k]);
                i += size;
                begin = i;
        }
        buffer_add(b, s + begin, n - begin);
}

void buffer_add_escaped(Buffer *b, const char *s, size_t n) {
        add_printable(b, s, n, true);
}

void buffer_add_printable(Buffer *b, const char *s, size_t n) {
        add_printable(b, s, n, false);
}

static void add_json_escape(Buffer *b, uint8_t code) {
        static const char short_forms[] = {
                ['\b'] = 'b',
                ['\t'] = 't',
                ['\n'] = 'n',
                ['\f'] = 'f',
                ['\r'] = 'r',
                ['"'] = '"',
                ['\\'] = '\\',
        };

        if (code < sizeof(short_forms) && short_forms[code] != 0) {
                buffer_add_char(b, '\\');
                buffer_add_char(b, short_forms[code]);
                return;
        }
        buffer_add_string(b, "\\u00");
        buffer_add_hex(b, &code, 1);
}

void buffer_add_json(Buffer *b, const char *s, size_t n) {
        size_t begin = 0;

        buffer_add_char(b, '"');
        if (text_is_plain(s, n)) {
                buffer_add(b, s, n);
                buffer_add_char(b, '"');
                return;
        }
        for (size_t i = 0; i < n;) {
                const uint8_t *at = (const uint8_t *) s + i;

                if (*at >= 0x20 && *at < 0x7f && *at != '"' && *at != '\\') {
                        i++;
                        continue;
                }

                int length = next_character(at, n - i);
                size_t size = (size_t) abs(length);
                if (length > 1 && !is_control(at, length)) {
                        i += size;
                        continue;
                }
                buffer_add(b, s + begin, i - begin);
                if (length < 0)
                        buffer_add_string(b, REPLACEMENT);
                else
                        add_json_escape(b, length == 1 ? at[0] : at[1]);
                i += size;
                begin = i;
        }
        buffer_add(b, s + begin, n - begin);
        buffer_add_char(b, '"');
}

void buffer_add_hex(Buffer *b, const void *data, size_t n) {
        const uint8_t *bytes = data;

        for (size_t i = 0; i < n; i++) {
                const char pair[] = { hex_digits[bytes[i] >> 4], hex_digits[bytes[i] & 15] };

                buffer_add(b, pair, sizeof(pair));
        }
}
