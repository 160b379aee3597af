/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <time.h>

#include "ctl-print.h"
#include "test.h"

static void expect_text(const char *json, const char *text) {
        Terminal t = { .has_utf8 = true };
        Line line = {};
        Buffer b = {};

        EXPECT_OK(setenv("TZ", "UTC", 1));
        tzset();
        EXPECT_OK(line_parse(&line, json, strlen(json)));
        print_text(&t, &line, &b);
        EXPECT_STREQ(b.data, text);
        buffer_done(&b);
        line_done(&line);
}

TEST(a_notice_is_a_line) {
        expect_text("{\"sequence\":7,\"usec\":1795220865727384,\"watch\":\"incoming\","
                    "\"event\":\"in_create\",\"path\":\"/srv/a\",\"mask\":256,\"cookie\":0,"
                    "\"source_path\":\"/srv/a.part\",\"chunks\":12}",
                        "Nov 21 00:27:45.727384 incoming[7]: in_create /srv/a "
                        "(source_path=/srv/a.part, chunks=12)\n");
        expect_text("{\"sequence\":8,\"usec\":1795220865727384,\"watch\":\"w\","
                    "\"event\":\"in_moved_to\",\"path\":\"/srv/d\",\"mask\":1073741952,"
                    "\"cookie\":5}",
                        "Nov 21 00:27:45.727384 w[8]: in_moved_to /srv/d/ (cookie=5)\n");
}

TEST(hostile_names_are_escaped_with_their_exact_bytes) {
        expect_text("{\"sequence\":1,\"usec\":1795220865727384,\"watch\":\"w\\u001b\","
                    "\"event\":\"in_create\\u0007\",\"path\":\"/srv/\\n\\u001b[31m\\ufffd\","
                    "\"raw_path\":\"2f7372762f0a1b5b33316dff\",\"source_path\":\"\\ufffd\","
                    "\"raw_source_path\":\"fe\",\"more\\u001b\":\"\\u009b\"}",
                        "Nov 21 00:27:45.727384 w\\x1b[1]: in_create\\x07 /srv/\\n\\x1b[31m\\xff "
                        "(source_path=\\xfe, more\\x1b=\\xc2\\x9b)\n");
        /* Bytes that are none are no reason to show nothing. */
        expect_text("{\"sequence\":1,\"usec\":1795220865727384,\"watch\":\"w\",\"event\":\"e\","
                    "\"path\":\"/a\",\"raw_path\":\"zz\"}",
                        "Nov 21 00:27:45.727384 w[1]: e /a\n");
}

TEST(a_gap_is_told_in_words) {
        expect_text("{\"event\":\"gap\",\"from\":5,\"to\":9}", "Notices 5 to 9 were not told\n");
}

TEST(a_line_can_be_laid_out) {
        static const char json[] = "{\"event\":\"gap\",\"from\":5,\"path\":\"\\u001b\"}";
        Line line = {};
        Buffer b = {};

        EXPECT_OK(line_parse(&line, json, strlen(json)));
        print_pretty(&line, &b);
        EXPECT_STREQ(b.data,
                        "{\n\t\"event\" : \"gap\",\n\t\"from\" : 5,\n\t\"path\" : \"\\u001b\"\n}\n");
        buffer_done(&b);
        line_done(&line);
}
