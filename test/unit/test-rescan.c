/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "tree-fixture.h"

static void start_recursive(Fixture *f) {
        TreeOptions options = {
                .mask = IN_CREATE | IN_DELETE | IN_MOVE,
                .recursive = true,
                .reach.cross_mounts = true,
        };

        EXPECT_OK(mkdir("r", 0755));
        start_with(f, "r", options);
        settle(f);
        buffer_clear(&f->log);
}

TEST(rescan_ends_though_directories_are_made_without_a_pause) {
        TreeOptions options = { .mask = IN_CREATE, .recursive = true, .reach.cross_mounts = true };
        WITH_FIXTURE(f);
        char path[32];
        unsigned n = 0;

        EXPECT_OK(mkdir("r", 0755));
        EXPECT_OK(mkdir("first", 0755)); /* of two roots the one with the longer path */
        for (unsigned i = 0; i < 2000; i++) {
                (void) snprintf(path, sizeof(path), "r/%u", i);
                write_file(path);
        }
        start_with(&f, "r first", options);
        settle(&f);
        tree_rescan(f.tree, f.now);
        EXPECT_OK(tree_elapse(f.tree, f.now));
        EXPECT_OK(tree_work(f.tree, f.now, 1));
        EXPECT(tree_is_busy(f.tree));
        while (n < 1000 && !strstr(f.log.data ?: "", "? ")) {
                for (unsigned i = 0; i < 10; i++) {
                        (void) snprintf(path, sizeof(path), "first/%u", n++);
                        EXPECT_OK(mkdir(path, 0755));
                }
                EXPECT_OK(tree_work(f.tree, f.now, 1));
                EXPECT_OK(tree_read(f.tree, f.now, 1));
        }
        EXPECT_INT(n, <, 1000);
        settle(&f);
        EXPECT_EQ(tree_n_directories(f.tree), n + 2);
}

TEST(end_of_a_rescan_is_told_though_another_one_begins_before) {
        WITH_FIXTURE(f);

        start_recursive(&f);
        tree_rescan(f.tree, f.now);
        EXPECT_OK(tree_elapse(f.tree, f.now));
        EXPECT(tree_is_busy(f.tree));
        rescan_want(f.tree, f.now, false); /* as for what could not be watched */
        f.tree->rescan_deadline = f.now;
        EXPECT_OK(rescan_start(f.tree));
        settle(&f);
        EXPECT_STREQ(f.log.data, "? r\n");
}
