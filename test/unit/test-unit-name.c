/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Names of units against what systemd-escape(1) prints. */

#include "publishers/unit-name.h"
#include "test.h"

static const char *name_of(const char *template, const char *path, uint64_t sequence) {
        static char name[UNIT_NAME_MAX + 1];

        unit_name_make(template, path, strlen(path), sequence, name);
        return name;
}

TEST(path_is_escaped_as_systemd_escape_does) {
        static const struct {
                const char *path, *instance;
        } pairs[] = {
                { "/", "-" },
                { "/srv", "srv" },
                { "/srv/dicom/IMG1", "srv-dicom-IMG1" },
                { "/srv/a-b", "srv-a\\x2db" },
                { "/srv/a b", "srv-a\\x20b" },
                { "/srv/a\\b", "srv-a\\x5cb" },
                { "/srv/a_b:c.d", "srv-a_b:c.d" },
                { "/.hidden", "\\x2ehidden" },
                { "/srv/.hidden", "srv-.hidden" },
                { "/srv/a@b", "srv-a\\x40b" },
                { "/srv/\n\t\x1b", "srv-\\x0a\\x09\\x1b" },
                { "/srv/\xc3\xa4\xff", "srv-\\xc3\\xa4\\xff" },
                { "/srv/$(touch pwn)", "srv-\\x24\\x28touch\\x20pwn\\x29" },
                { "/-", "\\x2d" },
        };
        char expected[512];

        for (size_t i = 0; i < ELEMENTSOF(pairs); i++) {
                (void) snprintf(expected, sizeof(expected), "x@%s.service", pairs[i].instance);
                EXPECT_STREQ(name_of("x@.service", pairs[i].path, 1), expected);
        }
}

TEST(longest_name_fits_and_the_next_is_a_number) {
        size_t room = UNIT_NAME_MAX - strlen("x@.service");
        char path[512] = "/", expected[512];

        memset(path + 1, 'a', room);
        (void) snprintf(expected, sizeof(expected), "x@%s.service", path + 1);
        EXPECT_STREQ(name_of("x@.service", path, 7), expected);
        EXPECT_EQ(strlen(expected), UNIT_NAME_MAX);
        path[room + 1] = 'a';
        EXPECT_STREQ(name_of("x@.service", path, 7), "x@7.service");
        /* One byte that takes four. */
        path[room] = '-';
        path[room + 1] = '\0';
        EXPECT_STREQ(name_of("x@.service", path, UINT64_MAX), "x@18446744073709551615.service");
}

TEST(longest_template_has_room_for_any_sequence) {
        char template[512] = "";
        const char *why = NULL;

        memset(template, 'a', 235 - strlen("@.service"));
        strcat(template, "@.service");
        EXPECT_OK(unit_template_check(template, &why));
        EXPECT_EQ(strlen(name_of(template, "/srv/a/long/path/that/is/it", UINT64_MAX)), 255);
        memmove(template + 1, template, strlen(template) + 1);
        EXPECT_EQ(unit_template_check(template, &why), -EINVAL);
        EXPECT(why && strstr(why, "235"));
}

TEST(template_of_a_service_is_told_from_others) {
        static const char *const good[] = {
                "x@.service", "inotifier-ingest@.service", "a.b:c\\x2d_@.service"
        };
        static const char *const bad[] = {
                "",
                "@.service",
                "x.service",
                "x@y.service",
                "x@.timer",
                "x@",
                "x@.serviceX",
                "x y@.service",
                "x/y@.service",
                "x@@.service",
                "\xff@.service",
                "x$@.service",
        };
        const char *why = NULL;

        for (size_t i = 0; i < ELEMENTSOF(good); i++)
                EXPECT_OK(unit_template_check(good[i], &why));
        for (size_t i = 0; i < ELEMENTSOF(bad); i++) {
                why = NULL;
                EXPECT_EQ(unit_template_check(bad[i], &why), -EINVAL);
                EXPECT(why);
        }
}
