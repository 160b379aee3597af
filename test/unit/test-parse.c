/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <limits.h>

#include "base/list.h"
#include "base/names.h"
#include "base/parse.h"
#include "test.h"

static int parse(const SettingKind *kind, const char *value, void *target) {
        const Setting row = { "Key", kind, 0, NULL };
        const char *why = NULL;
        int r;

        r = kind->parse(&row, value, target, &why);
        if (r < 0 && (!why || why[0] == '\0'))
                TEST_FAIL("'%s' is refused without a reason", value);
        return r;
}

TEST(booleans_are_those_of_systemd) {
        static const char *const yes[] = {
                "1", "yes", "y", "true", "t", "on", "YES", "True", "On"
        };
        static const char *const no[] = { "0", "no", "n", "false", "f", "off", "NO", "False" };
        static const char *const neither[] = { "2", "ja", "yess", " yes", "enable", "-1" };
        bool b;

        for (size_t i = 0; i < ELEMENTSOF(yes); i++) {
                b = false;
                EXPECT_OK(parse(&setting_kind_boolean, yes[i], &b));
                EXPECT(b);
        }
        for (size_t i = 0; i < ELEMENTSOF(no); i++) {
                b = true;
                EXPECT_OK(parse(&setting_kind_boolean, no[i], &b));
                EXPECT(!b);
        }
        b = true;
        for (size_t i = 0; i < ELEMENTSOF(neither); i++)
                EXPECT_EQ(parse(&setting_kind_boolean, neither[i], &b), -EINVAL);
        EXPECT(b);
}

typedef struct NumberRow {
        const char *text;
        int64_t value; /* -1: refused */
} NumberRow;

static void expect_numbers(const SettingKind *kind, const NumberRow *rows, size_t n_rows) {
        for (size_t i = 0; i < n_rows; i++) {
                uint64_t n = 77;
                int r = parse(kind, rows[i].text, &n);

                if (rows[i].value < 0 ? r >= 0 || n != 77 : r < 0 || n != (uint64_t) rows[i].value)
                        TEST_FAIL("'%s': expected %" PRIi64 ", but r=%d, %" PRIu64,
                                        rows[i].text,
                                        rows[i].value,
                                        r,
                                        n);
        }
}

TEST(numbers_are_whole_and_plain) {
        static const NumberRow rows[] = {
                { "0", 0 },
                { "42", 42 },
                { "007", 7 },
                { "-1", -1 },
                { "+1", -1 },
                { "1.5", -1 },
                { "0x10", -1 },
                { "1 2", -1 },
                { "x", -1 },
                { "99999999999999999999", -1 },
        };

        expect_numbers(&setting_kind_number, rows, ELEMENTSOF(rows));
}

TEST(sizes_take_k_m_and_g) {
        static const NumberRow rows[] = {
                { "0", 0 },
                { "512", 512 },
                { "1K", 1024 },
                { "16M", 16 * 1024 * 1024 },
                { "4G", INT64_C(4) * 1024 * 1024 * 1024 },
                { "K", -1 },
                { "1k", -1 },
                { "1KB", -1 },
                { "1T", -1 },
                { "1 K", -1 },
                { "1.5M", -1 },
                { "-1", -1 },
                { "18446744073709551616", -1 },
                { "17179869184G", -1 },
        };

        expect_numbers(&setting_kind_size, rows, ELEMENTSOF(rows));
}

TEST(time_spans_are_those_of_systemd) {
        static const NumberRow rows[] = {
                { "10s", 10000000 },
                { "10", 10000000 },
                { "6h", INT64_C(21600000000) },
                { "1h 30min", INT64_C(5400000000) },
                { "1h30min", INT64_C(5400000000) },
                { "2 h", INT64_C(7200000000) },
                { "1 hour 1 minute 1 second", INT64_C(3661000000) },
                { "5ms", 5000 },
                { "5 msec", 5000 },
                { "7us", 7 },
                { "7µs", 7 },
                { "1.5s", 1500000 },
                { "0.25h", INT64_C(900000000) },
                { "1.0000001s", 1000000 },
                { "1d", INT64_C(86400000000) },
                { "1w", INT64_C(604800000000) },
                { "1y", INT64_C(31557600000000) },
                { "1M", INT64_C(2629800000000) },
                { "1m", 60000000 },
                { "0", 0 },
                { "s", -1 },
                { "10x", -1 },
                { "10 s x", -1 },
                { "-1s", -1 },
                { "1.s", -1 },
                { ".5s", -1 },
                { "1..5s", -1 },
                { "10S", -1 },
                { "600000y", -1 },
                { "99999999999999999999s", -1 },
                { "infinity 1s", -1 },
        };
        usec_t infinite = 0;

        expect_numbers(&setting_kind_time_span, rows, ELEMENTSOF(rows));
        EXPECT_OK(parse(&setting_kind_time_span, "infinity", &infinite));
        EXPECT(infinite == USEC_INFINITY);
}

TEST(a_string_is_kept_as_it_stands) {
        char *s = NULL;

        EXPECT_OK(parse(&setting_kind_string, "%n.done \"x\"", &s));
        EXPECT_STREQ(s, "%n.done \"x\"");
        EXPECT_OK(parse(&setting_kind_string, "again", &s));
        EXPECT_STREQ(s, "again");
        setting_kind_string.reset(&s);
        EXPECT(!s);
}

TEST(words_are_separated_by_blanks_and_kept_together_by_quotes) {
        List l = NULL;

        EXPECT_OK(parse(&setting_kind_names, "  one\t two  \"three and\" 'fo'ur \"a'b\" ", &l));
        EXPECT_EQ(list_length(l), 5);
        EXPECT_STREQ(l[0], "one");
        EXPECT_STREQ(l[1], "two");
        EXPECT_STREQ(l[2], "three and");
        EXPECT_STREQ(l[3], "four");
        EXPECT_STREQ(l[4], "a'b");

        /* What is refused changes nothing. */
        EXPECT_EQ(parse(&setting_kind_names, "six \"seven", &l), -EINVAL);
        EXPECT_EQ(parse(&setting_kind_names, "six \"\"", &l), -EINVAL);
        EXPECT_EQ(list_length(l), 5);

        EXPECT_OK(parse(&setting_kind_names, "six", &l));
        EXPECT_EQ(list_length(l), 6);
        setting_kind_names.reset(&l);
        EXPECT(!l);
}

TEST(globs_keep_their_backslashes) {
        List l = NULL;

        EXPECT_OK(parse(&setting_kind_globs,
                        "*.part my\\ file \"a b*\" it\\'s \"\\\"\" '\\*'",
                        &l));
        EXPECT_EQ(list_length(l), 6);
        EXPECT_STREQ(l[0], "*.part");
        EXPECT_STREQ(l[1], "my\\ file");
        EXPECT_STREQ(l[2], "a b*");
        EXPECT_STREQ(l[3], "it\\'s");
        EXPECT_STREQ(l[4], "\\\"");
        EXPECT_STREQ(l[5], "\\*");
        EXPECT_EQ(parse(&setting_kind_globs, "*.x a\\", &l), -EINVAL);
        EXPECT_EQ(parse(&setting_kind_globs, "*****************", &l), -EINVAL);
        EXPECT_EQ(list_length(l), 6);
        setting_kind_globs.reset(&l);
}

TEST(a_list_has_an_end) {
        char many[2 * LIST_ITEMS_MAX + 3], *to = many;
        List l = NULL;

        for (unsigned i = 0; i < LIST_ITEMS_MAX; i++)
                to = stpcpy(to, "a ");
        EXPECT_OK(parse(&setting_kind_names, many, &l));
        EXPECT_EQ(list_length(l), LIST_ITEMS_MAX);
        EXPECT_EQ(parse(&setting_kind_names, "a", &l), -E2BIG);
        EXPECT_EQ(list_length(l), LIST_ITEMS_MAX);
        setting_kind_names.reset(&l);

        strcpy(to, "a");
        EXPECT_EQ(parse(&setting_kind_names, many, &l), -E2BIG);
        EXPECT(!l);
}

TEST(paths_are_normalised_and_never_cut) {
        static const struct {
                const char *in;
                const char *out; /* NULL: refused */
        } rows[] = {
                { "/srv/dicom", "/srv/dicom" },
                { "/srv//dicom///", "/srv/dicom" },
                { "/./srv/./a/.", "/srv/a" },
                { "/", "/" },
                { "///", "/" },
                { "/a b/c\"d", "/a b/c\"d" },
                { "/a:b=c", "/a:b=c" },
                { "/...", "/..." },
                { "/..a/b..", "/..a/b.." },
                { "/bad\xff", "/bad\xff" },
                { "srv", NULL },
                { "./a", NULL },
                { "\"/srv\"", NULL },
                { "/..", NULL },
                { "/a/../b", NULL },
                { "/a/..", NULL },
                { "/.../..", NULL },
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                List l = NULL;
                int r = parse(&setting_kind_paths, rows[i].in, &l);

                EXPECT_EQ(r < 0, !rows[i].out);
                EXPECT_STREQ(l ? l[0] : NULL, rows[i].out);
                setting_kind_paths.reset(&l);
        }
}

TEST(a_path_may_be_as_long_as_the_kernel_takes) {
        char path[PATH_MAX + 1];
        List l = NULL;

        memset(path, 'a', sizeof(path));
        path[0] = '/';
        path[PATH_MAX] = '\0';
        EXPECT_EQ(parse(&setting_kind_paths, path, &l), -ENAMETOOLONG);
        EXPECT(!l);
        path[PATH_MAX - 1] = '\0';
        EXPECT_OK(parse(&setting_kind_paths, path, &l));
        EXPECT_EQ(strlen(l[0]), PATH_MAX - 1);
        setting_kind_paths.reset(&l);
}

TEST(events_add_up) {
        uint32_t mask = 0;

        EXPECT_OK(parse(&setting_kind_events, "create IN_DELETE", &mask));
        EXPECT_EQ(mask, IN_CREATE | IN_DELETE);
        EXPECT_OK(parse(&setting_kind_events, "move", &mask));
        EXPECT_EQ(mask, IN_CREATE | IN_DELETE | IN_MOVE);
        EXPECT_EQ(parse(&setting_kind_events, "open creat", &mask), -EINVAL);
        EXPECT_EQ(parse(&setting_kind_events, "open,modify", &mask), -EINVAL);
        EXPECT_EQ(mask, IN_CREATE | IN_DELETE | IN_MOVE);
}

TEST(equal_is_equal_for_every_kind) {
        static const struct {
                const SettingKind *kind;
                const char *one;
                const char *other;
        } rows[] = {
                { &setting_kind_boolean, "yes", "no" },
                { &setting_kind_number, "1", "2" },
                { &setting_kind_size, "1K", "1025" },
                { &setting_kind_time_span, "60s", "61s" },
                { &setting_kind_string, "a", "b" },
                { &setting_kind_names, "a b", "b a" },
                { &setting_kind_globs, "a b", "a" },
                { &setting_kind_paths, "/a", "/b" },
                { &setting_kind_events, "create", "create move" },
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                _Alignas(uint64_t) uint8_t a[SETTING_SIZE_MAX] = {}, b[SETTING_SIZE_MAX] = {},
                                           c[SETTING_SIZE_MAX] = {}, none[SETTING_SIZE_MAX] = {};
                const SettingKind *kind = rows[i].kind;

                EXPECT_OK(parse(kind, rows[i].one, a));
                EXPECT_OK(parse(kind, rows[i].one, b));
                EXPECT_OK(parse(kind, rows[i].other, c));
                EXPECT(kind->equal(a, b));
                EXPECT(!kind->equal(a, c));
                EXPECT(kind->equal(none, none));
                for (uint8_t *field = a; kind->reset && field; field = field == a   ? b
                                                                       : field == b ? c
                                                                                    : NULL)
                        kind->reset(field);
        }
}
