/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What the bus takes as it is, and what is replaced. sd-bus itself is asked, too. */

#include <sys/socket.h>
#include <systemd/sd-bus.h>

#include "publishers/bus-string.h"
#include "test.h"

#define FFFD "\xef\xbf\xbd"

static void expect_taken(const char *s) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        _cleanup_(sd_bus_unrefp) sd_bus *bus = NULL;

        _cleanup_close_ int other_end = -EBADF;
        int fds[2] = {};

        /* A message needs a bus that was started, not one that answers. */
        EXPECT_OK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) < 0 ? -errno : 0);
        other_end = fds[1];
        EXPECT_OK(sd_bus_new(&bus));
        EXPECT_OK(sd_bus_set_fd(bus, fds[0], fds[0]));
        EXPECT_OK(sd_bus_start(bus));
        EXPECT_OK(sd_bus_message_new_signal(bus, &m, "/a", "a.b", "C"));
        EXPECT_OK(sd_bus_message_append_basic(m, 's', s));
}

static void expect_string(const char *from, const char *to) {
        Buffer b = {};
        const char *s = bus_string(&b, from, strlen(from));

        EXPECT_STREQ(s, to);
        expect_taken(s);
        buffer_done(&b);
}

TEST(names_that_are_text_are_not_copied) {
        static const char *const names[] = {
                "",
                "/new\nline",
                "/\x1b[2J",
                "/-rf",
                "/\xc3\xa9\xef\xbf\xbd\xef\xbf\xbc\xef\xb7\x8f\xef\xb7\xb0\xf0\x9f\x98\x80",
                "/\xf0\x9f\xbf\xbd\xf4\x8f\xbf\xbd",
        };
        Buffer b = {};

        for (size_t i = 0; i < ELEMENTSOF(names); i++) {
                EXPECT(bus_string(&b, names[i], strlen(names[i])) == names[i]);
                expect_taken(names[i]);
        }
        EXPECT(!b.data);
}

TEST(what_is_not_utf8_is_replaced) {
        expect_string("/bad\xff\xfe", "/bad" FFFD FFFD);
        expect_string("/\xed\xa0\x80", "/" FFFD FFFD FFFD);
        expect_string("cut\xf0\x9f\xbf", "cut" FFFD);
}

TEST(noncharacters_are_replaced) {
        expect_string("\xef\xbf\xbe", FFFD);
        expect_string("a\xef\xbf\xbf", "a" FFFD);
        expect_string("\xef\xb7\x90-\xef\xb7\xaf", FFFD "-" FFFD);
        expect_string("\xf0\x9f\xbf\xbe\xf0\x9f\xbf\xbf", FFFD FFFD);
        expect_string("\xf4\x8f\xbf\xbf!", FFFD "!");
}

TEST(both_kinds_in_one_name_are_replaced) {
        expect_string("\xff\xef\xbf\xbf", FFFD FFFD);
}
