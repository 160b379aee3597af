/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "base/text.h"
#include "test.h"

typedef struct Row {
        const char *in;
        const char *out;
} Row;

typedef void (*Adder)(Buffer *b, const char *s, size_t n);

static void expect_rows(Adder add, const Row *rows, size_t n_rows) {
        Buffer b = {};

        for (size_t i = 0; i < n_rows; i++) {
                /* A copy of the exact size, so that a sanitizer sees reads beyond it. */
                size_t n = strlen(rows[i].in);
                _cleanup_free_ char *copy = malloc(MAX_OF(n, (size_t) 1));

                memcpy(copy, rows[i].in, n);
                buffer_clear(&b);
                add(&b, copy, n);
                EXPECT_STREQ(b.data, rows[i].out);
                EXPECT_EQ(b.length, strlen(rows[i].out));
        }
        buffer_done(&b);
}

TEST(utf8_is_known_by_the_letter_of_the_rfc) {
        static const struct {
                const char *text;
                bool is_utf8;
        } rows[] = {
                { "", true },
                { "plain", true },
                { "a long plain text, longer than a word of the machine", true },
                { "\x7f", true },
                { "é", true },
                { "plain and é and 漢字", true },
                { "\xc2\x80", true },
                { "\xdf\xbf", true },
                { "\xe0\xa0\x80", true },
                { "\xed\x9f\xbf", true },
                { "\xee\x80\x80", true },
                { "\xef\xbf\xbf", true },
                { "\xf0\x90\x80\x80", true },
                { "\xf4\x8f\xbf\xbf", true },
                { "\x80", false },
                { "\xbf", false },
                { "\xc0\x80", false },         /* NUL in two bytes */
                { "\xc1\xbf", false },         /* not the shortest form */
                { "\xe0\x9f\xbf", false },     /* not the shortest form */
                { "\xed\xa0\x80", false },     /* a surrogate */
                { "\xed\xbf\xbf", false },     /* a surrogate */
                { "\xf0\x8f\xbf\xbf", false }, /* not the shortest form */
                { "\xf4\x90\x80\x80", false }, /* past U+10FFFF */
                { "\xf5\x80\x80\x80", false },
                { "\xff", false },
                { "\xc3", false },
                { "\xe6\xbc", false },
                { "\xf0\x9f\x98", false },
                { "eight by\xff", false },
                { "\xc3(", false },
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++)
                if (text_is_utf8(rows[i].text, strlen(rows[i].text)) != rows[i].is_utf8)
                        TEST_FAIL("row %zu: expected %d", i, rows[i].is_utf8);
}

TEST(a_cut_character_is_not_read_beyond_its_end) {
        /* The rest of the character lies behind what belongs to the text. */
        EXPECT(!text_is_utf8("\xe6\xbc\xa2", 2));
        EXPECT(!text_is_utf8("é", 1));
        EXPECT(text_is_utf8("aé", 1));
}

TEST(invalid_pieces_become_the_replacement_character) {
        static const Row rows[] = {
                { "", "" },
                { "é 漢", "é 漢" },
                { "bad\xff\xfe", "bad\xef\xbf\xbd\xef\xbf\xbd" },
                { "\xe6\xbcx", "\xef\xbf\xbdx" },
                { "\xf0\x9f\x98\xf0\x9f\x98\x80", "\xef\xbf\xbd\xf0\x9f\x98\x80" },
                { "\xed\xa0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd" },
                { "a\xc3", "a\xef\xbf\xbd" },
                { "line\nbreak\x1b", "line\nbreak\x1b" },
        };

        expect_rows(buffer_add_utf8, rows, ELEMENTSOF(rows));
}

TEST(no_terminal_sequence_gets_through) {
        static const Row rows[] = {
                { "plain é 漢", "plain é 漢" },
                { "\x1b[31mred\x1b[0m", "\\x1b[31mred\\x1b[0m" },
                { "a\nb\tc\rd", "a\\nb\\tc\\x0dd" },
                { "back\\slash", "back\\\\slash" },
                { "\x7f", "\\x7f" },
                { "\xc2\x9b"
                  "31m",
                                "\\xc2\\x9b31m" },
                { "\xc2\xa0", "\xc2\xa0" },
                { "bad\xff\xfe", "bad\\xff\\xfe" },
                { "\xe6\xbc", "\\xe6\\xbc" },
        };

        expect_rows(buffer_add_escaped, rows, ELEMENTSOF(rows));
}

TEST(what_is_escaped_already_stays_as_it_is) {
        static const Row rows[] = {
                { "\\x1b[31m", "\\x1b[31m" },
                { "\x1b[31m", "\\x1b[31m" },
                { "two\nlines", "two\\nlines" },
        };

        expect_rows(buffer_add_printable, rows, ELEMENTSOF(rows));
}

TEST(json_strings_are_json_whatever_the_name) {
        static const Row rows[] = {
                { "", "\"\"" },
                { "/srv/a.dcm", "\"/srv/a.dcm\"" },
                { "é 漢 \xf0\x9f\x98\x80", "\"é 漢 \xf0\x9f\x98\x80\"" },
                { "\"quoted\" \\", "\"\\\"quoted\\\" \\\\\"" },
                { "\b\t\n\f\r", "\"\\b\\t\\n\\f\\r\"" },
                { "\x01\x1b\x1f\x7f", "\"\\u0001\\u001b\\u001f\\u007f\"" },
                { "\xc2\x80\xc2\x9f\xc2\xa0", "\"\\u0080\\u009f\xc2\xa0\"" },
                { "bad\xff\xfe.", "\"bad\xef\xbf\xbd\xef\xbf\xbd.\"" },
                { "\xed\xa0\x80", "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"" },
        };

        expect_rows(buffer_add_json, rows, ELEMENTSOF(rows));
}

TEST(numbers_and_hex_are_written_in_full) {
        Buffer b = {};

        buffer_add_u64(&b, 0);
        buffer_add_char(&b, ' ');
        buffer_add_u64(&b, UINT64_MAX);
        buffer_add_char(&b, ' ');
        buffer_add_hex(&b, "\x00\x0f\xff", 3);
        EXPECT_STREQ(b.data, "0 18446744073709551615 000fff");
        buffer_done(&b);
}

TEST(a_buffer_that_has_grown_allocates_no_more) {
        Buffer b = {};
        const char *data;
        size_t allocated;

        for (int i = 0; i < 1000; i++)
                buffer_add_string(&b, "0123456789");
        EXPECT_EQ(b.length, 10000);
        EXPECT_EQ(strlen(b.data), 10000);
        data = b.data;
        allocated = b.allocated;
        for (int round = 0; round < 3; round++) {
                buffer_clear(&b);
                EXPECT_EQ(b.length, 0);
                for (int i = 0; i < 1000; i++)
                        buffer_add(&b, "abcdefghij", 10);
        }
        EXPECT(b.data == data);
        EXPECT_EQ(b.allocated, allocated);
        buffer_done(&b);
}

TEST(adding_nothing_gives_an_empty_string) {
        Buffer b = {};

        buffer_add(&b, "", 0);
        EXPECT_STREQ(b.data, "");
        EXPECT_EQ(b.length, 0);
        buffer_done(&b);
        EXPECT(!b.data);
}

TEST(plain_is_what_needs_no_escape_at_any_place) {
        char text[70];

        for (size_t n = 0; n <= sizeof(text); n++)
                for (unsigned c = 0; c < 256; c++) {
                        bool is_plain = c >= 0x20 && c < 0x7f && c != '"' && c != '\\';

                        memset(text, 'a', sizeof(text));
                        EXPECT(text_is_plain(text, n));
                        if (n == 0)
                                break;
                        size_t at = c * 31 % n;
                        text[at] = (char) c;
                        if (text_is_plain(text, n) != is_plain)
                                TEST_FAIL("byte %u at %zu of %zu", c, at, n);
                }
}

TEST(numbers_are_printed_as_printf_does) {
        char expected[32], text[32];
        uint64_t value = 1;

        for (unsigned digits = 0; digits < 20; digits++, value *= 10)
                for (int64_t d = -1; d <= 12; d++) {
                        (void) snprintf(expected,
                                        sizeof(expected),
                                        "%" PRIu64,
                                        value + (uint64_t) d);
                        *text_put_u64(text, value + (uint64_t) d) = '\0';
                        EXPECT_STREQ(text, expected);
                }
        *text_put_u64(text, UINT64_MAX) = '\0';
        EXPECT_STREQ(text, "18446744073709551615");
}
