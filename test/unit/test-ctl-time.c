/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <time.h>

#include "ctl-time.h"
#include "test.h"

#define MINUTE (60 * USEC_PER_SEC)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)

TEST(spans_are_told_to_two_units) {
        static const struct {
                usec_t span;
                const char *text;
        } rows[] = {
                { 1, "1us ago" },
                { 999, "999us ago" },
                { 1000, "1ms ago" },
                { USEC_PER_SEC - 1, "999ms ago" },
                { USEC_PER_SEC, "1s ago" },
                { 59 * USEC_PER_SEC, "59s ago" },
                { MINUTE, "1min ago" },
                { MINUTE + 3 * USEC_PER_SEC, "1min 3s ago" },
                { 5 * MINUTE + 3 * USEC_PER_SEC, "5min ago" },
                { HOUR + 2 * MINUTE, "1h 2min ago" },
                { 6 * HOUR + 2 * MINUTE, "6h ago" },
                { 24 * HOUR, "24h ago" },
                { 25 * HOUR, "1 day 1h ago" },
                { 2 * DAY + HOUR, "2 days ago" },
                { 7 * DAY, "1 week ago" },
                { 9 * DAY, "1 week 2 days ago" },
                { 31 * DAY, "1 month ago" },
                { 63 * DAY, "2 months 2 days ago" },
                { 366 * DAY, "1 year ago" },
                { 800 * DAY, "2 years 2 months ago" },
        };
        usec_t now = time_now();
        Buffer b = {};

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                buffer_clear(&b);
                time_add_relative(&b, now - rows[i].span, now);
                EXPECT_STREQ(b.data, rows[i].text);
        }
        buffer_clear(&b);
        time_add_relative(&b, now, now);
        EXPECT_STREQ(b.data, "now");
        buffer_clear(&b);
        time_add_relative(&b, now + 5 * USEC_PER_SEC, now);
        EXPECT_STREQ(b.data, "5s left");
        buffer_done(&b);
}

TEST(points_are_told_in_the_local_time_zone) {
        Buffer b = {};

        EXPECT_OK(setenv("TZ", "UTC", 1));
        tzset();
        time_add_stamp(&b, UINT64_C(1795220865727384));
        EXPECT_STREQ(b.data, "Sat 2026-11-21 00:27:45 UTC");
        buffer_clear(&b);
        time_add_precise(&b, UINT64_C(1795220865000384));
        EXPECT_STREQ(b.data, "Nov 21 00:27:45.000384");
        buffer_done(&b);
}

TEST(times_that_no_calendar_has_are_numbers) {
        Buffer b = {};

        time_add_stamp(&b, UINT64_MAX);
        EXPECT(b.length > 0);
        buffer_clear(&b);
        time_add_precise(&b, UINT64_MAX);
        EXPECT(b.length > 0);
        buffer_done(&b);
}
