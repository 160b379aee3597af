/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What a shell makes of an environment file; what systemd makes of it is a case of the system tests. */

#include <sys/wait.h>

#include "publishers/environment.h"
#include "test.h"

static Notice notice(const char *path) {
        return (Notice){
                .member = MEMBER_IN_CREATE,
                .mask = IN_CREATE,
                .sequence = 7,
                .usec = 1763629200000000,
                .path = path,
                .path_len = strlen(path),
                .watch = "in-1.x",
        };
}

/* The bytes that `sh` has in a variable after it has sourced the file of the notice; all that it prints
 * or says besides would be there, too. */
static const char *sourced(const Notice *n, const char *variable) {
        static char value[8192];
        char file[] = "/tmp/inotifier-environment-XXXXXX", command[256];
        int fd = mkstemp(file);
        Buffer b = {};
        size_t length = 0;

        environment_add_notice(&b, n, "inotifier", false);
        EXPECT(!b.failed && fd >= 0);
        EXPECT_EQ(write(fd, b.data, b.length), b.length);
        (void) close(fd);
        (void) snprintf(command,
                        sizeof(command),
                        "cd /nowhere 2>/dev/null; set -eu; . %s 2>&1; printf '%%s' \"$%s\"",
                        file,
                        variable);
        FILE *f = popen(command, "re");
        assert(f);
        length = fread(value, 1, sizeof(value) - 1, f);
        value[length] = '\0';
        EXPECT_EQ(pclose(f), 0);
        (void) unlink(file);
        buffer_done(&b);
        return value;
}

static void expect_lines(const Notice *n, bool is_repeat, const char *lines) {
        Buffer b = {};

        environment_add_notice(&b, n, "night", is_repeat);
        EXPECT_STREQ(b.data, lines);
        buffer_done(&b);
}

TEST(plain_notice_has_what_it_says_and_no_more) {
        Notice n = notice("/srv/a");

        expect_lines(&n,
                        false,
                        "INOTIFIER_INSTANCE=\"night\"\n"
                        "INOTIFIER_WATCH=\"in-1.x\"\n"
                        "INOTIFIER_EVENT=\"in_create\"\n"
                        "INOTIFIER_PATH=\"/srv/a\"\n"
                        "INOTIFIER_SEQUENCE=7\n"
                        "INOTIFIER_MASK=256\n"
                        "INOTIFIER_COOKIE=0\n"
                        "INOTIFIER_USEC=1763629200000000\n");
}

TEST(details_are_there_where_they_apply) {
        Notice n = notice("/srv/\xff");

        n.member = MEMBER_TRANSFER_ABANDONED;
        n.mask = 0;
        n.cookie = 3;
        n.source = "/srv/\xfe.part";
        n.source_len = strlen(n.source);
        n.flags = NOTICE_INITIAL | NOTICE_RESCAN | NOTICE_HAS_SIZE | NOTICE_HAS_DURATION |
                  NOTICE_HAS_CHUNKS;
        n.size = 10;
        n.duration_usec = 11;
        n.chunks = 12;
        n.reason = REASON_AGE;
        expect_lines(&n,
                        true,
                        "INOTIFIER_INSTANCE=\"night\"\n"
                        "INOTIFIER_WATCH=\"in-1.x\"\n"
                        "INOTIFIER_EVENT=\"transfer_abandoned\"\n"
                        "INOTIFIER_PATH=\"/srv/\xef\xbf\xbd\"\n"
                        "INOTIFIER_RAW_PATH=2f7372762fff\n"
                        "INOTIFIER_SEQUENCE=7\n"
                        "INOTIFIER_MASK=0\n"
                        "INOTIFIER_COOKIE=3\n"
                        "INOTIFIER_USEC=1763629200000000\n"
                        "INOTIFIER_SOURCE_PATH=\"/srv/\xef\xbf\xbd.part\"\n"
                        "INOTIFIER_RAW_SOURCE_PATH=2f7372762ffe2e70617274\n"
                        "INOTIFIER_SIZE=10\n"
                        "INOTIFIER_DURATION_USEC=11\n"
                        "INOTIFIER_CHUNKS=12\n"
                        "INOTIFIER_INITIAL=\"true\"\n"
                        "INOTIFIER_RESCAN=\"true\"\n"
                        "INOTIFIER_REASON=\"age\"\n"
                        "INOTIFIER_REPEAT=\"true\"\n");
}

TEST(shell_reads_hostile_names_as_they_are) {
        static const char *const names[] = {
                "/srv/$(touch pwn)",
                "/srv/`touch pwn`",
                "/srv/\"; touch pwn; \"",
                "/srv/'; touch pwn; '",
                "/srv/a\nINOTIFIER_WATCH=other\ntouch pwn",
                "/srv/\\",
                "/srv/\\\\\"",
                "/srv/a\\\nb",
                "/srv/$HOME ${HOME} $$ $1",
                "/srv/ lead and trail \t",
                "/srv/# ; comment",
                "/srv/\x1b[31m\r\v\f\x7f",
                "/srv/-rf *",
                "/srv/\xe2\x82\xac",
                "/srv/!! ~ {a,b} a=b",
        };

        for (size_t i = 0; i < ELEMENTSOF(names); i++) {
                Notice n = notice(names[i]);

                n.source = names[i];
                n.source_len = n.path_len;
                EXPECT_STREQ(sourced(&n, "INOTIFIER_PATH"), names[i]);
                EXPECT_STREQ(sourced(&n, "INOTIFIER_SOURCE_PATH"), names[i]);
                EXPECT_STREQ(sourced(&n, "INOTIFIER_WATCH"), "in-1.x");
        }
}

TEST(shell_reads_every_byte_of_a_name) {
        char path[200] = "/";
        Notice n;

        for (unsigned c = 1; c < 128; c++)
                path[c] = (char) c;
        path[(unsigned) '/'] = '_';
        n = notice(path);
        EXPECT_STREQ(sourced(&n, "INOTIFIER_PATH"), path);
}

TEST(path_that_systemd_would_refuse_is_shown_and_given_as_hex) {
        Notice n = notice("/srv/$\xef\xbf\xbe"); /* a noncharacter */

        EXPECT_STREQ(sourced(&n, "INOTIFIER_PATH"), "/srv/$\xef\xbf\xbd");
        EXPECT_STREQ(sourced(&n, "INOTIFIER_RAW_PATH"), "2f7372762f24efbfbe");
}
