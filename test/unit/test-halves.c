/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A file may lose its first name before its directory was looked at. A process that dies between the two
 * halves of that move leaves to the next one that nobody was told of the first. */

#include <stdarg.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "lives-fixture.h"

#define N_CALLS 8U /* of them, at least, until it is looked into */

/* What is done before which of the tree's system calls. */
typedef struct Plan {
        unsigned n_passed;
        unsigned write_at, rename_at;
        bool is_under_way;
} Plan;

static Plan plan;

/* What was told of the file, in memory that outlives the process. */
typedef struct Told {
        unsigned n;     /* its last name */
        bool is_missed; /* as a move from a name that nobody was told of */
        bool is_to_die; /* before that */
} Told;

static Told *told;

static void pass_call(void) {
        if (!plan.is_under_way)
                return;
        plan.is_under_way = false; /* what is done here is none of the tree's */
        if (plan.n_passed == plan.write_at)
                write_file("r/d/a.part");
        if (plan.n_passed == plan.rename_at)
                EXPECT_OK(rename("r/d/a.part", "r/a"));
        plan.n_passed++;
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

static int take(const Event *e, void *userdata) {
        if (!streq(strrchr(e->path, '/') + 1, "a") || !(e->mask & (IN_CREATE | IN_MOVED_TO)))
                return 0;
        if (told->is_to_die)
                _exit(9);
        told->n++;
        told->is_missed = e->is_missed;
        return 0;
}

static void live(Lives *l, bool is_to_die) {
        int status = 0;
        pid_t pid = fork();

        EXPECT_INT(pid, >=, 0);
        if (pid == 0) {
                told->is_to_die = is_to_die;
                plan.is_under_way = true;
                settle(&l->f);
                _exit(0);
        }
        EXPECT_EQ(waitpid(pid, &status, 0), pid);
        EXPECT(WIFEXITED(status) && WEXITSTATUS(status) == (is_to_die ? 9 : 0));
        told->is_to_die = false;
}

/* Returns whether it was told as missed, by a process that lives, or by the next one. */
static bool is_missed(unsigned write_at, unsigned rename_at, bool is_to_die) {
        WITH_LIVES(l, .recover = true);

        *told = (Told){};
        l.sink = take;
        EXPECT(!begin(&l));
        settle(&l.f);
        make_directories("r/d");
        plan = (Plan){ .write_at = write_at, .rename_at = rename_at };
        live(&l, is_to_die);
        end(&l);
        if (is_to_die) {
                EXPECT(begin(&l));
                settle(&l.f);
        }
        EXPECT_EQ(told->n, 1);
        return told->is_missed;
}

TEST(first_half_that_nobody_was_told_of_is_missed_by_the_next_process) {
        unsigned n_missed = 0;

        told = mmap(NULL, sizeof(Told), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        EXPECT(told != MAP_FAILED);
        for (unsigned i = 0; i < N_CALLS && n_test_failures == 0; i++)
                for (unsigned j = i; j < N_CALLS && n_test_failures == 0; j++) {
                        bool was_missed = is_missed(i, j, false);

                        /* What was told of the first name may have gone with the process. */
                        EXPECT(is_missed(i, j, true) >= was_missed);
                        n_missed += was_missed;
                        if (n_test_failures > 0)
                                fprintf(stderr, "... written at %u, renamed at %u\n", i, j);
                }
        EXPECT_INT(n_missed, >, 0);
        (void) munmap(told, sizeof(Told));
}
