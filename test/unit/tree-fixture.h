/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Real files in a directory of our own; what the tree hands out is written down as text, a line per
 * event: `in_create a`, `in_moved_to b <- a`, with the origin where it is not the kernel. */

#pragma once

#include <fcntl.h>
#include <ftw.h>
#include <sys/stat.h>

#include "base/names.h"
#include "test.h"
#include "tree/filter.h"
#include "tree/tree-internal.h"

static const char *const origin_names[] = {
        [ORIGIN_KERNEL] = "",
        [ORIGIN_SCAN] = " (scan)",
        [ORIGIN_INITIAL] = " (initial)",
        [ORIGIN_RESCAN] = " (rescan)",
        [ORIGIN_MOVED_IN] = " (moved in)",
};

typedef struct Fixture {
        char base[64]; /* a directory of this test */
        Tree *tree;
        Buffer log;
        usec_t now;
} Fixture;

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw) {
        return remove(path);
}

static void done(Fixture *f) {
        f->tree = tree_free(f->tree);
        buffer_done(&f->log);
        (void) nftw(f->base, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static void set_up(Fixture *f) {
        *f = (Fixture){ .base = "/tmp/test-tree-XXXXXX", .now = USEC_PER_SEC };
        EXPECT(mkdtemp(f->base));
        EXPECT_OK(chdir(f->base));
}

static void add_path(Fixture *f, const char *path) {
        size_t n = strlen(f->base);

        if (strncmp(path, f->base, n) == 0)
                path += n;
        buffer_add_string(&f->log, *path == '/' ? path + 1 : ".");
}

static int record(const Event *e, void *userdata) {
        Member member = member_from_mask(e->mask);
        Fixture *f = userdata;

        EXPECT_EQ(e->path_len, strlen(e->path));
        buffer_add_string(&f->log, member < 0 ? "?" : member_names[member].event);
        buffer_add_char(&f->log, ' ');
        add_path(f, e->path);
        if (e->mask & IN_ISDIR)
                buffer_add_char(&f->log, '/');
        if (e->source) {
                buffer_add_string(&f->log, " <- ");
                add_path(f, e->source);
        }
        buffer_add_string(&f->log, e->unpaired ? " (out)" : "");
        buffer_add_string(&f->log, origin_names[e->origin]);
        buffer_add_char(&f->log, '\n');
        return 0;
}

/* Watches paths below the base, separated by spaces; of `options` all but these. */
static void start_with(Fixture *f, const char *roots, TreeOptions options) {
        char *paths[8] = {}, *copy = strdup(roots), *state = NULL;
        size_t n = 0;

        for (char *word = strtok_r(copy, " ", &state); word; word = strtok_r(NULL, " ", &state))
                EXPECT(asprintf(&paths[n++], "%s/%s", f->base, word) > 0);
        options.roots = paths;
        EXPECT_OK(tree_new(&options, record, f, &f->tree));
        EXPECT_OK(tree_start(f->tree, f->now, 1));
        for (size_t i = 0; i < n; i++)
                free(paths[i]);
        free(copy);
}

_unused_ static void start(Fixture *f, const char *roots, uint32_t mask, bool scan_initial) {
        start_with(f, roots, (TreeOptions){ .mask = mask, .scan_initial = scan_initial });
}

/* Handles all there is. */
static void settle(Fixture *f) {
        int r;

        do {
                r = tree_read(f->tree, f->now, 1);
                EXPECT_OK(r);
                while (tree_is_busy(f->tree))
                        EXPECT_OK(tree_work(f->tree, f->now, 1));
                if (r == 0 && tree_deadline(f->tree) != USEC_INFINITY &&
                                tree_deadline(f->tree) < f->now + USEC_PER_SEC) {
                        f->now = tree_deadline(f->tree);
                        EXPECT_OK(tree_elapse(f->tree, f->now));
                        r = 1;
                }
        } while (r > 0);
}

/* Handles all there is; what was recorded since the last call must be `expected`. */
_unused_ static void expect(Fixture *f, const char *expected) {
        settle(f);
        EXPECT_STREQ(f->log.data ?: "", expected);
        buffer_clear(&f->log);
        buffer_add_string(&f->log, "");
}

_unused_ static void write_file(const char *path) {
        _cleanup_close_ int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);

        EXPECT_INT(fd, >=, 0);
        EXPECT_EQ(write(fd, "x", 1), 1);
}

/* Feeds records, those that `order` has the numbers of. */
_unused_ static void feed_in_order(Fixture *f, const char *bytes, size_t n, const char *order) {
        char shuffled[4096];
        size_t begins[16] = {}, length = 0;
        unsigned n_records = 0;
        Raw raw;

        for (size_t i = 0; i < n && raw_decode(bytes + i, n - i, &raw) >= 0; i += raw.size)
                begins[n_records++] = i;
        for (; *order; order++) {
                size_t begin = begins[*order - '1'];

                EXPECT_OK(raw_decode(bytes + begin, n - begin, &raw));
                memcpy(shuffled + length, bytes + begin, raw.size);
                length += raw.size;
        }
        EXPECT_OK(tree_feed(f->tree, shuffled, length, f->now, 1));
}

/* The same of what is queued. */
_unused_ static void feed_queued(Fixture *f, const char *order) {
        char bytes[4096];
        ssize_t n = read(tree_fd(f->tree), bytes, sizeof(bytes));

        EXPECT_INT(n, >, 0);
        feed_in_order(f, bytes, (size_t) n, order);
}

#define WITH_FIXTURE(f)                                                                            \
        _cleanup_(done) Fixture f;                                                                 \
        set_up(&f)
