/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "base/path.h"
#include "test.h"

TEST(absolute_path_is_normalised_and_not_looked_up) {
        static const struct {
                const char *path, *absolute;
        } rows[] = {
                { "/", "/" },
                { "/nonexistent", "/nonexistent" },
                { "//a//b/./c/.", "/a/b/c" },
                { "/a/../b/", "/a/../b" },
                { "/a/.hidden/b.", "/a/.hidden/b." },
                { ".", "/dev" },
                { "a", "/dev/a" },
                { "./a/", "/dev/a" },
        };
        EXPECT_OK(chdir("/dev"));
        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                _cleanup_free_ char *path = path_absolute(rows[i].path);

                EXPECT_STREQ(path, rows[i].absolute);
        }
}
