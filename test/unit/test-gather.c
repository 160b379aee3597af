/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "gather.h"
#include "test.h"

TEST(few_are_read_at_once) {
        Gather g = {};

        for (usec_t now = 1000000; now < 2000000; now += 200)
                EXPECT(gather_next(&g, now, GATHER_BYTES / 8) == USEC_INFINITY);
}

TEST(flood_of_small_reads_gathers_until_the_millisecond_is_over) {
        Gather g = {};

        EXPECT(gather_next(&g, 1000000, GATHER_BYTES / 2) == USEC_INFINITY);
        EXPECT_EQ(gather_next(&g, 1000300, GATHER_BYTES / 2), 1001000);
        EXPECT_EQ(gather_next(&g, 1001000, GATHER_BYTES * 4), 1002000);
        EXPECT(gather_next(&g, 1002000, 32) == USEC_INFINITY);
}

TEST(full_read_is_followed_by_another) {
        Gather g = {};

        EXPECT(gather_next(&g, 1000000, GATHER_BYTES_FULL) == USEC_INFINITY);
        EXPECT_EQ(gather_next(&g, 1000100, 32), 1001000);
}
