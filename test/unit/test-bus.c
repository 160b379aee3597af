/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Notices on a real bus: what arrives, and what happens when the bus stands still or goes away. */

#include <sys/socket.h>

#include "private-bus.h"
#include "publishers/bus.h"

#define QUEUE_LIMIT 40U /* signals in sd-bus's queue, a question among them */
#define WINDOW_LIMIT 512U

typedef struct Fixture {
        PrivateBus daemon;
        sd_event *event;
        History *history;
        Publisher *publisher;
        sd_bus *bus, *subscriber;
        sd_bus_message *last;
        uint64_t first_sequence, last_sequence; /* received */
        uint64_t n_received, n_out_of_order;
        uint64_t gap_from, gap_to;
} Fixture;

static int on_signal(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        Fixture *f = userdata;
        const char *path;
        uint32_t mask, cookie;
        uint64_t sequence, usec;

        if (sd_bus_message_is_signal(m, "org.inotifier1.Manager", "Gap")) {
                EXPECT_OK(sd_bus_message_read(m, "tt", &f->gap_from, &f->gap_to));
                EXPECT_STREQ(sd_bus_message_get_path(m), "/org/inotifier1");
                return 0;
        }
        EXPECT_STREQ(sd_bus_message_get_signature(m, true), "suutta{sv}");
        EXPECT_OK(sd_bus_message_read(m, "suutt", &path, &mask, &cookie, &sequence, &usec));
        if (f->n_received++ == 0)
                f->first_sequence = sequence;
        else if (sequence != f->last_sequence + 1 && sequence != f->gap_to + 1)
                f->n_out_of_order++;
        f->last_sequence = sequence;
        sd_bus_message_unref(f->last);
        f->last = sd_bus_message_ref(m);
        return 0;
}

static void subscribe(Fixture *f) {
        f->subscriber = private_bus_connect(&f->daemon, f->event);
        EXPECT_OK(sd_bus_add_match(f->subscriber,
                        NULL,
                        "type='signal',path_namespace='/org/inotifier1'",
                        on_signal,
                        f));
}

static void publish(Fixture *f) {
        f->bus = private_bus_connect(&f->daemon, f->event);
        bus_publisher_set_bus(f->publisher, f->bus);
}

static void fixture_init(Fixture *f, uint64_t history_size) {
        *f = (Fixture){};
        private_bus_init(&f->daemon);
        EXPECT_OK(sd_event_new(&f->event));
        EXPECT_OK(history_new(history_size, &f->history));
        EXPECT_OK(bus_publisher_new(f->event, f->history, &f->publisher));
        subscribe(f);
}

static void disconnect(Fixture *f) {
        f->last = sd_bus_message_unref(f->last);
        f->subscriber = sd_bus_close_unref(f->subscriber);
        f->bus = sd_bus_close_unref(f->bus);
}

static void fixture_done(Fixture *f) {
        publisher_free(f->publisher);
        disconnect(f);
        history_free(f->history);
        sd_event_unref(f->event);
        private_bus_done(&f->daemon);
}

static void append(Fixture *f, const Notice *n) {
        EXPECT_OK(history_append(f->history, n, 1U << PUBLISHER_BUS));
        publisher_wake(f->publisher);
}

static Notice notice(Member member, const char *path) {
        return (Notice){
                .member = member,
                .mask = member_names[member].mask,
                .usec = 1763629200000000,
                .path = path,
                .path_len = strlen(path),
                .watch = "in-1.x",
        };
}

static void append_many(Fixture *f, unsigned n_notices, size_t path_len) {
        char path[4096];

        memset(path, 'x', sizeof(path));
        path[0] = '/';
        path[path_len] = '\0';
        for (unsigned i = 0; i < n_notices; i++) {
                Notice n = notice(MEMBER_IN_CREATE, path);
                append(f, &n);
        }
}

static void run_until_idle(Fixture *f) {
        unsigned n_turns = 0;

        while (sd_event_run(f->event, 0) > 0 && ++n_turns < 10000)
                ;
        EXPECT_INT(n_turns, <, 10000); /* else it spins */
}

static void receive_one(Fixture *f, const Notice *n) {
        uint64_t before = f->n_received;

        append(f, n);
        RUN_UNTIL(f->event, f->n_received > before);
}

/* Reads the next detail of the last signal and expects a name, and a value as text. */
static void expect_detail(Fixture *f, const char *name, const char *type, const char *value) {
        sd_bus_message *m = f->last;
        const char *key = NULL, *s;
        const void *bytes;
        char text[512] = "";
        uint64_t t;
        uint32_t u;
        size_t n;
        int b;

        EXPECT_INT(sd_bus_message_enter_container(m, 'e', "sv"), >, 0);
        EXPECT_OK(sd_bus_message_read(m, "s", &key));
        EXPECT_STREQ(key, name);
        EXPECT_INT(sd_bus_message_enter_container(m, 'v', type), >, 0);
        if (streq(type, "s") && sd_bus_message_read(m, "s", &s) >= 0)
                (void) snprintf(text, sizeof(text), "%s", s);
        else if (streq(type, "t") && sd_bus_message_read(m, "t", &t) >= 0)
                (void) snprintf(text, sizeof(text), "%" PRIu64, t);
        else if (streq(type, "u") && sd_bus_message_read(m, "u", &u) >= 0)
                (void) snprintf(text, sizeof(text), "%" PRIu32, u);
        else if (streq(type, "b") && sd_bus_message_read(m, "b", &b) >= 0)
                (void) snprintf(text, sizeof(text), "%s", b ? "true" : "false");
        else if (streq(type, "ay") && sd_bus_message_read_array(m, 'y', &bytes, &n) >= 0)
                (void) snprintf(text, sizeof(text), "%.*s", (int) n, (const char *) bytes);
        EXPECT_STREQ(text, value);
        EXPECT_OK(sd_bus_message_exit_container(m));
        EXPECT_OK(sd_bus_message_exit_container(m));
}

static void enter_details(Fixture *f, const char *path) {
        const char *p = NULL;

        EXPECT_OK(sd_bus_message_rewind(f->last, true));
        EXPECT_OK(sd_bus_message_read(f->last, "s", &p));
        EXPECT_STREQ(p, path);
        EXPECT_OK(sd_bus_message_skip(f->last, "uutt"));
        EXPECT_INT(sd_bus_message_enter_container(f->last, 'a', "{sv}"), >, 0);
}

static void expect_no_more_details(Fixture *f) {
        EXPECT_INT(sd_bus_message_at_end(f->last, false), >, 0);
}

TEST(signal_carries_the_notice) {
        _cleanup_(fixture_done) Fixture f;
        Notice n = notice(MEMBER_IN_MOVED_TO, "/srv/a");
        uint32_t mask = 0, cookie = 0;
        uint64_t sequence = 0, usec = 0;

        fixture_init(&f, HISTORY_SIZE_MIN);
        publish(&f);
        n.mask |= IN_ISDIR;
        n.cookie = 42;
        receive_one(&f, &n);
        EXPECT_STREQ(sd_bus_message_get_member(f.last), "InMovedTo");
        EXPECT_STREQ(sd_bus_message_get_interface(f.last), "org.inotifier1.Watch");
        EXPECT_STREQ(sd_bus_message_get_path(f.last), "/org/inotifier1/watch/in_2d1_2ex");
        EXPECT_OK(sd_bus_message_rewind(f.last, true));
        EXPECT_OK(sd_bus_message_skip(f.last, "s"));
        EXPECT_OK(sd_bus_message_read(f.last, "uutt", &mask, &cookie, &sequence, &usec));
        EXPECT_EQ(mask, IN_MOVED_TO | IN_ISDIR);
        EXPECT_EQ(cookie, 42);
        EXPECT_EQ(sequence, 1);
        EXPECT_EQ(usec, 1763629200000000);
        enter_details(&f, "/srv/a");
        expect_no_more_details(&f);
}

TEST(each_member_is_a_signal_of_its_name) {
        _cleanup_(fixture_done) Fixture f;

        fixture_init(&f, HISTORY_SIZE_MIN);
        publish(&f);
        for (Member m = 0; m < _MEMBER_MAX; m++) {
                Notice n = notice(m, "/a");
                receive_one(&f, &n);
                EXPECT_STREQ(sd_bus_message_get_member(f.last), member_names[m].signal);
        }
}

TEST(all_details_arrive) {
        _cleanup_(fixture_done) Fixture f;
        Notice n = notice(MEMBER_TRANSFER_ABANDONED, "/srv/a");

        fixture_init(&f, HISTORY_SIZE_MIN);
        publish(&f);
        n.source = "/srv/a.part";
        n.source_len = strlen(n.source);
        n.flags = NOTICE_HAS_SIZE | NOTICE_HAS_DURATION | NOTICE_HAS_CHUNKS | NOTICE_INITIAL |
                  NOTICE_RESCAN;
        n.size = UINT64_C(1) << 40;
        n.duration_usec = 77;
        n.chunks = 12;
        n.reason = REASON_DELETED;
        receive_one(&f, &n);
        enter_details(&f, "/srv/a");
        expect_detail(&f, "source-path", "s", "/srv/a.part");
        expect_detail(&f, "size", "t", "1099511627776");
        expect_detail(&f, "duration-usec", "t", "77");
        expect_detail(&f, "chunks", "u", "12");
        expect_detail(&f, "initial", "b", "true");
        expect_detail(&f, "rescan", "b", "true");
        expect_detail(&f, "reason", "s", "deleted");
        expect_no_more_details(&f);
}

TEST(hostile_names_arrive_as_text_and_as_bytes) {
        static const struct {
                const char *name, *text;
        } names[] = {
                { "/bad\xff\xfe", "/bad\xef\xbf\xbd\xef\xbf\xbd" },
                /* UTF-8, but nothing that sd-bus takes */
                { "/\xef\xbf\xbf"
                  "a\xef\xb7\x90"
                  "b\xf0\x9f\xbf\xbe",
                                "/\xef\xbf\xbd"
                                "a\xef\xbf\xbd"
                                "b\xef\xbf\xbd" },
                { "/\xed\xa0\x80", "/\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd" },
        };
        _cleanup_(fixture_done) Fixture f;

        fixture_init(&f, HISTORY_SIZE_MIN);
        publish(&f);
        for (size_t i = 0; i < ELEMENTSOF(names); i++) {
                Notice n = notice(MEMBER_IN_CREATE, names[i].name);

                n.source = names[i].name;
                n.source_len = strlen(n.source);
                receive_one(&f, &n);
                enter_details(&f, names[i].text);
                expect_detail(&f, "source-path", "s", names[i].text);
                expect_detail(&f, "raw-path", "ay", names[i].name);
                expect_detail(&f, "raw-source-path", "ay", names[i].name);
                expect_no_more_details(&f);
        }
}

TEST(many_arrive_all_and_in_order) {
        _cleanup_(fixture_done) Fixture f;

        fixture_init(&f, 4 << 20);
        publish(&f);
        append_many(&f, 20000, 40);
        RUN_UNTIL(f.event, f.last_sequence == 20000);
        EXPECT_EQ(f.n_received, 20000);
        EXPECT_EQ(f.n_out_of_order, 0);
        EXPECT_EQ(f.gap_to, 0);
}

static uint64_t n_queued(const Fixture *f) {
        uint64_t n = UINT64_MAX;

        EXPECT_OK(sd_bus_get_n_queued_write(f->bus, &n));
        return n;
}

/* Lets the connection settle, so that nothing but signals is on its way. */
static void settle(Fixture *f) {
        Notice n = notice(MEMBER_IN_CREATE, "/first");

        publish(f);
        receive_one(f, &n);
        run_until_idle(f);
}

/* sd-bus asks for a buffer of megabytes; with a small one signals have to wait in its queue. */
static void shrink_socket(Fixture *f) {
        int size = 64 * 1024;

        EXPECT_OK(setsockopt(sd_bus_get_fd(f->bus), SOL_SOCKET, SO_SNDBUF, &size, sizeof(size)));
}

TEST(bus_that_stands_still_is_handed_no_more_than_a_window) {
        _cleanup_(fixture_done) Fixture f;

        fixture_init(&f, 4 << 20);
        settle(&f);
        private_bus_stop(&f.daemon);
        append_many(&f, 10000, 10);
        run_until_idle(&f);
        EXPECT_INT(f.publisher->cursor.sequence, <=, 1 + WINDOW_LIMIT);
        EXPECT_INT(n_queued(&f), <=, QUEUE_LIMIT);
        private_bus_continue(&f.daemon);
        RUN_UNTIL(f.event, f.last_sequence == 10001);
        EXPECT_EQ(f.n_received, 10001);
}

TEST(cursor_is_saved_only_when_what_it_passed_has_left) {
        _cleanup_(fixture_done) Fixture f;

        fixture_init(&f, 4 << 20);
        settle(&f);
        EXPECT_EQ(history_load(f.history, PUBLISHER_BUS).sequence, 1);
        private_bus_stop(&f.daemon);
        shrink_socket(&f);
        append_many(&f, 600, 4000);
        run_until_idle(&f);
        EXPECT_INT(n_queued(&f), >, 1);
        EXPECT_INT(n_queued(&f), <=, QUEUE_LIMIT);
        EXPECT_INT(f.publisher->cursor.sequence, <, 600);
        EXPECT_EQ(publisher_flush(f.publisher), 1);
        EXPECT_INT(history_load(f.history, PUBLISHER_BUS).sequence,
                        <,
                        f.publisher->cursor.sequence);
        private_bus_continue(&f.daemon);
        RUN_UNTIL(f.event, f.last_sequence == 601);
        run_until_idle(&f);
        EXPECT_EQ(history_load(f.history, PUBLISHER_BUS).sequence, 601);
        EXPECT_EQ(f.n_out_of_order, 0);
}

TEST(gap_is_told_after_falling_off_the_ring) {
        _cleanup_(fixture_done) Fixture f;

        fixture_init(&f, HISTORY_SIZE_MIN);
        settle(&f);
        private_bus_stop(&f.daemon);
        for (unsigned i = 0; i < 200; i++) {
                append_many(&f, 50, 100);
                run_until_idle(&f);
        }
        private_bus_continue(&f.daemon);
        RUN_UNTIL(f.event, f.last_sequence == 10001);
        EXPECT_INT(f.gap_from, >, 1);
        EXPECT_INT(f.gap_to, >, f.gap_from);
        EXPECT_EQ(f.n_out_of_order, 0);
        EXPECT_EQ(f.n_received, 10001 - (f.gap_to - f.gap_from + 1));
}

TEST(what_had_not_left_is_told_again_on_the_next_bus) {
        _cleanup_(fixture_done) Fixture f;

        fixture_init(&f, 4 << 20);
        settle(&f);
        private_bus_stop(&f.daemon);
        shrink_socket(&f);
        append_many(&f, 600, 4000);
        run_until_idle(&f);
        uint64_t saved = history_load(f.history, PUBLISHER_BUS).sequence;
        EXPECT_INT(f.publisher->cursor.sequence, >, saved);

        private_bus_kill(&f.daemon);
        RUN_UNTIL(f.event, sd_bus_is_open(f.bus) == 0);
        bus_publisher_set_bus(f.publisher, NULL);
        run_until_idle(&f);
        EXPECT_EQ(history_load(f.history, PUBLISHER_BUS).sequence, saved);
        disconnect(&f);

        private_bus_start(&f.daemon);
        f.n_received = 0;
        subscribe(&f);
        publish(&f);
        RUN_UNTIL(f.event, f.last_sequence == 601);
        EXPECT_EQ(f.first_sequence, saved + 1);
        EXPECT_EQ(f.n_out_of_order, 0);
}

TEST(without_a_bus_notices_wait_for_one) {
        _cleanup_(fixture_done) Fixture f;

        fixture_init(&f, 1 << 20);
        append_many(&f, 100, 10);
        run_until_idle(&f);
        EXPECT_EQ(f.publisher->cursor.sequence, 0);
        publish(&f);
        RUN_UNTIL(f.event, f.last_sequence == 100);
        EXPECT_EQ(f.n_received, 100);
}
