/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <fcntl.h>
#include <sys/stat.h>

#include "test.h"
#include "tree/reader.h"

#define N_FILES 3000U /* more than a call brings */

static char directory[] = "/tmp/inotifier-test-XXXXXX";

static void make(unsigned n, mode_t type) {
        char name[64];

        for (unsigned i = 0; i < n; i++) {
                (void) snprintf(name, sizeof(name), "a-file-with-a-longish-name-%u", i);
                EXPECT_OK(mknod(name, type | 0644, 0));
        }
}

static void remove_made(unsigned n) {
        char name[64];

        for (unsigned i = 0; i < n; i++) {
                (void) snprintf(name, sizeof(name), "a-file-with-a-longish-name-%u", i);
                (void) unlink(name);
        }
}

/* Reads all of it. Returns how many entries there were, besides "." and "..". */
static unsigned read_all(Reader *r, unsigned type) {
        const struct dirent64 *entry;
        unsigned n = 0;

        EXPECT_OK(reader_open(r, open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)));
        while ((entry = reader_next(r))) {
                if (streq(entry->d_name, ".") || streq(entry->d_name, ".."))
                        continue;
                EXPECT(strncmp(entry->d_name, "a-file-with-a-longish-name-", 27) == 0);
                EXPECT_EQ(entry->d_type, type);
                n++;
        }
        EXPECT(!reader_next(r));
        reader_close(r);
        EXPECT_EQ(r->fd, -EBADF);
        return n;
}

TEST(each_entry_is_read_once_and_the_next_directory_anew) {
        _cleanup_close_ int before = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
        Reader r = {};

        EXPECT(mkdtemp(directory) && chdir(directory) == 0);
        make(N_FILES, S_IFREG);
        EXPECT_EQ(read_all(&r, DT_REG), N_FILES);
        remove_made(N_FILES);
        EXPECT_EQ(read_all(&r, DT_REG), 0);
        make(5, S_IFIFO);
        EXPECT_EQ(read_all(&r, DT_FIFO), 5);
        remove_made(5);
        reader_done(&r);
        EXPECT(fchdir(before) == 0 && rmdir(directory) == 0);
}

TEST(what_is_no_directory_has_no_entries) {
        Reader r = {};

        EXPECT_OK(reader_open(&r, open("/dev/null", O_RDONLY | O_CLOEXEC)));
        EXPECT(!reader_next(&r));
        reader_done(&r);
}
