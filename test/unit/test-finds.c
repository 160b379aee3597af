/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <time.h>

#include "test.h"
#include "tree/finds.h"

static int add(Finds *f, int wd, const char *name, bool is_dir, Origin origin, uint64_t mark) {
        Find find = { .wd = wd, .is_dir = is_dir, .origin = origin, .mark = mark, .key = mark };

        return finds_add(f, &find, name);
}

TEST(many_links_to_one_file_are_taken_as_fast_as_any) {
        Finds f = {};
        char name[16];
        clock_t began = clock();
        unsigned n = 0;

        for (unsigned i = 0; i < 200000; i++) {
                (void) snprintf(name, sizeof(name), "%u", i);
                EXPECT_OK(add(&f, 1, name, i % 2, ORIGIN_SCAN, i % 3 == 0 ? 0 : 7));
        }
        for (; f.first; n++) {
                Find *find = f.first;

                if (n % 5 == 0)
                        finds_set_told(&f, find);
                finds_take(&f, find);
                free(find);
        }
        EXPECT_EQ(n, 200000);
        EXPECT(!finds_get_key(&f, true, 7));
        /* A minute or more if each has to be searched for. */
        EXPECT_INT(clock() - began, <, 10 * CLOCKS_PER_SEC);
        finds_done(&f);
}

TEST(find_is_found_by_what_it_is_until_it_is_told) {
        Finds f = {};

        EXPECT_OK(add(&f, 1, "file", false, ORIGIN_SCAN, 7));
        EXPECT_OK(add(&f, 1, "directory", true, ORIGIN_SCAN, 7));
        EXPECT_OK(add(&f, 1, "unknown", false, ORIGIN_SCAN, 0));
        Find *find = finds_get_key(&f, false, 7);
        EXPECT_STREQ(find ? find->name : NULL, "file");
        find = finds_get_key(&f, true, 7);
        EXPECT_STREQ(find ? find->name : NULL, "directory");
        finds_set_told(&f, find);
        EXPECT(!finds_get_key(&f, true, 7));
        EXPECT(!finds_get_key(&f, false, 0)); /* is no key */
        EXPECT(!finds_get_key(&f, false, 8));
        finds_done(&f);
}

TEST(find_is_found_by_directory_and_name) {
        Finds f = {};

        EXPECT_OK(add(&f, 1, "a", false, ORIGIN_SCAN, 10));
        EXPECT_OK(add(&f, 2, "a", true, ORIGIN_INITIAL, 20));
        Find *find = finds_get(&f, 2, "a", 1);
        EXPECT(find && find->is_dir && find->origin == ORIGIN_INITIAL && find->mark == 20);
        EXPECT(!finds_get(&f, 3, "a", 1));
        EXPECT(!finds_get(&f, 1, "ab", 2));
        finds_done(&f);
}

TEST(order_of_finding_is_kept_when_some_are_taken) {
        Finds f = {};
        char name[8];
        unsigned expected = 0;

        for (unsigned i = 0; i < 300; i++) {
                (void) snprintf(name, sizeof(name), "%u", i);
                EXPECT_OK(add(&f, 1, name, false, ORIGIN_SCAN, i));
        }
        for (unsigned i = 1; i < 300; i += 2) {
                int n = snprintf(name, sizeof(name), "%u", i);
                Find *find = finds_get(&f, 1, name, (size_t) n);
                EXPECT(find);
                finds_take(&f, find);
                free(find);
        }
        EXPECT_EQ(f.n, 150);
        for (Find *find = f.first; find; find = find->next, expected += 2)
                EXPECT_EQ(find->mark, expected);
        EXPECT_EQ(expected, 300);
        finds_done(&f);
}

TEST(last_one_taken_leaves_a_list_that_can_grow) {
        Finds f = {};

        EXPECT_OK(add(&f, 1, "a", false, ORIGIN_SCAN, 1));
        Find *find = f.first;
        finds_take(&f, find);
        free(find);
        EXPECT_OK(add(&f, 1, "b", false, ORIGIN_SCAN, 2));
        EXPECT(f.first && f.first->mark == 2 && !f.first->next);
        EXPECT(f.last == &f.first->next);
        finds_done(&f);
}

TEST(those_added_since_are_settled_together) {
        Finds f = {};
        Find look = { .wd = 1, .is_dir = true, .key = 5, .mark = UINT64_MAX, .end = UINT64_MAX };

        EXPECT_OK(add(&f, 1, "a", false, ORIGIN_SCAN, 1));
        finds_begin(&f);
        EXPECT(!finds_unsettled(&f));
        EXPECT_OK(add(&f, 1, "b", false, ORIGIN_SCAN, UINT64_MAX));
        EXPECT_OK(finds_add(&f, &look, "c"));
        Find *a = f.first, *b = a->next, *c = b->next;
        EXPECT(finds_unsettled(&f) == b);
        finds_take(&f, a); /* what points at the first one of them */
        free(a);
        EXPECT(finds_unsettled(&f) == b);
        finds_settle(&f, 9);
        EXPECT(!finds_unsettled(&f));
        EXPECT_EQ(b->mark, 9);
        EXPECT_EQ(b->end, 0);
        EXPECT_EQ(c->mark, 9);
        EXPECT_EQ(c->end, 9);
        EXPECT_OK(add(&f, 1, "d", false, ORIGIN_SCAN, UINT64_MAX));
        finds_settle(&f, 12);
        EXPECT_EQ(c->mark, 9);
        EXPECT_EQ(c->next->mark, 12);
        finds_done(&f);
}

TEST(all_of_a_directory_are_dropped) {
        Finds f = {};

        EXPECT_OK(add(&f, 1, "a", false, ORIGIN_SCAN, 1));
        EXPECT_OK(add(&f, 2, "b", false, ORIGIN_SCAN, 2));
        EXPECT_OK(add(&f, 1, "c", false, ORIGIN_SCAN, 3));
        finds_drop(&f, 1);
        EXPECT_EQ(f.n, 1);
        EXPECT(f.first && f.first->wd == 2);
        finds_done(&f);
}
