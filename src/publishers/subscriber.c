/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A subscriber is sent runs of lines as they lie in a piece, as many as the socket takes with one call. */

#include <limits.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "publishers/json.h"
#include "publishers/subscriber.h"

#define RUNS_MAX 64U
#define SEEK_MAX 8192U                /* notices passed over in one step */
#define REST_KEPT 4096U               /* a larger buffer is given back when it was sent */
#define PRELUDE_BYTES (16U * 1024U)   /* gathered before they are sent */
#define HEARD_MAX (UINT64_C(1) << 20) /* read and dropped; then no more is read */

int subscriber_new(int fd, const Cursor *at, Subscriber **ret) {
        Subscriber *s = calloc(1, sizeof(Subscriber));

        if (!s) {
                safe_close(fd);
                return -ENOMEM;
        }
        s->fd = fd;
        s->at = *at;
        *ret = s;
        return 0;
}

static void end_prelude(Subscriber *s) {
        if (s->prelude.free)
                s->prelude.free(s->prelude.prelude);
        s->prelude = (Prelude){};
}

Subscriber *subscriber_free(Subscriber *s) {
        if (!s)
                return NULL;
        end_prelude(s);
        sd_event_source_disable_unref(s->io);
        safe_close(s->fd);
        list_free(s->watches);
        buffer_done(&s->rest);
        free(s);
        return NULL;
}

/* Sends what it can. Returns the number of bytes, or < 0 when the other end is gone. */
static ssize_t send_some(Subscriber *s, struct iovec *iov, size_t n_iov) {
        struct msghdr m = { .msg_iov = iov, .msg_iovlen = n_iov };
        ssize_t n;

        do
                n = sendmsg(s->fd, &m, MSG_NOSIGNAL | MSG_DONTWAIT);
        while (n < 0 && errno == EINTR);
        if (n < 0 && errno != EAGAIN)
                return -errno;
        return MAX_OF(n, 0);
}

/* Returns > 0 when nothing is left of it, 0 if there was no room, < 0 when the other end is gone. */
static int send_rest(Subscriber *s) {
        struct iovec iov = { .iov_len = s->rest.length - s->rest_sent };
        ssize_t n;

        if (iov.iov_len == 0)
                return 1;
        iov.iov_base = s->rest.data + s->rest_sent;
        n = send_some(s, &iov, 1);
        if (n < 0)
                return (int) n;
        s->rest_sent += (size_t) n;
        if (s->rest_sent < s->rest.length) {
                s->is_blocked = true;
                return 0;
        }
        if (s->rest.allocated > REST_KEPT && !s->prelude.next)
                buffer_done(&s->rest);
        buffer_clear(&s->rest);
        s->rest_sent = 0;
        return 1;
}

static bool wants(const Subscriber *s, const Piece *piece, unsigned line) {
        const Line *l = &piece->lines[line];

        if (l->member == LINE_GAP)
                return true;
        if (s->members != 0 && !(s->members & UINT32_C(1) << l->member))
                return false;
        if (!s->watches)
                return true;
        for (char *const *name = s->watches; *name; name++)
                if (strlen(*name) == l->watch_len &&
                                memcmp(*name, piece->text.data + l->watch_at, l->watch_len) == 0)
                        return true;
        return false;
}

/* The runs of lines that it wants, from *line on, which moves past what was looked at. */
static unsigned find_runs(
                const Subscriber *s, const Piece *piece, unsigned *line, struct iovec *runs) {
        unsigned n = 0;

        if (s->members == 0 && !s->watches) {
                uint32_t begin = piece_line_begin(piece, *line);

                runs[0] = (struct iovec){ piece->text.data + begin, piece->text.length - begin };
                *line = piece->n_lines;
                return 1;
        }
        for (; *line < piece->n_lines; ++*line) {
                uint32_t begin = piece_line_begin(piece, *line);
                char *at = piece->text.data + begin;
                size_t length = piece->lines[*line].end - begin;

                if (!wants(s, piece, *line))
                        continue;
                if (n > 0 && (char *) runs[n - 1].iov_base + runs[n - 1].iov_len == at)
                        runs[n - 1].iov_len += length;
                else if (n < RUNS_MAX)
                        runs[n++] = (struct iovec){ at, length };
                else
                        break;
        }
        return n;
}

/* Only the first `n` bytes of the runs were sent: goes on there. */
static int stay_behind(Subscriber *s, const Piece *piece, const struct iovec *runs, size_t n) {
        while (n >= runs->iov_len) {
                n -= runs->iov_len;
                runs++;
        }
        uint32_t at = (uint32_t) ((char *) runs->iov_base - piece->text.data) + (uint32_t) n;
        unsigned low = 0, high = piece->n_lines; /* the line that holds it */

        while (low < high) {
                unsigned middle = (low + high) / 2;

                if (piece->lines[middle].end <= at)
                        low = middle + 1;
                else
                        high = middle;
        }
        s->is_blocked = true;
        if (at == piece_line_begin(piece, low)) {
                s->at = low == 0 ? piece->begin : piece->lines[low - 1].after;
                return 0;
        }
        s->at = piece->lines[low].after;
        buffer_add(&s->rest, piece->text.data + at, piece->lines[low].end - at);
        return s->rest.failed ? -ENOMEM : 0;
}

/* Sends the lines of a piece from `line` on. Returns > 0 when all were sent, 0 if there was no room, < 0
 * when it is gone. */
static int send_lines(Subscriber *s, const Piece *piece, unsigned line) {
        while (line < piece->n_lines) {
                struct iovec runs[RUNS_MAX];
                size_t length = 0;
                unsigned n_runs = find_runs(s, piece, &line, runs);

                for (unsigned i = 0; i < n_runs; i++)
                        length += runs[i].iov_len;
                ssize_t n = n_runs > 0 ? send_some(s, runs, n_runs) : 0;
                if (n < 0)
                        return (int) n;
                if ((size_t) n < length)
                        return stay_behind(s, piece, runs, (size_t) n);
                s->at = piece->lines[line - 1].after;
        }
        s->at = piece->end;
        return 1;
}

void subscriber_set_since(Subscriber *s, uint64_t since) {
        s->since = since;
        s->is_seeking = true;
        s->at = (Cursor){};
}

/* Walks from the oldest notice on. Returns > 0 when it is there, 0 if there is more to walk. */
static int seek(Subscriber *s, const History *h) {
        uint64_t oldest = history_oldest(h), from, to;
        Notice n;

        if (s->since + 1 <= oldest || s->since >= history_newest(h)) {
                s->at = s->since < oldest ? (Cursor){ .sequence = s->since } : history_end(h);
                s->is_seeking = false;
                return 1;
        }
        if (s->at.sequence + 1 < oldest)
                s->at = (Cursor){ .sequence = oldest - 1 };
        for (unsigned i = 0; i < SEEK_MAX; i++) {
                Cursor next = s->at;

                if (history_next(h, &next, UINT_MAX, &n, &from, &to) == 0 ||
                                next.sequence > s->since) {
                        s->is_seeking = false;
                        return 1;
                }
                s->at = next;
        }
        return 0;
}

typedef struct Gathering {
        Subscriber *subscriber;
        const History *history;
} Gathering;

/* What is told of the history follows from here on. */
static void begin_prelude(Subscriber *s, const History *h) {
        if (s->is_prelude_begun)
                return;
        s->is_prelude_begun = true;
        s->prelude_sequence = s->is_seeking ? s->since : history_newest(h);
        if (!s->is_seeking)
                s->at = history_end(h);
}

static int gather(const Notice *n, void *userdata) {
        Gathering *g = userdata;
        Subscriber *s = g->subscriber;
        Notice copy = *n;

        begin_prelude(s, g->history);
        copy.sequence = s->prelude_sequence;
        json_add_notice(&s->rest, &copy);
        return s->rest.failed ? -ENOMEM : 0;
}

static int serve_prelude(Subscriber *s, const History *h) {
        Gathering g = { s, h };
        int r = 1;

        while (r > 0 && s->rest.length < PRELUDE_BYTES) {
                r = s->prelude.next(s->prelude.prelude, gather, &g);
                if (r >= 0)
                        begin_prelude(s, h);
        }
        if (r == 0)
                end_prelude(s);
        if (r < 0)
                return r;
        r = send_rest(s);
        return r < 0 ? r : 1;
}

int subscriber_serve(Subscriber *s, Pieces *pieces) {
        const Piece *piece;
        unsigned line;
        int r;

        r = send_rest(s);
        if (r <= 0)
                return r;
        if (s->prelude.next)
                return serve_prelude(s, pieces->history);
        if (s->is_seeking && seek(s, pieces->history) == 0)
                return 1;
        r = pieces_get(pieces, &s->at, &piece, &line);
        if (r <= 0)
                return r;
        return send_lines(s, piece, line);
}

int subscriber_hear(Subscriber *s) {
        char dropped[4096];
        ssize_t n;

        n = recv(s->fd, dropped, sizeof(dropped), MSG_DONTWAIT);
        if (n < 0)
                return errno == EAGAIN || errno == EINTR ? 1 : -errno;
        s->n_heard += (uint64_t) n;
        if (n > 0 && s->n_heard < HEARD_MAX)
                return 1;
        (void) shutdown(s->fd, SHUT_RD);
        return 0;
}
