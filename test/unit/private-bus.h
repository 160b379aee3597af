/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A message bus of a test's own, that can be stopped, killed and started again. */

#pragma once

#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <systemd/sd-bus.h>
#include <time.h>

#include "test.h"

#define EXIT_SKIPPED 77
#define PATIENCE_USEC (30 * USEC_PER_SEC)

typedef struct PrivateBus {
        char directory[32];
        char socket[64];
        char address[96];
        pid_t pid;
} PrivateBus;

static inline usec_t monotonic_now(void) {
        struct timespec t;

        (void) clock_gettime(CLOCK_MONOTONIC, &t);
        return (usec_t) t.tv_sec * USEC_PER_SEC + (usec_t) t.tv_nsec / 1000;
}

/* Returns when it serves. */
static inline void private_bus_start(PrivateBus *p) {
        char address[128], option[128], ready[256];
        int fds[2];

        assert(pipe2(fds, 0) >= 0);
        (void) snprintf(address, sizeof(address), "--address=%s", p->address);
        (void) snprintf(option, sizeof(option), "--print-address=%d", fds[1]);
        p->pid = fork();
        assert(p->pid >= 0);
        if (p->pid == 0) {
                (void) prctl(PR_SET_PDEATHSIG, SIGKILL);
                (void) close(fds[0]);
                (void) close(STDERR_FILENO); /* where it tells of limits it cannot raise */
                (void) execlp("dbus-daemon",
                                "dbus-daemon",
                                "--session",
                                "--nofork",
                                "--nopidfile",
                                "--nosyslog",
                                address,
                                option,
                                NULL);
                _exit(EXIT_SKIPPED);
        }
        (void) close(fds[1]);
        if (read(fds[0], ready, sizeof(ready)) <= 0) {
                fputs("No dbus-daemon can be started, skipped\n", stderr);
                exit(EXIT_SKIPPED);
        }
        (void) close(fds[0]);
}

static inline void private_bus_kill(PrivateBus *p) {
        if (p->pid <= 0)
                return;
        (void) kill(p->pid, SIGKILL);
        (void) waitpid(p->pid, NULL, 0);
        p->pid = 0;
        (void) unlink(p->socket);
}

static inline void private_bus_init(PrivateBus *p) {
        *p = (PrivateBus){ .directory = "/tmp/inotifier-bus-XXXXXX" };
        assert(mkdtemp(p->directory));
        (void) snprintf(p->socket, sizeof(p->socket), "%s/socket", p->directory);
        (void) snprintf(p->address, sizeof(p->address), "unix:path=%s", p->socket);
        private_bus_start(p);
}

static inline void private_bus_done(PrivateBus *p) {
        private_bus_kill(p);
        (void) rmdir(p->directory);
}

/* Stops it for as long as a test likes; returns when it stands still. */
static inline void private_bus_stop(PrivateBus *p) {
        (void) kill(p->pid, SIGSTOP);
        (void) waitpid(p->pid, NULL, WUNTRACED);
}

static inline void private_bus_continue(PrivateBus *p) {
        (void) kill(p->pid, SIGCONT);
}

static inline sd_bus *private_bus_connect(PrivateBus *p, sd_event *event) {
        sd_bus *bus = NULL;

        EXPECT_OK(sd_bus_new(&bus));
        EXPECT_OK(sd_bus_set_address(bus, p->address));
        EXPECT_OK(sd_bus_set_bus_client(bus, true));
        EXPECT_OK(sd_bus_set_trusted(bus, true));
        EXPECT_OK(sd_bus_start(bus));
        if (event)
                EXPECT_OK(sd_bus_attach_event(bus, event, 0));
        return bus;
}

/* Runs the loop until the condition holds, or patience ends. */
#define RUN_UNTIL(event, condition)                                                                \
        ({                                                                                         \
                usec_t _end = monotonic_now() + PATIENCE_USEC;                                     \
                while (!(condition) && monotonic_now() < _end)                                     \
                        EXPECT_OK(sd_event_run((event), 100 * USEC_PER_MSEC));                     \
                EXPECT(condition);                                                                 \
        })
