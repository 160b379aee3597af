/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* How each of them is started, and what it needs beside the scratch directory. */

#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/stat.h>

#include "bench.h"
#include "scratch.h"
#include "teller.h"

/* Complaints are not listened to. */
static void start_one(Teller *t, const char *const argv[]) {
        const char *quiet[16] = { "sh", "-c", "exec \"$@\" 2>/dev/null", "sh" };

        for (size_t i = 4; i < ELEMENTSOF(quiet) && (quiet[i] = *argv++);)
                i++;
        child_start(&t->reader, quiet);
        t->worker = t->reader;
}

static void start_inotifier(Teller *t) {
        start_one(t, (const char *[]){ inotifier(), "-r", "-o", "json", scratch(), NULL });
}

static void start_inotifywait(Teller *t) {
        start_one(t, (const char *[]){ "inotifywait", "-q", "-m", "-r", scratch(), NULL });
}

static void start_pyinotify(Teller *t) {
        start_one(t,
                        (const char *[]){ "/usr/bin/python3",
                                        "-u",
                                        "-m",
                                        "pyinotify",
                                        "-r",
                                        "-a",
                                        scratch(),
                                        NULL });
}

static void start_fswatch(Teller *t) {
        start_one(t,
                        (const char *[]){ "fswatch",
                                        "-r",
                                        "-l",
                                        "0.1",
                                        "--allow-overflow",
                                        scratch(),
                                        NULL });
}

static const char *beside(const char *suffix) {
        static char paths[4][PATH_MAX];
        static unsigned n;
        char *path = paths[n++ % 4];

        (void) snprintf(path, PATH_MAX, "%s.%s", scratch(), suffix);
        return path;
}

static void write_file(const char *path, const char *format, ...) _printf_(2, 3);
static void write_file(const char *path, const char *format, ...) {
        va_list arguments;
        FILE *f = fopen(path, "we");

        if (!f)
                err(EXIT_FAILURE, "%s", path);
        va_start(arguments, format);
        (void) vfprintf(f, format, arguments);
        va_end(arguments);
        MUST_ERRNO(fclose(f));
}

/* A server, and a client of it that subscribes. */
static void start_watchman(Teller *t) {
        char command[PATH_MAX * 4];

        (void) snprintf(command,
                        sizeof(command),
                        "mkdir -m 700 -p '%s' && exec watchman --foreground --no-save-state "
                        "--sockname='%s/sock' --logfile='%s/log' --pidfile='%s/pid' 2>/dev/null",
                        beside("peer"),
                        beside("peer"),
                        beside("peer"),
                        beside("peer"));
        child_start(&t->worker, (const char *[]){ "sh", "-c", command, NULL });
        write_file(beside("subscribe"),
                        "[\"subscribe\", \"%s\", \"bench\", {\"fields\": [\"name\"]}]\n",
                        scratch());
        (void) snprintf(command,
                        sizeof(command),
                        "w='watchman --no-spawn --no-local --sockname=%s/sock'; "
                        "until $w watch '%s' >/dev/null 2>&1; do sleep 0.01; done; "
                        "exec $w --no-pretty -p -j <'%s' 2>/dev/null",
                        beside("peer"),
                        scratch(),
                        beside("subscribe"));
        child_start(&t->reader, (const char *[]){ "sh", "-c", command, NULL });
}

/* It starts a program for each event: this one, as a helper that passes the name on. */
static void start_incron(Teller *t) {
        char command[PATH_MAX * 3];

        (void) mkfifo(beside("fifo"), 0600);
        (void) mkdir(beside("peer"), 0700);
        (void) mkdir(beside("none"), 0700);
        (void) snprintf(command, sizeof(command), "%s/table", beside("peer"));
        write_file(command,
                        "%s IN_ALL_EVENTS %s %s %s $#\n",
                        scratch(),
                        program_invocation_name,
                        TELL,
                        beside("fifo"));
        write_file(beside("conf"),
                        "system_table_dir = %s\nuser_table_dir = %s.none\nlockfile_dir = %s\n"
                        "lockfile_name = bench-incrond\n",
                        beside("peer"),
                        scratch(),
                        getenv("TMPDIR") ?: "/tmp");
        start_one(t, (const char *[]){ "incrond", "-n", "-f", beside("conf"), NULL });
        safe_close(t->reader.out);
        t->reader.out = (int) MUST_ERRNO(open(beside("fifo"), O_RDWR | O_CLOEXEC));
}

int teller_pass_on(const char *fifo, const char *name) {
        int fd = (int) MUST_ERRNO(open(fifo, O_WRONLY | O_CLOEXEC));

        return dprintf(fd, "%s\n", name) < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

const Peer peers[PEERS_MAX] = {
        { "inotifier", NULL, start_inotifier, 1 },
        { "inotifywait", "inotifywait", start_inotifywait, 1 },
        { "pyinotify", "/usr/lib/python3/dist-packages/pyinotify.py", start_pyinotify, 1 },
        { "watchman", "watchman", start_watchman, 1 },
        { "fswatch", "fswatch", start_fswatch, 1 },
        { "incron", "incrond", start_incron, 300 },
};

bool peer_is_installed(const Peer *p) {
        char command[256];

        if (!p->program)
                return true;
        (void) snprintf(command,
                        sizeof(command),
                        "command -v '%s' >/dev/null || test -e '%s'",
                        p->program,
                        p->program);
        return system(command) == 0;
}

/* The children to hundredths of a second, the process itself exactly. */
double teller_cpu(const Teller *t) {
        char path[64];
        unsigned long user = 0, system = 0;
        int n = 0;

        (void) snprintf(path, sizeof(path), "/proc/%d/stat", t->worker.pid);
        FILE *f = fopen(path, "re");
        if (f) {
                n = fscanf(f,
                                "%*d (%*[^)]) %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u "
                                "%lu %lu",
                                &user,
                                &system);
                (void) fclose(f);
        }
        if (n != 2)
                errx(EXIT_FAILURE, "%s", path);
        return child_cpu(&t->worker) + (double) (user + system) / (double) sysconf(_SC_CLK_TCK);
}

/* Removes what lies beside the scratch directory. */
static void remove_beside(void) {
        char command[PATH_MAX + 32];

        (void) snprintf(command, sizeof(command), "rm -rf '%s'.*", scratch());
        if (system(command) != 0)
                errx(EXIT_FAILURE, "%s", command);
}

void teller_end(Teller *t) {
        if (t->worker.pid != t->reader.pid)
                (void) child_end(&t->worker);
        (void) child_end(&t->reader);
        remove_beside();
}
