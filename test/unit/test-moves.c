/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "test.h"
#include "tree/moves.h"

/* Puts a record in as a read of its own. */
static void put(Intake *i, uint32_t mask, uint32_t cookie, const char *name) {
        struct {
                struct inotify_event e;
                char name[16];
        } b = { .e = { .wd = 1, .mask = mask, .cookie = cookie, .len = 16 } };

        (void) snprintf(b.name, sizeof(b.name), "%s", name);
        EXPECT_OK(intake_put(i, &b, sizeof(b), 0, 0));
}

#define WITH_MOVES(i, m)                                                                           \
        _cleanup_(intake_freep) Intake *i = NULL;                                                  \
        _cleanup_(moves_freep) Moves *m = NULL;                                                    \
        EXPECT_OK(intake_new(&i));                                                                 \
        EXPECT_OK(moves_new(&m))

TEST(second_half_is_found_whatever_comes_between) {
        WITH_MOVES(i, m);
        IntakeRecord record, second;

        put(i, IN_MOVED_FROM, 5, "a");
        put(i, IN_CREATE, 0, "x");
        put(i, IN_MOVED_FROM, 6, "b");
        put(i, IN_MOVED_TO, 5, "c");
        IntakePlace place = intake_head(i);
        EXPECT_EQ(intake_next(i, &place, &record), 1);
        EXPECT_EQ(moves_find_second(m, i, &place, 5, &second), 2);
        EXPECT(!moves_find_second(m, i, &place, 6, &second));
        put(i, IN_MOVED_TO, 6, "d");
        EXPECT(moves_find_second(m, i, &place, 6, &second));
        EXPECT_STREQ(second.raw.name, "d");
}

TEST(second_half_at_once_needs_no_search) {
        WITH_MOVES(i, m);
        IntakeRecord record, second;

        put(i, IN_MOVED_FROM, 5, "a");
        put(i, IN_MOVED_TO, 5, "c");
        IntakePlace place = intake_head(i);
        EXPECT_EQ(intake_next(i, &place, &record), 1);
        EXPECT_EQ(moves_find_second(m, i, &place, 5, &second), 1);
}

TEST(a_burst_of_halves_is_remembered_and_forgotten) {
        const uint32_t n = 40000;
        WITH_MOVES(i, m);
        IntakeRecord record, second;

        put(i, IN_MOVED_FROM, n, "a");
        put(i, IN_CREATE, 0, "x");
        for (uint32_t cookie = 1; cookie <= n; cookie++)
                put(i, IN_MOVED_TO, cookie, "c");
        IntakePlace place = intake_head(i);
        EXPECT_EQ(intake_next(i, &place, &record), 1);
        for (uint32_t cookie = 1; cookie <= n; cookie++)
                EXPECT_EQ(moves_find_second(m, i, &place, cookie, &second), 2);
        EXPECT(!moves_find_second(m, i, &place, n + 1, &second));
        intake_restart(i);
        moves_restart(m);
        put(i, IN_CREATE, 0, "x");
        place = intake_head(i);
        EXPECT(!moves_find_second(m, i, &place, 5, &second));
}

TEST(what_was_seen_is_forgotten_with_the_intake) {
        _cleanup_(intake_freep) Intake *i = NULL;
        _cleanup_(moves_freep) Moves *m = NULL;
        IntakeRecord second;

        EXPECT_OK(intake_new(&i));
        EXPECT_OK(moves_new(&m));
        put(i, IN_CREATE, 0, "x");
        put(i, IN_MOVED_TO, 5, "c");
        IntakePlace place = intake_head(i);
        EXPECT(moves_find_second(m, i, &place, 5, &second));
        intake_restart(i);
        moves_restart(m);
        put(i, IN_CREATE, 0, "x");
        place = intake_head(i);
        EXPECT(!moves_find_second(m, i, &place, 5, &second));
}

TEST(source_is_taken_once) {
        _cleanup_(moves_freep) Moves *m = NULL;
        const Source *source;
        Source *added;

        EXPECT_OK(moves_new(&m));
        EXPECT_OK(moves_add_source(m, 5, "/r/a", 4, &added));
        added->wd = 3;
        EXPECT_OK(moves_add_source(m, 6, "/r/bb", 5, &added));
        source = moves_take_source(m, 5);
        EXPECT_STREQ(source ? source->path.data : NULL, "/r/a");
        EXPECT_EQ(source ? source->wd : 0, 3);
        EXPECT(!moves_take_source(m, 5));
        source = moves_take_source(m, 6);
        EXPECT_STREQ(source ? source->path.data : NULL, "/r/bb");
        EXPECT(!moves_take_source(m, 0));
}
