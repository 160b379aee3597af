/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What the service manager is told: a child process serves, we hold its notify socket. */

#include <ftw.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "daemon.h"
#include "test.h"

#define PATIENCE_SEC 30

typedef struct Fixture {
        char base[64];
        char config[96];
        int notify_fd;
        pid_t pid;
        char message[1024]; /* the last one heard */
        char status[1024];  /* the last STATUS= heard */
        bool is_ready;      /* READY=1 was heard */
} Fixture;

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw) {
        return remove(path);
}

static void set_up(Fixture *f) {
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        struct timeval patience = { .tv_sec = PATIENCE_SEC };

        *f = (Fixture){ .base = "/tmp/test-manager-XXXXXX" };
        assert(mkdtemp(f->base));
        (void) snprintf(f->config, sizeof(f->config), "%s/conf", f->base);
        (void) snprintf(address.sun_path, sizeof(address.sun_path), "%s/notify", f->base);
        f->notify_fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        assert(f->notify_fd >= 0);
        EXPECT_OK(bind(f->notify_fd, (struct sockaddr *) &address, sizeof(address)));
        EXPECT_OK(setsockopt(f->notify_fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)));
}

static void stop(Fixture *f) {
        int status = -1;

        (void) kill(f->pid, SIGTERM);
        (void) waitpid(f->pid, &status, 0);
        EXPECT_EQ(status, 0);
}

static void done(Fixture *f) {
        safe_close(f->notify_fd);
        (void) nftw(f->base, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* '@' stands for the directory of this test. */
static void write_config(const Fixture *f, const char *text) {
        daemon_write_config(f->config, text, f->base);
}

static void start(Fixture *f) {
        char notify[96];

        (void) snprintf(notify, sizeof(notify), "%s/notify", f->base);
        (void) fflush(NULL);
        f->pid = fork();
        assert(f->pid >= 0);
        if (f->pid == 0) {
                (void) prctl(PR_SET_PDEATHSIG, SIGKILL);
                (void) setenv("NOTIFY_SOCKET", notify, 1);
                (void) setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent/bus", 1);
                (void) setenv("SYSTEMD_LOG_LEVEL", "emerg", 1);
                _exit(daemon_serve(f->config, "inotifier"));
        }
}

/* Hears messages until one of them holds `text`. Returns whether that came in time. */
static bool hear(Fixture *f, const char *text) {
        do {
                ssize_t n = recv(f->notify_fd, f->message, sizeof(f->message) - 1, 0);
                const char *status;

                if (n < 0)
                        return false;
                f->message[n] = '\0';
                f->is_ready |= strstr(f->message, "READY=1") != NULL;
                status = strstr(f->message, "STATUS=");
                if (status)
                        (void) snprintf(f->status, sizeof(f->status), "%s", status);
        } while (!strstr(f->message, text));
        return true;
}

static void make_directories(const Fixture *f, unsigned n) {
        char path[128];

        for (unsigned i = 0; i < n; i++) {
                (void) snprintf(path, sizeof(path), "%s/tree/%u", f->base, i);
                EXPECT_OK(mkdir(path, 0700));
        }
}

TEST(ready_without_a_bus_waits_for_every_watch_and_its_scan) {
        char path[96];
        Fixture f;

        set_up(&f);
        (void) snprintf(path, sizeof(path), "%s/tree", f.base);
        EXPECT_OK(mkdir(path, 0700));
        make_directories(&f, 3000);
        write_config(&f,
                        "[Manager]\nBus=none\n"
                        "[Watch tree]\nPath=@/tree\nRecursive=yes\n"
                        "[Watch base]\nPath=@\n"
                        "[Watch later]\nPath=@/later\n");
        start(&f);
        EXPECT(hear(&f, "READY=1"));
        EXPECT_STREQ(f.status,
                        "STATUS=3 watches (1 waiting, 0 degraded, 0 failed), 3002 directories, "
                        "0 overflows");
        stop(&f);
        done(&f);
}

TEST(reload_does_not_end_a_start_that_waits_for_the_bus) {
        Fixture f;

        set_up(&f);
        write_config(&f, "[Manager]\nBus=user\n[Watch base]\nPath=@\n");
        start(&f);
        EXPECT(hear(&f, "STATUS=1 watch "));
        write_config(&f, "[Manager]\nBus=user\n[Watch base]\nPath=@\n[Watch tmp]\nPath=/tmp\n");
        (void) kill(f.pid, SIGHUP);
        EXPECT(hear(&f, "STATUS=2 watches "));
        stop(&f);
        EXPECT(hear(&f, "STOPPING=1"));
        EXPECT(!f.is_ready);
        done(&f);
}
