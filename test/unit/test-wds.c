/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "test.h"
#include "tree/wds.h"

TEST(empty_one_has_nothing) {
        Wds w = {};
        uint32_t position = 0;

        EXPECT(!wds_get(&w, 1));
        EXPECT(!wds_next(&w, &position));
        wds_remove(&w, 1);
        wds_done(&w);
}

TEST(what_is_put_is_found_until_it_is_removed) {
        static int values[5000];
        unsigned n_wrong = 0;
        Wds w = {};

        for (int wd = 1; wd < 5000; wd++) {
                values[wd] = wd;
                EXPECT_OK(wds_put(&w, &values[wd]));
        }
        EXPECT_EQ(w.n_used, 4999);
        for (int wd = 1; wd < 5000; wd += 3)
                wds_remove(&w, wd);
        for (int wd = 1; wd < 5000; wd++)
                n_wrong += wds_get(&w, wd) != (wd % 3 == 1 ? NULL : &values[wd]);
        EXPECT_EQ(n_wrong, 0);
        EXPECT(!wds_get(&w, 5000));
        wds_done(&w);
}

TEST(second_put_takes_the_place_of_the_first) {
        int a = 7, b = 7;
        Wds w = {};

        EXPECT_OK(wds_put(&w, &a));
        EXPECT_OK(wds_put(&w, &b));
        EXPECT(wds_get(&w, 7) == &b);
        EXPECT_EQ(w.n_used, 1);
        wds_done(&w);
}

TEST(coming_and_going_does_not_grow_it) {
        static int values[100001];
        Wds w = {};

        for (int wd = 1; wd <= 100000; wd++) {
                values[wd] = wd;
                EXPECT_OK(wds_put(&w, &values[wd]));
                if (wd > 10)
                        wds_remove(&w, wd - 10);
        }
        EXPECT_EQ(w.n_used, 10);
        EXPECT_INT(w.n_slots, <=, 32);
        wds_done(&w);
}

TEST(next_goes_through_all_once) {
        int values[100], *value;
        uint32_t position = 0;
        unsigned seen = 0;
        Wds w = {};

        for (int i = 0; i < 100; i++) {
                values[i] = i * 17 + 1;
                EXPECT_OK(wds_put(&w, &values[i]));
        }
        while ((value = wds_next(&w, &position))) {
                EXPECT_INT(*value, >, 0);
                *value = 0;
                seen++;
        }
        EXPECT_EQ(seen, 100);
        free(w.slots);
}
