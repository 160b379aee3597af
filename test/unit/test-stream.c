/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Subscribers of all kinds: what they are sent, what becomes of the slow ones, and that none is missed. */

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "publishers/stream.h"
#include "test.h"

#define HISTORY_SIZE (UINT64_C(1) << 20)
#define EVER 1000000U /* turns of the loop */

typedef struct Fixture {
        sd_event *event;
        History *history;
        Publisher *stream;
        char directory[32];
        struct sockaddr_un address;
} Fixture;

/* One end of a stream, and what was read from it. */
typedef struct Reader {
        int fd;
        Buffer text;
        bool is_ended;
} Reader;

static void fixture_done(Fixture *f) {
        publisher_free(f->stream);
        history_free(f->history);
        sd_event_unref(f->event);
        (void) unlink(f->address.sun_path);
        (void) rmdir(f->directory);
}

static Fixture fixture(void) {
        Fixture f = { .directory = "/tmp/inotifier-stream-XXXXXX", .address.sun_family = AF_UNIX };
        int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

        assert(mkdtemp(f.directory) && fd >= 0);
        (void) snprintf(f.address.sun_path, sizeof(f.address.sun_path), "%s/socket", f.directory);
        assert(bind(fd, (struct sockaddr *) &f.address, sizeof(f.address)) >= 0);
        assert(listen(fd, SOMAXCONN) >= 0);
        EXPECT_OK(sd_event_new(&f.event));
        EXPECT_OK(history_new(HISTORY_SIZE, &f.history));
        EXPECT_OK(stream_publisher_new(f.event, f.history, &f.stream));
        EXPECT_OK(stream_listen(f.stream, fd));
        return f;
}
#define _fixture_ _cleanup_(fixture_done) Fixture

static void reader_done(Reader *r) {
        safe_close(r->fd);
        buffer_done(&r->text);
}
#define _reader_ _cleanup_(reader_done) Reader

static int connect_fd(const Fixture *f) {
        int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

        assert(fd >= 0);
        EXPECT_EQ(connect(fd, (const struct sockaddr *) &f->address, sizeof(f->address)), 0);
        return fd;
}

static void run_until_idle(Fixture *f) {
        for (unsigned i = 0; i < EVER && sd_event_run(f->event, 0) > 0; i++)
                ;
}

static Reader reader_of(int fd) {
        (void) fcntl(fd, F_SETFL, O_NONBLOCK);
        return (Reader){ .fd = fd };
}

/* Who is taken as a subscriber already. */
static Reader connect_reader(Fixture *f) {
        Reader r = reader_of(connect_fd(f));
        unsigned n = stream_n_subscribers(f->stream);

        run_until_idle(f);
        EXPECT_EQ(stream_n_subscribers(f->stream), n + 1);
        return r;
}

static Reader subscribe(Fixture *f, const StreamOptions *options) {
        int fd = -EBADF;

        EXPECT_OK(stream_subscribe(f->stream, options, &fd));
        return reader_of(fd);
}

static void append_to(
                Fixture *f, const char *watch, Member member, const char *path, unsigned publish) {
        Notice n = {
                .member = member,
                .mask = member_names[member].mask,
                .usec = 7,
                .path = path,
                .path_len = strlen(path),
                .watch = watch,
        };

        EXPECT_OK(history_append(f->history, &n, publish));
        publisher_wake(f->stream);
}

static void append(Fixture *f, const char *path) {
        append_to(f, "w", MEMBER_IN_CREATE, path, 1U << PUBLISHER_STREAM);
}

static void append_many(Fixture *f, unsigned n) {
        for (unsigned i = 0; i < n; i++)
                append(f, "/srv/some/path/of/a/file");
}

/* Serves and reads until nothing moves any more. */
static void read_all(Fixture *f, Reader *r) {
        size_t before;

        do {
                char buffer[65536];
                ssize_t n;

                before = r->text.length;
                run_until_idle(f);
                while ((n = read(r->fd, buffer, sizeof(buffer))) > 0)
                        buffer_add(&r->text, buffer, (size_t) n);
                r->is_ended = n == 0;
        } while (r->text.length > before);
}

static size_t count(const Reader *r, const char *what) {
        size_t n = 0;

        if (r->text.data)
                for (const char *p = r->text.data; (p = strstr(p, what)); p++)
                        n++;
        return n;
}

/* Checks that each line is whole and that none is missing but those that gaps name: from `first`. Returns
 * the sequence of the last. */
static uint64_t expect_contiguous(const Reader *r, uint64_t first, unsigned *ret_gaps) {
        uint64_t sequence = first - 1, from, to, got;
        const char *line = r->text.data ?: "";

        *ret_gaps = 0;
        while (*line) {
                const char *end = strchr(line, '\n');
                char start[128]; /* sscanf() looks for the end of all that it is given */

                (void) snprintf(start, sizeof(start), "%.*s", (int) (sizeof(start) - 1), line);
                if (!end || end[-1] != '}') {
                        TEST_FAIL("a line is not whole: %.200s", line);
                        break;
                }
                if (sscanf(start,
                                    "{\"event\":\"gap\",\"from\":%" SCNu64 ",\"to\":%" SCNu64 "}",
                                    &from,
                                    &to) == 2) {
                        EXPECT_EQ(from, sequence + 1);
                        EXPECT_INT(to, >=, from);
                        sequence = to;
                        ++*ret_gaps;
                } else if (sscanf(start, "{\"sequence\":%" SCNu64 ",", &got) == 1) {
                        if (got != sequence + 1) {
                                TEST_FAIL("%" PRIu64 " follows %" PRIu64, got, sequence);
                                break;
                        }
                        sequence = got;
                } else {
                        TEST_FAIL("what is this: %.200s", line);
                        break;
                }
                line = end + 1;
        }
        return sequence;
}

TEST(line_goes_to_everyone_who_is_connected) {
        _fixture_ f = fixture();
        _reader_ a = connect_reader(&f), b = connect_reader(&f);
        static const char line[] =
                        "{\"sequence\":1,\"usec\":7,\"watch\":\"w\",\"event\":\"in_create\","
                        "\"path\":\"/a\",\"mask\":256,\"cookie\":0}\n";

        append(&f, "/a");
        read_all(&f, &a);
        read_all(&f, &b);
        EXPECT_STREQ(a.text.data, line);
        EXPECT_STREQ(b.text.data, line);
}

TEST(what_is_not_for_the_stream_is_not_told) {
        _fixture_ f = fixture();
        _reader_ r = connect_reader(&f);

        append_to(&f, "w", MEMBER_IN_OPEN, "/bus", 1U << PUBLISHER_BUS);
        append(&f, "/stream");
        append_to(&f, "w", MEMBER_IN_OPEN, "/nobody", 0);
        read_all(&f, &r);
        EXPECT_EQ(count(&r, "\n"), 1);
        EXPECT_EQ(count(&r, "\"sequence\":2,"), 1);
}

TEST(nobody_has_missed_what_is_not_for_the_stream) {
        _fixture_ f = fixture();
        _reader_ r = connect_reader(&f);

        append(&f, "/before");
        read_all(&f, &r);
        for (unsigned i = 0; i < 40; i++) { /* several times round the ring */
                for (unsigned j = 0; j < 1000; j++)
                        append_to(&f, "w", MEMBER_IN_CREATE, "/srv/some/path/of/a/file", 0);
                read_all(&f, &r);
        }
        append(&f, "/after");
        read_all(&f, &r);
        EXPECT_EQ(count(&r, "\n"), 2);
        EXPECT_EQ(count(&r, "/after"), 1);
        EXPECT_EQ(count(&r, "\"gap\""), 0);
}

TEST(subscriber_is_told_what_happens_after_it_came_and_not_before) {
        _fixture_ f = fixture();

        append(&f, "/before");
        run_until_idle(&f);
        run_until_idle(&f);
        _reader_ r = connect_reader(&f);
        append(&f, "/after");
        read_all(&f, &r);
        EXPECT_EQ(count(&r, "/before"), 0);
        EXPECT_EQ(count(&r, "/after"), 1);
}

/* The connection is made, and what happens after it is read, before the loop could see the connection. */
TEST(what_happens_before_a_connection_is_taken_is_told) {
        _fixture_ f = fixture();

        run_until_idle(&f);
        _reader_ r = reader_of(connect_fd(&f));
        append(&f, "/at/once");
        read_all(&f, &r);
        EXPECT_EQ(count(&r, "/at/once"), 1);
}

TEST(slow_reader_is_told_all_that_the_history_still_has) {
        _fixture_ f = fixture();
        _reader_ r = connect_reader(&f);
        unsigned n_gaps;

        append_many(&f, 5000); /* more than a socket takes, less than the ring holds */
        run_until_idle(&f);
        EXPECT_EQ(history_oldest(f.history), 1);
        read_all(&f, &r);
        EXPECT_EQ(expect_contiguous(&r, 1, &n_gaps), 5000);
        EXPECT_EQ(n_gaps, 0);
}

TEST(reader_that_fell_behind_is_told_what_it_missed_and_goes_on) {
        _fixture_ f = fixture();
        _reader_ slow = connect_reader(&f), quick = connect_reader(&f);
        unsigned n_gaps;

        for (unsigned i = 0; i < 40; i++) {
                append_many(&f, 1000);
                read_all(&f, &quick);
        }
        EXPECT_EQ(expect_contiguous(&quick, 1, &n_gaps), 40000);
        EXPECT_EQ(n_gaps, 0);
        read_all(&f, &slow);
        EXPECT_EQ(expect_contiguous(&slow, 1, &n_gaps), 40000);
        EXPECT_EQ(n_gaps, 1);
        append(&f, "/and/on");
        read_all(&f, &slow);
        EXPECT_EQ(count(&slow, "/and/on"), 1);
}

TEST(reader_of_bits_and_pieces_gets_whole_lines) {
        _fixture_ f = fixture();
        _reader_ r = connect_reader(&f);
        unsigned n_gaps;

        append_many(&f, 6000);
        for (unsigned i = 0; i < 3000; i++) { /* some hundred bytes at a time, while more comes */
                char buffer[777];
                ssize_t n;

                append(&f, "/more");
                run_until_idle(&f);
                n = read(r.fd, buffer, 1 + i * 7 % sizeof(buffer));
                if (n > 0)
                        buffer_add(&r.text, buffer, (size_t) n);
        }
        read_all(&f, &r);
        EXPECT_EQ(expect_contiguous(&r, 1, &n_gaps), 9000);
        EXPECT_EQ(n_gaps, 0);
}

TEST(since_begins_behind_the_notice_named) {
        _fixture_ f = fixture();
        unsigned n_gaps;

        append_many(&f, 3000);
        for (uint64_t since = 0; since <= 3000; since += 500) {
                _reader_ r = subscribe(&f, &(StreamOptions){ .has_since = true, .since = since });

                read_all(&f, &r);
                EXPECT_EQ(expect_contiguous(&r, since + 1, &n_gaps), 3000);
                EXPECT_EQ(n_gaps, 0);
        }
}

TEST(since_finds_a_notice_that_is_for_nobody) {
        _fixture_ f = fixture();

        append(&f, "/1");
        append_to(&f, "w", MEMBER_IN_OPEN, "/2", 0);
        append(&f, "/3");
        _reader_ r = subscribe(&f, &(StreamOptions){ .has_since = true, .since = 2 });
        read_all(&f, &r);
        EXPECT_EQ(count(&r, "\n"), 1);
        EXPECT_EQ(count(&r, "\"/3\""), 1);
}

TEST(since_before_the_history_begins_with_a_gap) {
        _fixture_ f = fixture();
        unsigned n_gaps;

        append_many(&f, 30000);
        EXPECT_INT(history_oldest(f.history), >, 1000);
        _reader_ r = subscribe(&f, &(StreamOptions){ .has_since = true, .since = 700 });
        read_all(&f, &r);
        EXPECT_EQ(expect_contiguous(&r, 701, &n_gaps), 30000);
        EXPECT_EQ(n_gaps, 1);
        EXPECT_EQ(strncmp(r.text.data, "{\"event\":\"gap\",\"from\":701,", 26), 0);
}

TEST(gap_begins_where_each_subscriber_stopped) {
        static const uint64_t stops[] = { 2000, 5, 2000, 8, 1 };
        _fixture_ f = fixture();
        unsigned n_gaps;

        append_many(&f, 40000);
        for (size_t i = 0; i < ELEMENTSOF(stops); i++) {
                StreamOptions options = { .has_since = true, .since = stops[i] };
                _reader_ r = subscribe(&f, &options);
                _reader_ next = subscribe(&f, &options);

                read_all(&f, &r);
                EXPECT_EQ(expect_contiguous(&r, stops[i] + 1, &n_gaps), 40000);
                EXPECT_EQ(n_gaps, 1);
                read_all(&f, &next);
                EXPECT_EQ(expect_contiguous(&next, stops[i] + 1, &n_gaps), 40000);
                EXPECT_EQ(n_gaps, 1);
        }
}

TEST(since_within_a_ring_that_has_been_round) {
        _fixture_ f = fixture();
        unsigned n_gaps;

        append_many(&f, 30000);
        _reader_ r = subscribe(&f, &(StreamOptions){ .has_since = true, .since = 29000 });
        append_many(&f, 5);
        read_all(&f, &r);
        EXPECT_EQ(expect_contiguous(&r, 29001, &n_gaps), 30005);
        EXPECT_EQ(n_gaps, 0);
}

TEST(since_that_is_yet_to_come_is_refused) {
        _fixture_ f = fixture();
        int fd = -EBADF;

        append(&f, "/1");
        EXPECT_EQ(stream_subscribe(
                                  f.stream, &(StreamOptions){ .has_since = true, .since = 2 }, &fd),
                        -ERANGE);
        EXPECT_EQ(fd, -EBADF);
        EXPECT_EQ(stream_n_subscribers(f.stream), 0);
}

TEST(events_and_watches_are_chosen) {
        _fixture_ f = fixture();
        char a[] = "a", bc[] = "bc";
        char *names[] = { a, bc, NULL };
        _reader_ r = subscribe(&f,
                        &(StreamOptions){ .watches = names,
                                        .members = 1U << MEMBER_IN_CREATE |
                                                   1U << MEMBER_RESCANNED });

        append_to(&f, "a", MEMBER_IN_CREATE, "/1", 1U << PUBLISHER_STREAM);
        append_to(&f, "b", MEMBER_IN_CREATE, "/2", 1U << PUBLISHER_STREAM);
        append_to(&f, "bc", MEMBER_IN_DELETE, "/3", 1U << PUBLISHER_STREAM);
        append_to(&f, "bc", MEMBER_RESCANNED, "/4", 1U << PUBLISHER_STREAM);
        append_to(&f, "bcd", MEMBER_IN_CREATE, "/5", 1U << PUBLISHER_STREAM);
        read_all(&f, &r);
        EXPECT_EQ(count(&r, "\n"), 2);
        EXPECT_EQ(count(&r, "\"/1\""), 1);
        EXPECT_EQ(count(&r, "\"/4\""), 1);
}

TEST(chosen_lines_come_whole_in_order_and_once_however_slowly_they_are_read) {
        _fixture_ f = fixture();
        _reader_ r = subscribe(&f, &(StreamOptions){ .members = 1U << MEMBER_IN_CREATE });
        uint64_t last = 0, sequence;
        unsigned n = 0;

        for (unsigned i = 0; i < 9000; i++)
                append_to(&f,
                                "w",
                                i % 3 == 1 ? MEMBER_IN_OPEN : MEMBER_IN_CREATE,
                                "/srv/some/path/of/a/file",
                                1U << PUBLISHER_STREAM);
        read_all(&f, &r);
        for (const char *line = r.text.data; *line; line = strchr(line, '\n') + 1) {
                EXPECT_EQ(sscanf(line, "{\"sequence\":%" SCNu64, &sequence), 1);
                EXPECT_INT(sequence, >, last);
                EXPECT(sequence % 3 != 2);
                last = sequence;
                n++;
        }
        EXPECT_EQ(n, 6000);
}

TEST(closed_end_ends_a_subscription) {
        _fixture_ f = fixture();
        Reader a = connect_reader(&f), b = subscribe(&f, &(StreamOptions){});

        EXPECT_EQ(stream_n_subscribers(f.stream), 2);
        reader_done(&a);
        reader_done(&b);
        run_until_idle(&f);
        EXPECT_EQ(stream_n_subscribers(f.stream), 0);
        append(&f, "/a");
        run_until_idle(&f);
}

TEST(stream_ends_when_the_publisher_does) {
        _fixture_ f = fixture();
        _reader_ r = connect_reader(&f);

        f.stream = publisher_free(f.stream);
        read_all(&f, &r);
        EXPECT(r.is_ended);
}

TEST(what_a_client_writes_is_dropped_and_in_the_end_not_read) {
        _fixture_ f = fixture();
        _reader_ r = connect_reader(&f);
        static const char noise[65536];
        size_t written = 0;

        for (unsigned i = 0; i < 1000; i++) {
                ssize_t n = send(r.fd, noise, sizeof(noise), MSG_NOSIGNAL | MSG_DONTWAIT);
                written += n > 0 ? (size_t) n : 0;
                run_until_idle(&f);
        }
        EXPECT_INT(written, >=, 1 << 20);
        EXPECT_INT(written, <, 4 << 20);
        append(&f, "/still/here");
        read_all(&f, &r);
        EXPECT_EQ(count(&r, "/still/here"), 1);
}

TEST(client_that_says_it_will_write_no_more_goes_on_reading) {
        _fixture_ f = fixture();
        _reader_ r = connect_reader(&f);

        EXPECT_EQ(shutdown(r.fd, SHUT_WR), 0);
        run_until_idle(&f);
        append(&f, "/still/here");
        read_all(&f, &r);
        EXPECT_EQ(count(&r, "/still/here"), 1);
        EXPECT_EQ(stream_n_subscribers(f.stream), 1);
}

TEST(more_than_the_limit_are_let_go) {
        _fixture_ f = fixture();
        Reader *readers = calloc(SUBSCRIBERS_MAX, sizeof(Reader));
        unsigned n = 0;
        int fd = -EBADF;

        assert(readers);
        while (n < SUBSCRIBERS_MAX && stream_subscribe(f.stream, &(StreamOptions){}, &fd) >= 0)
                readers[n++] = reader_of(fd);
        if (n == SUBSCRIBERS_MAX) { /* or the descriptors of this process are too few */
                EXPECT_EQ(stream_subscribe(f.stream, &(StreamOptions){}, &fd), -EUSERS);
                _reader_ refused = reader_of(connect_fd(&f));
                read_all(&f, &refused);
                EXPECT(refused.is_ended);
        } else
                EXPECT_INT(n, >, 100);
        append(&f, "/a");
        for (unsigned i = 0; i < n; i++) {
                read_all(&f, &readers[i]);
                if (count(&readers[i], "\"/a\"") != 1)
                        TEST_FAIL("subscriber %u was not told", i);
                reader_done(&readers[i]);
        }
        run_until_idle(&f);
        EXPECT_EQ(stream_n_subscribers(f.stream), 0);
        free(readers);
}

static unsigned n_open(void) {
        unsigned n = 0;

        for (int fd = 0; fd < 1024; fd++)
                n += fcntl(fd, F_GETFD) >= 0;
        return n;
}

TEST(subscribers_that_come_and_go_leave_nothing_behind) {
        _fixture_ f = fixture();
        unsigned before = n_open();

        for (unsigned i = 0; i < 2000; i++) {
                Reader a = reader_of(connect_fd(&f)), b = subscribe(&f, &(StreamOptions){});

                append(&f, "/a");
                if (i % 3 > 0)
                        run_until_idle(&f);
                reader_done(&a);
                if (i % 2 > 0)
                        run_until_idle(&f);
                reader_done(&b);
        }
        run_until_idle(&f);
        EXPECT_EQ(stream_n_subscribers(f.stream), 0);
        EXPECT_EQ(n_open(), before);
}

TEST(end_waits_for_who_reads_and_not_for_who_does_not) {
        _fixture_ f = fixture();
        _reader_ r = connect_reader(&f), stopped = connect_reader(&f);
        unsigned n_gaps;

        EXPECT(publisher_is_done(f.stream));
        append_many(&f, 5000);
        EXPECT(!publisher_is_done(f.stream));
        read_all(&f, &r);
        EXPECT_EQ(expect_contiguous(&r, 1, &n_gaps), 5000);
        for (unsigned i = 0; i < 100 && !publisher_is_done(f.stream); i++)
                EXPECT_OK(sd_event_run(f.event, 20000));
        EXPECT(publisher_is_done(f.stream));
        EXPECT(!stopped.is_ended);
}

TEST(what_is_no_listening_socket_is_refused) {
        _fixture_ f = fixture();
        int fds[2];

        EXPECT_EQ(stream_listen(f.stream, open("/dev/null", O_RDONLY | O_CLOEXEC)), -ENOTSOCK);
        EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
        EXPECT_EQ(stream_listen(f.stream, fds[0]), -ENOTSOCK);
        safe_close(fds[1]);
}
