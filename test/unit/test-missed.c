/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A file may have lost its first name before anyone could tell of it: in a directory made a moment ago,
 * or when events were lost. Then its move says so, whatever came between which two system calls. */

#include <dirent.h>
#include <stdarg.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>

#include "tree-fixture.h"

#define N_CALLS 24U

/* What is done before which of the tree's system calls. */
typedef struct Plan {
        unsigned n_passed;
        unsigned write_at, rename_at;
        bool is_under_way;
} Plan;

static Plan plan;

/* What was told of one file. */
typedef struct Told {
        Fixture f;
        bool has_part;  /* its first name */
        bool is_missed; /* that nobody told of that */
        unsigned n;     /* its last name */
} Told;

static void act(void) {
        if (plan.n_passed == plan.write_at)
                write_file("r/d/a.part");
        if (plan.n_passed == plan.rename_at)
                EXPECT_OK(rename("r/d/a.part", "r/d/a"));
        plan.n_passed++;
}

static void pass_call(void) {
        if (!plan.is_under_way)
                return;
        plan.is_under_way = false; /* what is done here is none of the tree's */
        act();
        plan.is_under_way = true;
}

int inotify_add_watch(int fd, const char *path, uint32_t mask) {
        pass_call();
        return (int) syscall(SYS_inotify_add_watch, fd, path, mask);
}

int ioctl(int fd, unsigned long request, ...) {
        va_list ap;

        pass_call();
        va_start(ap, request);
        void *argument = va_arg(ap, void *);
        va_end(ap);
        return (int) syscall(SYS_ioctl, fd, request, argument);
}

/* In the place of read(2) of the descriptor: after the last look at what is there. */
static void read_all(Fixture *f) {
        plan.is_under_way = true;
        settle(f);
        plan.is_under_way = false;
}

static int take(const Event *e, void *userdata) {
        Told *told = userdata;
        const char *name = strrchr(e->path, '/') + 1;

        if (e->mask & IN_CREATE && streq(name, "a.part"))
                told->has_part = true;
        if (e->mask & (IN_CREATE | IN_MOVED_TO) && streq(name, "a")) {
                told->n++;
                told->is_missed = e->is_missed;
                if (e->mask & IN_CREATE)
                        EXPECT(!e->is_missed);
                else
                        EXPECT_EQ(told->has_part, !e->is_missed);
        }
        return 0;
}

static void begin(Told *told) {
        char *roots[2] = {};
        TreeOptions options = {
                .roots = roots,
                .mask = IN_CREATE | IN_MOVE | IN_DELETE,
                .recursive = true,
                .recover = true,
        };

        *told = (Told){};
        set_up(&told->f);
        EXPECT_OK(mkdir("r", 0755));
        EXPECT(asprintf(&roots[0], "%s/r", told->f.base) > 0);
        EXPECT_OK(tree_new(&options, take, told, &told->f.tree));
        EXPECT_OK(tree_start(told->f.tree, told->f.now, 1));
        settle(&told->f);
        free(roots[0]);
}

static void end(Told *told) {
        done(&told->f);
}

TEST(upload_into_a_new_directory_is_told_as_new_or_as_missed) {
        unsigned n_missed = 0;

        for (unsigned i = 0; i < N_CALLS; i++)
                for (unsigned j = i; j < N_CALLS; j++) {
                        _cleanup_(end) Told told;

                        begin(&told);
                        EXPECT_OK(mkdir("r/d", 0755));
                        plan = (Plan){ .write_at = i, .rename_at = j };
                        read_all(&told.f);
                        while (plan.n_passed <= j) /* it made fewer calls than that */
                                act();
                        settle(&told.f);
                        if (told.n != 1)
                                TEST_FAIL("written at %u, renamed at %u: told %u times",
                                                i,
                                                j,
                                                told.n);
                        n_missed += told.is_missed;
                }
        EXPECT_INT(n_missed, >, 0);
}

/* As an overflow has it. */
static void lose(Told *told) {
        char bytes[4096];

        EXPECT_INT(read(tree_fd(told->f.tree), bytes, sizeof(bytes)), >, 0);
}

static void feed(Told *told, int wd, uint32_t mask, const char *name) {
        struct {
                struct inotify_event e;
                char name[16];
        } b = { .e = { .wd = wd, .mask = mask, .cookie = 77, .len = *name ? 16 : 0 } };

        (void) snprintf(b.name, sizeof(b.name), "%s", name);
        EXPECT_OK(tree_feed(told->f.tree, &b, sizeof(b.e) + b.e.len, told->f.now, 1));
}

TEST(S11_move_of_a_file_whose_coming_was_lost_is_missed) {
        _cleanup_(end) Told told;

        begin(&told);
        write_file("r/a.part");
        lose(&told);
        EXPECT_OK(rename("r/a.part", "r/a"));
        settle(&told.f);
        EXPECT_EQ(told.n, 1);
        EXPECT(told.is_missed);
}

TEST(S12_second_half_that_comes_too_late_is_missed) {
        _cleanup_(end) Told told;

        begin(&told);
        int wd = told.f.tree->roots[0].node->wd;
        write_file("r/a");
        lose(&told);
        feed(&told, wd, IN_MOVED_FROM, "a.part");
        told.f.now += USEC_PER_SEC;
        EXPECT_OK(tree_elapse(told.f.tree, told.f.now));
        feed(&told, wd, IN_MOVED_TO, "a");
        EXPECT_EQ(told.n, 1);
        EXPECT(told.is_missed);
}

TEST(S11_second_half_whose_first_was_lost_is_missed) {
        _cleanup_(end) Told told;

        begin(&told);
        int wd = told.f.tree->roots[0].node->wd;
        told.has_part = true; /* from elsewhere */
        write_file("r/a");
        lose(&told);
        feed(&told, wd, IN_MOVED_TO, "a");
        EXPECT_EQ(told.n, 1);
        EXPECT_OK(unlink("r/a"));
        settle(&told.f);

        told.has_part = false;
        write_file("r/a");
        lose(&told);
        feed(&told, -1, IN_Q_OVERFLOW, "");
        feed(&told, wd, IN_MOVED_TO, "a");
        EXPECT_EQ(told.n, 2);
        settle(&told.f);
        EXPECT_EQ(told.n, 2);
}
