/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* One process after the other: what the first leaves is its descriptors, as the service manager would
 * keep them, and its ledger. */

#pragma once

#include <sys/syscall.h>

#include "tree-fixture.h"

#define KIND UINT32_C(0x54525401)
#define NAME "test.ledger"
#define FILES (IN_CREATE | IN_MOVE | IN_DELETE | IN_CLOSE_WRITE)

typedef struct Lives {
        Fixture f;
        TreeOptions options;
        const char *roots;
        EventSink sink;
        void *sink_data;
        int state_fd; /* the directory of the ledger */
        int fd, intake_fd;
        uint64_t kept[4];
        Ledger *ledger;
} Lives;

static void lives_done(Lives *l) {
        l->f.tree = tree_free(l->f.tree);
        l->ledger = ledger_free(l->ledger);
        safe_close(l->fd);
        safe_close(l->intake_fd);
        safe_close(l->state_fd);
        done(&l->f);
}

static void lives_set_up(Lives *l, TreeOptions options) {
        *l = (Lives){ .options = options, .roots = "r", .fd = -EBADF, .intake_fd = -EBADF };
        l->sink = record;
        l->sink_data = &l->f;
        set_up(&l->f);
        EXPECT_OK(mkdir("state", 0700));
        EXPECT_OK(mkdir("r", 0755));
        l->state_fd = open("state", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        EXPECT_INT(l->state_fd, >=, 0);
}

#define WITH_LIVES(l, ...)                                                                         \
        _cleanup_(lives_done) Lives l;                                                             \
        lives_set_up(&l, (TreeOptions){ .mask = FILES, .recursive = true, __VA_ARGS__ })

static int write_all(Ledger *ledger, void *userdata) {
        return tree_save(userdata);
}

_unused_ static void compact(Lives *l) {
        tree_commit(l->f.tree);
        EXPECT_OK(ledger_compact(l->ledger, tree_step(l->f.tree) - 1, write_all, l->f.tree));
}

/* A process begins. Returns whether it goes on with the descriptor of the one before. */
static bool begin(Lives *l) {
        int fd = l->fd > 0 ? fcntl(l->fd, F_DUPFD_CLOEXEC, 3) : -EBADF;
        int intake_fd = l->intake_fd > 0 ? fcntl(l->intake_fd, F_DUPFD_CLOEXEC, 3) : -EBADF;
        TreeOptions options = l->options;

        EXPECT_OK(ledger_open(l->state_fd, NAME, KIND, &l->ledger));
        options.ledger = l->ledger;
        options.fd = fd;
        options.intake_fd = intake_fd;
        options.kept = l->kept;
        char *paths[8] = {}, *copy = strdup(l->roots), *state = NULL;
        size_t n = 0;
        for (char *word = strtok_r(copy, " ", &state); word; word = strtok_r(NULL, " ", &state))
                EXPECT(asprintf(&paths[n++], "%s/%s", l->f.base, word) > 0);
        options.roots = paths;
        EXPECT_OK(tree_new(&options, l->sink, l->sink_data, &l->f.tree));
        bool is_adopted = tree_is_adopted(l->f.tree);
        EXPECT_EQ(ledger_error(l->ledger) == 0, is_adopted);
        if (!is_adopted) {
                safe_close(l->fd);
                safe_close(l->intake_fd);
                l->fd = fcntl(tree_fd(l->f.tree), F_DUPFD_CLOEXEC, 3);
                l->intake_fd = fcntl(tree_intake_fd(l->f.tree), F_DUPFD_CLOEXEC, 3);
                compact(l);
        }
        EXPECT_OK(tree_start(l->f.tree, l->f.now, 1));
        for (size_t i = 0; i < n; i++)
                free(paths[i]);
        free(copy);
        return is_adopted;
}

/* It ends, and lets go of nothing in the kernel. */
static void end(Lives *l) {
        l->f.tree = tree_free(l->f.tree);
        l->ledger = ledger_free(l->ledger);
}

/* The descriptors are lost. */
_unused_ static void stop(Lives *l) {
        end(l);
        l->fd = safe_close(l->fd);
        l->intake_fd = safe_close(l->intake_fd);
}

/* Handles all there is; what was told is nobody's business. */
_unused_ static void quiet(Lives *l) {
        settle(&l->f);
        buffer_clear(&l->f.log);
        buffer_add_string(&l->f.log, "");
}

static void make_directories(const char *paths) {
        char *copy = strdup(paths), *state = NULL;

        for (char *word = strtok_r(copy, " ", &state); word; word = strtok_r(NULL, " ", &state))
                EXPECT_OK(mkdir(word, 0755));
        free(copy);
}
