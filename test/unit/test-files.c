/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "tree-fixture.h"

static void start_recovering(Fixture *f, bool recursive) {
        TreeOptions options = {
                .mask = IN_CREATE | IN_DELETE | IN_MOVE,
                .recursive = recursive,
                .reach.cross_mounts = true,
                .recover = true,
        };

        start_with(f, "r", options);
        settle(f);
        buffer_clear(&f->log);
}

static void drop_events(Fixture *f) {
        char lost[65536];

        while (read(tree_fd(f->tree), lost, sizeof(lost)) > 0)
                ;
}

static void say_overflow(Fixture *f) {
        struct inotify_event overflow = { .wd = -1, .mask = IN_Q_OVERFLOW };

        EXPECT_OK(tree_feed(f->tree, &overflow, sizeof(overflow), f->now, 1));
}

/* What the kernel has to say is lost, and that it is lost is said. */
static void lose_events(Fixture *f) {
        drop_events(f);
        say_overflow(f);
        settle(f);
}

static void append(const char *path) {
        _cleanup_close_ int fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);

        EXPECT_EQ(write(fd, "more", 4), 4);
}

static unsigned count(const Fixture *f, const char *line) {
        unsigned n = 0;

        for (const char *p = f->log.data; (p = strstr(p, line)); p++)
                n++;
        return n;
}

TEST(rescan_tells_files_that_came_changed_and_went) {
        WITH_FIXTURE(f);

        EXPECT_OK(mkdir("r", 0755));
        EXPECT_OK(mkdir("r/d", 0755));
        write_file("r/d/stays");
        write_file("r/d/changes");
        write_file("r/d/goes");
        write_file("r/d/is-replaced");
        start_recovering(&f, true);
        EXPECT_EQ(f.tree->known.n_files, 4);

        append("r/d/changes");
        EXPECT_OK(unlink("r/d/goes"));
        write_file("r/d/comes");
        write_file("new");
        EXPECT_OK(rename("new", "r/d/is-replaced"));
        lose_events(&f);
        EXPECT_EQ(strncmp(f.log.data, "in_q_overflow r\n", 16), 0);
        EXPECT_EQ(count(&f, "in_modify r/d/changes (rescan)\n"), 1);
        EXPECT_EQ(count(&f, "in_delete r/d/goes (rescan)\n"), 1);
        EXPECT_EQ(count(&f, "in_create r/d/comes (rescan)\n"), 1);
        EXPECT_EQ(count(&f, "in_create r/d/is-replaced (rescan)\n"), 1);
        EXPECT_EQ(count(&f, "stays"), 0);
        EXPECT_EQ(count(&f, "\n"), 6); /* and the overflow and the end */
        EXPECT_EQ(f.tree->known.n_files, 4);

        buffer_clear(&f.log);
        tree_rescan(f.tree, f.now);
        settle(&f);
        f.now += 20 * USEC_PER_SEC;
        EXPECT_OK(tree_elapse(f.tree, f.now));
        expect(&f, "? r\n"); /* nothing is told twice */
}

TEST(rescan_of_one_directory_tells_its_files) {
        WITH_FIXTURE(f);

        EXPECT_OK(mkdir("r", 0755));
        write_file("r/goes");
        EXPECT_OK(mkdir("r/d-goes", 0755));
        EXPECT_OK(mkdir("r/d-stays", 0755));
        start_recovering(&f, false);
        EXPECT_OK(unlink("r/goes"));
        EXPECT_OK(rmdir("r/d-goes"));
        EXPECT_OK(mkdir("r/d-comes", 0755));
        write_file("r/d-stays/not-ours");
        write_file("r/comes");
        lose_events(&f);
        EXPECT_EQ(count(&f, "in_create r/d-comes/ (rescan)\n"), 1);
        EXPECT_EQ(count(&f, "in_delete r/d-goes/ (rescan)\n"), 1);
        EXPECT_EQ(count(&f, "d-stays"), 0);
        EXPECT_EQ(count(&f, "in_create r/comes (rescan)\n"), 1);
        EXPECT_EQ(count(&f, "in_delete r/goes (rescan)\n"), 1);
}

TEST(what_events_told_is_not_told_by_a_rescan) {
        WITH_FIXTURE(f);

        EXPECT_OK(mkdir("r", 0755));
        EXPECT_OK(mkdir("r/d", 0755));
        start_recovering(&f, true);
        write_file("r/a");
        write_file("r/b");
        EXPECT_OK(rename("r/b", "r/d/c"));
        append("r/a");
        EXPECT_OK(mkdir("r/e", 0755));
        write_file("r/e/found-by-a-scan");
        settle(&f);
        buffer_clear(&f.log);
        tree_rescan(f.tree, f.now);
        expect(&f, "? r\n");
        EXPECT_EQ(f.tree->known.n_files, 3);
}

TEST(S10_writes_that_were_lost_are_found_though_their_end_was_seen) {
        WITH_FIXTURE(f);
        char bytes[4096];

        EXPECT_OK(mkdir("r", 0755));
        write_file("r/a");
        start_with(&f, "r", (TreeOptions){ .mask = IN_MODIFY, .recover = true });
        settle(&f);
        buffer_clear(&f.log);
        int fd = open("r/a", O_WRONLY | O_APPEND | O_CLOEXEC);
        EXPECT_EQ(write(fd, "more", 4), 4);
        EXPECT_INT(read(tree_fd(f.tree), bytes, sizeof(bytes)), >, 0);
        say_overflow(&f);
        safe_close(fd);
        EXPECT_OK(tree_read(f.tree, f.now, 1));
        expect(&f, "in_q_overflow r\nin_close_write r/a\nin_modify r/a (rescan)\n? r\n");
        append("r/a");
        expect(&f, "in_modify r/a\nin_close_write r/a\n");
        tree_rescan(f.tree, f.now);
        expect(&f, "? r\n");
}

TEST(S10_overflow_amid_arrivals_tells_each_file_once) {
        char name[32];
        WITH_FIXTURE(f);

        EXPECT_OK(mkdir("r", 0755));
        start_recovering(&f, false);
        for (unsigned i = 0; i < 3000; i++) {
                (void) snprintf(name, sizeof(name), "r/%u", i);
                write_file(name);
                if (i == 1000) {
                        char lost[65536];
                        while (read(tree_fd(f.tree), lost, sizeof(lost)) > 0)
                                ;
                        struct inotify_event overflow = { .wd = -1, .mask = IN_Q_OVERFLOW };
                        EXPECT_OK(tree_feed(f.tree, &overflow, sizeof(overflow), f.now, 1));
                }
        }
        settle(&f);
        for (unsigned i = 0; i < 3000; i++) {
                (void) snprintf(name, sizeof(name), "in_create r/%u ", i);
                unsigned found = count(&f, name);
                (void) snprintf(name, sizeof(name), "in_create r/%u\n", i);
                EXPECT_EQ(found + count(&f, name), 1);
        }
}

TEST(S02_final_name_in_a_directory_made_a_moment_ago_is_one_move) {
        WITH_FIXTURE(f);

        EXPECT_OK(mkdir("r", 0755));
        start_recovering(&f, true);
        write_file("r/x.part");
        settle(&f);
        buffer_clear(&f.log);
        EXPECT_OK(mkdir("r/2026", 0755));
        EXPECT_OK(mkdir("r/2026/11", 0755));
        EXPECT_OK(rename("r/x.part", "r/2026/11/IMG1"));
        settle(&f);
        EXPECT_EQ(count(&f, "in_moved_from r/x.part\n"), 1);
        EXPECT_EQ(count(&f, "in_moved_to r/2026/11/IMG1 <- r/x.part\n"), 1);
        EXPECT_EQ(count(&f, "IMG1"), 1);
}

TEST(S02_even_if_all_of_it_is_in_one_read) {
        WITH_FIXTURE(f);

        EXPECT_OK(mkdir("r", 0755));
        start_recovering(&f, true);
        write_file("r/x.part");
        EXPECT_OK(mkdir("r/2026", 0755));
        EXPECT_OK(mkdir("r/2026/11", 0755));
        EXPECT_OK(rename("r/x.part", "r/2026/11/IMG1"));
        settle(&f);
        EXPECT_EQ(count(&f, "in_moved_to r/2026/11/IMG1 <- r/x.part\n"), 1);
        EXPECT_EQ(count(&f, "IMG1"), 1);
}

TEST(known_files_of_what_left_are_forgotten) {
        WITH_FIXTURE(f);

        EXPECT_OK(mkdir("r", 0755));
        EXPECT_OK(mkdir("r/d", 0755));
        write_file("r/d/a");
        write_file("r/b");
        start_recovering(&f, true);
        EXPECT_EQ(f.tree->known.n_files, 2);
        EXPECT_OK(rename("r/d", "out"));
        EXPECT_OK(rename("r/b", "b"));
        settle(&f);
        EXPECT_EQ(f.tree->known.n_files, 0);
        EXPECT_EQ(f.tree->known.n_used, 1); /* the list of the root, empty */
}

TEST(file_of_which_no_more_than_the_end_was_seen_is_told_by_the_rescan) {
        WITH_FIXTURE(f);

        EXPECT_OK(mkdir("r", 0755));
        write_file("old");
        write_file("r/taken");
        start_recovering(&f, true);
        int fd = open("r/new", O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
        int taken_fd = open("old", O_WRONLY | O_CLOEXEC);
        EXPECT_OK(rename("old", "r/taken"));
        drop_events(&f);
        say_overflow(&f);
        safe_close(fd);
        safe_close(taken_fd);
        settle(&f);
        EXPECT_EQ(count(&f, "in_create r/new (rescan)\n"), 1);
        EXPECT_EQ(count(&f, "in_create r/taken (rescan)\n"), 1);
        EXPECT_EQ(f.tree->known.n_files, 2);
}

TEST(file_that_an_event_comes_upon_before_it_is_due_is_known) {
        TreeOptions options = {
                .mask = IN_CREATE | IN_ATTRIB,
                .recursive = true,
                .reach.cross_mounts = true,
                .recover = true,
        };
        WITH_FIXTURE(f);

        EXPECT_OK(mkdir("r", 0755));
        start_with(&f, "r", options);
        settle(&f);
        EXPECT_OK(mkdir("r/d", 0755));
        write_file("r/d/f");
        EXPECT_OK(tree_read(f.tree, f.now, 1));
        EXPECT(tree_is_busy(f.tree));
        EXPECT_OK(chmod("r/d/f", 0600));
        expect(&f, "in_create r/d/\nin_create r/d/f (scan)\nin_attrib r/d/f\n");
        tree_rescan(f.tree, f.now);
        expect(&f, "? r\n");
}

/* Two looks have come upon it before anyone was told, and it goes. */
TEST(file_that_was_seen_twice_is_not_told_after_it_went) {
        WITH_FIXTURE(f);
        struct stat st;
        uint64_t mark;

        EXPECT_OK(mkdir("r", 0755));
        start_recovering(&f, true);
        EXPECT_OK(mkdir("r/d", 0755));
        write_file("r/d/f");
        EXPECT_OK(tree_read(f.tree, f.now, 1));
        EXPECT(tree_is_scanning(f.tree));
        write_file("r/before"); /* keeps what is found waiting */
        EXPECT_OK(tree_scan(f.tree, f.now, 1));
        EXPECT(!tree_is_scanning(f.tree));
        finds_begin(&f.tree->finds);
        Node *d = nodes_get(&f.tree->nodes, f.tree->finds.first->wd); /* of what was found in it */
        _cleanup_close_ int fd = open("r/d", O_PATH | O_CLOEXEC);
        EXPECT_OK(fstatat(fd, "f", &st, 0));
        EXPECT_OK(files_compare(f.tree, d, fd, "f", st.st_ino, false, ORIGIN_RESCAN));
        EXPECT_OK(unlink("r/d/f"));
        EXPECT_OK(tree_mark(f.tree, &mark));
        finds_settle(&f.tree->finds, mark);
        expect(&f,
                        "in_create r/d/\nin_create r/before\nin_close_write r/before\n"
                        "in_create r/d/f (scan)\nin_delete r/d/f\n");
        EXPECT_EQ(f.tree->known.n_files, 1);
}
