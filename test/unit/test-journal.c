/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Notices as the journal gets them: in a mount namespace of our own, where the journal's socket is
 * ours. Skipped where no namespace can be had. */

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "publishers/journal.h"
#include "test.h"

#define EXIT_SKIPPED 77
#define SOCKET_DIRECTORY "/run/systemd/journal"

static bool write_file(const char *path, const char *text) {
        _cleanup_close_ int fd = open(path, O_WRONLY | O_CLOEXEC);

        return fd >= 0 && write(fd, text, strlen(text)) == (ssize_t) strlen(text);
}

/* Whoever we are becomes root of a user namespace. */
static bool enter_user_namespace(void) {
        char uid_map[64], gid_map[64];

        (void) snprintf(uid_map, sizeof(uid_map), "0 %u 1", (unsigned) geteuid());
        (void) snprintf(gid_map, sizeof(gid_map), "0 %u 1", (unsigned) getegid());
        return unshare(CLONE_NEWUSER | CLONE_NEWNS) >= 0 &&
               write_file("/proc/self/setgroups", "deny") &&
               write_file("/proc/self/uid_map", uid_map) &&
               write_file("/proc/self/gid_map", gid_map);
}

static bool enter_namespace(void) {
        if (unshare(CLONE_NEWNS) < 0 && !enter_user_namespace())
                return false;
        return mount("none", "/", "none", MS_REC | MS_PRIVATE, NULL) >= 0 &&
               mount("tmpfs", "/run", "tmpfs", 0, NULL) >= 0 && mkdir("/run/systemd", 0755) >= 0 &&
               mkdir(SOCKET_DIRECTORY, 0755) >= 0;
}

__attribute__((constructor)) static void set_up(void) {
        (void) alarm(240); /* a send that waits is a failure */
        if (!enter_namespace()) {
                fputs("No mount namespace can be had, skipped\n", stderr);
                _exit(EXIT_SKIPPED);
        }
}

typedef struct Fixture {
        sd_event *event;
        History *history;
        Publisher *publisher;
        int journal;
        char entry[16384]; /* the last one received */
        size_t length;
} Fixture;

static void fixture_done(Fixture *f) {
        publisher_free(f->publisher);
        history_free(f->history);
        sd_event_unref(f->event);
        safe_close(f->journal);
        (void) unlink(SOCKET_DIRECTORY "/socket");
}

static void fixture_init(Fixture *f) {
        static const struct sockaddr_un address = { AF_UNIX, SOCKET_DIRECTORY "/socket" };

        *f = (Fixture){};
        f->journal = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        EXPECT_OK(bind(f->journal, (const struct sockaddr *) &address, sizeof(address)) < 0 ? -errno
                                                                                            : 0);
        EXPECT_OK(sd_event_new(&f->event));
        EXPECT_OK(history_new(1 << 20, &f->history));
        EXPECT_OK(journal_publisher_new(f->event, f->history, "dicom", &f->publisher));
}

static void append(Fixture *f, const Notice *n) {
        EXPECT_OK(history_append(f->history, n, 1U << PUBLISHER_JOURNAL));
        publisher_wake(f->publisher);
}

static Notice notice(const char *path) {
        return (Notice){
                .member = MEMBER_IN_CREATE,
                .mask = IN_CREATE,
                .usec = 1763629200000000,
                .path = path,
                .path_len = strlen(path),
                .watch = "incoming",
        };
}

static void run_until_idle(Fixture *f) {
        while (sd_event_run(f->event, 0) > 0)
                ;
}

static bool receive(Fixture *f) {
        ssize_t n = recv(f->journal, f->entry, sizeof(f->entry), 0);

        f->length = n < 0 ? 0 : (size_t) n;
        return n >= 0;
}

/* The journal's native protocol: KEY=value, or KEY, a newline, a length and any bytes. */
static bool has_field(const Fixture *f, const char *key, const char *value) {
        size_t key_len = strlen(key), value_len = strlen(value);
        const char *end = f->entry + f->length;

        for (const char *p = f->entry; p < end;) {
                const char *newline = memchr(p, '\n', (size_t) (end - p));
                const char *equals = memchr(p, '=', (size_t) (newline - p));
                const char *v = equals ? equals + 1 : newline + 1 + sizeof(uint64_t);
                uint64_t n = 0;

                if (equals)
                        n = (uint64_t) (newline - v);
                else
                        memcpy(&n, newline + 1, sizeof(n));
                if (strncmp(p, key, key_len) == 0 && p[key_len] == (equals ? '=' : '\n'))
                        return n == value_len && memcmp(v, value, n) == 0;
                p = v + n + 1;
        }
        return false;
}

TEST(entry_has_every_field) {
        _cleanup_(fixture_done) Fixture f;
        Notice n = notice("/srv/a.dcm");

        fixture_init(&f);
        n.source = "/srv/a.dcm.part";
        n.source_len = strlen(n.source);
        n.flags = NOTICE_HAS_CHUNKS | NOTICE_HAS_SIZE | NOTICE_HAS_DURATION | NOTICE_INITIAL |
                  NOTICE_RESCAN;
        n.chunks = 12;
        n.size = 34;
        n.duration_usec = 56;
        n.cookie = 78;
        n.reason = REASON_DELETED;
        append(&f, &n);
        run_until_idle(&f);
        EXPECT(receive(&f));
        EXPECT(has_field(&f, "MESSAGE", "incoming: in_create /srv/a.dcm (was /srv/a.dcm.part)"));
        EXPECT(has_field(&f, "MESSAGE_ID", MESSAGE_ID_NOTICE));
        EXPECT(has_field(&f, "PRIORITY", "6"));
        EXPECT(has_field(&f, "INOTIFIER_INSTANCE", "dicom"));
        EXPECT(has_field(&f, "INOTIFIER_WATCH", "incoming"));
        EXPECT(has_field(&f, "INOTIFIER_EVENT", "in_create"));
        EXPECT(has_field(&f, "INOTIFIER_PATH", "/srv/a.dcm"));
        EXPECT(has_field(&f, "INOTIFIER_SEQUENCE", "1"));
        EXPECT(has_field(&f, "INOTIFIER_MASK", "256"));
        EXPECT(has_field(&f, "INOTIFIER_COOKIE", "78"));
        EXPECT(has_field(&f, "INOTIFIER_USEC", "1763629200000000"));
        EXPECT(has_field(&f, "INOTIFIER_SOURCE_PATH", "/srv/a.dcm.part"));
        EXPECT(has_field(&f, "INOTIFIER_SIZE", "34"));
        EXPECT(has_field(&f, "INOTIFIER_DURATION_USEC", "56"));
        EXPECT(has_field(&f, "INOTIFIER_CHUNKS", "12"));
        EXPECT(has_field(&f, "INOTIFIER_INITIAL", "true"));
        EXPECT(has_field(&f, "INOTIFIER_RESCAN", "true"));
        EXPECT(has_field(&f, "INOTIFIER_REASON", "deleted"));
        EXPECT(!receive(&f));
}

TEST(path_is_exact_and_the_message_escaped) {
        _cleanup_(fixture_done) Fixture f;
        Notice n = notice("/\x1b[2J\nINOTIFIER_WATCH=forged\xff");

        fixture_init(&f);
        append(&f, &n);
        run_until_idle(&f);
        EXPECT(receive(&f));
        EXPECT(has_field(&f, "INOTIFIER_PATH", n.path));
        EXPECT(has_field(&f, "INOTIFIER_WATCH", "incoming"));
        EXPECT(has_field(&f,
                        "MESSAGE",
                        "incoming: in_create /\\x1b[2J\\nINOTIFIER_WATCH=forged\\xff"));
}

#define N_MANY 2000U

TEST(journal_that_does_not_read_is_not_waited_for) {
        _cleanup_(fixture_done) Fixture f;
        Notice n = notice("/srv/a.dcm");
        unsigned n_received = 0;
        char sequence[16];

        fixture_init(&f);
        for (unsigned i = 0; i < N_MANY; i++)
                append(&f, &n);
        run_until_idle(&f);
        EXPECT_INT(f.publisher->cursor.sequence, >, 0);
        EXPECT_INT(f.publisher->cursor.sequence, <, N_MANY);

        do {
                while (receive(&f)) {
                        (void) snprintf(sequence, sizeof(sequence), "%u", ++n_received);
                        EXPECT(has_field(&f, "INOTIFIER_SEQUENCE", sequence));
                }
                run_until_idle(&f);
        } while (n_received < f.publisher->cursor.sequence);
        EXPECT_EQ(n_received, N_MANY);
}

TEST(without_a_journal_notices_pass) {
        _cleanup_(fixture_done) Fixture f;
        Notice n = notice("/srv/a.dcm");

        fixture_init(&f);
        f.publisher = publisher_free(f.publisher);
        EXPECT_OK(unlink(SOCKET_DIRECTORY "/socket") < 0 ? -errno : 0);
        EXPECT_OK(journal_publisher_new(f.event, f.history, "dicom", &f.publisher));
        append(&f, &n);
        run_until_idle(&f);
        EXPECT_EQ(history_load(f.history, PUBLISHER_JOURNAL).sequence, 1);
}
