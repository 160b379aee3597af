/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <sched.h>
#include <sys/mount.h>
#include <sys/resource.h>

#include "tree-fixture.h"
#include "tree/looks.h"

#define NAMESPACE (IN_CREATE | IN_DELETE | IN_MOVE)

static void start_recursive(Fixture *f, const char *roots, bool scan_initial) {
        TreeOptions options = {
                .mask = NAMESPACE,
                .scan_initial = scan_initial,
                .recursive = true,
                .reach.cross_mounts = true,
        };

        start_with(f, roots, options);
        settle(f);
        if (!scan_initial)
                expect(f, "");
}

/* mkdir -p */
static void make(const char *path) {
        char *copy = strdup(path);

        for (char *p = copy; (p = strchr(p, '/')); p++) {
                *p = '\0';
                (void) mkdir(copy, 0755);
                *p = '/';
        }
        EXPECT_OK(mkdir(copy, 0755));
        free(copy);
}

static void remove_all(const char *path) {
        EXPECT_OK(nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS));
}

/* The kernel's watches are those of the directories and the steps, and no more. */
static void expect_watches(const Fixture *f, unsigned n_directories) {
        char path[64], line[512];
        unsigned n = 0;

        (void) snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", tree_fd(f->tree));
        _cleanup_fclose_ FILE *info = fopen(path, "re");
        while (info && fgets(line, sizeof(line), info))
                n += strncmp(line, "inotify ", 8) == 0;
        EXPECT_EQ(tree_n_directories(f->tree), n_directories);
        EXPECT_EQ(n, n_directories + f->tree->n_steps);
        EXPECT_EQ(n, f->tree->nodes.wds.n_used);
        EXPECT_EQ(f->tree->finds.n, 0);
        EXPECT_EQ(f->tree->n_shadowed, 0);
}

TEST(what_is_below_is_watched_from_the_start) {
        WITH_FIXTURE(f);

        make("r/a/b");
        make("r/c");
        start_recursive(&f, "r", false);
        expect_watches(&f, 4);
        write_file("r/a/b/f");
        expect(&f, "in_create r/a/b/f\n");
}

TEST(what_is_below_is_initial_if_wanted) {
        WITH_FIXTURE(f);

        make("r/a");
        write_file("r/a/f");
        start_recursive(&f, "r", true);
        expect(&f, "in_create r/a/ (initial)\nin_create r/a/f (initial)\n");
}

TEST(S01_directories_made_at_once_are_told_once) {
        WITH_FIXTURE(f);

        make("r");
        start_recursive(&f, "r", false);
        make("r/a/b/c");
        write_file("r/a/b/c/f");
        expect(&f,
                        "in_create r/a/\nin_create r/a/b/ (scan)\nin_create r/a/b/c/ (scan)\n"
                        "in_create r/a/b/c/f (scan)\n");
        write_file("r/a/b/c/later");
        expect(&f, "in_create r/a/b/c/later\n");
        expect_watches(&f, 4);
}

TEST(S02_rename_into_a_directory_made_a_moment_ago_is_one_move) {
        WITH_FIXTURE(f);

        make("r");
        start_recursive(&f, "r", false);
        make("r/d/sub");
        settle(&f);
        buffer_clear(&f.log);
        make("r/2026/11");
        EXPECT_OK(rename("r/d", "r/2026/11/e")); /* the directory is known by its wd */
        expect(&f,
                        "in_create r/2026/\nin_moved_from r/d/\nin_create r/2026/11/ (scan)\n"
                        "in_moved_to r/2026/11/e/ <- r/d\n");
        write_file("r/2026/11/e/sub/f");
        expect(&f, "in_create r/2026/11/e/sub/f\n");
        expect_watches(&f, 5);
}

/* However much comes in between: what is seen is not there yet by the story. */
TEST(S02_rename_into_a_directory_that_comes_much_later) {
        WITH_FIXTURE(f);

        make("r/c/sub");
        make("out/d");
        start_recursive(&f, "r", false);
        make("r/b");
        EXPECT_OK(rename("r/c", "out/d/a"));
        for (unsigned i = 0; i < 100; i++) {
                write_file("r/f");
                EXPECT_OK(unlink("r/f"));
        }
        EXPECT_OK(rename("r/b", "gone"));
        EXPECT_OK(rename("out", "r/b"));
        settle(&f);
        const char *away = strstr(f.log.data, "in_moved_from r/b/ (out)\n");
        EXPECT(away && strstr(away, "r/b/d/a/sub/ (scan)\n"));
        expect_watches(&f, 5);
}

TEST(S03_tree_moved_in_is_told_whole) {
        WITH_FIXTURE(f);

        make("r");
        make("out/a");
        write_file("out/f");
        write_file("out/a/g");
        start_recursive(&f, "r", false);
        EXPECT_OK(rename("out", "r/in"));
        settle(&f);
        EXPECT(strstr(f.log.data, "in_moved_to r/in/\n"));
        EXPECT(strstr(f.log.data, "in_create r/in/f (moved in)\n"));
        EXPECT(strstr(f.log.data, "in_create r/in/a/ (moved in)\n"));
        EXPECT(strstr(f.log.data, "in_create r/in/a/g (moved in)\n"));
        buffer_clear(&f.log);
        write_file("r/in/a/deep");
        expect(&f, "in_create r/in/a/deep\n");
        expect_watches(&f, 3);
}

TEST(S04_below_a_moved_directory_new_paths_are_told) {
        WITH_FIXTURE(f);

        make("r/a1/a2/a3/a4");
        make("r/a");
        make("r/ab");
        start_recursive(&f, "r", false);
        EXPECT_OK(rename("r/a1", "r/b1"));
        write_file("r/b1/a2/a3/a4/n");
        EXPECT_OK(rename("r/a", "r/x"));
        write_file("r/x/1");
        write_file("r/ab/2");
        expect(&f,
                        "in_moved_from r/a1/\nin_moved_to r/b1/ <- r/a1\nin_create r/b1/a2/a3/a4/n\n"
                        "in_moved_from r/a/\nin_moved_to r/x/ <- r/a\nin_create r/x/1\nin_create r/ab/2\n");
        expect_watches(&f, 7);
}

TEST(events_between_moves_are_told_by_the_path_of_their_time) {
        WITH_FIXTURE(f);

        make("r/a/s");
        start_recursive(&f, "r", false);
        write_file("r/a/s/1");
        EXPECT_OK(rename("r/a", "r/b"));
        write_file("r/b/s/2");
        EXPECT_OK(rename("r/b", "r/a"));
        write_file("r/a/s/3");
        expect(&f,
                        "in_create r/a/s/1\nin_moved_from r/a/\nin_moved_to r/b/ <- r/a\n"
                        "in_create r/b/s/2\nin_moved_from r/b/\nin_moved_to r/a/ <- r/b\n"
                        "in_create r/a/s/3\n");
}

TEST(S05_swaps_keep_paths_right) {
        WITH_FIXTURE(f);

        make("r/a");
        make("r/b");
        start_recursive(&f, "r", false);
        EXPECT_OK(renameat2(AT_FDCWD, "r/a", AT_FDCWD, "r/b", RENAME_EXCHANGE));
        write_file("r/a/was-b");
        write_file("r/b/was-a");
        expect(&f,
                        "in_moved_from r/a/\nin_moved_from r/b/\n"
                        "in_moved_to r/b/ <- r/a\nin_moved_to r/a/ <- r/b\n"
                        "in_create r/a/was-b\nin_create r/b/was-a\n");
        EXPECT_OK(rename("r/a", "r/t"));
        EXPECT_OK(rename("r/b", "r/a"));
        EXPECT_OK(rename("r/t", "r/b"));
        write_file("r/a/1");
        write_file("r/b/2");
        settle(&f);
        EXPECT(strstr(f.log.data, "in_create r/a/1\nin_create r/b/2\n"));
        expect_watches(&f, 3);
}

TEST(what_comes_between_the_halves_of_moves_is_told_where_they_have_led) {
        WITH_FIXTURE(f);

        make("r/a");
        make("r/b");
        start_recursive(&f, "r", false);
        EXPECT_OK(rename("r/a", "r/c"));
        write_file("r/c/1");
        feed_queued(&f, "1423");
        expect(&f, "in_moved_from r/a/\nin_moved_to r/c/ <- r/a\nin_create r/c/1\n");
        EXPECT_OK(renameat2(AT_FDCWD, "r/c", AT_FDCWD, "r/b", RENAME_EXCHANGE));
        write_file("r/c/2");
        write_file("r/b/3");
        feed_queued(&f, "17283456");
        expect(&f,
                        "in_moved_from r/c/\nin_moved_from r/b/\n"
                        "in_moved_to r/b/ <- r/c\nin_moved_to r/c/ <- r/b\n"
                        "in_create r/c/2\nin_create r/b/3\n");
        expect_watches(&f, 3);
}

TEST(exchange_is_found_though_the_disk_has_moved_on) {
        WITH_FIXTURE(f);
        char bytes[5 * 32 + 16]; /* of five records with short names, and one without */

        make("r/b/s");
        make("r/p");
        start_recursive(&f, "r", false);
        EXPECT_OK(mkdir("r/p/a", 0755));
        EXPECT_OK(renameat2(AT_FDCWD, "r/b", AT_FDCWD, "r/p/a", RENAME_EXCHANGE));
        write_file("r/behind");
        EXPECT_EQ(read(tree_fd(f.tree), bytes, sizeof(bytes)), sizeof(bytes));
        /* When the next record is told what is at r/p/a is asked for, and r/p is another one by then. */
        EXPECT_OK(rename("r/p", "r/q"));
        EXPECT_OK(tree_feed(f.tree, bytes, sizeof(bytes), f.now, 1));
        EXPECT_OK(mkdir("r/p", 0755));
        EXPECT_OK(rmdir("r/b")); /* the empty one */
        settle(&f);
        buffer_clear(&f.log);
        write_file("r/q/a/s/f");
        expect(&f, "in_create r/q/a/s/f\n");
        expect_watches(&f, 5);
}

TEST(exchange_is_told_by_what_says_that_it_has_moved) {
        WITH_FIXTURE(f);

        make("r/a/s");
        make("r/b");
        start_recursive(&f, "r", false);
        EXPECT_OK(mkdir("r/b/a", 0755));
        EXPECT_OK(renameat2(AT_FDCWD, "r/a", AT_FDCWD, "r/b/a", RENAME_EXCHANGE));
        EXPECT_OK(rename("r/b", "b")); /* nobody sees r/b/a any more */
        expect(&f,
                        "in_create r/b/a/\nin_moved_from r/a/\nin_moved_from r/b/a/\n"
                        "in_moved_to r/b/a/ <- r/a\nin_moved_to r/a/ <- r/b/a\n"
                        "in_moved_from r/b/ (out)\n");
        write_file("r/a/f");
        expect(&f, "in_create r/a/f\n");
        expect_watches(&f, 2);
}

TEST(exchange_with_what_nobody_has_seen_is_told) {
        WITH_FIXTURE(f);

        make("r/a/s");
        start_recursive(&f, "r", false);
        make("r/b/x");
        /* It is watched, and looked into when it is another one that is there. */
        EXPECT_INT(look_at(f.tree, f.tree->roots[0].node, "b", 0), >, 0);
        EXPECT_OK(renameat2(AT_FDCWD, "r/a", AT_FDCWD, "r/b/x", RENAME_EXCHANGE));
        expect(&f,
                        "in_create r/b/\nin_moved_from r/a/\nin_moved_from r/b/x/\n"
                        "in_moved_to r/b/x/ <- r/a\nin_moved_to r/a/ <- r/b/x\n");
        write_file("r/a/1");
        write_file("r/b/x/s/2");
        expect(&f, "in_create r/a/1\nin_create r/b/x/s/2\n");
        expect_watches(&f, 5);
}

TEST(exchange_of_what_nobody_has_looked_into_is_found) {
        WITH_FIXTURE(f);

        make("r/d");
        start_recursive(&f, "r", false);
        make("r/a");
        make("r/d/b");
        EXPECT_OK(renameat2(AT_FDCWD, "r/a", AT_FDCWD, "r/d/b", RENAME_EXCHANGE));
        EXPECT_OK(rename("r/d", "r/e")); /* and nothing is at r/d/b */
        expect(&f,
                        "in_create r/a/\nin_create r/d/b/\nin_moved_from r/a/\n"
                        "in_moved_to r/d/b/ <- r/a\nin_moved_from r/d/b/\nin_moved_to r/a/ <- r/d/b\n"
                        "in_moved_from r/d/\nin_moved_to r/e/ <- r/d\nin_create r/e/b/ (scan)\n");
        write_file("r/e/b/f");
        expect(&f, "in_create r/e/b/f\n");
        expect_watches(&f, 4);
}

TEST(exchanged_away_and_into_what_came_instead_is_found_there) {
        WITH_FIXTURE(f);

        make("r/a/s");
        make("o/n/d");
        start_recursive(&f, "r", false);
        EXPECT_OK(mkdir("r/b", 0755)); /* what is looked at is the last of that name */
        EXPECT_OK(rmdir("r/b"));
        EXPECT_OK(rename("r/a", "r/b"));
        EXPECT_OK(renameat2(AT_FDCWD, "o/n", AT_FDCWD, "r/b", RENAME_EXCHANGE));
        EXPECT_OK(rename("o/n", "r/b/d/x"));
        expect(&f,
                        "in_create r/b/\nin_delete r/b/\nin_moved_from r/a/\n"
                        "in_moved_to r/b/ <- r/a\nin_moved_from r/b/ (out)\nin_moved_to r/b/\n"
                        "in_create r/b/d/ (scan)\nin_create r/b/d/x/ (scan)\n"
                        "in_create r/b/d/x/s/ (scan)\n");
        write_file("r/b/d/x/s/f");
        expect(&f, "in_create r/b/d/x/s/f\n");
        expect_watches(&f, 5);
}

TEST(moves_with_others_in_between_are_no_exchange) {
        WITH_FIXTURE(f);

        make("r/d");
        make("r/x");
        start_recursive(&f, "r", false);
        make("r/a");
        make("r/d/b");
        EXPECT_OK(rename("r/a", "r/d/b"));
        write_file("r/d/f");
        EXPECT_OK(rename("r/d/b", "r/a"));
        EXPECT_OK(rename("r/x", "r/d/b"));
        EXPECT_OK(rename("r/d/b", "r/y"));
        expect(&f,
                        "in_create r/a/\nin_create r/d/b/\nin_moved_from r/a/\n"
                        "in_moved_to r/d/b/ <- r/a\nin_create r/d/f\nin_moved_from r/d/b/\n"
                        "in_moved_to r/a/ <- r/d/b\nin_moved_from r/x/\nin_moved_to r/d/b/ <- r/x\n"
                        "in_moved_from r/d/b/\nin_moved_to r/y/ <- r/d/b\n");
        expect_watches(&f, 4);
}

TEST(move_over_an_empty_directory_and_back_is_no_exchange) {
        WITH_FIXTURE(f);

        make("r/a/s");
        make("r/b");
        start_recursive(&f, "r", false);
        EXPECT_OK(mkdir("r/b/a", 0755));
        EXPECT_OK(rename("r/a", "r/b/a"));
        EXPECT_OK(rename("r/b/a", "r/a"));
        write_file("r/b/a"); /* something is there again */
        expect(&f,
                        "in_create r/b/a/\nin_moved_from r/a/\nin_moved_to r/b/a/ <- r/a\n"
                        "in_moved_from r/b/a/\nin_moved_to r/a/ <- r/b/a\nin_create r/b/a\n");
        write_file("r/a/s/f");
        expect(&f, "in_create r/a/s/f\n");
        expect_watches(&f, 4);
}

TEST(S06_directory_made_in_place_of_a_moved_one) {
        WITH_FIXTURE(f);

        make("r/x");
        start_recursive(&f, "r", false);
        EXPECT_OK(rename("r/x", "r/y"));
        make("r/x");
        write_file("r/x/n1");
        write_file("r/y/n2");
        settle(&f);
        EXPECT(strstr(f.log.data, "r/x/n1"));
        EXPECT(strstr(f.log.data, "in_create r/y/n2\n"));
        EXPECT(!strstr(f.log.data, "r/x/n2") && !strstr(f.log.data, "r/y/n1"));
        expect_watches(&f, 3);
}

TEST(S07_directory_removed_and_made_again) {
        WITH_FIXTURE(f);

        make("r/sub/d");
        write_file("r/sub/d/old");
        start_recursive(&f, "r", false);
        for (unsigned i = 0; i < 100; i++) {
                remove_all("r/sub");
                make("r/sub");
                write_file("r/sub/f");
                settle(&f);
                write_file("r/sub/g");
                settle(&f);
                const char *again = strstr(f.log.data, "in_create r/sub/\n");
                EXPECT(again && strstr(again, "in_create r/sub/f"));
                EXPECT(again && strstr(again, "in_create r/sub/g\n"));
                EXPECT(strstr(f.log.data, "in_delete r/sub/\n"));
                buffer_clear(&f.log);
                expect_watches(&f, 2);
        }
}

TEST(S08_what_is_moved_out_is_silent_and_unwatched) {
        WITH_FIXTURE(f);

        make("r/m/a/b");
        start_recursive(&f, "r", false);
        EXPECT_OK(rename("r/m", "m"));
        expect(&f, "in_moved_from r/m/ (out)\n");
        write_file("m/a/b/f");
        expect(&f, "");
        expect_watches(&f, 1);
        EXPECT_OK(rename("m", "r/m"));
        settle(&f);
        EXPECT(strstr(f.log.data, "in_create r/m/a/b/f (moved in)\n"));
        expect_watches(&f, 4);
}

TEST(directory_renamed_over_an_empty_one) {
        WITH_FIXTURE(f);

        make("r/a/s");
        make("r/b");
        start_recursive(&f, "r", false);
        EXPECT_OK(rename("r/a", "r/b"));
        write_file("r/b/s/f");
        settle(&f);
        EXPECT(strstr(f.log.data, "in_moved_to r/b/ <- r/a\n"));
        EXPECT(strstr(f.log.data, "in_create r/b/s/f\n"));
        expect_watches(&f, 3);
}

TEST(names_that_several_directories_had_are_not_mixed_up) {
        WITH_FIXTURE(f);

        make("r");
        start_recursive(&f, "r", false);
        /* All of this before anyone looks: `d` is three directories, the second is at `e` in the end. */
        make("r/d");
        EXPECT_OK(rmdir("r/d"));
        make("r/d");
        write_file("r/d/second");
        EXPECT_OK(rename("r/d", "r/e"));
        make("r/d");
        write_file("r/d/third");
        settle(&f);
        buffer_clear(&f.log);
        write_file("r/d/x");
        write_file("r/e/y");
        expect(&f, "in_create r/d/x\nin_create r/e/y\n");
        expect_watches(&f, 3);
}

TEST(S14_links_are_not_followed) {
        WITH_FIXTURE(f);

        make("r/foo");
        start_recursive(&f, "r", false);
        EXPECT_OK(rename("r/foo", "r/bar"));
        EXPECT_OK(symlink("bar", "r/foo"));
        write_file("r/bar/z");
        expect(&f,
                        "in_moved_from r/foo/\nin_moved_to r/bar/ <- r/foo\nin_create r/foo\n"
                        "in_create r/bar/z\n");
        make("r/t");
        settle(&f);
        EXPECT_OK(rmdir("r/t"));
        write_file("r/t");
        EXPECT_OK(unlink("r/t"));
        make("r/t");
        write_file("r/t/in");
        settle(&f);
        EXPECT(strstr(f.log.data, "in_create r/t/in"));
        expect_watches(&f, 3);
}

TEST(links_are_followed_if_wanted_and_loops_are_no_end) {
        TreeOptions options = {
                .mask = NAMESPACE,
                .recursive = true,
                .reach.cross_mounts = true,
                .reach.follow_symlinks = true,
        };
        WITH_FIXTURE(f);

        make("r/a");
        make("out/o");
        EXPECT_OK(symlink("..", "r/a/loop"));
        EXPECT_OK(symlink("../out", "r/link"));
        start_with(&f, "r", options);
        expect(&f, "");
        expect_watches(&f, 4); /* r, a, out, out/o */
        write_file("out/o/f");
        expect(&f, "in_create r/link/o/f\n");
        EXPECT_OK(unlink("r/link"));
        expect(&f, "in_delete r/link\n");
        write_file("out/o/g");
        expect(&f, "");
        expect_watches(&f, 2);
        EXPECT_OK(symlink("../out", "r/again"));
        settle(&f);
        EXPECT(strstr(f.log.data, "in_create r/again/o/g (scan)\n"));
        expect_watches(&f, 4);
}

TEST(excluded_directories_are_not_entered) {
        char git[] = ".git", tmp[] = "build/tmp", *exclude[] = { git, tmp, NULL };
        _cleanup_(filter_freep) Filter *filter = NULL;
        WITH_FIXTURE(f);

        EXPECT_OK(filter_new(NULL, exclude, &filter));
        make("r/.git/objects");
        make("r/build/tmp");
        TreeOptions options = { .mask = NAMESPACE, .recursive = true, .reach.filter = filter };
        start_with(&f, "r", options);
        settle(&f);
        expect_watches(&f, 2);
        make("r/sub/.git");
        settle(&f);
        expect_watches(&f, 3);
        buffer_clear(&f.log);
        tree_rescan(f.tree, f.now);
        expect(&f, "? r\n"); /* what is not entered is not told again */
}

TEST(depth_is_not_bounded_by_the_length_of_paths) {
        char name[201];
        WITH_FIXTURE(f);
        _cleanup_close_ int base = open(".", O_PATH | O_CLOEXEC);

        memset(name, 'd', 200);
        name[200] = '\0';
        make("r");
        start_recursive(&f, "r", false);
        EXPECT_OK(chdir("r"));
        for (unsigned i = 0; i < 60; i++) {
                EXPECT_OK(mkdir(name, 0755));
                EXPECT_OK(chdir(name));
        }
        settle(&f);
        expect_watches(&f, 61);
        buffer_clear(&f.log);
        write_file("f");
        EXPECT_OK(mkdir("late", 0755));
        settle(&f);
        write_file("late/g");
        settle(&f);
        EXPECT(f.log.length > 3 * 60 * 200 && strstr(f.log.data, "/late/g\n"));
        expect_watches(&f, 62);
        EXPECT_OK(fchdir(base));
        EXPECT_EQ(system("rm -r r"), 0);
}

TEST(globs_are_held_against_the_path_below_a_root_that_is_all) {
        char glob[128], *exclude[] = { glob, NULL }, root[] = "/", *roots[] = { root, NULL };
        _cleanup_(filter_freep) Filter *filter = NULL;
        Node *n;
        Find find;
        WITH_FIXTURE(f);

        make("x");
        make("y");
        (void) snprintf(glob, sizeof(glob), "%s/x", f.base + 1);
        EXPECT_OK(filter_new(NULL, exclude, &filter));
        TreeOptions options = { .roots = roots,
                .mask = IN_CREATE,
                .recursive = true,
                .reach.cross_mounts = true,
                .reach.filter = filter };
        EXPECT_OK(tree_new(&options, record, &f, &f.tree));
        EXPECT_OK(tree_start(f.tree, f.now, 1)); /* and that is all: there is a lot to scan */
        _cleanup_close_ int top = open("/", O_PATH | O_CLOEXEC),
                            tmp = open("/tmp", O_PATH | O_CLOEXEC);
        _cleanup_close_ int base = open(f.base, O_PATH | O_CLOEXEC);
        EXPECT_INT(look_enter(f.tree, f.tree->roots[0].node, top, "tmp", false, NULL, &find),
                        >=,
                        0);
        n = nodes_get(&f.tree->nodes, (int) find.key);
        EXPECT_INT(look_enter(f.tree, n, tmp, strrchr(f.base, '/') + 1, false, NULL, &find), >=, 0);
        n = nodes_get(&f.tree->nodes, (int) find.key);
        EXPECT_EQ(look_enter(f.tree, n, base, "x", false, NULL, &find), -EXDEV);
        EXPECT_INT(look_enter(f.tree, n, base, "y", false, NULL, &find), >=, 0);
}

/* As deep as it gets, with few descriptors. */
TEST(depth_is_not_bounded_by_open_descriptors) {
        struct rlimit few = { 100, 100 }, many;
        WITH_FIXTURE(f);
        _cleanup_close_ int base = open(".", O_PATH | O_CLOEXEC);

        make("r");
        EXPECT_OK(chdir("r"));
        for (unsigned i = 0; i < 3000; i++)
                EXPECT(mkdir("d", 0755) == 0 && chdir("d") == 0);
        write_file("first");
        EXPECT_OK(fchdir(base));
        EXPECT_OK(getrlimit(RLIMIT_NOFILE, &many));
        few.rlim_max = many.rlim_max;
        EXPECT_OK(setrlimit(RLIMIT_NOFILE, &few));
        start_recursive(&f, "r", true);
        settle(&f);
        expect_watches(&f, 3001);
        EXPECT(f.log.data && strstr(f.log.data, "/d/d/first (initial)\n"));
        buffer_clear(&f.log);
        tree_rescan(f.tree, f.now);
        settle(&f);
        EXPECT_EQ(tree_state(f.tree), TREE_WATCHING);
        expect_watches(&f, 3001);
        EXPECT_STREQ(f.log.data, "? r\n");
        EXPECT_OK(setrlimit(RLIMIT_NOFILE, &many));
        EXPECT_EQ(system("rm -r r"), 0);
}

TEST(directory_that_moved_before_it_was_looked_into_is_looked_into_where_it_is) {
        WITH_FIXTURE(f);
        Node *node;

        make("r/a/b");
        start_recursive(&f, "r", false);
        write_file("r/a/b/f");
        node = nodes_child(&f.tree->nodes,
                        nodes_child(&f.tree->nodes, f.tree->roots[0].node, "a", 1),
                        "b",
                        1);
        EXPECT_OK(rename("r/a", "r/c"));
        EXPECT_OK(scan_park(f.tree, (BacklogItem){ node->wd, ORIGIN_SCAN }));
        EXPECT_OK(backlog_move(&f.tree->backlog, &f.tree->parked));
        EXPECT(tree_is_busy(f.tree));
        settle(&f);
        EXPECT(strstr(f.log.data, "in_moved_to r/c/ <- r/a\n"));
        EXPECT(strstr(f.log.data, "in_create r/c/b/f"));
        EXPECT(!tree_is_busy(f.tree));
        EXPECT_EQ(f.tree->parked.n, 0);
}

/* Of one whose end was never told, as its event was lost. */
TEST(directory_that_is_nowhere_is_not_looked_for_for_ever) {
        char lost[4096];
        WITH_FIXTURE(f);

        make("r/a");
        start_recursive(&f, "r", false);
        int wd = nodes_child(&f.tree->nodes, f.tree->roots[0].node, "a", 1)->wd;
        EXPECT_OK(rmdir("r/a"));
        EXPECT_INT(read(tree_fd(f.tree), lost, sizeof(lost)), >, 0);
        EXPECT_OK(scan_park(f.tree, (BacklogItem){ wd, ORIGIN_SCAN }));
        expect(&f, "in_delete r/a/ (rescan)\n");
        EXPECT(!tree_is_busy(f.tree));
        expect_watches(&f, 1);
}

static void make_many(unsigned from, unsigned to) {
        char path[64];

        for (unsigned i = from; i < to; i++) {
                (void) snprintf(path, sizeof(path), "r/a-directory-with-a-rather-long-name-%u", i);
                EXPECT_OK(mkdir(path, 0755));
                if (i % 10 == 0) {
                        strcat(path, "/f");
                        write_file(path);
                }
        }
}

/* Takes in what is queued, and so much besides that says nothing that there is no room for more. */
static void fill_intake(Fixture *f) {
        struct inotify_event nothing[INTAKE_READ_MAX / sizeof(struct inotify_event)];

        for (size_t i = 0; i < ELEMENTSOF(nothing); i++)
                nothing[i] = (struct inotify_event){ .wd = INT_MAX, .mask = IN_ACCESS };
        EXPECT_INT(tree_take_in_all(f->tree), >, 0);
        while (intake_has_room(f->tree->intake))
                EXPECT_OK(intake_put(f->tree->intake, nothing, sizeof(nothing), f->now, 1));
}

/* More than the intake holds, so that the kernel's queue is long while it is handed out. */
TEST(S01_many_directories_made_at_once_are_told_once) {
        const unsigned n = 8000;
        unsigned n_lines = 0;
        bool was_late = false;
        WITH_FIXTURE(f);

        make("r");
        start_recursive(&f, "r", false);
        make_many(0, n / 2);
        fill_intake(&f);
        make_many(n / 2, n);
        do {
                while (tree_is_busy(f.tree)) {
                        EXPECT_OK(tree_work(f.tree, f.now, 1));
                        for (const Find *find = f.tree->finds.first; find && !was_late;
                                        find = find->next)
                                was_late = find->kind == FIND_LATE;
                }
        } while (tree_read(f.tree, f.now, 1) > 0 || tree_is_busy(f.tree));
        settle(&f);
        EXPECT(was_late);
        expect_watches(&f, n + 1);
        for (const char *p = f.log.data; (p = strstr(p, "in_create r/")); p++)
                n_lines++;
        EXPECT_EQ(n_lines, n + n / 10);
}

TEST(overflow_is_repaired_by_a_rescan) {
        WITH_FIXTURE(f);

        make("r/gone/deep");
        make("r/moved/in");
        make("r/stays");
        start_recursive(&f, "r", false);
        /* What the kernel says of this is thrown away, as if the queue had been full. */
        remove_all("r/gone");
        EXPECT_OK(rename("r/moved", "r/stays/there"));
        make("r/new/sub");
        write_file("r/new/sub/f");
        char lost[16384];
        EXPECT_INT(read(tree_fd(f.tree), lost, sizeof(lost)), >, 0);

        struct inotify_event overflow = { .wd = -1, .mask = IN_Q_OVERFLOW };
        EXPECT_OK(tree_feed(f.tree, &overflow, sizeof(overflow), f.now, 1));
        settle(&f);
        EXPECT_EQ(strncmp(f.log.data, "in_q_overflow r\n", 16), 0);
        EXPECT(strstr(f.log.data, "in_create r/new/ (rescan)\n"));
        EXPECT(strstr(f.log.data, "in_create r/new/sub/ (rescan)\n"));
        EXPECT(strstr(f.log.data, "in_create r/new/sub/f (rescan)\n"));
        EXPECT(strstr(f.log.data, "in_delete r/gone/ (rescan)\n"));
        EXPECT(!strstr(f.log.data, "gone/deep"));
        EXPECT(strstr(f.log.data,
                        "in_moved_from r/moved/ (rescan)\n"
                        "in_moved_to r/stays/there/ <- r/moved (rescan)\n"));
        EXPECT(strstr(f.log.data, "? r\n")); /* the end */
        buffer_clear(&f.log);
        write_file("r/new/sub/later");
        write_file("r/stays/there/in/later");
        expect(&f, "in_create r/new/sub/later\nin_create r/stays/there/in/later\n");
        expect_watches(&f, 6);
}

TEST(rescans_that_repeat_pause) {
        WITH_FIXTURE(f);
        usec_t begin, pause = 0;

        make("r");
        start_recursive(&f, "r", false);
        for (unsigned i = 0; i < 10; i++) {
                begin = f.now;
                tree_rescan(f.tree, f.now);
                while (tree_deadline(f.tree) != USEC_INFINITY || tree_is_busy(f.tree)) {
                        if (!tree_is_busy(f.tree)) {
                                f.now = MAX_OF(f.now, tree_deadline(f.tree));
                                EXPECT_OK(tree_elapse(f.tree, f.now));
                        } else
                                EXPECT_OK(tree_work(f.tree, f.now, 1));
                        EXPECT_OK(tree_read(f.tree, f.now, 1));
                }
                EXPECT_INT(f.now - begin, >=, pause);
                pause = f.now - begin;
                EXPECT_INT(pause, <=, 5 * USEC_PER_SEC);
        }
        EXPECT_EQ(pause, 5 * USEC_PER_SEC);
}

/* Without the right to mount there is nothing to be seen. */
static bool may_mount(void) {
        return unshare(CLONE_NEWNS) >= 0 &&
               mount("none", "/", "none", MS_REC | MS_PRIVATE, "") >= 0;
}

/* Of what is queued the event of that mask: others may do things in the directories above. */
static struct inotify_event find_said(const char *bytes, size_t n, uint32_t mask) {
        Raw raw;

        for (size_t i = 0; i < n && raw_decode(bytes + i, n - i, &raw) >= 0; i += raw.size)
                if (raw.mask & mask)
                        return (struct inotify_event){ .wd = raw.wd, .mask = raw.mask };
        EXPECT(!"it was said");
        return (struct inotify_event){};
}

TEST(S22_an_unmount_that_both_the_kernel_and_the_table_say_is_told_once) {
        WITH_FIXTURE(f);
        struct inotify_event said[2];
        char bytes[4096];
        ssize_t n;

        make("r");
        if (!may_mount())
                return;
        EXPECT_OK(mount("tmpfs", "r", "tmpfs", 0, ""));
        start_recursive(&f, "r", false);
        EXPECT_EQ(umount2("r", 0) < 0 ? errno : 0, 0);
        n = read(tree_fd(f.tree), bytes, sizeof(bytes));
        EXPECT_INT(n, >, 0);
        said[0] = find_said(bytes, (size_t) n, IN_UNMOUNT);
        said[1] = find_said(bytes, (size_t) n, IN_IGNORED);
        /* We look at the table between the kernel's two words. */
        EXPECT_OK(tree_feed(f.tree, &said[0], sizeof(said[0]), f.now, 1));
        EXPECT_OK(tree_check_roots(f.tree, f.now, 1));
        EXPECT_OK(tree_feed(f.tree, &said[1], sizeof(said[1]), f.now, 1));
        settle(&f);
        EXPECT_STREQ(f.log.data, "in_unmount r/\nin_ignored r\n");
}

TEST(S22_a_move_below_what_was_mounted_over_when_first_seen_is_told_once) {
        WITH_FIXTURE(f);

        make("r/a");
        if (!may_mount())
                return;
        start_recursive(&f, "r", false);
        EXPECT_OK(mkdir("r/b", 0755));
        EXPECT_OK(rename("r/a", "r/b/y"));
        EXPECT_OK(mount("tmpfs", "r/b", "tmpfs", 0, ""));
        EXPECT_INT(look_at(f.tree, f.tree->roots[0].node, "b", 0), >, 0);
        write_file("r/b/y");
        EXPECT_EQ(umount2("r/b", MNT_DETACH) < 0 ? errno : 0, 0);
        EXPECT_INT(look_at(f.tree, f.tree->roots[0].node, "b", 0), >, 0);
        expect(&f,
                        "in_create r/b/\nin_moved_from r/a/ (out)\nin_create r/b/y\n"
                        "in_delete r/b/ (rescan)\nin_create r/b/ (scan)\nin_create r/b/y/ (scan)\n");
        expect_watches(&f, 3);
}

TEST(S22_what_is_below_a_mount_that_the_table_never_told_of_moves_without_it) {
        WITH_FIXTURE(f);

        make("r");
        make("elsewhere");
        if (!may_mount())
                return;
        EXPECT_OK(mount("tmpfs", "elsewhere", "tmpfs", 0, ""));
        write_file("elsewhere/over");
        start_recursive(&f, "r", false);
        make("r/c");
        write_file("r/c/under");
        EXPECT_OK(mount("elsewhere", "r/c", "", MS_BIND, ""));
        expect(&f, "in_create r/c/\nin_create r/c/over (scan)\n");
        EXPECT_EQ(umount2("r/c", 0) < 0 ? errno : 0, 0);
        EXPECT_OK(rename("r/c", "r/d"));
        expect(&f,
                        "in_unmount r/c/\nin_ignored r/c\nin_moved_from r/c/\n"
                        "in_moved_to r/d/ <- r/c\nin_create r/d/under (scan)\n");
        expect_watches(&f, 2);
}

TEST(S22_mounts_over_directories_below_are_followed) {
        WITH_FIXTURE(f);

        make("r/m/below");
        write_file("r/m/under");
        if (!may_mount())
                return;
        start_recursive(&f, "r", false);
        EXPECT_OK(mount("tmpfs", "r/m", "tmpfs", 0, ""));
        write_file("r/m/over");
        EXPECT_OK(tree_check_roots(f.tree, f.now, 1));
        expect(&f, "in_ignored r/m\nin_create r/m/over (scan)\n");
        EXPECT_OK(mkdir("r/m/d", 0755));
        write_file("r/m/later");
        settle(&f);
        EXPECT(strstr(f.log.data, "in_create r/m/d/\n") &&
                        strstr(f.log.data, "in_create r/m/later\n"));
        buffer_clear(&f.log);
        expect_watches(&f, 3);

        EXPECT_EQ(umount2("r/m", 0) < 0 ? errno : 0, 0); /* nothing of ours holds it */
        EXPECT_OK(tree_check_roots(f.tree, f.now, 1));
        settle(&f);
        EXPECT(strstr(f.log.data, "in_unmount r/m"));
        EXPECT(strstr(f.log.data, "in_create r/m/under (scan)\n"));
        EXPECT(strstr(f.log.data, "in_create r/m/below/ (scan)\n"));
        buffer_clear(&f.log);
        write_file("r/m/below/again");
        expect(&f, "in_create r/m/below/again\n");
        expect_watches(&f, 3);
}
