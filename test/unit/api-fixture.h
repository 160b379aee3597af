/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A daemon on a bus of its own: a child process serves, we are its client. */

#pragma once

#include <sys/stat.h>

#include "daemon.h"
#include "private-bus.h"

typedef struct Fixture {
        PrivateBus daemon;
        sd_bus *bus; /* of the client */
        pid_t pid;   /* of the server */
        char config[64];
        char watched[64];
        unsigned n_notices, n_added, n_removed, n_state_changes;
        char path[256]; /* of the last notice, or of the last object that came or went */
} Fixture;

/* '@' stands for the directory to watch. */
static void write_config(Fixture *f, const char *text) {
        daemon_write_config(f->config, text, f->watched);
}

/* What it has to say is in no test's interest. */
static pid_t start_server(Fixture *f, const char *instance) {
        pid_t pid;

        (void) fflush(NULL);
        pid = fork();
        assert(pid >= 0);
        if (pid == 0) {
                (void) prctl(PR_SET_PDEATHSIG, SIGKILL);
                (void) setenv("DBUS_SESSION_BUS_ADDRESS", f->daemon.address, 1);
                (void) setenv("SYSTEMD_LOG_LEVEL", "emerg", 1);
                _exit(daemon_serve(f->config, instance));
        }
        return pid;
}

_unused_ static int stop_server(pid_t pid) {
        int status = -1;

        (void) kill(pid, SIGTERM);
        (void) waitpid(pid, &status, 0);
        return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int on_signal(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        Fixture *f = userdata;
        const char *path = "";

        if (sd_bus_message_is_signal(m, "org.inotifier1.Watch", NULL)) {
                EXPECT_OK(sd_bus_message_read(m, "s", &path));
                f->n_notices++;
        } else if (sd_bus_message_is_signal(m, NULL, "InterfacesAdded")) {
                EXPECT_OK(sd_bus_message_read(m, "o", &path));
                f->n_added++;
        } else if (sd_bus_message_is_signal(m, NULL, "InterfacesRemoved")) {
                EXPECT_OK(sd_bus_message_read(m, "o", &path));
                f->n_removed++;
        } else if (sd_bus_message_is_signal(m, NULL, "PropertiesChanged")) {
                path = sd_bus_message_get_path(m);
                f->n_state_changes++;
        }
        (void) snprintf(f->path, sizeof(f->path), "%s", path);
        return 0;
}

/* Processes the client's connection until the condition holds, or patience ends. */
#define WAIT_FOR(f, condition)                                                                     \
        ({                                                                                         \
                usec_t _end = monotonic_now() + PATIENCE_USEC;                                     \
                while (!(condition) && monotonic_now() < _end) {                                   \
                        int _n = sd_bus_process((f)->bus, NULL);                                   \
                        EXPECT_OK(_n);                                                             \
                        if (_n == 0)                                                               \
                                EXPECT_OK(sd_bus_wait((f)->bus, 50 * USEC_PER_MSEC));              \
                }                                                                                  \
                EXPECT(condition);                                                                 \
        })

static bool is_owned(Fixture *f, const char *name) {
        return sd_bus_get_name_creds(f->bus, name, 0, NULL) >= 0;
}

static void connect_client(Fixture *f) {
        f->bus = private_bus_connect(&f->daemon, NULL);
        EXPECT_OK(sd_bus_match_signal(f->bus, NULL, NULL, NULL, NULL, NULL, on_signal, f));
}

static void fixture_init(Fixture *f, const char *config) {
        *f = (Fixture){};
        private_bus_init(&f->daemon);
        (void) snprintf(f->config, sizeof(f->config), "%s/config", f->daemon.directory);
        (void) snprintf(f->watched, sizeof(f->watched), "%s/watched", f->daemon.directory);
        EXPECT_OK(mkdir(f->watched, 0700) < 0 ? -errno : 0);
        write_config(f, config);
        f->pid = start_server(f, "inotifier");
        connect_client(f);
        WAIT_FOR(f, is_owned(f, "org.inotifier1"));
}

_unused_ static void make_file(Fixture *f, const char *name) {
        char path[128];

        (void) snprintf(path, sizeof(path), "%s/%s", f->watched, name);
        FILE *file = fopen(path, "we");
        assert(file);
        (void) fclose(file);
        (void) unlink(path);
}

static void fixture_done(Fixture *f) {
        EXPECT_EQ(stop_server(f->pid), 0);
        sd_bus_close_unref(f->bus);
        (void) rmdir(f->watched);
        (void) unlink(f->config);
        private_bus_done(&f->daemon);
}

#define TWO_WATCHES                                                                                \
        "[Watch in.a]\nPath=@\nEvents=create\n"                                                    \
        "[Watch b]\nPath=@\nEvents=delete\nPublish=none\n"

static sd_bus_message *call(Fixture *f,
                const char *path,
                const char *interface,
                const char *member,
                const char *argument,
                sd_bus_error *error) {
        sd_bus_message *reply = NULL;

        (void) sd_bus_call_method(f->bus,
                        "org.inotifier1",
                        path,
                        interface,
                        member,
                        error,
                        &reply,
                        argument ? "s" : NULL,
                        argument);
        return reply;
}

_unused_ static sd_bus_message *call_manager(
                Fixture *f, const char *member, const char *argument, sd_bus_error *error) {
        return call(f, "/org/inotifier1", "org.inotifier1.Manager", member, argument, error);
}
