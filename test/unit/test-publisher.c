/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The part that all publishers share, with one that notes down what it is told. */

#include <sys/epoll.h>
#include <sys/eventfd.h>

#include "publishers/publisher.h"
#include "test.h"

#define KIND PUBLISHER_JOURNAL

typedef struct Recorder {
        Publisher base;
        uint64_t told[512];
        size_t n_told, n_slices;
        size_t room; /* how many more it takes */
        uint64_t from, to;
        uint64_t refused; /* the sequence that it cannot tell */
        bool drained;
} Recorder;

static int recorder_publish(Publisher *p, const Notice *n) {
        Recorder *r = (Recorder *) p;

        if (n->sequence == r->refused)
                return -EINVAL;
        if (r->room == 0)
                return 0;
        r->room--;
        r->told[r->n_told++] = n->sequence;
        return 1;
}

static int recorder_gap(Publisher *p, uint64_t from, uint64_t to) {
        Recorder *r = (Recorder *) p;

        if (r->room == 0)
                return 0;
        r->room--;
        r->from = from;
        r->to = to;
        return 1;
}

static void recorder_end(Publisher *p) {
        ((Recorder *) p)->n_slices++;
}

static bool recorder_is_drained(Publisher *p) {
        return ((Recorder *) p)->drained;
}

static void recorder_free(Publisher *p) {
        publisher_done(p);
        free(p);
}

static const PublisherType recorder_type = {
        .name = "recorder",
        .kind = KIND,
        .publish = recorder_publish,
        .gap = recorder_gap,
        .end = recorder_end,
        .is_drained = recorder_is_drained,
        .free = recorder_free,
};

typedef struct Fixture {
        sd_event *event;
        History *history;
        Recorder *recorder;
} Fixture;

static void fixture_done(Fixture *f) {
        publisher_free(&f->recorder->base);
        history_free(f->history);
        sd_event_unref(f->event);
}

static Fixture fixture(void) {
        Fixture f = { .recorder = calloc(1, sizeof(Recorder)) };

        assert(f.recorder);
        EXPECT_OK(sd_event_new(&f.event));
        EXPECT_OK(history_new(HISTORY_SIZE_MIN, &f.history));
        EXPECT_OK(publisher_init(&f.recorder->base, &recorder_type, f.event, f.history));
        f.recorder->room = SIZE_MAX;
        f.recorder->drained = true;
        return f;
}

static void append(Fixture *f, unsigned n_notices, unsigned publish) {
        Notice n = { .member = MEMBER_IN_CREATE, .path = "/a", .path_len = 2, .watch = "w" };

        for (unsigned i = 0; i < n_notices; i++)
                EXPECT_OK(history_append(f->history, &n, publish));
}

static void run_until_idle(Fixture *f) {
        while (sd_event_run(f->event, 0) > 0)
                ;
}

TEST(names_that_can_be_configured_are_known) {
        PublisherKind kind = _PUBLISHER_INVALID;

        EXPECT_OK(publisher_kind_from_name("bus", &kind));
        EXPECT_EQ(kind, PUBLISHER_BUS);
        EXPECT_OK(publisher_kind_from_name("journal", &kind));
        EXPECT_EQ(kind, PUBLISHER_JOURNAL);
        EXPECT_EQ(publisher_kind_from_name("stdout", &kind), -EINVAL);
        EXPECT_EQ(publisher_kind_from_name("", &kind), -EINVAL);
        EXPECT_STREQ(publisher_kind_name(PUBLISHER_STDOUT), "stdout");
}

TEST(only_what_is_for_it_is_told_in_order) {
        _cleanup_(fixture_done) Fixture f = fixture();

        append(&f, 2, 1U << KIND);
        append(&f, 3, 1U << PUBLISHER_BUS);
        append(&f, 1, 1U << KIND | 1U << PUBLISHER_BUS);
        publisher_wake(&f.recorder->base);
        run_until_idle(&f);
        EXPECT_EQ(f.recorder->n_told, 3);
        EXPECT_EQ(f.recorder->told[0], 1);
        EXPECT_EQ(f.recorder->told[1], 2);
        EXPECT_EQ(f.recorder->told[2], 6);
        EXPECT_EQ(history_load(f.history, KIND).sequence, 6);
}

TEST(what_is_not_for_it_is_passed_without_a_turn) {
        _cleanup_(fixture_done) Fixture f = fixture();

        run_until_idle(&f);
        append(&f, 3, 1U << PUBLISHER_BUS);
        publisher_notify(&f.recorder->base);
        EXPECT_EQ(sd_event_run(f.event, 0), 0);
        EXPECT_EQ(history_load(f.history, KIND).sequence, 3);

        append(&f, 1, 1U << PUBLISHER_BUS);
        append(&f, 1, 1U << KIND);
        publisher_notify(&f.recorder->base);
        run_until_idle(&f);
        EXPECT_EQ(f.recorder->n_told, 1);
        EXPECT_EQ(f.recorder->told[0], 5);
        EXPECT_EQ(history_load(f.history, KIND).sequence, 5);
}

TEST(what_is_not_for_it_is_not_saved_while_something_has_not_left) {
        _cleanup_(fixture_done) Fixture f = fixture();

        run_until_idle(&f);
        f.recorder->drained = false;
        append(&f, 1, 1U << KIND);
        publisher_notify(&f.recorder->base);
        run_until_idle(&f);
        append(&f, 1, 1U << PUBLISHER_BUS);
        publisher_notify(&f.recorder->base);
        run_until_idle(&f);
        EXPECT_EQ(f.recorder->n_told, 1);
        EXPECT_EQ(history_load(f.history, KIND).sequence, 0);
}

static int count_turn(sd_event_source *s, int fd, uint32_t revents, void *userdata) {
        ++*(unsigned *) userdata;
        return 0;
}

TEST(flood_is_told_in_slices_between_which_others_have_their_turn) {
        _cleanup_(fixture_done) Fixture f = fixture();
        _cleanup_close_ int always_readable = eventfd(1, EFD_CLOEXEC);
        sd_event_source *other = NULL;
        unsigned n_turns = 0;

        EXPECT_OK(sd_event_add_io(f.event, &other, always_readable, EPOLLIN, count_turn, &n_turns));
        append(&f, 300, 1U << KIND);
        publisher_wake(&f.recorder->base);
        for (unsigned i = 0; i < 100 && f.recorder->n_told < 300; i++)
                EXPECT_OK(sd_event_run(f.event, 0));
        EXPECT_EQ(f.recorder->n_told, 300);
        EXPECT_INT(f.recorder->n_slices, >=, 300 / 128);
        EXPECT_INT(n_turns, >=, f.recorder->n_slices - 1);
        sd_event_source_disable_unref(other);
}

TEST(notice_without_room_waits_for_the_wake) {
        _cleanup_(fixture_done) Fixture f = fixture();

        append(&f, 5, 1U << KIND);
        f.recorder->room = 2;
        run_until_idle(&f);
        EXPECT_EQ(f.recorder->n_told, 2);
        EXPECT_EQ(publisher_flush(&f.recorder->base), 1);
        f.recorder->room = 10;
        publisher_wake(&f.recorder->base);
        run_until_idle(&f);
        EXPECT_EQ(f.recorder->n_told, 5);
        EXPECT_EQ(f.recorder->told[2], 3);
        EXPECT_EQ(publisher_flush(&f.recorder->base), 0);
}

TEST(cursor_is_saved_only_when_drained) {
        _cleanup_(fixture_done) Fixture f = fixture();

        f.recorder->drained = false;
        append(&f, 5, 1U << KIND);
        run_until_idle(&f);
        EXPECT_EQ(f.recorder->n_told, 5);
        EXPECT_EQ(history_load(f.history, KIND).sequence, 0);
        f.recorder->drained = true;
        publisher_wake(&f.recorder->base);
        run_until_idle(&f);
        EXPECT_EQ(history_load(f.history, KIND).sequence, 5);
}

TEST(gap_waits_for_room_and_comes_before_what_follows_it) {
        _cleanup_(fixture_done) Fixture f = fixture();

        f.recorder->room = 0;
        append(&f, 5000, 1U << KIND);
        uint64_t oldest = history_oldest(f.history);
        EXPECT_INT(oldest, >, 1);
        run_until_idle(&f);
        EXPECT_EQ(f.recorder->to, 0);
        EXPECT_EQ(history_load(f.history, KIND).sequence, 0);
        f.recorder->room = 2;
        publisher_wake(&f.recorder->base);
        run_until_idle(&f);
        EXPECT_EQ(f.recorder->from, 1);
        EXPECT_EQ(f.recorder->to, oldest - 1);
        EXPECT_EQ(f.recorder->n_told, 1);
        EXPECT_EQ(f.recorder->told[0], oldest);
}

TEST(gap_that_grows_while_it_waits_is_told_whole) {
        _cleanup_(fixture_done) Fixture f = fixture();

        f.recorder->room = 0;
        append(&f, 3000, 1U << KIND);
        run_until_idle(&f);
        append(&f, 3000, 1U << KIND);
        f.recorder->room = 1;
        publisher_wake(&f.recorder->base);
        run_until_idle(&f);
        EXPECT_EQ(f.recorder->from, 1);
        EXPECT_EQ(f.recorder->to, history_oldest(f.history) - 1);
        EXPECT_EQ(f.recorder->n_told, 0);
}

TEST(notice_that_cannot_be_told_holds_up_nothing) {
        _cleanup_(fixture_done) Fixture f = fixture();

        f.recorder->refused = 2;
        append(&f, 3, 1U << KIND);
        run_until_idle(&f);
        EXPECT_EQ(f.recorder->n_told, 2);
        EXPECT_EQ(f.recorder->told[1], 3);
        EXPECT_EQ(f.recorder->base.n_untold, 1);
}
