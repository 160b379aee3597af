/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Lines for a reader that may be slow. They are gathered for a slice and written at its end; what a
 * pipe has no room for waits here, up to BACKLOG_MAX, and then in the history. The descriptor is
 * shared with whoever started us, so it is not made non-blocking: a pipe is opened once more, for
 * ourselves; of anything else, a write of PIPE_BUF bytes where poll(2) says writable does not wait. */

#include <ctype.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/stat.h>

#include "base/log.h"
#include "publishers/json.h"
#include "publishers/stdout.h"

#define BACKLOG_MAX (64U * 1024U)

typedef struct StdoutPublisher {
        Publisher base;
        sd_event_source *io; /* NULL for what is always writable: a regular file */
        int fd;
        int own_fd; /* the same pipe, non-blocking; else -EBADF */
        bool json;
        bool full; /* publish was refused */
        bool gone; /* the reader */
        Buffer backlog;
        size_t written; /* of the backlog */
} StdoutPublisher;

/* Members about the watched file itself, which has no name below it. */
static bool is_about_itself(Member m) {
        return m == MEMBER_IN_DELETE_SELF || m == MEMBER_IN_MOVE_SELF || m == MEMBER_IN_IGNORED ||
               m == MEMBER_IN_UNMOUNT || m == MEMBER_IN_Q_OVERFLOW || m == MEMBER_RESCANNED;
}

/* CLOSE_WRITE,CLOSE and the like. */
static void add_event_name(Buffer *b, const Notice *n) {
        const char *name = member_names[n->member].event;

        if (member_names[n->member].mask != 0)
                name += strlen("in_");
        for (; *name; name++)
                buffer_add_char(b, (char) toupper(*name));
        if (member_names[n->member].mask & IN_CLOSE)
                buffer_add_string(b, ",CLOSE");
        if (n->mask & IN_ISDIR)
                buffer_add_string(b, ",ISDIR");
}

/* DIRECTORY/ EVENT NAME, or FILE EVENT and a blank. */
static void add_short(Buffer *b, const Notice *n) {
        const char *slash = memrchr(n->path, '/', n->path_len);
        size_t split = slash && !is_about_itself(n->member) ? (size_t) (slash - n->path) + 1
                                                            : n->path_len;

        buffer_add_escaped(b, n->path, split);
        buffer_add_char(b, ' ');
        add_event_name(b, n);
        buffer_add_char(b, ' ');
        buffer_add_escaped(b, n->path + split, n->path_len - split);
        buffer_add_char(b, '\n');
}

static bool is_writable(const StdoutPublisher *s) {
        struct pollfd p = { .fd = s->fd, .events = POLLOUT };

        if (!s->io || s->own_fd >= 0)
                return true;
        /* Where poll fails or tells of an error, write(2) says which. */
        return poll(&p, 1, 0) != 0;
}

static void reader_gone(StdoutPublisher *s, int error) {
        if (s->gone)
                return;
        s->gone = true;
        if (error != -EPIPE)
                log_error(error, "Cannot write to stdout");
        (void) sd_event_exit(
                        sd_event_source_get_event(s->base.source), error == -EPIPE ? 0 : error);
}

static void write_backlog(StdoutPublisher *s) {
        Buffer *b = &s->backlog;

        while (!s->gone && s->written < b->length && is_writable(s)) {
                size_t left = b->length - s->written;
                ssize_t n = write(s->fd,
                                b->data + s->written,
                                s->io && s->own_fd < 0 ? MIN_OF(left, (size_t) PIPE_BUF) : left);
                if (n >= 0)
                        s->written += (size_t) n;
                else if (errno == EAGAIN)
                        break;
                else if (errno != EINTR)
                        reader_gone(s, -errno);
        }
        if (s->written == b->length) {
                buffer_clear(b);
                s->written = 0;
        }
}

static void stdout_end(Publisher *p) {
        StdoutPublisher *s = (StdoutPublisher *) p;

        write_backlog(s);
        /* With no events asked for, epoll still tells of a reader that went away. */
        if (s->io)
                (void) sd_event_source_set_io_events(
                                s->io, s->backlog.length > s->written ? EPOLLOUT : 0);
        if (s->full && s->backlog.length == 0 && !s->gone) {
                s->full = false;
                publisher_wake(p);
        }
}

static int on_io(sd_event_source *source, int fd, uint32_t revents, void *userdata) {
        StdoutPublisher *s = userdata;

        if (revents & (EPOLLERR | EPOLLHUP)) {
                (void) sd_event_source_set_enabled(source, SD_EVENT_OFF);
                reader_gone(s, -EPIPE);
                return 0;
        }
        publisher_wake(&s->base);
        return 0;
}

/* Whether another line may be gathered. */
static bool has_room(StdoutPublisher *s) {
        s->full = s->gone || s->backlog.length >= BACKLOG_MAX;
        return !s->full;
}

static int stdout_publish(Publisher *p, const Notice *n) {
        StdoutPublisher *s = (StdoutPublisher *) p;
        Buffer *b = &s->backlog;
        size_t begin = b->length;

        if (!has_room(s))
                return 0;
        if (s->json)
                json_add_notice(b, n);
        else
                add_short(b, n);
        if (!b->failed)
                return 1;
        b->length = begin;
        b->failed = false;
        return -ENOMEM;
}

static int stdout_gap(Publisher *p, uint64_t from, uint64_t to) {
        StdoutPublisher *s = (StdoutPublisher *) p;

        if (!has_room(s))
                return 0;
        if (s->json)
                json_add_gap(&s->backlog, from, to);
        else
                log_warning(0,
                                "The reader of stdout is too slow: notices %" PRIu64 " to %" PRIu64
                                " are left out",
                                from,
                                to);
        return 1;
}

static bool stdout_is_drained(Publisher *p) {
        return ((StdoutPublisher *) p)->backlog.length == 0;
}

static void stdout_free(Publisher *p) {
        StdoutPublisher *s = (StdoutPublisher *) p;

        publisher_done(p);
        sd_event_source_disable_unref(s->io);
        safe_close(s->own_fd);
        buffer_done(&s->backlog);
        free(s);
}

static const PublisherType stdout_type = {
        .name = "stdout",
        .kind = PUBLISHER_STDOUT,
        .publish = stdout_publish,
        .gap = stdout_gap,
        .end = stdout_end,
        .is_drained = stdout_is_drained,
        .free = stdout_free,
};

static int open_own(int fd) {
        char path[sizeof("/proc/self/fd/") + 3 * sizeof(int)];
        struct stat st;

        if (fstat(fd, &st) < 0 || !S_ISFIFO(st.st_mode))
                return -EBADF;
        (void) snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
        return open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
}

int stdout_publisher_new(sd_event *event, History *history, int fd, bool json, Publisher **ret) {
        _cleanup_(publisher_freep) Publisher *p = NULL;
        StdoutPublisher *s;
        int r;

        s = calloc(1, sizeof(StdoutPublisher));
        if (!s)
                return -ENOMEM;
        p = &s->base;
        s->own_fd = open_own(fd);
        s->fd = s->own_fd >= 0 ? s->own_fd : fd;
        s->json = json;
        p->type = &stdout_type;
        r = publisher_init(p, &stdout_type, event, history);
        if (r < 0)
                return r;
        r = sd_event_add_io(event, &s->io, s->fd, 0, on_io, s);
        if (r < 0 && r != -EPERM)
                return r;
        if (signal(SIGPIPE, SIG_IGN) == SIG_ERR)
                return -errno;
        *ret = TAKE_PTR(p);
        return 0;
}
