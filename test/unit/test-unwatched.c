/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <sched.h>
#include <sys/fsuid.h>

#include "tree-fixture.h"

static bool put(const char *path, const char *text) {
        _cleanup_close_ int fd = open(path, O_WRONLY | O_CLOEXEC);

        return fd >= 0 && write(fd, text, strlen(text)) == (ssize_t) strlen(text);
}

/* From the first call on we are in a user namespace of our own, which has limits of its own. */
static bool set_limit(unsigned n) {
        static bool is_apart = false;
        char text[32];

        if (!is_apart) {
                unsigned uid = geteuid();

                if (unshare(CLONE_NEWUSER) < 0)
                        return false;
                (void) snprintf(text, sizeof(text), "0 %u 1", uid);
                EXPECT(put("/proc/self/uid_map", text));
                is_apart = true;
        }
        (void) snprintf(text, sizeof(text), "%u", n);
        return put("/proc/sys/user/max_inotify_watches", text);
}

static void start_recursive(Fixture *f, bool follow_symlinks) {
        TreeOptions options = {
                .mask = IN_CREATE | IN_DELETE,
                .recursive = true,
                .reach.cross_mounts = true,
                .reach.follow_symlinks = follow_symlinks,
        };

        start_with(f, "r", options);
}

static void make_numbered(unsigned n) {
        char path[32];

        EXPECT_OK(mkdir("r", 0755));
        for (unsigned i = 0; i < n; i++) {
                (void) snprintf(path, sizeof(path), "r/%u", i);
                EXPECT_OK(mkdir(path, 0755));
        }
}

/* Everything that is due, for so long. */
static void elapse(Fixture *f, usec_t usec) {
        usec_t end = f->now + usec;

        settle(f);
        while (tree_deadline(f->tree) < end) {
                f->now = MAX_OF(f->now, tree_deadline(f->tree));
                EXPECT_OK(tree_elapse(f->tree, f->now));
                settle(f);
        }
        f->now = end;
}

TEST(S21_limit_is_told_with_numbers_and_room_is_used) {
        WITH_FIXTURE(f);
        unsigned n;

        if (!set_limit(50))
                return; /* the kernel lets us have no namespace */
        make_numbered(80);
        EXPECT_OK(mkdir("r/0/below", 0755));
        start_recursive(&f, false);
        settle(&f);
        n = tree_n_directories(f.tree);
        EXPECT_INT(n, <, 50);
        EXPECT_EQ(tree_state(f.tree), TREE_DEGRADED);
        char expected[64];
        (void) snprintf(expected,
                        sizeof(expected),
                        "raise fs.inotify.max_user_watches by at least %u",
                        82 - n);
        EXPECT(strstr(tree_state_reason(f.tree), expected));
        elapse(&f, 20 * USEC_PER_SEC);
        EXPECT_EQ(tree_n_directories(f.tree), n);

        EXPECT(set_limit(1000));
        elapse(&f, 20 * USEC_PER_SEC);
        EXPECT_EQ(tree_n_directories(f.tree), 82);
        EXPECT_EQ(tree_state(f.tree), TREE_WATCHING);
        EXPECT_STREQ(tree_state_reason(f.tree), "");
}

TEST(state_stays_as_it_is_until_a_rescan_is_through) {
        WITH_FIXTURE(f);

        if (!set_limit(50))
                return;
        make_numbered(80);
        start_recursive(&f, false);
        settle(&f);
        _cleanup_free_ char *reason = strdup(tree_state_reason(f.tree));
        tree_rescan(f.tree, f.now);
        EXPECT_OK(tree_elapse(f.tree, f.now));
        EXPECT(tree_is_busy(f.tree));
        EXPECT_EQ(tree_state(f.tree), TREE_DEGRADED);
        EXPECT_STREQ(tree_state_reason(f.tree), reason);
        settle(&f);
        EXPECT_EQ(tree_state(f.tree), TREE_DEGRADED);
        EXPECT_STREQ(tree_state_reason(f.tree), reason);
}

/* Two links in each of ten directories: 2^depth ways, if each were gone. */
TEST(links_among_what_cannot_be_watched_are_no_loop) {
        WITH_FIXTURE(f);
        char path[32];

        if (!set_limit(8))
                return;
        make_numbered(20);
        for (unsigned i = 0; i < 20; i++) {
                (void) snprintf(path, sizeof(path), "r/%u/a", i);
                EXPECT_OK(symlink("..", path));
                (void) snprintf(path, sizeof(path), "r/%u/b", i);
                EXPECT_OK(symlink("../0", path));
        }
        start_recursive(&f, true);
        for (unsigned i = 0; tree_is_busy(f.tree) && i < 20; i++)
                EXPECT_OK(tree_work(f.tree, f.now, 1));
        EXPECT(!tree_is_busy(f.tree));
        EXPECT_EQ(tree_state(f.tree), TREE_DEGRADED);
        EXPECT(set_limit(1000));
        elapse(&f, 20 * USEC_PER_SEC);
        EXPECT_EQ(tree_n_directories(f.tree), 21);
        EXPECT_EQ(tree_state(f.tree), TREE_WATCHING);
}

TEST(what_is_in_an_unreadable_directory_is_not_thought_gone) {
        unsigned uid = 1000;
        WITH_FIXTURE(f);

        /* Without the privileges of root, wherever we have them. */
        EXPECT_OK(chmod(f.base, 0777));
        (void) setfsuid(uid);
        EXPECT_OK(mkdir("r", 0755));
        EXPECT_OK(mkdir("r/a", 0755));
        EXPECT_OK(mkdir("r/a/b", 0755));
        write_file("r/a/f");
        TreeOptions options = { .mask = IN_CREATE | IN_DELETE, .recursive = true, .recover = true };
        start_with(&f, "r", options);
        settle(&f);
        buffer_clear(&f.log);
        EXPECT_OK(chmod("r/a", 0));
        tree_rescan(f.tree, f.now);
        expect(&f, "? r\n");
        EXPECT_OK(chmod("r/a", 0755));
        write_file("r/a/b/g");
        settle(&f);
        EXPECT(strstr(f.log.data, "in_create r/a/b/g\n"));
        EXPECT_EQ(tree_n_directories(f.tree), 3);
        (void) setfsuid(geteuid());
}

/* Feeds what the kernel says of `name` in the root. */
static void feed(Fixture *f, uint32_t mask, uint32_t cookie, const char *name) {
        struct inotify_event e = {
                .wd = f->tree->roots[0].node->wd,
                .mask = mask,
                .cookie = cookie,
                .len = 512,
        };
        char bytes[sizeof(e) + 512] = {};

        memcpy(bytes, &e, sizeof(e));
        memcpy(bytes + sizeof(e), name, strlen(name));
        EXPECT_OK(tree_feed(f->tree, bytes, sizeof(bytes), f->now, 1));
}

TEST(names_longer_than_names_can_be_do_no_harm) {
        TreeOptions options = { .mask = IN_CREATE | IN_MOVE, .recursive = true, .recover = true };
        char name[301] = "";
        WITH_FIXTURE(f);

        EXPECT_OK(mkdir("r", 0755));
        EXPECT_OK(mkdir("r/a", 0755));
        start_with(&f, "r", options);
        settle(&f);
        memset(name, 'n', 300);
        feed(&f, IN_CREATE, 0, name);
        EXPECT(strstr(f.log.data, name));
        feed(&f, IN_CLOSE_WRITE, 0, name);
        feed(&f, IN_CREATE | IN_ISDIR, 0, name);
        feed(&f, IN_MOVED_FROM | IN_ISDIR, 7, "a");
        feed(&f, IN_MOVED_TO | IN_ISDIR, 7, name);
        EXPECT_EQ(tree_n_directories(f.tree), 1);
        feed(&f, IN_DELETE | IN_ISDIR, 0, name);
        feed(&f, IN_DELETE, 0, name);
        EXPECT_EQ(f.tree->known.n_files, 0);
        EXPECT_EQ(tree_state(f.tree), TREE_DEGRADED);
        EXPECT(strstr(tree_state_reason(f.tree), "File name too long"));
}

TEST(no_path_gets_longer_than_can_be_told) {
        char name[NAME_MAX + 1] = "";
        WITH_FIXTURE(f);
        _cleanup_close_ int base = open(".", O_PATH | O_CLOEXEC);

        memset(name, 'd', NAME_MAX);
        EXPECT_OK(mkdir("r", 0755));
        EXPECT_OK(chdir("r"));
        for (unsigned i = 0; i < 300; i++)
                EXPECT(mkdir(name, 0755) == 0 && chdir(name) == 0);
        start_recursive(&f, false);
        settle(&f);
        EXPECT_EQ(tree_state(f.tree), TREE_DEGRADED);
        EXPECT(strstr(tree_state_reason(f.tree), "File name too long"));
        EXPECT_INT(tree_n_directories(f.tree), >, 250);
        EXPECT_INT(tree_n_directories(f.tree), <, 257);
        uint32_t position = 0;
        for (Node *n; (n = wds_next(&f.tree->nodes.wds, &position));)
                EXPECT(!node_is_member(n) || node_path_length(n) <= TREE_PATH_MAX);
        EXPECT_OK(fchdir(base));
        EXPECT_EQ(system("rm -r r"), 0);
}
