/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A notice as a structured entry of the journal. Field values are the exact bytes, only MESSAGE is
 * made for reading. All text lies in one buffer that is reused, so that no notice allocates. The
 * library's socket waits when the journal does not read; ours beside it tells that beforehand. */

#include <inttypes.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>

#define SD_JOURNAL_SUPPRESS_LOCATION
#include <systemd/sd-journal.h>

#include "base/log.h"
#include "base/text.h"
#include "publishers/journal.h"

#define JOURNAL_SOCKET "/run/systemd/journal/socket"
#define N_FIELDS_MAX 24U

typedef struct JournalPublisher {
        Publisher base;
        const char *instance;
        sd_event_source *io; /* of a socket to the journal that is never written to; may be NULL */
        Buffer text;
        size_t ends[N_FIELDS_MAX]; /* of the fields in the text */
        unsigned n_fields;
} JournalPublisher;

static void end_field(JournalPublisher *j) {
        assert(j->n_fields < N_FIELDS_MAX);
        j->ends[j->n_fields++] = j->text.length;
}

static void add_bytes(JournalPublisher *j, const char *key, const char *s, size_t n) {
        buffer_add_string(&j->text, key);
        buffer_add(&j->text, s, n);
        end_field(j);
}

static void add_string(JournalPublisher *j, const char *key, const char *s) {
        add_bytes(j, key, s, strlen(s));
}

static void add_number(JournalPublisher *j, const char *key, uint64_t value) {
        buffer_add_string(&j->text, key);
        buffer_add_u64(&j->text, value);
        end_field(j);
}

/* in_moved_to: /a/b (was /a/b.part) */
static void add_message(JournalPublisher *j, const Notice *n) {
        Buffer *b = &j->text;

        buffer_add_string(b, "MESSAGE=");
        buffer_add_string(b, n->watch);
        buffer_add_string(b, ": ");
        buffer_add_string(b, member_names[n->member].event);
        buffer_add_char(b, ' ');
        buffer_add_escaped(b, n->path, n->path_len);
        if (n->source) {
                buffer_add_string(b, " (was ");
                buffer_add_escaped(b, n->source, n->source_len);
                buffer_add_char(b, ')');
        }
        end_field(j);
}

static void add_details(JournalPublisher *j, const Notice *n) {
        if (n->source)
                add_bytes(j, "INOTIFIER_SOURCE_PATH=", n->source, n->source_len);
        if (n->flags & NOTICE_HAS_SIZE)
                add_number(j, "INOTIFIER_SIZE=", n->size);
        if (n->flags & NOTICE_HAS_DURATION)
                add_number(j, "INOTIFIER_DURATION_USEC=", n->duration_usec);
        if (n->flags & NOTICE_HAS_CHUNKS)
                add_number(j, "INOTIFIER_CHUNKS=", n->chunks);
        if (n->flags & NOTICE_INITIAL)
                add_string(j, "INOTIFIER_INITIAL=", "true");
        if (n->flags & NOTICE_RESCAN)
                add_string(j, "INOTIFIER_RESCAN=", "true");
        if (n->reason != REASON_NONE)
                add_string(j, "INOTIFIER_REASON=", reason_names[n->reason]);
}

static int on_room(sd_event_source *source, int fd, uint32_t revents, void *userdata) {
        (void) sd_event_source_set_enabled(source, SD_EVENT_OFF);
        publisher_wake(userdata);
        return 0;
}

/* Connects the socket that tells whether there is room. There may be no journal at all. */
static int connect_probe(JournalPublisher *j) {
        static const struct sockaddr_un address = { AF_UNIX, JOURNAL_SOCKET };
        _cleanup_close_ int fd = -EBADF;
        int r;

        j->io = sd_event_source_disable_unref(j->io);
        fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (fd < 0)
                return -errno;
        if (connect(fd, (const struct sockaddr *) &address, sizeof(address)) < 0)
                return 0;
        r = sd_event_add_io(sd_event_source_get_event(j->base.source),
                        &j->io,
                        fd,
                        EPOLLOUT,
                        on_room,
                        j);
        if (r < 0)
                return r;
        (void) sd_event_source_set_enabled(j->io, SD_EVENT_OFF);
        (void) sd_event_source_set_io_fd_own(j->io, true);
        TAKE_FD(fd);
        return 0;
}

static bool has_room(JournalPublisher *j) {
        struct pollfd p = { .events = POLLOUT };

        if (!j->io)
                return true;
        p.fd = sd_event_source_get_io_fd(j->io);
        if (poll(&p, 1, 0) != 0)
                return true;
        (void) sd_event_source_set_enabled(j->io, SD_EVENT_ONESHOT);
        return false;
}

static int journal_publish(Publisher *p, const Notice *n) {
        JournalPublisher *j = (JournalPublisher *) p;
        struct iovec fields[N_FIELDS_MAX];
        size_t begin = 0;

        if (!has_room(j))
                return 0;

        buffer_clear(&j->text);
        j->n_fields = 0;
        add_message(j, n);
        add_string(j, "MESSAGE_ID=", MESSAGE_ID_NOTICE);
        add_string(j, "PRIORITY=", "6");
        add_string(j, "INOTIFIER_INSTANCE=", j->instance);
        add_string(j, "INOTIFIER_WATCH=", n->watch);
        add_string(j, "INOTIFIER_EVENT=", member_names[n->member].event);
        add_bytes(j, "INOTIFIER_PATH=", n->path, n->path_len);
        add_number(j, "INOTIFIER_SEQUENCE=", n->sequence);
        add_number(j, "INOTIFIER_MASK=", n->mask);
        add_number(j, "INOTIFIER_COOKIE=", n->cookie);
        add_number(j, "INOTIFIER_USEC=", n->usec);
        add_details(j, n);
        if (j->text.failed)
                return -ENOMEM;

        for (unsigned i = 0; i < j->n_fields; i++) {
                fields[i] = (struct iovec){ j->text.data + begin, j->ends[i] - begin };
                begin = j->ends[i];
        }
        int r = sd_journal_sendv(fields, (int) j->n_fields);
        return r < 0 ? r : 1;
}

static int journal_gap(Publisher *p, uint64_t from, uint64_t to) {
        log_warning(0,
                        "The journal is too slow: notices %" PRIu64 " to %" PRIu64 " are left out",
                        from,
                        to);
        return 1;
}

static void journal_free(Publisher *p) {
        JournalPublisher *j = (JournalPublisher *) p;

        publisher_done(p);
        sd_event_source_disable_unref(j->io);
        buffer_done(&j->text);
        free(j);
}

static const PublisherType journal_type = {
        .name = "journal",
        .kind = PUBLISHER_JOURNAL,
        .publish = journal_publish,
        .gap = journal_gap,
        .free = journal_free,
};

int journal_publisher_new(
                sd_event *event, History *history, const char *instance, Publisher **ret) {
        _cleanup_(publisher_freep) Publisher *p = NULL;
        JournalPublisher *j;
        int r;

        j = calloc(1, sizeof(JournalPublisher));
        if (!j)
                return -ENOMEM;
        p = &j->base;
        p->type = &journal_type;
        j->instance = instance;
        r = publisher_init(p, &journal_type, event, history);
        if (r < 0)
                return r;
        r = connect_probe(j);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(p);
        return 0;
}
