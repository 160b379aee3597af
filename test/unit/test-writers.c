/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Whoever renames is seen before he tells of it: what was seen is in the queue once his lock was waited
 * for. */

#include <fcntl.h>
#include <signal.h>
#include <sys/inotify.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "test.h"
#include "tree/tree-internal.h"

#define N_LOOKS 300U
#define N_QUEUES 32U /* it takes a while until the last one is told */

/* Renames "a" to "b" or back for each byte that comes. */
static pid_t begin_writing(int orders) {
        pid_t pid = fork();
        char order;

        if (pid != 0)
                return pid;
        (void) prctl(PR_SET_PDEATHSIG, SIGKILL);
        while (read(orders, &order, 1) == 1)
                if (rename(order == 'b' ? "a" : "b", order == 'b' ? "b" : "a") < 0)
                        break;
        _exit(1);
}

/* Whether the next event is the coming of `name`. */
static bool comes(int queue, char name) {
        _Alignas(struct inotify_event) char buffer[sizeof(struct inotify_event) + NAME_MAX + 1];
        const struct inotify_event *e = (const void *) buffer;

        return read(queue, buffer, sizeof(buffer)) > 0 && e->name[0] == name;
}

static void expect_all_in_queues(int flags) {
        char directory[] = "/tmp/inotifier-test-XXXXXX";
        _cleanup_close_ int before = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
        _cleanup_close_ int dir_fd = -EBADF;
        int queues[N_QUEUES], orders[2];
        unsigned n_late = 0;
        struct stat st;

        EXPECT(mkdtemp(directory) && chdir(directory) == 0 && mkdir("a", 0755) == 0);
        EXPECT_OK(pipe2(orders, O_CLOEXEC));
        dir_fd = open(".", flags | O_DIRECTORY | O_CLOEXEC);
        for (unsigned i = 0; i < N_QUEUES; i++) {
                queues[i] = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
                EXPECT_OK(inotify_add_watch(queues[i], ".", IN_MOVED_TO));
        }
        pid_t pid = begin_writing(orders[0]);
        for (unsigned i = 0; i < N_LOOKS; i++) {
                const char *name = i % 2 == 0 ? "b" : "a";

                EXPECT_EQ(write(orders[1], name, 1), 1);
                while (fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
                        ;
                follow_writers(dir_fd);
                for (unsigned j = 0; j < N_QUEUES; j++)
                        n_late += !comes(queues[j], *name);
        }
        EXPECT_EQ(n_late, 0);
        (void) kill(pid, SIGKILL);
        (void) waitpid(pid, NULL, 0);
        for (unsigned i = 0; i < N_QUEUES; i++)
                safe_close(queues[i]);
        safe_close(orders[0]);
        safe_close(orders[1]);
        EXPECT(rmdir("a") == 0 && fchdir(before) == 0 && rmdir(directory) == 0);
}

TEST(all_that_was_seen_is_queued_when_the_directory_was_waited_for) {
        expect_all_in_queues(O_RDONLY);
}

TEST(so_it_is_when_it_cannot_be_read) {
        expect_all_in_queues(O_PATH);
}
