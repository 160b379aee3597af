/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A daemon with what a service manager gives it: a notification socket, a store of descriptors, a state
 * directory. It runs as a child of the test, which may end it in any way and start the next one. */

#pragma once

#include <fcntl.h>
#include <ftw.h>
#include <linux/kcmp.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>

#include "daemon.h"
#include "publishers/history.h"

#define STORED_MAX 64
#define SERVICE_HISTORY_SIZE (8U << 20) /* HistorySize= of the configuration */
#define PATIENCE_USEC (60 * USEC_PER_SEC)

typedef struct Service {
        char base[64]; /* holds tree/, state/, conf and notify */
        int notify_fd;
        pid_t pid;           /* 0: none runs */
        const char *program; /* to execute; NULL: the manager that this program is linked with */
        struct {
                char name[80];
                int fd;
        } stored[STORED_MAX];
        size_t n_stored;
        unsigned n_ready;
} Service;

static inline usec_t clock_usec(void) {
        struct timespec now;

        (void) clock_gettime(CLOCK_MONOTONIC, &now);
        return (usec_t) now.tv_sec * USEC_PER_SEC + (usec_t) now.tv_nsec / 1000;
}

static inline void service_write_config(const Service *s, const char *text) {
        char path[96], aside[96];

        (void) snprintf(path, sizeof(path), "%s/conf", s->base);
        (void) snprintf(aside, sizeof(aside), "%s/state/conf", s->base);
        daemon_write_config(aside, text, s->base); /* '@' stands for the directory of this test */
        assert(rename(aside, path) >= 0); /* whoever starts just now reads one or the other */
}

static inline void service_init(Service *s) {
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        char path[96];

        *s = (Service){ .base = "/tmp/test-service-XXXXXX" };
        assert(mkdtemp(s->base));
        (void) snprintf(path, sizeof(path), "%s/tree", s->base);
        assert(mkdir(path, 0700) >= 0);
        (void) snprintf(path, sizeof(path), "%s/state", s->base);
        assert(mkdir(path, 0700) >= 0);
        (void) snprintf(address.sun_path, sizeof(address.sun_path), "%s/notify", s->base);
        s->notify_fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        assert(bind(s->notify_fd, (struct sockaddr *) &address, sizeof(address)) >= 0);
}

static inline void service_unstore(Service *s, const char *name) {
        size_t kept = 0;

        for (size_t i = 0; i < s->n_stored; i++)
                if (name && !streq(s->stored[i].name, name))
                        s->stored[kept++] = s->stored[i];
                else
                        safe_close(s->stored[i].fd);
        s->n_stored = kept;
}

static inline int service_stored(const Service *s, const char *name) {
        for (size_t i = 0; i < s->n_stored; i++)
                if (streq(s->stored[i].name, name))
                        return s->stored[i].fd;
        return -EBADF;
}

/* The service manager keeps a file once, whatever names it is put under. */
static inline bool service_has_stored(const Service *s, int fd) {
        for (size_t i = 0; i < s->n_stored; i++)
                if (syscall(SYS_kcmp, getpid(), getpid(), KCMP_FILE, s->stored[i].fd, fd) == 0)
                        return true;
        return false;
}

static inline void service_take_message(Service *s, char *message, int fd) {
        bool is_put = false, is_removal = false;
        const char *name = NULL;
        char *state = NULL;

        for (char *line = strtok_r(message, "\n", &state); line;
                        line = strtok_r(NULL, "\n", &state)) {
                is_put |= streq(line, "FDSTORE=1");
                is_removal |= streq(line, "FDSTOREREMOVE=1");
                s->n_ready += streq(line, "READY=1");
                if (strncmp(line, "FDNAME=", 7) == 0)
                        name = line + 7;
        }
        if (is_removal && name)
                service_unstore(s, name);
        if (is_put && name && fd >= 0 && s->n_stored < STORED_MAX && !service_has_stored(s, fd)) {
                s->stored[s->n_stored].fd = TAKE_FD(fd);
                (void) snprintf(s->stored[s->n_stored++].name, 80, "%s", name);
        }
        safe_close(fd);
}

/* Takes what was said so far. */
static inline void service_listen(Service *s) {
        char control[CMSG_SPACE(sizeof(int)) + CMSG_SPACE(sizeof(struct ucred))], message[1024];

        for (;;) {
                struct iovec iov = { message, sizeof(message) - 1 };
                struct msghdr m = {
                        .msg_iov = &iov,
                        .msg_iovlen = 1,
                        .msg_control = control,
                        .msg_controllen = sizeof(control),
                };
                ssize_t n = recvmsg(s->notify_fd, &m, MSG_CMSG_CLOEXEC);
                int fd = -EBADF;

                if (n < 0)
                        return;
                message[n] = '\0';
                for (struct cmsghdr *c = CMSG_FIRSTHDR(&m); c; c = CMSG_NXTHDR(&m, c))
                        if (c->cmsg_type == SCM_RIGHTS)
                                memcpy(&fd, CMSG_DATA(c), sizeof(fd));
                service_take_message(s, message, fd);
        }
}

static inline int serve(const Service *s) {
        char path[96];

        (void) snprintf(path, sizeof(path), "%s/conf", s->base);
        return daemon_serve(path, "inotifier");
}

/* As a service manager starts one: the stored descriptors from 3 on, with their names. */
static inline void service_run(const Service *s) {
        char names[STORED_MAX * 81] = "", text[16], path[96];

        (void) prctl(PR_SET_PDEATHSIG, SIGKILL);
        int fds[STORED_MAX];
        for (size_t i = 0; i < s->n_stored; i++) {
                fds[i] = fcntl(s->stored[i].fd, F_DUPFD, 256);
                assert(fds[i] >= 0);
                strcat(strcat(names, i > 0 ? ":" : ""), s->stored[i].name);
        }
        for (size_t i = 0; i < s->n_stored; i++)
                assert(dup2(fds[i], 3 + (int) i) >= 0);
        (void) close_range((unsigned) (3 + s->n_stored), ~0U, 0);
        (void) snprintf(text, sizeof(text), "%d", getpid());
        (void) setenv("LISTEN_PID", text, 1);
        (void) snprintf(text, sizeof(text), "%zu", s->n_stored);
        (void) setenv("LISTEN_FDS", text, 1);
        (void) setenv("LISTEN_FDNAMES", names, 1);
        (void) snprintf(path, sizeof(path), "%s/notify", s->base);
        (void) setenv("NOTIFY_SOCKET", path, 1);
        (void) snprintf(path, sizeof(path), "%s/state", s->base);
        (void) setenv("STATE_DIRECTORY", path, 1);
        (void) setenv("SYSTEMD_LOG_LEVEL", getenv("TEST_LOG_LEVEL") ?: "emerg", 1);
}

static inline void service_execute(const Service *s) {
        char config[128];

        (void) snprintf(config, sizeof(config), "--config=%s/conf", s->base);
        (void) execl(s->program, s->program, "--user", config, (char *) NULL);
        _exit(EXIT_FAILURE);
}

/* `crash`: as in $INOTIFIER_CRASH, or NULL. */
static inline void service_start(Service *s, const char *crash) {
        assert(s->pid == 0);
        service_listen(s);
        (void) fflush(NULL);
        s->n_ready = 0;
        s->pid = fork();
        assert(s->pid >= 0);
        if (s->pid == 0) {
                if (crash)
                        (void) setenv("INOTIFIER_CRASH", crash, 1);
                service_run(s);
                if (s->program)
                        service_execute(s);
                _exit(serve(s));
        }
}

/* Waits until it has ended. Returns as waitpid() tells. */
static inline int service_wait(Service *s) {
        struct pollfd said = { s->notify_fd, POLLIN, 0 };
        pid_t pid;
        int status = 0;

        /* One that nobody listens to may wait for that for ever. */
        while ((pid = waitpid(s->pid, &status, WNOHANG)) == 0) {
                (void) poll(&said, 1, 10);
                service_listen(s);
        }
        assert(pid == s->pid);
        s->pid = 0;
        service_listen(s);
        return status;
}

static inline bool service_has_ended(Service *s, int *ret_status) {
        service_listen(s);
        if (waitpid(s->pid, ret_status, WNOHANG) != s->pid)
                return false;
        s->pid = 0;
        service_listen(s);
        return true;
}

static inline int service_kill(Service *s, int signal) {
        if (s->pid == 0)
                return 0;
        (void) kill(s->pid, signal);
        return service_wait(s);
}

static inline void pause_usec(usec_t usec) {
        (void) nanosleep(&(struct timespec){ .tv_nsec = (long) usec * 1000 }, NULL);
}

/* Returns whether it got ready before it ended. */
static inline bool service_wait_ready(Service *s) {
        usec_t end = clock_usec() + PATIENCE_USEC;
        int status;

        while (s->n_ready == 0 && clock_usec() < end) {
                if (service_has_ended(s, &status))
                        return s->n_ready > 0;
                pause_usec(500);
        }
        return s->n_ready > 0;
}

/* A copy of the history as it is, which may be in the midst of a change; or NULL. */
static inline History *service_history(const Service *s) {
        _cleanup_close_ int copy = memfd_create("copy", MFD_CLOEXEC);
        int fd = service_stored(s, "history");
        History *h = NULL;
        struct stat st;
        off_t from = 0;

        if (fd < 0 || fstat(fd, &st) < 0 || ftruncate(copy, st.st_size) < 0)
                return NULL;
        while (from < st.st_size)
                if (copy_file_range(fd, &from, copy, NULL, (size_t) (st.st_size - from), 0) <= 0)
                        return NULL;
        if (history_adopt(TAKE_FD(copy), SERVICE_HISTORY_SIZE, &h) <= 0)
                h = history_free(h);
        return h;
}

static inline int remove_one_file(
                const char *path, const struct stat *st, int type, struct FTW *ftw) {
        return remove(path);
}

static inline void service_done(Service *s) {
        (void) service_kill(s, SIGKILL);
        service_unstore(s, NULL);
        safe_close(s->notify_fd);
        (void) nftw(s->base, remove_one_file, 16, FTW_DEPTH | FTW_PHYS);
}
