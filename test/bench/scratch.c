/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The tree is shaped like a heap: the directories in directory i are 10 i + 1 to 10 i + 10. */

#include <fcntl.h>
#include <ftw.h>
#include <sys/stat.h>

#include "bench.h"
#include "scratch.h"

#define N_CHILDREN 10U
#define STRIDE 7919U /* a prime, so that neighbours in time are none in the tree */

static char *directory;
static unsigned n_directories = 1;

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw) {
        return remove(path);
}

static void remove_all(void) {
        (void) nftw(directory, remove_one, 64, FTW_DEPTH | FTW_PHYS);
}

const char *scratch(void) {
        if (directory)
                return directory;
        MUST_ERRNO(asprintf(&directory, "%s/inotifier-bench-XXXXXX", getenv("TMPDIR") ?: "/tmp"));
        MUST_ERRNO(mkdtemp(directory) ? 0 : -1);
        MUST_ERRNO(atexit(remove_all));
        return directory;
}

static void add_names(unsigned i, Buffer *b) {
        char name[16];

        if (i == 0)
                return;
        add_names((i - 1) / N_CHILDREN, b);
        (void) snprintf(name, sizeof(name), "/dir-%08u", i);
        buffer_add_string(b, name);
}

void scratch_path(unsigned i, Buffer *b) {
        buffer_clear(b);
        buffer_add_string(b, scratch());
        add_names(i, b);
}

static void make_file(const char *path) {
        int fd = (int) MUST_ERRNO(open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644));

        MUST_ERRNO(close(fd));
}

/* Adds "/NAME-NUMBER" for a file. */
static void add_file(Buffer *b, const char *name, unsigned i) {
        buffer_add_char(b, '/');
        buffer_add_string(b, name);
        buffer_add_u64(b, 1000000 + i);
        buffer_add_string(b, ".x");
}

void scratch_grow(unsigned n, unsigned n_files) {
        _cleanup_(buffer_done) Buffer path = {};

        for (; n_directories < n; n_directories++) {
                scratch_path(n_directories, &path);
                MUST_ERRNO(mkdir(path.data, 0755));
                size_t length = path.length;
                for (unsigned i = 0; i < n_files; i++) {
                        path.length = length;
                        add_file(&path, "file", i);
                        make_file(path.data);
                }
        }
}

void scratch_touch(unsigned n, unsigned first, unsigned n_to_touch) {
        _cleanup_(buffer_done) Buffer path = {};

        for (unsigned i = 0; i < n; i++) {
                scratch_path(first + (unsigned) ((uint64_t) i * STRIDE % n_to_touch), &path);
                add_file(&path, "new", i);
                make_file(path.data);
                MUST_ERRNO(unlink(path.data));
        }
}
