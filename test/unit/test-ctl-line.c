/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "ctl-line.h"
#include "publishers/json.h"
#include "test.h"

static Line line;

static int parse(const char *s) {
        /* In memory of its very length, for the sanitizers to see who reads on. */
        size_t n = strlen(s);
        char *copy = malloc(n + 1);
        int r;

        assert(copy);
        memcpy(copy, s, n);
        r = line_parse(&line, copy, n);
        free(copy);
        return r;
}

static const char *value(const char *key) {
        const LineField *field = line_find(&line, key);

        return field ? field->value : NULL;
}

TEST(what_the_daemon_writes_is_read) {
        static const char path[] = "/srv/bad\xff\xfe\n\"\\\x1b[31m\xc3\xbc\xf0\x9f\x98\x80";
        Notice n = {
                .member = MEMBER_TRANSFER_COMPLETED,
                .flags = NOTICE_HAS_SIZE | NOTICE_INITIAL,
                .sequence = UINT64_MAX,
                .usec = 5,
                .size = 7,
                .path = path,
                .path_len = strlen(path),
                .watch = "a",
        };
        Buffer b = {}, bytes = {};

        json_add_notice(&b, &n);
        EXPECT_EQ(b.data[b.length - 1], '\n');
        EXPECT_OK(line_parse(&line, b.data, b.length - 1));
        EXPECT_STREQ(value("event"), "transfer_completed");
        EXPECT_STREQ(value("watch"), "a");
        EXPECT_STREQ(value("path"),
                        "/srv/bad\xef\xbf\xbd\xef\xbf\xbd\n\"\\\x1b[31m\xc3\xbc\xf0\x9f\x98\x80");
        EXPECT_STREQ(value("initial"), "true");
        EXPECT(line_number(&line, "sequence") == UINT64_MAX);
        EXPECT_EQ(line_number(&line, "size"), 7);
        EXPECT(line_find(&line, "raw_path"));
        EXPECT(line_add_bytes(&bytes, line_find(&line, "raw_path")));
        EXPECT_STREQ(bytes.data, path);
        buffer_done(&bytes);
        buffer_done(&b);
        line_done(&line);
}

TEST(escapes_are_decoded) {
        EXPECT_OK(parse("{\"a\":\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"}"));
        EXPECT_STREQ(value("a"), "\"\\/\b\f\n\r\t");
        EXPECT_OK(parse("{\"a\":\"\\u0041\\u00fc\\u20AC\\ud83d\\ude00\"}"));
        EXPECT_STREQ(value("a"), "A\xc3\xbc\xe2\x82\xac\xf0\x9f\x98\x80");
        EXPECT_OK(parse("{\"a\":\"x\\u0000y\"}"));
        EXPECT_EQ(line_find(&line, "a")->value_len, 3);
        line_done(&line);
}

TEST(values_of_all_kinds_are_kept_in_order) {
        EXPECT_OK(parse(" { \"a\" : 1 , \"b\":-2.5e+3,\"c\":true,\"d\":null,\"e\":\"\"} "));
        EXPECT_EQ(line.n_fields, 5);
        EXPECT_STREQ(line.fields[0].key, "a");
        EXPECT_STREQ(value("b"), "-2.5e+3");
        EXPECT_STREQ(value("c"), "true");
        EXPECT_EQ(line_find(&line, "c")->is_string, false);
        EXPECT_EQ(line_find(&line, "e")->is_string, true);
        EXPECT_STREQ(value("e"), "");
        EXPECT_EQ(line_number(&line, "e"), 0);
        EXPECT_EQ(line_number(&line, "nothing"), 0);
        EXPECT_OK(parse("{}"));
        EXPECT_EQ(line.n_fields, 0);
        line_done(&line);
}

TEST(what_is_no_flat_object_is_refused) {
        static const char *const bad[] = {
                "",
                "{",
                "}",
                "[]",
                "{\"a\"}",
                "{\"a\":}",
                "{\"a\":1",
                "{\"a\":1,}",
                "{\"a\":1}x",
                "{\"a\":{}}",
                "{\"a\":[1]}",
                "{a:1}",
                "{\"a\":\"b}",
                "{\"a\":\"\\",
                "{\"a\":\"\\x\"}",
                "{\"a\":\"\\u12\"}",
                "{\"a\":\"\\u12",
                "{\"a\":\"\\ud800\"}",
                "{\"a\":\"\\ud800\\u0041\"}",
                "{\"a\":\"\\udc00\"}",
        };

        for (size_t i = 0; i < ELEMENTSOF(bad); i++)
                if (parse(bad[i]) != -EBADMSG)
                        TEST_FAIL("expected %s to be refused", bad[i]);
        line_done(&line);
}

TEST(fields_are_bounded) {
        Buffer b = {};

        for (unsigned n = LINE_FIELDS_MAX; n <= LINE_FIELDS_MAX + 1; n++) {
                buffer_clear(&b);
                for (unsigned i = 0; i < n; i++)
                        buffer_add_string(&b, i == 0 ? "{\"a\":1" : ",\"a\":1");
                buffer_add_char(&b, '}');
                EXPECT_EQ(parse(b.data), n <= LINE_FIELDS_MAX ? 0 : -EBADMSG);
        }
        buffer_done(&b);
        line_done(&line);
}

TEST(hex_that_is_none_is_refused) {
        static const char *const bad[] = { "{\"a\":\"0\"}", "{\"a\":\"0g\"}", "{\"a\":\"/0\"}" };
        Buffer b = {};

        for (size_t i = 0; i < ELEMENTSOF(bad); i++) {
                EXPECT_OK(parse(bad[i]));
                EXPECT(!line_add_bytes(&b, line_find(&line, "a")));
        }
        buffer_done(&b);
        line_done(&line);
}
