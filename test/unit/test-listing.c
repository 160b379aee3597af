/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What there is, told while things happen: none is left out, and nothing of the listing is told as having
 * happened. */

#include "tree-fixture.h"
#include "tree/listing.h"

#define RECURSIVE                                                                                  \
        (TreeOptions) {                                                                            \
                .mask = IN_ALL_EVENTS, .recursive = true, .reach.cross_mounts = true               \
        }

static int compare_lines(const void *a, const void *b) {
        return strcmp(*(char *const *) a, *(char *const *) b);
}

/* The lines of the log in their order as text, for directories are read in no order. */
static void sort_log(Fixture *f) {
        char *lines[4096], *state = NULL, *copy = strdup(f->log.data ?: "");
        size_t n = 0;

        for (char *line = strtok_r(copy, "\n", &state); line && n < ELEMENTSOF(lines);
                        line = strtok_r(NULL, "\n", &state))
                lines[n++] = line;
        qsort(lines, n, sizeof(char *), compare_lines);
        buffer_clear(&f->log);
        buffer_add_string(&f->log, "");
        for (size_t i = 0; i < n; i++) {
                buffer_add_string(&f->log, lines[i]);
                buffer_add_char(&f->log, '\n');
        }
        free(copy);
}

static int work(Fixture *f, Listing *l) {
        return listing_work(l, f->now, 1, record, f);
}

static void finish(Fixture *f, Listing *l) {
        int r = 1;

        for (unsigned i = 0; i < 100000 && r > 0; i++)
                r = work(f, l);
        EXPECT_EQ(r, 0);
}

static void make_tree(void) {
        EXPECT_OK(mkdir("r", 0755));
        EXPECT_OK(mkdir("r/a", 0755));
        EXPECT_OK(mkdir("r/a/b", 0755));
        write_file("r/1");
        write_file("r/a/2");
        write_file("r/a/b/3");
        EXPECT_EQ(symlink("a", "r/link"), 0);
}

#define WHOLE                                                                                      \
        "in_create r/1 (initial)\n"                                                                \
        "in_create r/a/ (initial)\n"                                                               \
        "in_create r/a/2 (initial)\n"                                                              \
        "in_create r/a/b/ (initial)\n"                                                             \
        "in_create r/a/b/3 (initial)\n"                                                            \
        "in_create r/link (initial)\n"

TEST(each_file_and_directory_is_told_once_and_the_looking_is_not) {
        _cleanup_(listing_freep) Listing *l = NULL;
        WITH_FIXTURE(f);

        make_tree();
        start_with(&f, "r", RECURSIVE);
        expect(&f, "");
        EXPECT_OK(listing_new(f.tree, &l));
        finish(&f, l);
        settle(&f); /* our own opening and reading is in the queue now */
        sort_log(&f);
        EXPECT_STREQ(f.log.data, WHOLE);
        buffer_clear(&f.log);
        write_file("r/new");
        expect(&f, "in_create r/new\nin_open r/new\nin_modify r/new\nin_close_write r/new\n");
}

TEST(tree_that_is_one_directory_and_one_that_is_a_file) {
        _cleanup_(listing_freep) Listing *l = NULL;
        WITH_FIXTURE(f);

        make_tree();
        start(&f, "r r/a/2", IN_CREATE, false);
        settle(&f);
        EXPECT_OK(listing_new(f.tree, &l));
        finish(&f, l);
        sort_log(&f);
        EXPECT_STREQ(f.log.data,
                        "in_create r/1 (initial)\nin_create r/a/ (initial)\n"
                        "in_create r/a/2 (initial)\nin_create r/link (initial)\n");
}

TEST(directory_that_is_moved_meanwhile_is_told_with_all_that_is_in_it) {
        _cleanup_(listing_freep) Listing *l = NULL;
        WITH_FIXTURE(f);

        make_tree();
        start_with(&f, "r", RECURSIVE);
        settle(&f);
        EXPECT_OK(listing_new(f.tree, &l));
        EXPECT_EQ(rename("r/a/b", "r/z"), 0);
        int r = 1;
        while (r > 0)
                r = work(&f, l);
        EXPECT_EQ(r, -EAGAIN); /* it is not where it was, and nobody knows yet where it is */
        settle(&f);
        finish(&f, l);
        EXPECT(strstr(f.log.data, "in_create r/z/3 (initial)\n"));
        EXPECT(strstr(f.log.data, "in_moved_to r/z/ <- r/a/b\n"));
        EXPECT(!strstr(f.log.data, "r/a/b/3"));
}

TEST(directory_that_cannot_be_found_is_not_waited_for_without_end) {
        _cleanup_(listing_freep) Listing *l = NULL;
        WITH_FIXTURE(f);

        make_tree();
        start_with(&f, "r", RECURSIVE);
        settle(&f);
        EXPECT_OK(listing_new(f.tree, &l));
        EXPECT_EQ(rename("r/a", "r/z"), 0); /* and nobody reads it */
        int r = 1;
        while (r > 0)
                r = work(&f, l);
        EXPECT_EQ(r, -EAGAIN);
        f.now += 2 * USEC_PER_SEC;
        finish(&f, l);
}

TEST(what_comes_after_the_beginning_is_left_to_the_events) {
        _cleanup_(listing_freep) Listing *l = NULL;
        WITH_FIXTURE(f);

        make_tree();
        start_with(&f, "r", RECURSIVE);
        settle(&f);
        EXPECT_OK(listing_new(f.tree, &l));
        EXPECT_OK(mkdir("r/late", 0755));
        write_file("r/late/f");
        settle(&f);
        buffer_clear(&f.log);
        finish(&f, l);
        sort_log(&f);
        EXPECT_STREQ(f.log.data, WHOLE);
}

TEST(more_directories_than_are_looked_up_at_once) {
        _cleanup_(listing_freep) Listing *l = NULL;
        WITH_FIXTURE(f);
        unsigned n = 0;

        EXPECT_OK(mkdir("r", 0755));
        for (unsigned i = 0; i < 10000; i++) {
                char path[32];

                (void) snprintf(path, sizeof(path), "r/%u", i);
                EXPECT_OK(mkdir(path, 0755));
                if (i % 10 == 0) {
                        (void) snprintf(path, sizeof(path), "r/%u/f", i);
                        write_file(path);
                }
        }
        start_with(&f, "r", (TreeOptions){ .mask = IN_CREATE, .recursive = true });
        settle(&f);
        EXPECT_OK(listing_new(f.tree, &l));
        finish(&f, l);
        for (const char *p = f.log.data; (p = strchr(p, '\n')); p++)
                n++;
        EXPECT_EQ(n, 11000);
}

TEST(tree_that_ends_ends_its_listings) {
        Listing *a = NULL, *b = NULL, *c = NULL;
        WITH_FIXTURE(f);

        make_tree();
        start_with(&f, "r", RECURSIVE);
        settle(&f);
        EXPECT_OK(listing_new(f.tree, &a));
        EXPECT_OK(listing_new(f.tree, &b));
        EXPECT_OK(listing_new(f.tree, &c));
        EXPECT_OK(work(&f, c));
        b = listing_free(b);
        f.tree = tree_free(f.tree);
        EXPECT_EQ(work(&f, a), -ESTALE);
        EXPECT_EQ(work(&f, c), -ESTALE);
        listing_free(a);
        listing_free(c);
}
