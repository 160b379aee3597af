/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Lines of JSON, byte for byte. */

#include "publishers/json.h"
#include "test.h"

static Notice notice(Member member, const char *path) {
        return (Notice){
                .member = member,
                .mask = member_names[member].mask,
                .sequence = 7,
                .usec = 1763629200000000,
                .path = path,
                .path_len = strlen(path),
                .watch = "incoming",
        };
}

static void set_source(Notice *n, const char *source) {
        n->source = source;
        n->source_len = strlen(source);
}

static void expect_line(const Notice *n, const char *line) {
        Buffer b = {};

        json_add_notice(&b, n);
        EXPECT_STREQ(b.data, line);
        buffer_done(&b);
}

TEST(notice_of_the_manual_is_this_line) {
        Notice n = notice(MEMBER_IN_CREATE, "/srv/dicom/incoming/a.dcm");

        set_source(&n, "/srv/dicom/incoming/a.dcm.part");
        n.flags = NOTICE_HAS_CHUNKS;
        n.chunks = 12;
        expect_line(&n,
                        "{\"sequence\":7,\"usec\":1763629200000000,\"watch\":\"incoming\","
                        "\"event\":\"in_create\",\"path\":\"/srv/dicom/incoming/a.dcm\","
                        "\"mask\":256,\"cookie\":0,"
                        "\"source_path\":\"/srv/dicom/incoming/a.dcm.part\",\"chunks\":12}\n");
}

TEST(all_details_come_in_their_order) {
        Notice n = notice(MEMBER_TRANSFER_ABANDONED, "/a");

        set_source(&n, "/b");
        n.flags = NOTICE_HAS_SIZE | NOTICE_HAS_DURATION | NOTICE_HAS_CHUNKS | NOTICE_INITIAL |
                  NOTICE_RESCAN;
        n.size = UINT64_MAX;
        n.duration_usec = 2;
        n.chunks = UINT32_MAX;
        n.reason = REASON_AGE;
        n.cookie = 9;
        expect_line(&n,
                        "{\"sequence\":7,\"usec\":1763629200000000,\"watch\":\"incoming\","
                        "\"event\":\"transfer_abandoned\",\"path\":\"/a\",\"mask\":0,\"cookie\":9,"
                        "\"source_path\":\"/b\",\"size\":18446744073709551615,"
                        "\"duration_usec\":2,\"chunks\":4294967295,\"initial\":true,"
                        "\"rescan\":true,\"reason\":\"age\"}\n");
}

TEST(name_that_is_no_text_is_shown_and_follows_in_hex) {
        Notice n = notice(MEMBER_IN_MOVED_TO, "/bad\xff\xfe");

        set_source(&n, "/\"\n\xc3");
        expect_line(&n,
                        "{\"sequence\":7,\"usec\":1763629200000000,\"watch\":\"incoming\","
                        "\"event\":\"in_moved_to\",\"path\":\"/bad\xef\xbf\xbd\xef\xbf\xbd\","
                        "\"mask\":128,\"cookie\":0,\"source_path\":\"/\\\"\\n\xef\xbf\xbd\","
                        "\"raw_path\":\"2f626164fffe\",\"raw_source_path\":\"2f220ac3\"}\n");
}

TEST(escape_sequence_and_newline_stay_inside_the_string) {
        Notice n = notice(MEMBER_IN_DELETE, "/\x1b[2J\n\x7f");
        Buffer b = {};

        json_add_notice(&b, &n);
        EXPECT(!strchr(b.data, '\x1b'));
        EXPECT(strchr(b.data, '\n') == b.data + b.length - 1);
        EXPECT(strstr(b.data, "\\u001b[2J\\n"));
        EXPECT(!strstr(b.data, "raw_path"));
        buffer_done(&b);
}

TEST(gap_is_a_line_of_its_own) {
        Buffer b = {};

        json_add_gap(&b, 3, 12);
        json_add_gap(&b, 20, 20);
        EXPECT_STREQ(b.data,
                        "{\"event\":\"gap\",\"from\":3,\"to\":12}\n"
                        "{\"event\":\"gap\",\"from\":20,\"to\":20}\n");
        buffer_done(&b);
}
