/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "lives-fixture.h"

static bool is_disk_full;

/* In place of libc's: full when we say so. */
int fallocate(int fd, int mode, off_t offset, off_t length) {
        if (mode == 0 && is_disk_full) {
                errno = ENOSPC;
                return -1;
        }
        return (int) syscall(SYS_fallocate, fd, mode, offset, length);
}

TEST(what_happens_between_two_processes_is_told_as_events) {
        WITH_LIVES(l);

        make_directories("r/a r/a/b");
        EXPECT(!begin(&l));
        quiet(&l);
        end(&l);
        write_file("r/a/b/f");
        EXPECT_OK(rename("r/a", "r/x"));
        write_file("r/x/b/g");
        EXPECT_OK(unlink("r/x/b/f"));
        EXPECT(begin(&l));
        EXPECT_EQ(tree_n_directories(l.f.tree), 3);
        expect(&l.f,
                        "in_create r/a/b/f\nin_close_write r/a/b/f\n"
                        "in_moved_from r/a/\nin_moved_to r/x/ <- r/a\n"
                        "in_create r/x/b/g\nin_close_write r/x/b/g\nin_delete r/x/b/f\n");
        end(&l);
        EXPECT(begin(&l));
        quiet(&l);
        write_file("r/x/h");
        expect(&l.f, "in_create r/x/h\nin_close_write r/x/h\n");
}

TEST(directories_that_came_moved_and_went_are_as_they_were) {
        WITH_LIVES(l, .recover = true);

        make_directories("r/a r/b r/b/c r/gone r/gone/too");
        EXPECT(!begin(&l));
        quiet(&l);
        make_directories("r/new r/new/deep");
        EXPECT_OK(rename("r/b/c", "r/new/c"));
        EXPECT_OK(rmdir("r/gone/too"));
        EXPECT_OK(rmdir("r/gone"));
        EXPECT_OK(rename("r/a", "r/a-very-much-longer-name-than-it-had"));
        quiet(&l);
        unsigned n = tree_n_directories(l.f.tree);
        end(&l);
        EXPECT(begin(&l));
        EXPECT_EQ(tree_n_directories(l.f.tree), n);
        write_file("r/new/c/f");
        write_file("r/new/deep/f");
        write_file("r/a-very-much-longer-name-than-it-had/f");
        expect(&l.f,
                        "in_create r/new/c/f\nin_close_write r/new/c/f\n"
                        "in_create r/new/deep/f\nin_close_write r/new/deep/f\n"
                        "in_create r/a-very-much-longer-name-than-it-had/f\n"
                        "in_close_write r/a-very-much-longer-name-than-it-had/f\n");
        EXPECT(!nodes_child(&l.f.tree->nodes, l.f.tree->roots[0].node, "gone", 4));
}

TEST(a_compacted_ledger_says_the_same) {
        WITH_LIVES(l, .recover = true);

        make_directories("r/a r/a/b r/c");
        write_file("r/a/f");
        EXPECT(!begin(&l));
        quiet(&l);
        EXPECT_OK(rename("r/a", "r/c/a"));
        write_file("r/c/g");
        quiet(&l);
        compact(&l);
        uint64_t size = ledger_size(l.ledger);
        end(&l);
        EXPECT(begin(&l));
        expect(&l.f, "");
        EXPECT_EQ(tree_n_directories(l.f.tree), 4);
        EXPECT_EQ(l.f.tree->known.n_files, 2);
        compact(&l);
        EXPECT_EQ(ledger_size(l.ledger), size);
        end(&l);
        EXPECT(begin(&l));
        write_file("r/c/a/b/h");
        expect(&l.f, "in_create r/c/a/b/h\nin_close_write r/c/a/b/h\n");
}

TEST(a_directory_whose_name_another_took_moves_on) {
        WITH_LIVES(l);

        make_directories("r/x r/y");
        EXPECT(!begin(&l));
        quiet(&l);
        end(&l);
        EXPECT_OK(renameat2(AT_FDCWD, "r/x", AT_FDCWD, "r/y", RENAME_EXCHANGE));
        write_file("r/x/in-y");
        write_file("r/y/in-x");
        EXPECT(begin(&l));
        settle(&l.f);
        EXPECT(strstr(l.f.log.data, "in_create r/x/in-y\n"));
        EXPECT(strstr(l.f.log.data, "in_create r/y/in-x\n"));
}

TEST(what_was_read_and_not_told_is_told_by_the_next) {
        WITH_LIVES(l);

        EXPECT(!begin(&l));
        EXPECT_OK(mkdir("out", 0755)); /* where nothing is watched */
        write_file("out/f");
        EXPECT_OK(rename("out/f", "r/f"));
        expect(&l.f, "in_moved_to r/f\n");
        EXPECT_OK(rename("r/f", "out/f"));
        write_file("r/g");
        EXPECT_INT(tree_read(l.f.tree, l.f.now, 1), >, 0); /* the half waits */
        EXPECT(!tree_is_settled(l.f.tree));
        end(&l);
        EXPECT(begin(&l));
        l.f.now += USEC_PER_SEC * 3600; /* its clock has no beginning in common with ours */
        expect(&l.f, "in_moved_from r/f (out)\nin_create r/g\nin_close_write r/g\n");
}

TEST(a_removed_root_is_waited_for) {
        WITH_LIVES(l);

        EXPECT(!begin(&l));
        quiet(&l);
        end(&l);
        EXPECT_OK(rmdir("r"));
        EXPECT(begin(&l));
        settle(&l.f);
        EXPECT_EQ(tree_state(l.f.tree), TREE_WAITING);
        buffer_clear(&l.f.log);
        end(&l);
        make_directories("r");
        write_file("r/f");
        EXPECT(begin(&l));
        expect(&l.f, "in_create r/f (scan)\n");
        EXPECT_EQ(tree_state(l.f.tree), TREE_WATCHING);
}

TEST(a_root_that_another_took_the_place_of_is_left) {
        WITH_LIVES(l);

        EXPECT(!begin(&l));
        quiet(&l);
        end(&l);
        EXPECT_OK(rename("r", "old"));
        make_directories("r");
        write_file("old/f");
        write_file("r/g");
        EXPECT(begin(&l));
        settle(&l.f);
        EXPECT(strstr(l.f.log.data, "in_create r/g"));
        buffer_clear(&l.f.log);
        write_file("old/h");
        write_file("r/i");
        expect(&l.f, "in_create r/i\nin_close_write r/i\n");
}

TEST(numbers_of_the_owner_are_committed_with_each_step) {
        WITH_LIVES(l);

        EXPECT(!begin(&l));
        quiet(&l);
        l.kept[2] = 7;
        tree_commit(l.f.tree);
        uint64_t step = tree_step(l.f.tree);
        end(&l);
        l.kept[2] = 0;
        EXPECT(begin(&l));
        EXPECT_EQ(l.kept[2], 7);
        EXPECT_INT(tree_step(l.f.tree), >=, step);
}

/* Without the descriptor */

TEST(after_a_stop_differences_are_told) {
        WITH_LIVES(l, .recover = true);

        make_directories("r/a r/b r/b/c");
        write_file("r/same");
        write_file("r/changes");
        write_file("r/goes");
        write_file("r/b/c/same");
        EXPECT(!begin(&l));
        quiet(&l);
        stop(&l);
        EXPECT_OK(truncate("r/changes", 100));
        EXPECT_OK(unlink("r/goes"));
        EXPECT_OK(rmdir("r/a"));
        make_directories("r/new r/new/deep");
        write_file("r/new/deep/f");
        write_file("r/b/c/comes");
        EXPECT(!begin(&l));
        settle(&l.f);
        const char *lines[] = { "in_modify r/changes (rescan)\n",
                "in_delete r/goes (rescan)\n",
                "in_delete r/a/ (rescan)\n",
                "in_create r/new/ (rescan)\n",
                "in_create r/new/deep/ (rescan)\n",
                "in_create r/new/deep/f (rescan)\n",
                "in_create r/b/c/comes (rescan)\n" };
        size_t length = 0;
        for (size_t i = 0; i < ELEMENTSOF(lines); i++) {
                if (!strstr(l.f.log.data, lines[i]))
                        TEST_FAIL("'%s' is missing from\n%s", lines[i], l.f.log.data);
                length += strlen(lines[i]);
        }
        EXPECT_EQ(l.f.log.length, length);
        buffer_clear(&l.f.log);
        EXPECT_EQ(tree_n_directories(l.f.tree), 5);
        write_file("r/b/c/f");
        expect(&l.f, "in_create r/b/c/f\nin_close_write r/b/c/f\n");
        end(&l);
        write_file("r/new/deep/g");
        EXPECT(begin(&l));
        expect(&l.f, "in_create r/new/deep/g\nin_close_write r/new/deep/g\n");
        stop(&l);
        EXPECT(!begin(&l));
        expect(&l.f, "");
}

TEST(without_known_files_new_and_lost_directories_are_told) {
        WITH_LIVES(l, .scan_initial = true);

        make_directories("r/a r/b");
        write_file("r/a/f");
        EXPECT(!begin(&l));
        quiet(&l);
        stop(&l);
        EXPECT_OK(rmdir("r/b"));
        make_directories("r/new");
        write_file("r/new/f");
        EXPECT(!begin(&l));
        expect(&l.f,
                        "in_create r/new/ (rescan)\nin_create r/new/f (rescan)\n"
                        "in_delete r/b/ (rescan)\n");
}

TEST(a_root_that_went_meanwhile_is_told) {
        WITH_LIVES(l, .recover = true);

        make_directories("r/a");
        EXPECT(!begin(&l));
        quiet(&l);
        stop(&l);
        EXPECT_OK(rmdir("r/a"));
        EXPECT_OK(rmdir("r"));
        EXPECT(!begin(&l));
        expect(&l.f, "in_ignored r\n");
        EXPECT_EQ(tree_n_directories(l.f.tree), 0);
        make_directories("r r/a");
        expect(&l.f, "in_create r/a/ (scan)\n");
}

TEST(other_options_begin_anew) {
        WITH_LIVES(l, .recover = true);

        make_directories("r/a");
        EXPECT(!begin(&l));
        quiet(&l);
        end(&l);
        l.options.recover = false;
        write_file("r/a/f");
        EXPECT(!begin(&l));
        expect(&l.f, "");
        write_file("r/a/g");
        expect(&l.f, "in_create r/a/g\nin_close_write r/a/g\n");
}

TEST(another_mask_is_asked_for_in_place) {
        WITH_LIVES(l);

        make_directories("r/a r/a/b");
        write_file("r/a/b/f");
        EXPECT(!begin(&l));
        quiet(&l);
        end(&l);
        write_file("r/a/g");
        l.options.mask = FILES | IN_ATTRIB;
        EXPECT(begin(&l));
        EXPECT_OK(chmod("r/a/b/f", 0600));
        expect(&l.f, "in_create r/a/g\nin_close_write r/a/g\nin_attrib r/a/b/f\n");
        EXPECT_OK(tree_set_mask(l.f.tree, IN_CREATE));
        EXPECT_OK(chmod("r/a/b/f", 0644));
        write_file("r/a/b/h");
        expect(&l.f, "in_create r/a/b/h\n");
        l.options.mask = IN_CREATE;
        end(&l);
        EXPECT(begin(&l));
        quiet(&l);
}

TEST(descriptors_of_another_life_are_not_used) {
        WITH_LIVES(l, .recover = true);
        WITH_LIVES(other, .recover = true);

        EXPECT(!begin(&other));
        settle(&other.f);
        end(&other);
        EXPECT_OK(chdir(l.f.base));
        EXPECT(!begin(&l));
        settle(&l.f);
        write_file("r/known"); /* in more steps than the other has done */
        expect(&l.f, "in_create r/known\nin_close_write r/known\n");
        end(&l);
        int mine = l.intake_fd;
        l.intake_fd = other.intake_fd;
        write_file("r/f");
        EXPECT(!begin(&l));
        other.intake_fd = -EBADF;
        expect(&l.f, "in_create r/f (rescan)\n");
        safe_close(mine);
        end(&l);
        safe_close(l.fd);
        l.fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
        EXPECT(!begin(&l));
        quiet(&l);
}

static unsigned n_watches(int fd) {
        char path[sizeof("/proc/self/fdinfo/") + 3 * sizeof(int)], line[512];
        unsigned n = 0;
        FILE *file;

        (void) snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
        file = fopen(path, "re");
        EXPECT(file);
        while (file && fgets(line, sizeof(line), file))
                n += strncmp(line, "inotify wd:", 11) == 0;
        if (file)
                (void) fclose(file);
        return n;
}

static void lose_ledger(Lives *l) {
        end(l);
        EXPECT_OK(unlinkat(l->state_fd, NAME, 0));
}

/* What is there already is told as such, in between, and passed on to nobody. */
static void leave_initial_out(Buffer *b) {
        char *to = b->data, *next;

        for (char *line = b->data; *line; line = next) {
                next = line + strcspn(line, "\n") + 1;
                if (memmem(line, (size_t) (next - line), " (initial)", 10))
                        continue;
                memmove(to, line, (size_t) (next - line));
                to += next - line;
        }
        *to = '\0';
        b->length = (size_t) (to - b->data);
}

static void tell_what_is_queued(bool recover) {
        WITH_LIVES(l, .recover = recover);

        make_directories("r/a r/a/b r/c r/gone out");
        write_file("r/a/old");
        EXPECT(!begin(&l));
        quiet(&l);
        unsigned n = n_watches(l.fd);
        lose_ledger(&l);
        write_file("r/a/b/f");
        EXPECT_OK(unlink("r/a/old"));
        EXPECT_OK(rename("r/c", "r/d"));
        write_file("r/d/g");
        EXPECT_OK(rename("r/gone", "out/gone"));
        make_directories("r/new r/new/deep");
        write_file("r/new/deep/h");

        EXPECT(!begin(&l));
        settle(&l.f);
        leave_initial_out(&l.f.log);
        expect(&l.f,
                        "in_create r/a/b/f\nin_close_write r/a/b/f\nin_delete r/a/old\n"
                        "in_moved_from r/c/\nin_moved_to r/d/ <- r/c\n"
                        "in_create r/d/g\nin_close_write r/d/g\n"
                        "in_moved_from r/gone/ (out)\nin_create r/new/\n"
                        "in_create r/new/deep/ (scan)\nin_create r/new/deep/h (scan)\n");
        EXPECT_EQ(n_watches(l.fd), n + 1);

        /* And again, with what the second one has written. */
        end(&l);
        write_file("r/new/i");
        EXPECT(begin(&l));
        expect(&l.f, "in_create r/new/i\nin_close_write r/new/i\n");
}

TEST(without_its_image_what_a_descriptor_has_queued_is_told) {
        tell_what_is_queued(false);
        tell_what_is_queued(true);
}

TEST(half_a_move_that_was_told_before_its_turn_is_not_told_again) {
        WITH_LIVES(l);
        char bytes[4096];

        EXPECT_OK(mkdir("r/a", 0755));
        write_file("r/x");
        EXPECT(!begin(&l));
        quiet(&l);
        EXPECT_OK(rename("r/a", "r/c"));
        EXPECT_OK(rename("r/x", "r/y"));
        ssize_t n = read(tree_fd(l.f.tree), bytes, sizeof(bytes));
        EXPECT_INT(n, >, 0);
        /* As of two who rename at one time, and the second half of one is to come. */
        feed_in_order(&l.f, bytes, (size_t) n, "1423");
        EXPECT_STREQ(l.f.log.data, "in_moved_from r/a/\nin_moved_to r/c/ <- r/a\n");
        buffer_clear(&l.f.log);
        end(&l);

        EXPECT(begin(&l));
        feed_in_order(&l.f, bytes, (size_t) n, "5");
        expect(&l.f, "in_moved_from r/x\nin_moved_to r/y <- r/x\n");
        end(&l);
        EXPECT(begin(&l));
        write_file("r/c/f");
        expect(&l.f, "in_create r/c/f\nin_close_write r/c/f\n");
}

/* A ledger that fails */

TEST(a_full_disk_holds_nothing_up) {
        WITH_LIVES(l, .recover = true);
        char path[64];

        EXPECT(!begin(&l));
        quiet(&l);
        is_disk_full = true;
        for (unsigned i = 0; i < 3000; i++) {
                (void) snprintf(path, sizeof(path), "r/%u", i);
                write_file(path);
        }
        settle(&l.f);
        EXPECT_EQ(ledger_error(l.ledger), -ENOSPC);
        EXPECT(strstr(l.f.log.data, "in_create r/2999\n"));
        buffer_clear(&l.f.log);
        end(&l);
        write_file("r/between");
        is_disk_full = false;
        EXPECT(!begin(&l)); /* some is missing in the image */
        settle(&l.f);
        EXPECT(strstr(l.f.log.data, "in_create r/between (rescan)\n"));
        end(&l);
        EXPECT(begin(&l));
}

TEST(a_full_disk_with_room_again_is_made_up_for) {
        WITH_LIVES(l, .recover = true);
        char path[64];

        EXPECT(!begin(&l));
        is_disk_full = true;
        for (unsigned i = 0; i < 3000; i++) {
                (void) snprintf(path, sizeof(path), "r/%u", i);
                write_file(path);
        }
        quiet(&l);
        EXPECT_EQ(ledger_error(l.ledger), -ENOSPC);
        is_disk_full = false;
        compact(&l);
        EXPECT_EQ(ledger_error(l.ledger), 0);
        end(&l);
        write_file("r/between");
        EXPECT(begin(&l));
        expect(&l.f, "in_create r/between\nin_close_write r/between\n");
        EXPECT_EQ(l.f.tree->known.n_files, 3001);
}

TEST(a_ledger_can_be_given_later) {
        WITH_LIVES(l, .recover = true);

        make_directories("r/a");
        EXPECT(!begin(&l));
        quiet(&l);
        tree_set_ledger(l.f.tree, NULL);
        make_directories("r/b");
        expect(&l.f, "in_create r/b/\n");
        tree_set_ledger(l.f.tree, l.ledger);
        EXPECT_INT(ledger_error(l.ledger), <, 0);
        compact(&l);
        end(&l);
        write_file("r/b/f");
        EXPECT(begin(&l));
        expect(&l.f, "in_create r/b/f\nin_close_write r/b/f\n");
}

/* The watches that the kernel has on a descriptor. */
TEST(directory_that_a_dead_process_had_watched_and_that_left_is_let_go_of) {
        WITH_LIVES(l);

        make_directories("r/a out");
        EXPECT(!begin(&l));
        quiet(&l);
        unsigned n = n_watches(l.fd);
        end(&l);
        EXPECT_INT(inotify_add_watch(l.fd, "out", FILES), >, 0);
        write_file("out/f");
        write_file("r/a/f");
        EXPECT(begin(&l));
        expect(&l.f, "in_create r/a/f\nin_close_write r/a/f\n");
        EXPECT_EQ(n_watches(l.fd), n);
}
