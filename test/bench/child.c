/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Pipes at both ends of a child, and the clock of its CPU. */

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>

#include "bench.h"
#include "child.h"

const char *inotifier(void) {
        const char *path = getenv("INOTIFIER");

        if (!path)
                errx(EXIT_FAILURE, "$INOTIFIER does not name the program to measure");
        return path;
}

/* Returns true in the child. */
static bool start(Child *c) {
        int out[2], error[2];

        MUST_ERRNO(pipe2(out, O_CLOEXEC));
        MUST_ERRNO(pipe2(error, O_CLOEXEC));
        c->pid = (pid_t) MUST_ERRNO(fork());
        c->out = out[c->pid == 0];
        c->err = error[c->pid == 0];
        safe_close(out[c->pid != 0]);
        safe_close(error[c->pid != 0]);
        if (c->pid == 0)
                MUST_ERRNO(prctl(PR_SET_PDEATHSIG, SIGKILL));
        return c->pid == 0;
}

void child_start(Child *c, const char *const argv[]) {
        if (!start(c))
                return;
        MUST_ERRNO(dup2(c->out, STDOUT_FILENO));
        MUST_ERRNO(dup2(c->err, STDERR_FILENO));
        (void) execvp(argv[0], (char *const *) argv);
        _exit(127);
}

void child_fork(Child *c, void (*run)(int out, void *userdata), void *userdata) {
        if (!start(c))
                return;
        MUST_ERRNO(dup2(c->err, STDERR_FILENO));
        run(c->out, userdata);
        _exit(0);
}

void child_expect(const Child *c, const char *text) {
        char buffer[4096];
        size_t length = 0;

        for (;;) {
                ssize_t n = read(c->err, buffer + length, sizeof(buffer) - 1 - length);
                if (n <= 0)
                        errx(EXIT_FAILURE,
                                        "'%s' has not come, but: %.*s",
                                        text,
                                        (int) length,
                                        buffer);
                length += (size_t) n;
                buffer[length] = '\0';
                if (strstr(buffer, text))
                        return;
        }
}

double child_cpu(const Child *c) {
        struct timespec t;
        clockid_t clock;

        MUST(-clock_getcpuclockid(c->pid, &clock));
        MUST_ERRNO(clock_gettime(clock, &t));
        return (double) t.tv_sec + (double) t.tv_nsec / 1e9;
}

static double seconds(struct timeval t) {
        return (double) t.tv_sec + (double) t.tv_usec / 1e6;
}

double child_wait(Child *c) {
        struct rusage usage;

        MUST_ERRNO(wait4(c->pid, NULL, 0, &usage));
        c->out = safe_close(c->out);
        c->err = safe_close(c->err);
        return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

double child_end(Child *c) {
        MUST_ERRNO(kill(c->pid, SIGTERM));
        return child_wait(c);
}
