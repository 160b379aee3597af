/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Lives of an instance, one after the other, on one state directory. */

#include <fcntl.h>
#include <sys/stat.h>

#include "tally.h"
#include "test.h"

typedef struct State {
        char path[32];
        int fd;
} State;

static void state_done(State *s) {
        (void) unlinkat(s->fd, TALLY_FILE, 0);
        (void) rmdir(s->path);
        safe_close(s->fd);
}

static void state_init(State *s) {
        *s = (State){ .path = "/tmp/test-tally-XXXXXX" };
        EXPECT(mkdtemp(s->path));
        s->fd = open(s->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        EXPECT_INT(s->fd, >=, 0);
}

static Tally *begin(const State *s) {
        Tally *t = NULL;

        EXPECT_OK(tally_new(s->fd, &t));
        return t;
}

TEST(no_sequence_is_given_twice_whatever_becomes_of_the_process) {
        _cleanup_(state_done) State s;
        uint64_t given = 0;

        state_init(&s);
        for (unsigned life = 0; life < 10; life++) {
                _cleanup_(tally_freep) Tally *t = begin(&s);
                uint64_t newest = tally_sequence(t);

                EXPECT_INT(newest, >=, given);
                EXPECT_INT(newest, <=, given + TALLY_BLOCK);
                tally_reserve(t, newest);
                for (unsigned batch = 0; batch < life * 7; batch++) {
                        newest += TALLY_BLOCK / 8;
                        tally_reserve(t, newest);
                }
                given = newest; /* and dies */
        }
}

TEST(an_orderly_end_leaves_no_hole) {
        _cleanup_(state_done) State s;
        Tally *t;

        state_init(&s);
        t = begin(&s);
        EXPECT_EQ(tally_sequence(t), 0);
        tally_reserve(t, 0);
        tally_settle(t, 5);
        tally_free(t);
        t = begin(&s);
        EXPECT_EQ(tally_sequence(t), 5);
        tally_free(t);
}

TEST(counters_of_what_is_no_more_add_up_over_lives) {
        _cleanup_(state_done) State s;
        WatchCounters c = { .n_events = 3, .n_notices = 2, .n_overflows = 1, .last_event = 7 };

        state_init(&s);
        for (unsigned life = 1; life <= 3; life++) {
                _cleanup_(tally_freep) Tally *t = begin(&s);

                tally_add_ended(t, &c);
                EXPECT_EQ(tally_ended(t).n_events, 3 * life);
                EXPECT_EQ(tally_ended(t).n_notices, 2 * life);
                EXPECT_EQ(tally_ended(t).n_overflows, life);
                EXPECT_EQ(tally_ended(t).last_event, 7);
        }
}

TEST(the_file_stays_small) {
        _cleanup_(state_done) State s;
        _cleanup_(tally_freep) Tally *t = NULL;
        struct stat st;

        state_init(&s);
        t = begin(&s);
        for (uint64_t newest = 0; newest < 500 * TALLY_BLOCK; newest += TALLY_BLOCK)
                tally_reserve(t, newest);
        EXPECT_OK(fstatat(s.fd, TALLY_FILE, &st, 0));
        EXPECT_INT(st.st_size, <=, 64 * 1024);
}

TEST(what_is_no_ledger_is_replaced) {
        _cleanup_(state_done) State s;
        char junk[10000];
        Tally *t;
        int fd;

        state_init(&s);
        memset(junk, 'x', sizeof(junk));
        fd = openat(s.fd, TALLY_FILE, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
        EXPECT_EQ(write(fd, junk, sizeof(junk)), sizeof(junk));
        safe_close(fd);
        t = begin(&s);
        EXPECT_EQ(tally_sequence(t), 0);
        tally_reserve(t, 9);
        tally_settle(t, 9);
        tally_free(t);
        t = begin(&s);
        EXPECT_EQ(tally_sequence(t), 9);
        tally_free(t);
}

TEST(without_a_directory_it_lasts_as_long_as_the_process) {
        _cleanup_(tally_freep) Tally *t = NULL;

        EXPECT_OK(tally_new(-EBADF, &t));
        tally_reserve(t, 1);
        tally_settle(t, 2);
        EXPECT_EQ(tally_sequence(t), 2);
}
