/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "test.h"
#include "tree/decode.h"

typedef struct Bytes {
        struct inotify_event e;
        char name[32];
} Bytes;

TEST(record_with_name_is_decoded) {
        Bytes b = { { .wd = 3, .mask = IN_CREATE, .cookie = 7, .len = 16 }, "a.part" };
        Raw raw;

        EXPECT_OK(raw_decode(&b, sizeof(b), &raw));
        EXPECT_EQ(raw.wd, 3);
        EXPECT_EQ(raw.mask, IN_CREATE);
        EXPECT_EQ(raw.cookie, 7);
        EXPECT_STREQ(raw.name, "a.part");
        EXPECT_EQ(raw.name_len, 6);
        EXPECT_EQ(raw.size, sizeof(struct inotify_event) + 16);
}

TEST(record_without_name_has_an_empty_one) {
        struct inotify_event e = { .wd = 1, .mask = IN_DELETE_SELF };
        Raw raw;

        EXPECT_OK(raw_decode(&e, sizeof(e), &raw));
        EXPECT_STREQ(raw.name, "");
        EXPECT_EQ(raw.name_len, 0);
        EXPECT_EQ(raw.size, sizeof(e));
}

TEST(record_that_is_cut_is_refused) {
        Bytes b = { { .wd = 3, .mask = IN_CREATE, .len = 16 }, "a" };
        Raw raw = { .wd = 42 };

        EXPECT_EQ(raw_decode(&b, sizeof(b.e) - 1, &raw), -EBADMSG);
        EXPECT_EQ(raw_decode(&b, sizeof(b.e) + 15, &raw), -EBADMSG);
        EXPECT_EQ(raw_decode(&b, 0, &raw), -EBADMSG);
        EXPECT_EQ(raw.wd, 42);
}

TEST(record_whose_length_wraps_is_refused) {
        struct inotify_event e = { .wd = 3, .mask = IN_CREATE, .len = UINT32_MAX };
        Raw raw;

        EXPECT_EQ(raw_decode(&e, sizeof(e), &raw), -EBADMSG);
}

TEST(name_without_nul_is_refused) {
        Bytes b = { { .wd = 3, .mask = IN_CREATE, .len = 4 }, "abcd" };
        Raw raw;

        EXPECT_EQ(raw_decode(&b, sizeof(b.e) + 4, &raw), -EBADMSG);
}

TEST(overflow_belongs_to_nobody) {
        Raw raw = { .wd = -1, .mask = IN_Q_OVERFLOW };

        EXPECT(raw_is_overflow(&raw));
        EXPECT(!raw_is_ignored(&raw));
}

TEST(halves_of_moves_are_told_apart) {
        Raw from = { .mask = IN_MOVED_FROM | IN_ISDIR }, to = { .mask = IN_MOVED_TO };

        EXPECT(raw_is_move_half(&from) && raw_is_move_half(&to));
        EXPECT(raw_is_moved_from(&from) && !raw_is_moved_from(&to));
        EXPECT(raw_is_moved_to(&to) && !raw_is_moved_to(&from));
        EXPECT(raw_is_dir(&from) && !raw_is_dir(&to));
}

TEST(arrivals_and_departures_are_by_name) {
        static const uint32_t arrivals[] = { IN_CREATE, IN_MOVED_TO };
        static const uint32_t departures[] = { IN_DELETE, IN_MOVED_FROM };

        for (size_t i = 0; i < 2; i++) {
                Raw a = { .mask = arrivals[i] }, d = { .mask = departures[i] };

                EXPECT(raw_is_arrival(&a) && !raw_is_departure(&a));
                EXPECT(raw_is_departure(&d) && !raw_is_arrival(&d));
        }
}

TEST(last_words_and_changes_of_itself_are_told_apart) {
        Raw ignored = { .mask = IN_IGNORED }, moved = { .mask = IN_MOVE_SELF | IN_ISDIR };
        Raw own_mode = { .mask = IN_ATTRIB }, other_mode = { .mask = IN_ATTRIB, .name_len = 1 };
        Raw deleted = { .mask = IN_DELETE_SELF };

        EXPECT(raw_is_gone(&ignored) && raw_is_gone(&moved));
        EXPECT(!raw_is_gone(&deleted)); /* its IN_IGNORED comes next */
        EXPECT(raw_is_moved_self(&moved));
        EXPECT(!raw_is_moved_self(&ignored) && !raw_is_moved_self(&deleted));
        EXPECT(raw_unsettles_self(&own_mode) && !raw_unsettles_self(&other_mode));
        EXPECT(!raw_unsettles_self(&moved));
}
