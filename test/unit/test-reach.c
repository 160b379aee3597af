/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A tree that goes on with another reach: what comes into it and what gets out of it is nobody's news, and
 * what happens meanwhile is everybody's. */

#include "lives-fixture.h"

static Filter *excluding(const char *glob) {
        char *copy = strdup(glob), *exclude[] = { copy, NULL };
        Filter *filter;

        EXPECT_OK(filter_new(NULL, exclude, &filter));
        free(copy);
        return filter;
}

/* The tree has another reach, in its life and all that follow. */
static void set_reach(Lives *l, TreeReach reach) {
        EXPECT_OK(tree_set_reach(l->f.tree, &reach));
        l->options.reach = reach;
}

static void expect_through(Lives *l, unsigned n_directories) {
        EXPECT(!tree_is_reaching(l->f.tree));
        EXPECT_EQ(tree_n_directories(l->f.tree), n_directories);
}

/* A rescan has nothing to add. */
static void expect_nothing_missed(Lives *l) {
        l->f.now += 100 * USEC_PER_SEC;
        tree_rescan(l->f.tree, l->f.now);
        expect(&l->f, "? r\n");
}

static void make_excluded(void) {
        make_directories("r/a r/x.none r/x.none/deep r/x.none/deep/er");
        write_file("r/a/f");
        write_file("r/x.none/f");
        write_file("r/x.none/deep/f");
}

/* A tree that does not enter what is called .none. */
static void begin_without(Lives *l, Filter *filter) {
        l->options.reach.filter = filter;
        make_excluded();
        EXPECT(!begin(l));
        quiet(l);
        EXPECT_EQ(tree_n_directories(l->f.tree), 2);
}

TEST(what_comes_into_reach_is_taken_in_as_having_been_there) {
        _cleanup_(filter_freep) Filter *none = excluding("*.none");
        WITH_LIVES(l, .recover = true);

        begin_without(&l, none);
        set_reach(&l, (TreeReach){});
        EXPECT(tree_is_reaching(l.f.tree));
        settle(&l.f);
        EXPECT_EQ(strstr(l.f.log.data, "x.none (rescan)"), NULL);
        for (const char *line = l.f.log.data; *line; line = strchr(line, '\n') + 1)
                EXPECT(strstr(line, " (initial)\n"));
        EXPECT(strstr(l.f.log.data, "in_create r/x.none/deep/f (initial)\n"));
        EXPECT_EQ(strstr(l.f.log.data, "r/a"), NULL);
        buffer_clear(&l.f.log);
        expect_through(&l, 5);
        write_file("r/x.none/deep/er/g");
        expect(&l.f, "in_create r/x.none/deep/er/g\nin_close_write r/x.none/deep/er/g\n");
        expect_nothing_missed(&l);
}

TEST(nobody_is_told_of_files_that_nobody_wants_to_know) {
        _cleanup_(filter_freep) Filter *none = excluding("*.none");
        WITH_LIVES(l);

        begin_without(&l, none);
        set_reach(&l, (TreeReach){});
        expect(&l.f, "");
        expect_through(&l, 5);
        write_file("r/x.none/deep/er/g");
        expect(&l.f, "in_create r/x.none/deep/er/g\nin_close_write r/x.none/deep/er/g\n");
}

TEST(what_gets_out_of_reach_is_let_go_of_without_a_word) {
        _cleanup_(filter_freep) Filter *none = excluding("*.none");
        WITH_LIVES(l, .recover = true);

        make_excluded();
        EXPECT(!begin(&l));
        quiet(&l);
        EXPECT_EQ(tree_n_directories(l.f.tree), 5);
        set_reach(&l, (TreeReach){ .filter = none });
        expect(&l.f, "");
        expect_through(&l, 2);
        write_file("r/x.none/deep/g");
        expect(&l.f, "");
        write_file("r/a/g");
        expect(&l.f, "in_create r/a/g\nin_close_write r/a/g\n");
        expect_nothing_missed(&l);
}

TEST(what_happens_meanwhile_is_told) {
        _cleanup_(filter_freep) Filter *none = excluding("*.none"), *other = excluding("*.other");
        WITH_LIVES(l, .recover = true);

        begin_without(&l, none);
        make_directories("r/new");
        write_file("r/new/f");
        set_reach(&l, (TreeReach){ .filter = other });
        write_file("r/a/g");
        EXPECT_OK(rename("r/a", "r/b"));
        settle(&l.f);
        EXPECT(strstr(l.f.log.data, "in_create r/new/\n"));
        EXPECT(strstr(l.f.log.data, "in_create r/new/f (scan)\n"));
        EXPECT(strstr(l.f.log.data, "in_create r/a/g\n"));
        EXPECT(strstr(l.f.log.data, "in_moved_from r/a/\nin_moved_to r/b/ <- r/a\n"));
        EXPECT(strstr(l.f.log.data, "in_create r/x.none/f (initial)\n"));
        expect_through(&l, 6);
        quiet(&l);
        expect_nothing_missed(&l);
}

/* What is in a directory that was out of reach until it was moved is new. */
TEST(what_moves_into_reach_is_told) {
        _cleanup_(filter_freep) Filter *none = excluding("*.none");
        WITH_LIVES(l, .recover = true);

        begin_without(&l, none);
        set_reach(&l, (TreeReach){});
        EXPECT_OK(rename("r/x.none", "r/b"));
        settle(&l.f);
        EXPECT(strstr(l.f.log.data, "in_create r/b/deep/f (scan)\n"));
        EXPECT_EQ(strstr(l.f.log.data, "(initial)"), NULL);
        expect_through(&l, 5);
}

TEST(links_are_followed_and_followed_no_more) {
        WITH_LIVES(l, .recover = true);

        make_directories("r/a far far/deep");
        write_file("far/deep/f");
        EXPECT_OK(symlink("../far", "r/link"));
        EXPECT_OK(symlink("nowhere", "r/broken"));
        EXPECT(!begin(&l));
        quiet(&l);
        EXPECT_EQ(tree_n_directories(l.f.tree), 2);

        set_reach(&l, (TreeReach){ .follow_symlinks = true });
        settle(&l.f);
        EXPECT_EQ(strstr(l.f.log.data, "delete"), NULL);
        EXPECT(strstr(l.f.log.data, "in_create r/link/deep/f (initial)\n"));
        expect_through(&l, 4);
        quiet(&l);
        write_file("far/deep/g");
        expect(&l.f, "in_create r/link/deep/g\nin_close_write r/link/deep/g\n");
        expect_nothing_missed(&l);

        set_reach(&l, (TreeReach){});
        expect(&l.f, "in_create r/link (initial)\n");
        expect_through(&l, 2);
        write_file("far/deep/h");
        expect(&l.f, "");
        expect_nothing_missed(&l);
        EXPECT_OK(unlink("r/link"));
        expect(&l.f, "in_delete r/link\n");
}

TEST(a_directory_that_a_link_led_to_as_well_is_where_it_is) {
        WITH_LIVES(l, .recover = true, .reach.follow_symlinks = true);

        make_directories("far far/sub r/b");
        EXPECT_OK(symlink("../far", "r/link"));
        EXPECT(!begin(&l));
        quiet(&l);
        EXPECT_EQ(tree_n_directories(l.f.tree), 4);
        EXPECT_OK(rename("far/sub", "r/b/sub"));
        quiet(&l);
        EXPECT_OK(symlink("b/sub", "r/aside"));
        quiet(&l);
        EXPECT_EQ(tree_n_directories(l.f.tree), 4);
        set_reach(&l, (TreeReach){});
        settle(&l.f);
        EXPECT_EQ(strstr(l.f.log.data, "delete"), NULL);
        EXPECT_EQ(strstr(l.f.log.data, "moved"), NULL);
        expect_through(&l, 3);
        quiet(&l);
        write_file("r/b/sub/f");
        expect(&l.f, "in_create r/b/sub/f\nin_close_write r/b/sub/f\n");
}

/* That everything below the root is of another file system is a lie that needs no privilege. */
TEST(other_file_systems_are_entered_and_left) {
        WITH_LIVES(l, .recover = true, .reach.cross_mounts = true);

        make_excluded();
        EXPECT(!begin(&l));
        quiet(&l);
        EXPECT_EQ(tree_n_directories(l.f.tree), 5);
        uint64_t device = l.f.tree->roots[0].device;
        l.f.tree->roots[0].device = device + 1;
        set_reach(&l, (TreeReach){});
        expect(&l.f, "");
        expect_through(&l, 1);
        set_reach(&l, (TreeReach){ .cross_mounts = true });
        settle(&l.f);
        EXPECT_EQ(strstr(l.f.log.data, "(rescan)"), NULL);
        EXPECT(strstr(l.f.log.data, "in_create r/x.none/deep/f (initial)\n"));
        expect_through(&l, 5);
}

/* A process dies on the way; or it has not even begun, for the next one is to go further. */
static void die_amid_the_change(bool is_stopped, bool has_begun) {
        _cleanup_(filter_freep) Filter *none = excluding("*.none"), *a = excluding("a");
        WITH_LIVES(l, .recover = true);

        begin_without(&l, none);
        if (has_begun) {
                set_reach(&l, (TreeReach){ .filter = a });
                EXPECT_OK(tree_elapse(l.f.tree, l.f.now));
                EXPECT_OK(tree_scan(l.f.tree, l.f.now, 1));
                compact(&l);
        }
        if (is_stopped)
                stop(&l);
        else
                end(&l);
        l.options.reach = (TreeReach){ .filter = a };
        write_file("r/g");
        EXPECT_EQ(begin(&l), !is_stopped);
        EXPECT(tree_is_reaching(l.f.tree));
        settle(&l.f);
        EXPECT(strstr(l.f.log.data, is_stopped ? "in_create r/g (rescan)\n" : "in_create r/g\n"));
        EXPECT_EQ(strstr(l.f.log.data, "r/a"), NULL);
        EXPECT_EQ(strstr(l.f.log.data, "f (rescan)"), NULL);
        EXPECT_EQ(strstr(l.f.log.data, "deep/ (rescan)"), NULL);
        expect_through(&l, 4);
        quiet(&l);
        expect_nothing_missed(&l);

        /* And that is that. */
        end(&l);
        EXPECT(begin(&l));
        EXPECT(!tree_is_reaching(l.f.tree));
        expect(&l.f, "");
}

TEST(S24_a_death_amid_the_change_begins_it_again) {
        die_amid_the_change(false, true);
        die_amid_the_change(true, true);
}

TEST(S24_the_next_process_may_go_further) {
        die_amid_the_change(false, false);
        die_amid_the_change(true, false);
}

TEST(a_change_back_is_a_change) {
        _cleanup_(filter_freep) Filter *none = excluding("*.none"), *again = excluding("*.none");
        WITH_LIVES(l, .recover = true);

        begin_without(&l, none);
        set_reach(&l, (TreeReach){});
        settle(&l.f);
        set_reach(&l, (TreeReach){ .filter = again });
        quiet(&l);
        expect_through(&l, 2);

        /* Another filter that excludes the same is none. */
        set_reach(&l, (TreeReach){ .filter = none });
        EXPECT(!tree_is_reaching(l.f.tree));
        expect(&l.f, "");
}
