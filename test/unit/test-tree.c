/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <sys/resource.h>

#include "tree-fixture.h"

TEST(events_of_a_directory_are_handed_out) {
        WITH_FIXTURE(f);

        EXPECT_OK(mkdir("r", 0755));
        start(&f, "r", IN_ALL_EVENTS, false);
        EXPECT_EQ(tree_state(f.tree), TREE_WATCHING);
        EXPECT_EQ(tree_n_directories(f.tree), 1);
        write_file("r/a");
        EXPECT_OK(rename("r/a", "r/b"));
        EXPECT_OK(unlink("r/b"));
        EXPECT_OK(mkdir("r/d", 0755));
        expect(&f,
                        "in_create r/a\nin_open r/a\nin_modify r/a\nin_close_write r/a\n"
                        "in_moved_from r/a\nin_moved_to r/b <- r/a\nin_delete r/b\nin_create r/d/\n");
}

TEST(only_what_was_asked_for_comes) {
        WITH_FIXTURE(f);

        EXPECT_OK(mkdir("r", 0755));
        start(&f, "r", IN_CREATE, false);
        write_file("r/a");
        EXPECT_OK(unlink("r/a"));
        expect(&f, "in_create r/a\n");
}

TEST(what_is_there_already_is_initial_if_wanted) {
        WITH_FIXTURE(f);

        EXPECT_OK(mkdir("r", 0755));
        write_file("r/a");
        start(&f, "r", IN_ALL_EVENTS, true);
        EXPECT(tree_is_busy(f.tree));
        expect(&f, "in_create r/a (initial)\n"); /* and nothing of our own reading */
        EXPECT(!tree_is_busy(f.tree));
        _cleanup_close_ _unused_ int fd = open("r", O_RDONLY | O_CLOEXEC);
        expect(&f, "in_open r/\n"); /* but of others' */
}

TEST(what_scan_and_events_both_see_is_told_once) {
        WITH_FIXTURE(f);

        EXPECT_OK(mkdir("r", 0755));
        write_file("r/old");
        start(&f, "r", IN_CREATE | IN_DELETE | IN_MODIFY, true);
        /* The watch is placed, the scan is to come. */
        write_file("r/new");
        write_file("r/old");
        EXPECT_OK(tree_work(f.tree, f.now, 1));
        while (tree_is_busy(f.tree))
                EXPECT_OK(tree_work(f.tree, f.now, 1));
        expect(&f, "in_create r/new\nin_modify r/new\nin_create r/old (initial)\nin_modify r/old\n");
}

TEST(missing_root_is_waited_for_at_its_nearest_ancestor) {
        WITH_FIXTURE(f);

        start(&f, "a/b/c/r", IN_CREATE, false);
        EXPECT_EQ(tree_state(f.tree), TREE_WAITING);
        EXPECT(strstr(tree_state_reason(f.tree), "/a/b/c/r"));
        EXPECT_EQ(tree_n_directories(f.tree), 0);
        EXPECT_OK(mkdir("a", 0755));
        expect(&f, "");
        EXPECT_OK(mkdir("a/b", 0755));
        EXPECT_OK(mkdir("a/b/c", 0755));
        EXPECT_OK(mkdir("a/b/c/r", 0755));
        write_file("a/b/c/r/f");
        expect(&f, "in_create a/b/c/r/f (scan)\n");
        EXPECT_EQ(tree_state(f.tree), TREE_WATCHING);
        EXPECT_STREQ(tree_state_reason(f.tree), "");
        write_file("a/b/c/r/g");
        expect(&f, "in_create a/b/c/r/g\n");
}

TEST(root_that_is_removed_and_made_again_is_followed) {
        WITH_FIXTURE(f);

        EXPECT_OK(mkdir("r", 0755));
        start(&f, "r", IN_CREATE, false);
        EXPECT_OK(rmdir("r"));
        EXPECT_OK(mkdir("r", 0755));
        write_file("r/f");
        expect(&f, "in_delete_self r\nin_ignored r\nin_create r/f (scan)\n");
        EXPECT_OK(unlink("r/f"));
        EXPECT_OK(rmdir("r"));
        expect(&f, "in_delete_self r\nin_ignored r\n");
        EXPECT_EQ(tree_state(f.tree), TREE_WAITING);
        EXPECT_EQ(tree_n_directories(f.tree), 0);
}

TEST(what_becomes_of_one_root_swallows_no_word_of_another) {
        WITH_FIXTURE(f);

        EXPECT_OK(mkdir("moves", 0755));
        EXPECT_OK(mkdir("goes", 0755));
        start(&f, "moves goes", IN_CREATE | IN_DELETE_SELF, false);
        EXPECT_OK(rename("moves", "away"));
        write_file("goes/last");
        EXPECT_OK(unlink("goes/last"));
        EXPECT_OK(rmdir("goes"));
        expect(&f,
                        "in_move_self moves\nin_ignored moves\n"
                        "in_create goes/last\nin_delete_self goes\nin_ignored goes\n");
}

TEST(removed_root_that_somebody_holds_is_given_up) {
        WITH_FIXTURE(f);

        EXPECT_OK(mkdir("r", 0755));
        start(&f, "r", IN_CREATE, false);
        _cleanup_close_ _unused_ int held = open("r", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        EXPECT_OK(rmdir("r")); /* no IN_DELETE_SELF: it still has a user */
        EXPECT_OK(mkdir("r", 0755));
        write_file("r/f");
        expect(&f, "in_ignored r\nin_create r/f (scan)\n");
        write_file("r/g");
        expect(&f, "in_create r/g\n");
}

TEST(root_that_is_renamed_away_and_replaced_is_left) {
        WITH_FIXTURE(f);

        EXPECT_OK(mkdir("r", 0755));
        EXPECT_OK(mkdir("n", 0755));
        write_file("n/f");
        start(&f, "r", IN_CREATE, false);
        EXPECT_OK(rename("r", "old"));
        EXPECT_OK(rename("n", "r"));
        write_file("old/x");
        expect(&f, "in_move_self r\nin_ignored r\nin_create r/f (scan)\n");
        EXPECT_OK(unlink("old/x"));
        write_file("r/g");
        expect(&f, "in_create r/g\n");
        EXPECT_OK(renameat2(AT_FDCWD, "r", AT_FDCWD, "old", RENAME_EXCHANGE));
        write_file("r/h");
        expect(&f, "in_move_self r\nin_ignored r\nin_create r/h (scan)\n");
}

TEST(renamed_ancestor_takes_the_root_away) {
        WITH_FIXTURE(f);

        EXPECT_OK(mkdir("a", 0755));
        EXPECT_OK(mkdir("a/b", 0755));
        EXPECT_OK(mkdir("a/b/r", 0755));
        start(&f, "a/b/r", IN_CREATE, false);
        EXPECT_OK(rename("a", "z"));
        expect(&f, "in_ignored a/b/r\n");
        EXPECT_EQ(tree_state(f.tree), TREE_WAITING);
        write_file("z/b/r/unseen");
        EXPECT_OK(rename("z", "a"));
        expect(&f, "in_create a/b/r/unseen (scan)\n");
        EXPECT_EQ(tree_state(f.tree), TREE_WATCHING);
}

TEST(symlink_as_root_is_followed_when_it_is_swapped) {
        WITH_FIXTURE(f);

        EXPECT_OK(mkdir("one", 0755));
        EXPECT_OK(mkdir("two", 0755));
        write_file("two/f");
        EXPECT_OK(symlink("one", "r"));
        start(&f, "r", IN_CREATE, false);
        write_file("one/a");
        expect(&f, "in_create r/a\n");
        EXPECT_OK(symlink("two", "r.new"));
        EXPECT_OK(rename("r.new", "r"));
        write_file("one/b");
        expect(&f, "in_ignored r\nin_create r/f (scan)\n");
        write_file("two/g");
        expect(&f, "in_create r/g\n");
}

TEST(dangling_and_circular_links_are_no_end) {
        WITH_FIXTURE(f);

        EXPECT_OK(symlink("loop", "loop"));
        EXPECT_OK(symlink("there/later", "r"));
        start(&f, "r loop", IN_CREATE, false);
        EXPECT_EQ(tree_state(f.tree), TREE_DEGRADED);
        EXPECT(strstr(tree_state_reason(f.tree), "loop"));
        EXPECT_OK(mkdir("there", 0755));
        EXPECT_OK(mkdir("there/later", 0755));
        write_file("there/later/f");
        expect(&f, "in_create r/f (scan)\n");
        EXPECT_OK(unlink("loop"));
        EXPECT_OK(mkdir("loop", 0755));
        expect(&f, "");
        EXPECT_EQ(tree_state(f.tree), TREE_WATCHING);
}

TEST(single_file_is_watched_and_followed_when_it_is_replaced) {
        WITH_FIXTURE(f);

        write_file("file");
        start(&f, "file", IN_CLOSE_WRITE, false);
        EXPECT_EQ(tree_n_directories(f.tree), 0);
        write_file("file");
        expect(&f, "in_close_write file\n");
        write_file("new");
        EXPECT_OK(rename("new", "file"));
        expect(&f, "in_attrib file\nin_delete_self file\nin_ignored file\nin_create file (scan)\n");
        write_file("file");
        expect(&f, "in_close_write file\n");
        EXPECT_OK(unlink("file"));
        expect(&f, "in_attrib file\nin_delete_self file\nin_ignored file\n");
        EXPECT_EQ(tree_state(f.tree), TREE_WAITING);
        write_file("file");
        expect(&f, "in_create file (scan)\n");
}

TEST(replaced_file_that_somebody_holds_is_given_up) {
        WITH_FIXTURE(f);

        write_file("file");
        start(&f, "file", IN_CLOSE_WRITE, false);
        _cleanup_close_ _unused_ int held = open("file", O_RDONLY | O_CLOEXEC);
        write_file("new");
        EXPECT_OK(rename("new", "file"));
        expect(&f, "in_attrib file\nin_ignored file\nin_create file (scan)\n");
        write_file("file");
        expect(&f, "in_close_write file\n");
}

TEST(root_that_becomes_a_file_and_a_directory_again) {
        WITH_FIXTURE(f);

        EXPECT_OK(mkdir("r", 0755));
        start(&f, "r", IN_CREATE, false);
        EXPECT_OK(rmdir("r"));
        write_file("r");
        expect(&f, "in_delete_self r\nin_ignored r\nin_create r (scan)\n");
        EXPECT_EQ(tree_n_directories(f.tree), 0);
        EXPECT_OK(unlink("r"));
        EXPECT_OK(mkdir("r", 0755));
        write_file("r/f");
        expect(&f, "in_attrib r\nin_delete_self r\nin_ignored r\nin_create r/f (scan)\n");
        EXPECT_EQ(tree_n_directories(f.tree), 1);
}

TEST(two_paths_to_one_directory_are_told_by_the_first) {
        WITH_FIXTURE(f);

        EXPECT_OK(mkdir("r", 0755));
        EXPECT_OK(symlink("r", "l"));
        start(&f, "r l", IN_CREATE, false);
        EXPECT_EQ(tree_n_directories(f.tree), 1);
        write_file("r/a");
        expect(&f, "in_create r/a\n");
        EXPECT_OK(rename("r", "q"));
        EXPECT_OK(mkdir("r", 0755));
        write_file("r/b");
        expect(&f, "in_move_self r\nin_ignored l\nin_create r/b (scan)\n");
        EXPECT_OK(unlink("l"));
        EXPECT_OK(symlink("q", "l"));
        expect(&f, "in_create l/a (scan)\n");
}

TEST(nested_roots_each_tell_their_own) {
        WITH_FIXTURE(f);

        EXPECT_OK(mkdir("r", 0755));
        EXPECT_OK(mkdir("r/s", 0755));
        start(&f, "r r/s", IN_CREATE, false);
        EXPECT_EQ(tree_n_directories(f.tree), 2);
        write_file("r/a");
        write_file("r/s/b");
        expect(&f, "in_create r/a\nin_create r/s/b\n");
        EXPECT_OK(unlink("r/s/b")); /* asked for by nobody, though r is a step of r/s */
        EXPECT_OK(rmdir("r/s"));
        expect(&f, "in_delete_self r/s\nin_ignored r/s\n");
        EXPECT_STREQ(tree_below(f.tree, f.base, strlen(f.base)), NULL);
        char path[128];
        int n = snprintf(path, sizeof(path), "%s/r/s/x", f.base);
        EXPECT_STREQ(tree_below(f.tree, path, (size_t) n), "x");
        n = snprintf(path, sizeof(path), "%s/r/sx", f.base);
        EXPECT_STREQ(tree_below(f.tree, path, (size_t) n), "sx");
}

TEST(watches_of_a_root_that_is_gone_are_freed) {
        WITH_FIXTURE(f);
        char path[64], line[512];
        unsigned n = 0;

        EXPECT_OK(mkdir("r", 0755));
        start(&f, "r", IN_CREATE, false);
        for (unsigned i = 0; i < 100; i++) {
                EXPECT_OK(rename("r", "m"));
                EXPECT_OK(mkdir("r", 0755));
                expect(&f, "in_move_self r\nin_ignored r\n");
                EXPECT_OK(rmdir("m"));
        }
        (void) snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", tree_fd(f.tree));
        _cleanup_fclose_ FILE *info = fopen(path, "re");
        while (info && fgets(line, sizeof(line), info))
                n += strncmp(line, "inotify ", 8) == 0;
        EXPECT_EQ(n, f.tree->nodes.wds.n_used);
        EXPECT_EQ(n, 4); /* the root, and /, /tmp and the base as steps */
}

/* Bytes as the kernel would give them. */
static void feed(Fixture *f, int wd, uint32_t mask, uint32_t cookie, const char *name) {
        struct {
                struct inotify_event e;
                char name[16];
        } b = { .e = { .wd = wd, .mask = mask, .cookie = cookie, .len = *name ? 16 : 0 } };

        (void) snprintf(b.name, sizeof(b.name), "%s", name);
        EXPECT_OK(tree_feed(f->tree, &b, sizeof(b.e) + b.e.len, f->now, 1));
}

TEST(S12_halves_in_different_reads_are_one_move) {
        WITH_FIXTURE(f);

        EXPECT_OK(mkdir("r", 0755));
        start(&f, "r", IN_ALL_EVENTS, false);
        int wd = f.tree->roots[0].node->wd;
        feed(&f, wd, IN_MOVED_FROM, 77, "a");
        EXPECT_EQ(f.log.length, 0);
        EXPECT_EQ(tree_deadline(f.tree), f.now + 50 * USEC_PER_MSEC);
        feed(&f, wd, IN_CREATE, 0, "x");
        EXPECT_EQ(f.log.length, 0);
        feed(&f, wd, IN_MOVED_TO, 77, "b");
        expect(&f, "in_moved_from r/a\nin_moved_to r/b <- r/a\nin_create r/x\n");
        EXPECT(tree_deadline(f.tree) == USEC_INFINITY);
}

TEST(S12_half_without_a_second_is_released) {
        WITH_FIXTURE(f);

        EXPECT_OK(mkdir("r", 0755));
        start(&f, "r", IN_ALL_EVENTS, false);
        int wd = f.tree->roots[0].node->wd;
        feed(&f, wd, IN_MOVED_FROM, 77, "a");
        feed(&f, wd, IN_CREATE, 0, "x");
        EXPECT_EQ(f.log.length, 0);
        f.now += 50 * USEC_PER_MSEC;
        EXPECT_OK(tree_elapse(f.tree, f.now));
        expect(&f, "in_moved_from r/a (out)\nin_create r/x\n");
        f.now += 250 * USEC_PER_MSEC;
        feed(&f, wd, IN_MOVED_TO, 77, "b");
        expect(&f, "in_moved_to r/b\n");
}

/* As if it was kept from reading on for longer than a half is to wait. */
TEST(S12_second_half_that_waits_to_be_read_is_read_first) {
        WITH_FIXTURE(f);
        char first[sizeof(struct inotify_event) + 16];

        EXPECT_OK(mkdir("r", 0755));
        write_file("r/a");
        start(&f, "r", IN_ALL_EVENTS, false);
        expect(&f, "");
        EXPECT_OK(rename("r/a", "r/b"));
        EXPECT_EQ(read(tree_fd(f.tree), first, sizeof(first)), sizeof(first));
        EXPECT_OK(tree_feed(f.tree, first, sizeof(first), f.now, 1));
        EXPECT_EQ(f.log.length, 0);
        f.now += USEC_PER_SEC;
        EXPECT_OK(tree_elapse(f.tree, f.now));
        expect(&f, "in_moved_from r/a\nin_moved_to r/b <- r/a\n");
}

TEST(S12_no_half_is_held_back_at_the_end) {
        WITH_FIXTURE(f);

        EXPECT_OK(mkdir("r", 0755));
        EXPECT_OK(mkdir("other", 0755));
        write_file("r/a");
        write_file("r/b");
        start(&f, "r", IN_MOVED_FROM, false);
        EXPECT_OK(rename("r/a", "other/a"));
        EXPECT_OK(rename("r/b", "other/b"));
        EXPECT_INT(tree_read(f.tree, f.now, 1), >, 0);
        EXPECT_EQ(f.log.length, 0);
        EXPECT_OK(tree_release_moves(f.tree));
        EXPECT_EQ(tree_deadline(f.tree), USEC_INFINITY);
        expect(&f, "in_moved_from r/a (out)\nin_moved_from r/b (out)\n");
}

TEST(S12_halves_that_cross_each_other_are_paired) {
        WITH_FIXTURE(f);

        EXPECT_OK(mkdir("r", 0755));
        start(&f, "r", IN_ALL_EVENTS, false);
        int wd = f.tree->roots[0].node->wd;
        feed(&f, wd, IN_MOVED_FROM, 1, "a");
        feed(&f, wd, IN_MOVED_FROM, 2, "b");
        feed(&f, wd, IN_MOVED_TO, 1, "c");
        feed(&f, wd, IN_MOVED_TO, 2, "d");
        expect(&f,
                        "in_moved_from r/a\nin_moved_to r/c <- r/a\n"
                        "in_moved_from r/b\nin_moved_to r/d <- r/b\n");
}

TEST(waiting_half_never_stops_reading_for_good) {
        WITH_FIXTURE(f);
        unsigned n = 0;

        EXPECT_OK(mkdir("r", 0755));
        start(&f, "r", IN_ALL_EVENTS, false);
        int wd = f.tree->roots[0].node->wd;
        feed(&f, wd, IN_MOVED_FROM, 77, "a");
        while (f.log.length == 0 && n++ < 100000)
                feed(&f, wd, IN_CREATE, 0, "x");
        EXPECT_EQ(strncmp(f.log.data, "in_moved_from r/a (out)\nin_create r/x\n", 38), 0);
}

TEST(overflow_is_told_and_the_roots_are_looked_at) {
        WITH_FIXTURE(f);

        EXPECT_OK(mkdir("r", 0755));
        start(&f, "r", IN_CREATE, false);
        feed(&f, -1, IN_Q_OVERFLOW, 0, "");
        EXPECT_EQ(tree_deadline(f.tree), f.now);
        expect(&f, "in_q_overflow r\n? r\n");
        EXPECT_EQ(tree_state(f.tree), TREE_WATCHING);
}

TEST(unknown_wd_and_foreign_bytes_are_passed_over) {
        WITH_FIXTURE(f);

        EXPECT_OK(mkdir("r", 0755));
        start(&f, "r", IN_CREATE, false);
        feed(&f, 4711, IN_CREATE, 0, "x");
        EXPECT_OK(tree_feed(f.tree, "garbage", 7, f.now, 1));
        write_file("r/a");
        expect(&f, "in_create r/a\n");
}

TEST(large_directory_is_scanned_in_slices) {
        WITH_FIXTURE(f);
        unsigned slices = 1, n = 0;
        char name[32];

        EXPECT_OK(mkdir("r", 0755));
        for (unsigned i = 0; i < 5000; i++) {
                (void) snprintf(name, sizeof(name), "r/%u", i);
                _cleanup_close_ int fd = open(name, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
                EXPECT_INT(fd, >=, 0);
        }
        start(&f, "r", IN_CREATE, true);
        while (tree_work(f.tree, f.now, 1) > 0)
                slices++;
        EXPECT_INT(slices, >=, 4);
        for (char *p = f.log.data; (p = strchr(p, '\n')); p++)
                n++;
        EXPECT_EQ(n, 5000);
}

/* What was read is handed out in goes, so that whoever calls can see to others in between. */
TEST(a_flood_is_handed_out_in_goes) {
        struct inotify_event block[INTAKE_READ_MAX / sizeof(struct inotify_event)];
        const unsigned n_blocks = 16;
        unsigned n_goes = 0, n = 0;
        WITH_FIXTURE(f);

        EXPECT_OK(mkdir("r", 0755));
        start(&f, "r", IN_CREATE | IN_OPEN, false);
        expect(&f, "");
        for (size_t i = 0; i < ELEMENTSOF(block); i++)
                block[i] = (struct inotify_event){ .wd = f.tree->roots[0].node->wd,
                        .mask = IN_OPEN | IN_ISDIR };
        for (unsigned i = 0; i < n_blocks; i++)
                EXPECT_OK(intake_put(f.tree->intake, block, sizeof(block), f.now, 1));
        do {
                EXPECT(!tree_is_scanning(f.tree));
                n_goes++;
        } while (tree_work(f.tree, f.now, 1) > 0);
        EXPECT_INT(n_goes, >=, 3);
        EXPECT(!tree_is_busy(f.tree) && tree_is_settled(f.tree));
        for (char *p = f.log.data; (p = strchr(p, '\n')); p++)
                n++;
        EXPECT_EQ(n, n_blocks * ELEMENTSOF(block));
}

TEST(root_stays_watched_while_there_are_no_descriptors) {
        struct rlimit limit, none;
        WITH_FIXTURE(f);

        EXPECT_OK(mkdir("a", 0755));
        start(&f, "a", IN_CREATE, false);
        expect(&f, "");
        EXPECT_OK(getrlimit(RLIMIT_NOFILE, &limit));
        none = limit;
        none.rlim_cur = 3;
        EXPECT_OK(setrlimit(RLIMIT_NOFILE, &none));
        EXPECT_OK(tree_check_roots(f.tree, f.now, 1));
        EXPECT_EQ(tree_state(f.tree), TREE_DEGRADED);
        EXPECT_OK(setrlimit(RLIMIT_NOFILE, &limit));
        write_file("a/f");
        expect(&f, "in_create a/f\n");
        f.now += 10 * USEC_PER_SEC;
        EXPECT_OK(tree_elapse(f.tree, f.now));
        EXPECT_EQ(tree_state(f.tree), TREE_WATCHING);
}
