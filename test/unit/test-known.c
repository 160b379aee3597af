/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "test.h"
#include "tree/known.h"

TEST(file_is_known_until_it_is_removed) {
        KnownFiles k = {};

        EXPECT(!known_get(&k, 1, "a", 1));
        EXPECT_OK(known_put(&k, 1, "a", 1, 10, 100, false));
        EXPECT_OK(known_put(&k, 2, "a", 1, 20, 200, false));
        EXPECT_EQ(k.n_files, 2);
        EXPECT_EQ(known_get(&k, 1, "a", 1)->inode, 10);
        EXPECT_EQ(known_get(&k, 2, "a", 1)->print, 200);
        EXPECT_OK(known_put(&k, 1, "a", 1, 11, 101, false));
        EXPECT_EQ(k.n_files, 2);
        EXPECT_EQ(known_get(&k, 1, "a", 1)->inode, 11);
        known_remove(&k, known_get(&k, 1, "a", 1));
        EXPECT(!known_get(&k, 1, "a", 1));
        EXPECT(known_get(&k, 2, "a", 1));
        known_done(&k);
}

TEST(directory_is_dropped_with_its_files_alone) {
        KnownFiles k = {};
        unsigned n = 0;
        char name[16];

        for (int wd = 1; wd <= 50; wd++)
                for (unsigned i = 0; i < 20; i++) {
                        int length = snprintf(name, sizeof(name), "file-%u", i);
                        EXPECT_OK(known_put(&k, wd, name, (size_t) length, i + 1, 1, false));
                }
        for (int wd = 1; wd <= 50; wd += 2)
                known_drop(&k, wd);
        EXPECT_EQ(k.n_files, 25 * 20);
        EXPECT(!known_first(&k, 1));
        for (const Known *known = known_first(&k, 2); known; known = known->next)
                n++;
        EXPECT_EQ(n, 20);
        known_drop(&k, 1); /* again */
        known_done(&k);
}

TEST(rounds_tell_what_was_not_seen) {
        uint32_t position = 0;
        unsigned n_unseen = 0;
        KnownFiles k = {};
        Known *known;

        EXPECT_OK(known_put(&k, 1, "old", 3, 1, 1, false));
        EXPECT_OK(known_put(&k, 1, "seen", 4, 2, 1, false));
        EXPECT_OK(known_put(&k, 2, "unreadable", 10, 3, 1, false));
        k.round++;
        EXPECT_OK(known_put(&k, 1, "seen", 4, 2, 1, false));
        known_touch(&k, 2);
        while ((known = known_next(&k, &position)))
                if (known->round != k.round) {
                        EXPECT_STREQ(known->name, "old");
                        n_unseen++;
                }
        EXPECT_EQ(n_unseen, 1);
        known_done(&k);
}

TEST(print_tells_size_and_time_apart) {
        struct stat a = { .st_size = 5, .st_mtim = { 100, 7 } }, b = a;

        EXPECT(known_print(&a) == known_print(&b));
        b.st_size = 6;
        EXPECT(known_print(&a) != known_print(&b));
        b = a;
        b.st_mtim.tv_nsec++;
        EXPECT(known_print(&a) != known_print(&b));
        struct stat nothing = {};
        EXPECT(known_print(&nothing) != 0);
}
