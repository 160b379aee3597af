/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Names of markers. */

#include "processors/marker.h"
#include "test.h"

static Marker parse(const char *pattern) {
        const char *why = NULL;
        Marker m = {};

        EXPECT_OK(marker_parse(&m, pattern, &why));
        return m;
}

static void expect_path(const char *pattern, const char *path, const char *marker) {
        Marker m = parse(pattern);
        Buffer b = {};

        marker_add_path(&m, path, strlen(path), &b);
        EXPECT_STREQ(b.data, marker);
        EXPECT(marker_is(&m, b.data, b.length, NULL, NULL));
        buffer_done(&b);
        marker_done(&m);
}

TEST(a_marker_has_the_name_in_it) {
        expect_path("%n.done", "/w/a.dat", "/w/a.dat.done");
        expect_path("%b.done", "/w/a.dat", "/w/a.done");
        expect_path("%b.done", "/w/a", "/w/a.done");
        expect_path("%b.done", "/w/a.tar.gz", "/w/a.tar.done");
        expect_path("%b.done", "/w/.profile", "/w/.profile.done");
        expect_path("%b.done", "/w.d/a", "/w.d/a.done");
        expect_path("done-%n", "/a", "/done-a");
        expect_path(".%n.100%%", "/w/a", "/w/.a.100%");
}

TEST(a_name_is_known_as_that_of_a_marker) {
        Marker m = parse("x-%n.done");
        size_t at = 0, len = 0;

        EXPECT(marker_is(&m, "/w/x-a.b.done", 13, &at, &len));
        EXPECT_EQ(at, 5);
        EXPECT_EQ(len, 3);
        EXPECT(!marker_is(&m, "/w/x-.done", 10, NULL, NULL));
        EXPECT(!marker_is(&m, "/w/x-a.don", 10, NULL, NULL));
        EXPECT(!marker_is(&m, "/w/a.done", 9, NULL, NULL));
        EXPECT(!marker_is(&m, "/w/x-a.done/b", 13, NULL, NULL));
        EXPECT(!marker_is(&m, "/x-a.done/", 10, NULL, NULL));
        marker_done(&m);
        EXPECT(!marker_is(&m, "/w/x-a.done", 11, NULL, NULL));
}

TEST(a_pattern_that_cannot_be_meant_is_refused) {
        static const char *const bad[] = { "done",
                "%n",
                "%b",
                "%n%n.x",
                "%n%b.x",
                "%d.x",
                "%",
                "%n.x%",
                "dir/%n.x",
                "%%n.done",
                "" };

        for (size_t i = 0; i < ELEMENTSOF(bad); i++) {
                const char *why = NULL;
                Marker m = {};

                EXPECT_EQ(marker_parse(&m, bad[i], &why), -EINVAL);
                EXPECT(why && *why);
                EXPECT(!m.text);
        }
}
