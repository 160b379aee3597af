/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Lines for a terminal, a pipe, a file: what they say, and that nobody waits for who reads them. */

#include <fcntl.h>
#include <limits.h>
#include <sys/mman.h>

#include "publishers/stdout.h"
#include "test.h"

typedef struct Fixture {
        sd_event *event;
        History *history;
        Publisher *publisher;
        int read_fd, write_fd;
        char text[1 << 20]; /* all that was read */
        size_t length;
} Fixture;

static void fixture_free(Fixture **f) {
        publisher_free((*f)->publisher);
        history_free((*f)->history);
        sd_event_unref((*f)->event);
        safe_close((*f)->read_fd);
        safe_close((*f)->write_fd);
        free(*f);
}
#define _fixture_ _cleanup_(fixture_free) Fixture

static Fixture *fixture_new(bool json) {
        Fixture *f = calloc(1, sizeof(Fixture));
        int fds[2];

        assert(f);
        EXPECT_OK(pipe2(fds, O_CLOEXEC) < 0 ? -errno : 0);
        EXPECT_OK(fcntl(fds[0], F_SETFL, O_NONBLOCK));
        f->read_fd = fds[0];
        f->write_fd = fds[1];
        EXPECT_OK(sd_event_new(&f->event));
        EXPECT_OK(history_new(1 << 20, &f->history));
        EXPECT_OK(stdout_publisher_new(f->event, f->history, f->write_fd, json, &f->publisher));
        return f;
}

static void append(Fixture *f, Member member, uint32_t extra_mask, const char *path) {
        Notice n = {
                .member = member,
                .mask = member_names[member].mask | extra_mask,
                .path = path,
                .path_len = strlen(path),
                .watch = "foreground",
        };

        EXPECT_OK(history_append(f->history, &n, 1U << PUBLISHER_STDOUT));
        publisher_wake(f->publisher);
}

static void run_until_idle(Fixture *f) {
        while (sd_event_get_state(f->event) != SD_EVENT_FINISHED && sd_event_run(f->event, 0) > 0)
                ;
}

static void read_all(Fixture *f) {
        ssize_t n;

        while ((n = read(f->read_fd, f->text + f->length, sizeof(f->text) - f->length - 1)) > 0)
                f->length += (size_t) n;
        f->text[f->length] = '\0';
}

static void expect_short(Member member, uint32_t extra_mask, const char *path, const char *line) {
        _fixture_ *f = fixture_new(false);

        append(f, member, extra_mask, path);
        run_until_idle(f);
        read_all(f);
        EXPECT_STREQ(f->text, line);
}

TEST(short_lines_are_as_inotifywait_prints_them) {
        expect_short(MEMBER_IN_CREATE, 0, "/d/a", "/d/ CREATE a\n");
        expect_short(MEMBER_IN_CREATE, IN_ISDIR, "/d/sub", "/d/ CREATE,ISDIR sub\n");
        expect_short(MEMBER_IN_CLOSE_WRITE, 0, "/d/a", "/d/ CLOSE_WRITE,CLOSE a\n");
        expect_short(MEMBER_IN_CLOSE_NOWRITE,
                        IN_ISDIR,
                        "/d/sub",
                        "/d/ CLOSE_NOWRITE,CLOSE,ISDIR sub\n");
        expect_short(MEMBER_IN_MOVED_FROM, 0, "/d/a", "/d/ MOVED_FROM a\n");
        expect_short(MEMBER_IN_MOVED_TO, 0, "/a", "/ MOVED_TO a\n");
        expect_short(MEMBER_IN_DELETE_SELF, 0, "/d/a", "/d/a DELETE_SELF \n");
        expect_short(MEMBER_IN_Q_OVERFLOW, 0, "/d", "/d Q_OVERFLOW \n");
        expect_short(MEMBER_TRANSFER_COMPLETED, 0, "/d/a", "/d/ TRANSFER_COMPLETED a\n");
}

TEST(no_terminal_sequence_gets_through) {
        expect_short(MEMBER_IN_OPEN,
                        0,
                        "/d\x1b[2J/a\nb\xff\x9b",
                        "/d\\x1b[2J/ OPEN a\\nb\\xff\\x9b\n");
}

TEST(json_lines_are_one_per_notice) {
        _fixture_ *f = fixture_new(true);

        append(f, MEMBER_IN_CREATE, 0, "/d/a");
        append(f, MEMBER_IN_DELETE, 0, "/d/a");
        run_until_idle(f);
        read_all(f);
        EXPECT(strncmp(f->text, "{\"sequence\":1,", 14) == 0);
        EXPECT(strstr(f->text, "}\n{\"sequence\":2,"));
        EXPECT_EQ(f->text[f->length - 1], '\n');
}

/* More than a pipe and the backlog hold. */
#define N_MANY 6000U

TEST(slow_reader_is_not_waited_for_and_gets_every_line) {
        _fixture_ *f = fixture_new(false);
        char path[64], last[80];
        size_t n_lines = 0;

        for (unsigned i = 0; i < N_MANY; i++) {
                (void) snprintf(path, sizeof(path), "/directory/of/files/file-%04u", i);
                append(f, MEMBER_IN_CREATE, 0, path);
        }
        run_until_idle(f);
        EXPECT_INT(history_load(f->history, PUBLISHER_STDOUT).sequence, <, N_MANY);
        EXPECT_EQ(publisher_flush(f->publisher), 1);
        for (unsigned i = 0; i < 1000 && f->publisher->cursor.sequence < N_MANY; i++) {
                read_all(f);
                run_until_idle(f);
        }
        for (unsigned i = 0; i < 1000 && publisher_flush(f->publisher) > 0; i++)
                read_all(f);
        do {
                read_all(f);
                run_until_idle(f);
        } while (history_load(f->history, PUBLISHER_STDOUT).sequence < N_MANY);
        read_all(f);
        for (size_t i = 0; i < f->length; i++)
                n_lines += f->text[i] == '\n';
        EXPECT_EQ(n_lines, N_MANY);
        (void) snprintf(last, sizeof(last), "/directory/of/files/ CREATE file-%04u\n", N_MANY - 1);
        EXPECT(f->length > strlen(last));
        EXPECT_STREQ(f->text + f->length - strlen(last), last);
}

TEST(reader_that_fell_far_behind_is_told_of_the_gap) {
        _fixture_ *f = fixture_new(true);
        char path[PATH_MAX];
        unsigned from = 0, to = 0;

        memset(path, 'x', sizeof(path));
        path[0] = '/';
        path[sizeof(path) - 1] = '\0';
        for (unsigned i = 0; i < 100; i++)
                append(f, MEMBER_IN_CREATE, 0, path);
        run_until_idle(f);
        for (unsigned i = 0; i < 400; i++)
                append(f, MEMBER_IN_CREATE, 0, path);
        for (unsigned i = 0; i < 1000 && f->publisher->cursor.sequence < 500; i++) {
                run_until_idle(f);
                read_all(f);
                const char *gap = strstr(f->text, "{\"event\":\"gap\"");
                if (gap)
                        (void) sscanf(gap, "{\"event\":\"gap\",\"from\":%u,\"to\":%u}", &from, &to);
                f->length = 0;
        }
        EXPECT_INT(from, >, 1);
        EXPECT_INT(to, >, from);
        EXPECT_INT(to, <, 500);
        EXPECT_EQ(f->publisher->cursor.sequence, 500);
}

TEST(reader_that_goes_away_ends_the_loop_with_success) {
        _fixture_ *f = fixture_new(false);
        int code = -1;

        append(f, MEMBER_IN_CREATE, 0, "/d/a");
        run_until_idle(f);
        f->read_fd = safe_close(f->read_fd);
        EXPECT_EQ(sd_event_loop(f->event), 0);
        EXPECT_OK(sd_event_get_exit_code(f->event, &code));
        EXPECT_EQ(code, 0);
}

TEST(regular_file_takes_everything_at_once) {
        _cleanup_close_ int fd = memfd_create("lines", MFD_CLOEXEC);
        _fixture_ *f = fixture_new(false);
        char text[64] = {};

        f->publisher = publisher_free(f->publisher);
        EXPECT_OK(stdout_publisher_new(f->event, f->history, fd, false, &f->publisher));
        for (unsigned i = 0; i < 3; i++)
                append(f, MEMBER_IN_CREATE, 0, "/d/a");
        EXPECT_EQ(publisher_flush(f->publisher), 0);
        EXPECT_EQ(pread(fd, text, sizeof(text) - 1, 0), 39);
        EXPECT_STREQ(text, "/d/ CREATE a\n/d/ CREATE a\n/d/ CREATE a\n");
}
