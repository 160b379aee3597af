/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "announced.h"
#include "test.h"

#define SECOND USEC_PER_SEC

TEST(state_is_said_once_and_at_once) {
        Announced a = ANNOUNCED_NOTHING;

        EXPECT(!announced_take(&a, WATCH_WATCHING, "", SECOND));
        EXPECT(announced_take(&a, WATCH_WAITING, "not there", SECOND));
        EXPECT(!announced_take(&a, WATCH_WAITING, "not there", SECOND));
        EXPECT(announced_take(&a, WATCH_WATCHING, "", SECOND + 1));
        EXPECT_EQ(a.due_at, USEC_INFINITY);
        announced_done(&a);
}

TEST(reasons_that_change_all_the_time_are_said_now_and_then) {
        Announced a = ANNOUNCED_NOTHING;
        char reason[32];
        unsigned n = 0;

        EXPECT(announced_take(&a, WATCH_DEGRADED, "1", SECOND));
        for (usec_t now = SECOND; now < 101 * SECOND; now += SECOND / 100) {
                (void) snprintf(reason, sizeof(reason), "%u", (unsigned) (now / (SECOND / 100)));
                if (announced_take(&a, WATCH_DEGRADED, reason, now))
                        n++;
                else
                        EXPECT_INT(a.due_at, <=, now + 5 * SECOND);
        }
        EXPECT_EQ(n, 19);
        EXPECT(announced_take(&a, WATCH_DEGRADED, "last", a.due_at));
        EXPECT_EQ(a.due_at, USEC_INFINITY);
        announced_done(&a);
}

TEST(reason_that_is_as_it_was_again_is_not_said) {
        Announced a = ANNOUNCED_NOTHING;

        EXPECT(announced_take(&a, WATCH_DEGRADED, "1", SECOND));
        EXPECT(!announced_take(&a, WATCH_DEGRADED, "2", 2 * SECOND));
        EXPECT_EQ(a.due_at, 6 * SECOND);
        EXPECT(!announced_take(&a, WATCH_DEGRADED, "1", 3 * SECOND));
        EXPECT_EQ(a.due_at, USEC_INFINITY);
        announced_done(&a);
}
