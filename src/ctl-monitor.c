/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* `monitor`: prints notices as they come, until it is told to stop, has printed enough, or nobody reads
 * any more: all of these are a good end. What is written waits for the reader, and the instance does not
 * wait for us. */

#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>

#include "base/log.h"
#include "ctl-bus.h"
#include "ctl-listener.h"
#include "ctl-print.h"

typedef struct Monitor {
        const Ctl *ctl;
        sd_event *event;
        int signals; /* a descriptor on which the signals that end us can be waited for */
        Buffer out;
        uint32_t n_told;
} Monitor;

/* A value that ends the loop well. */
#define END_WELL (-ESHUTDOWN)

/* Waits until a write does not wait. Returns 0, or END_WELL if we are to stop. */
static int wait_writable(const Monitor *m) {
        struct pollfd fds[] = {
                { .fd = STDOUT_FILENO, .events = POLLOUT },
                { .fd = m->signals, .events = POLLIN },
        };

        while (poll(fds, ELEMENTSOF(fds), -1) < 0)
                if (errno != EINTR)
                        return -errno;
        return fds[1].revents ? END_WELL : 0;
}

static int write_all(const Monitor *m, const char *data, size_t n) {
        while (n > 0) {
                ssize_t written;
                int r;

                r = wait_writable(m);
                if (r < 0)
                        return r;
                /* So much does not wait where poll(2) says writable. */
                written = write(STDOUT_FILENO, data, MIN_OF(n, (size_t) PIPE_BUF));
                if (written < 0 && errno == EPIPE)
                        return END_WELL;
                if (written < 0 && errno != EINTR && errno != EAGAIN)
                        return log_error(-errno, "Cannot write to stdout");
                if (written > 0) {
                        data += written;
                        n -= (size_t) written;
                }
        }
        return 0;
}

static bool is_gap(const Line *l) {
        const LineField *event = line_find(l, "event");

        return event && streq(event->value, "gap");
}

static int on_line(const Line *l, const char *text, size_t n, void *userdata) {
        Monitor *m = userdata;
        int r;

        buffer_clear(&m->out);
        switch (m->ctl->json) {
        case JSON_SHORT:
                buffer_add(&m->out, text, n);
                break;
        case JSON_PRETTY:
                print_pretty(l, &m->out);
                break;
        default:
                print_text(&m->ctl->terminal, l, &m->out);
        }
        if (m->out.failed)
                return log_oom();
        r = write_all(m, m->out.data, m->out.length);
        if (r < 0)
                return r;
        if (is_gap(l) || m->ctl->n_max == 0)
                return 0;
        return ++m->n_told == m->ctl->n_max ? END_WELL : 0;
}

static int on_reader_gone(sd_event_source *source, int fd, uint32_t revents, void *userdata) {
        (void) sd_event_exit(sd_event_source_get_event(source), END_WELL);
        return 0;
}

static int on_signal(sd_event_source *source, const struct signalfd_siginfo *si, void *userdata) {
        (void) sd_event_exit(sd_event_source_get_event(source), END_WELL);
        return 0;
}

static int set_up(Monitor *m) {
        static const int signals[] = { SIGINT, SIGTERM, SIGHUP };
        sigset_t set;
        int r;

        (void) sigemptyset(&set);
        for (size_t i = 0; i < ELEMENTSOF(signals); i++)
                (void) sigaddset(&set, signals[i]);
        if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
                return -errno;
        m->signals = signalfd(-1, &set, SFD_CLOEXEC);
        if (m->signals < 0)
                return -errno;
        for (size_t i = 0; i < ELEMENTSOF(signals); i++) {
                r = sd_event_add_signal(m->event, NULL, signals[i], on_signal, NULL);
                if (r < 0)
                        return r;
        }
        /* With no events asked for, epoll still tells of a reader that went away; a file has none. */
        r = sd_event_add_io(m->event, NULL, STDOUT_FILENO, 0, on_reader_gone, NULL);
        return r < 0 && r != -EPERM ? r : 0;
}

static int listen_to(Monitor *m, Ctl *c, char *const *watches) {
        _cleanup_(listener_freep) Listener *listener = NULL;
        int r;

        r = listener_new(m->event, c, watches, on_line, m, &listener);
        if (r < 0)
                return r;
        return sd_event_loop(m->event);
}

static int run(Monitor *m, Ctl *c, char *const *watches) {
        int r;

        for (char *const *name = watches; *name; name++)
                if (!instance_name_is_valid(*name))
                        return ctl_no_such_watch(*name);
        r = ctl_connect(c);
        if (r < 0)
                return r;
        r = sd_event_new(&m->event);
        if (r >= 0)
                r = set_up(m);
        if (r < 0)
                return log_error(r, "Cannot listen");
        return listen_to(m, c, watches);
}

int ctl_monitor(Ctl *c, char *const *arguments) {
        Monitor m = { .ctl = c, .signals = -EBADF };
        int r;

        r = run(&m, c, arguments);
        sd_event_unref(m.event);
        safe_close(m.signals);
        buffer_done(&m.out);
        return r == END_WELL ? 0 : r;
}
