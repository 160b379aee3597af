/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <fcntl.h>
#include <sys/stat.h>

#include "test.h"
#include "tree/mounts.h"

TEST(a_file_lies_on_a_mount_that_is_there) {
        _cleanup_close_ int fd = open("/proc/self", O_PATH | O_CLOEXEC);

        EXPECT(mount_of(fd) > 0);
        EXPECT(mount_is_there(mount_of(fd)));
}

TEST(files_of_two_mounts_lie_on_two) {
        _cleanup_close_ int proc = open("/proc", O_PATH | O_CLOEXEC);
        _cleanup_close_ int root = open("/", O_PATH | O_CLOEXEC);

        EXPECT(mount_of(proc) != mount_of(root));
        EXPECT(mount_is_there(mount_of(root)));
}

TEST(table_has_each_mount_at_its_place) {
        _cleanup_(mounts_done) Mounts m = {};
        Mount root = { .path = NULL }, nowhere = { UINT64_MAX - 1, NULL };
        char slash[] = "/";

        EXPECT_OK(mounts_read(&m));
        EXPECT_INT(m.n, >=, 2);
        for (size_t i = 0; i < m.n; i++)
                if (streq(m.items[i].path, "/"))
                        root = m.items[i];
        EXPECT_STREQ(root.path, "/");
        EXPECT(mounts_have(&m, &root));
        nowhere.path = slash;
        EXPECT(!mounts_have(&m, &nowhere));
}

TEST(a_number_that_is_not_in_the_table_is_not_there) {
        EXPECT(!mount_is_there(UINT64_MAX - 1));
}

TEST(what_cannot_be_told_is_taken_as_there) {
        EXPECT_EQ(mount_of(-EBADF), 0);
        EXPECT(mount_is_there(0));
}
