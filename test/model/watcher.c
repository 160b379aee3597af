/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* All is told when a file that was made last is told: then the picture is held against the disk. What
 * is found by looking may come later, so that this goes on until both agree, or time is up. */

#include <dirent.h>
#include <err.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/inotify.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>

#include "watcher.h"

#define REST_MAX_USEC (60 * USEC_PER_SEC)
#define AGAIN_MSEC 100 /* a file that shows where we are may be lost with other events */
#define SIGNAL_NAME ".signal"
#define QUEUE_MAX_PATH "/proc/sys/fs/inotify/max_queued_events"

static usec_t now_usec(void) {
        struct timespec t;

        (void) clock_gettime(CLOCK_MONOTONIC, &t);
        return (usec_t) t.tv_sec * USEC_PER_SEC + (usec_t) t.tv_nsec / 1000;
}

static unsigned queue_max_get(void) {
        _cleanup_fclose_ FILE *f = fopen(QUEUE_MAX_PATH, "re");
        unsigned n;

        if (!f || fscanf(f, "%u", &n) != 1)
                err(EXIT_FAILURE, QUEUE_MAX_PATH);
        return n;
}

static void queue_max_set(unsigned n) {
        FILE *f = fopen(QUEUE_MAX_PATH, "we");

        if (!f || fprintf(f, "%u\n", n) < 0 || fclose(f) != 0)
                err(EXIT_FAILURE, QUEUE_MAX_PATH);
}

static void expect_line(int fd, const char *text) {
        char buffer[4096];
        size_t length = 0;

        for (buffer[0] = '\0'; !strstr(buffer, text); buffer[length] = '\0') {
                ssize_t n = read(fd, buffer + length, sizeof(buffer) - 1 - length);
                if (n <= 0)
                        errx(EXIT_FAILURE, "'%s' has not come, but: %s", text, buffer);
                length += (size_t) n;
        }
}

/* Only what this one makes has the short queue: its length is asked for when a queue is made. */
static void launch(Watcher *w, const char *events, unsigned queue_max) {
        const char *program = getenv("INOTIFIER"), *argv[16];
        unsigned before = queue_max > 0 ? queue_max_get() : 0, n = 0;
        int out[2], error[2];

        if (!program)
                errx(EXIT_FAILURE, "$INOTIFIER does not name the program to start");
        for (const char *const *a = (const char *const[]){ program, "-r", "-o", "json", NULL }; *a;)
                argv[n++] = *a++;
        if (events) {
                argv[n++] = "-e";
                argv[n++] = events;
        }
        argv[n++] = w->root;
        argv[n] = NULL;
        if (pipe2(out, O_CLOEXEC) < 0 || pipe2(error, O_CLOEXEC) < 0)
                err(EXIT_FAILURE, "pipe2");
        if (queue_max > 0)
                queue_max_set(queue_max);
        w->pid = fork();
        if (w->pid == 0) {
                (void) prctl(PR_SET_PDEATHSIG, SIGKILL);
                if (dup2(out[1], STDOUT_FILENO) >= 0 && dup2(error[1], STDERR_FILENO) >= 0)
                        (void) execvp(argv[0], (char *const *) argv);
                _exit(127);
        }
        safe_close(out[1]);
        safe_close(error[1]);
        expect_line(error[0], "Watches established.");
        if (queue_max > 0)
                queue_max_set(before);
        safe_close(error[0]);
        w->out = out[0];
}

/* What the kernel watches for it. */
static unsigned count_watches(pid_t pid) {
        char path[64], line[512];
        unsigned n = 0;

        (void) snprintf(path, sizeof(path), "/proc/%d/fdinfo", (int) pid);
        DIR *dir = opendir(path);
        const struct dirent *d;
        while (dir && (d = readdir(dir))) {
                int fd = openat(dirfd(dir), d->d_name, O_RDONLY | O_CLOEXEC);
                FILE *f = fd >= 0 ? fdopen(fd, "r") : NULL;

                while (f && fgets(line, sizeof(line), f))
                        n += strncmp(line, "inotify ", 8) == 0;
                if (f)
                        (void) fclose(f);
        }
        if (dir)
                (void) closedir(dir);
        return n;
}

void watcher_start(Watcher *w, const char *root, const char *events, unsigned queue_max) {
        *w = (Watcher){};
        if (!realpath(root, w->root))
                err(EXIT_FAILURE, "%s", root);
        w->root_len = strlen(w->root);
        picture_init(&w->picture);
        picture_look(&w->picture, w->root);
        launch(w, events, queue_max);
        w->n_steps = count_watches(w->pid) - w->picture.n_directories;
}

void watcher_stop(Watcher *w) {
        (void) kill(w->pid, SIGTERM);
        (void) waitpid(w->pid, NULL, 0);
        safe_close(w->out);
        picture_done(&w->picture);
        buffer_done(&w->input);
        buffer_done(&w->log);
}

void watcher_freeze(Watcher *w) {
        int status;

        (void) kill(w->pid, SIGSTOP);
        if (waitpid(w->pid, &status, WUNTRACED) < 0 || !WIFSTOPPED(status))
                errx(EXIT_FAILURE, "it did not stop");
}

void watcher_thaw(Watcher *w) {
        (void) kill(w->pid, SIGCONT);
}

static unsigned hex_digit(char c) {
        return c <= '9' ? (unsigned) (c - '0') : (unsigned) ((c | 0x20) - 'a' + 10);
}

/* The string of a key, or NULL; a quote within a string is never bare, so the key is no part of one. */
static char *get_string(const char *line, const char *key) {
        char pattern[32];
        size_t n = 0;

        (void) snprintf(pattern, sizeof(pattern), "\"%s\":\"", key);
        const char *s = strstr(line, pattern);
        if (!s)
                return NULL;
        s += strlen(pattern);
        char *text = malloc(strlen(s) + 1);
        if (!text)
                err(EXIT_FAILURE, "malloc");
        for (; *s && *s != '"'; s++)
                if (*s != '\\')
                        text[n++] = *s;
                else if (*++s != 'u')
                        text[n++] = *s == 'n' ? '\n' : *s == 't' ? '\t' : *s == 'r' ? '\r' : *s;
                else { /* control characters alone */
                        unsigned c = hex_digit(s[3]) << 4 | hex_digit(s[4]);

                        if (c >= 0x80)
                                text[n++] = (char) 0xc2;
                        text[n++] = (char) c;
                        s += 4;
                }
        text[n] = '\0';
        return text;
}

/* The exact bytes of a path, below the root; or NULL. */
static char *get_path(const Watcher *w, const char *line, const char *raw_key, const char *key) {
        char *path = get_string(line, raw_key);

        for (size_t i = 0; path && path[i * 2]; i++) {
                path[i] = (char) (hex_digit(path[i * 2]) << 4 | hex_digit(path[i * 2 + 1]));
                if (!path[i * 2 + 2]) {
                        path[i + 1] = '\0';
                        break;
                }
        }
        if (!path)
                path = get_string(line, key);
        if (!path)
                return NULL;
        size_t skip = strncmp(path, w->root, w->root_len) == 0 ? w->root_len : 0;
        skip += path[skip] == '/';
        memmove(path, path + skip, strlen(path + skip) + 1);
        return path;
}

static void add_to_log(Watcher *w, const Told *told) {
        buffer_add_string(&w->log, member_names[told->member].event);
        buffer_add_char(&w->log, ' ');
        buffer_add_string(&w->log, told->path);
        if (told->is_dir)
                buffer_add_char(&w->log, '/');
        if (told->source) {
                buffer_add_string(&w->log, " <- ");
                buffer_add_string(&w->log, told->source);
        }
        buffer_add_char(&w->log, '\n');
}

static void take_line(Watcher *w, const char *line) {
        _cleanup_free_ char *event = get_string(line, "event");
        _cleanup_free_ char *path = get_path(w, line, "raw_path", "path");
        _cleanup_free_ char *source = get_path(w, line, "raw_source_path", "source_path");
        const char *mask = strstr(line, "\"mask\":");
        Told told = { .member = 0, .path = path, .source = source };

        while (event && told.member < _MEMBER_MAX && !streq(member_names[told.member].event, event))
                told.member++;
        if (!event || told.member == _MEMBER_MAX || !path)
                errx(EXIT_FAILURE, "not understood: %s", line);
        told.is_dir = mask && strtoul(mask + strlen("\"mask\":"), NULL, 10) & IN_ISDIR;
        w->n_overflows += told.member == MEMBER_IN_Q_OVERFLOW;
        picture_apply(&w->picture, &told);
        if (streq(path, SIGNAL_NAME) && told.member == MEMBER_IN_CREATE)
                w->is_signal_there = true;
        else if (member_names[told.member].mask & (IN_CREATE | IN_DELETE | IN_MOVE) &&
                        !streq(path, SIGNAL_NAME))
                add_to_log(w, &told);
        if (streq(path, SIGNAL_NAME) && told.member == MEMBER_IN_DELETE)
                w->is_signal_there = false;
}

/* Takes in what it says within that time. Returns whether it said anything. */
static bool take_in(Watcher *w, int msec) {
        struct pollfd p = { .fd = w->out, .events = POLLIN };
        char *line, *newline;
        ssize_t n;

        if (poll(&p, 1, msec) <= 0)
                return false;
        if (!buffer_reserve(&w->input, 65536))
                err(EXIT_FAILURE, "malloc");
        n = read(w->out, w->input.data + w->input.length, 65536);
        if (n <= 0)
                errx(EXIT_FAILURE, "the program has ended");
        w->input.length += (size_t) n;
        w->input.data[w->input.length] = '\0';
        for (line = w->input.data; (newline = strchr(line, '\n')); line = newline + 1) {
                *newline = '\0';
                take_line(w, line);
        }
        w->input.length -= (size_t) (line - w->input.data);
        memmove(w->input.data, line, w->input.length + 1);
        return true;
}

/* Makes or removes the file that shows that all before it was told, and waits until that is told. */
static bool signal_to(Watcher *w, bool is_there, usec_t end) {
        char path[PATH_MAX + sizeof(SIGNAL_NAME) + 1];

        (void) snprintf(path, sizeof(path), "%s/" SIGNAL_NAME, w->root);
        for (bool is_done = false; now_usec() < end;) {
                if (!is_done && is_there)
                        safe_close(creat(path, 0644));
                else if (!is_done)
                        (void) unlink(path);
                is_done = true;
                if (take_in(w, AGAIN_MSEC)) {
                        if (w->is_signal_there == is_there)
                                return true;
                        continue;
                }
                if (w->n_overflows == 0)
                        continue;
                (void) unlink(path); /* it was lost */
                w->is_signal_there = !is_there;
                if (!is_there)
                        return true;
                is_done = false;
        }
        return false;
}

static void expect_equal(const char *what, long a, long b, Buffer *failure) {
        char line[256];

        if (a == b)
                return;
        (void) snprintf(line, sizeof(line), "%s: %ld, %ld\n", what, a, b);
        buffer_add_string(failure, line);
}

static bool agrees(Watcher *w, Buffer *failure) {
        _cleanup_(picture_done) Picture disk;

        buffer_clear(failure);
        picture_init(&disk);
        picture_look(&disk, w->root);
        (void) picture_compare(&w->picture, &disk, w->n_overflows > 0, failure);
        if (w->picture.is_doubtful)
                buffer_add_string(
                                failure, "events were lost, and nobody says that it is repaired\n");
        if (w->n_overflows == 0 && w->picture.n_doubled > 0) {
                buffer_add_string(failure, "told twice: ");
                buffer_add_string(failure, w->picture.doubled);
                buffer_add_string(failure, "\n");
        }
        expect_equal("watched, directories and steps",
                        count_watches(w->pid),
                        (long) disk.n_directories + w->n_steps,
                        failure);
        return failure->length == 0;
}

bool watcher_rest(Watcher *w, Buffer *failure) {
        usec_t end = now_usec() + REST_MAX_USEC;
        unsigned n_agreed = 0;

        buffer_clear(failure);
        while (n_agreed < 2 && now_usec() < end) {
                if (!signal_to(w, true, end) || !signal_to(w, false, end)) {
                        buffer_add_string(failure, "what was made last is not told\n");
                        return false;
                }
                n_agreed = agrees(w, failure) ? n_agreed + 1 : 0;
                if (w->picture.n_doubled > 0 && w->n_overflows == 0)
                        return false;
        }
        w->picture.n_doubled = 0;
        return n_agreed == 2;
}
