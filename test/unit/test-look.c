/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What processors see of the disk. */

#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>

#include "look.h"
#include "test.h"

static char *make_directory(void) {
        char *dir = strdup("/tmp/test-look-XXXXXX");

        EXPECT(dir && mkdtemp(dir));
        return dir;
}

static void write_at(int dir_fd, const char *name, const char *text) {
        _cleanup_close_ int fd =
                        openat(dir_fd, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

        EXPECT_EQ(write(fd, text, strlen(text)), strlen(text));
}

static void clean_up(const char *dir) {
        _cleanup_free_ char *command = NULL;

        EXPECT(asprintf(&command, "rm -rf '%s'", dir) > 0);
        EXPECT_EQ(system(command), 0);
}

TEST(a_file_is_told_as_stat_does) {
        _cleanup_free_ char *dir = make_directory(), *path = NULL, *other = NULL;
        FileStat found = {};
        struct stat st = {};

        EXPECT(asprintf(&path, "%s/a", dir) > 0);
        EXPECT(asprintf(&other, "%s/b", dir) > 0);
        write_at(AT_FDCWD, path, "four");
        EXPECT_OK(link(path, other));
        EXPECT_OK(look_at_file(path, &found, NULL));
        EXPECT_OK(stat(path, &st));
        EXPECT_EQ(found.size, 4);
        EXPECT_EQ(found.n_links, 2);
        EXPECT(found.is_regular);
        EXPECT_EQ(found.inode, st.st_ino);
        EXPECT_EQ(found.ctime_nsec,
                        (uint64_t) st.st_ctim.tv_sec * 1000000000 + (uint64_t) st.st_ctim.tv_nsec);
        clean_up(dir);
}

TEST(links_and_directories_are_no_regular_files) {
        _cleanup_free_ char *dir = make_directory(), *path = NULL;
        FileStat found = {};

        EXPECT(asprintf(&path, "%s/link", dir) > 0);
        EXPECT_OK(symlink("/etc/passwd", path));
        EXPECT_OK(look_at_file(path, &found, NULL));
        EXPECT(!found.is_regular);
        EXPECT_OK(look_at_file(dir, &found, NULL));
        EXPECT(!found.is_regular);
        clean_up(dir);
}

TEST(what_is_not_there_is_said_to_be_so) {
        FileStat found;

        EXPECT_EQ(look_at_file("/nowhere/a", &found, NULL), -ENOENT);
        EXPECT_EQ(look_at_file("/dev/null/a", &found, NULL), -ENOTDIR);
}

TEST(a_path_may_be_longer_than_the_kernel_takes) {
        _cleanup_free_ char *dir = make_directory(), *path = NULL;
        char name[201], *end;
        FileStat found = {};
        int at = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);

        path = malloc(strlen(dir) + 30 * sizeof(name) + 8);
        assert(path);
        end = stpcpy(path, dir);
        memset(name, 'd', sizeof(name) - 1);
        name[sizeof(name) - 1] = '\0';
        for (unsigned i = 0; i < 30; i++) {
                EXPECT_OK(mkdirat(at, name, 0700));
                int next = openat(at, name, O_PATH | O_DIRECTORY | O_CLOEXEC);
                safe_close(at);
                at = next;
                end = stpcpy(stpcpy(end, "/"), name);
        }
        write_at(at, "file", "12345");
        strcpy(end, "/file");
        EXPECT_INT(strlen(path), >, PATH_MAX);
        EXPECT_OK(look_at_file(path, &found, NULL));
        EXPECT_EQ(found.size, 5);
        strcpy(end, "/none");
        EXPECT_EQ(look_at_file(path, &found, NULL), -ENOENT);
        safe_close(at);
        clean_up(dir);
}
