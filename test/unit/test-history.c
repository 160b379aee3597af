/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <fcntl.h>

#include "publishers/history-internal.h"
#include "test.h"

static Notice notice(const char *path) {
        return (Notice){
                .member = MEMBER_IN_CREATE,
                .mask = IN_CREATE,
                .usec = 5,
                .path = path,
                .path_len = strlen(path),
                .watch = "incoming",
        };
}

TEST(notice_comes_back_whole) {
        _cleanup_(history_freep) History *h = NULL;
        Notice n = notice("/srv/a"), back;
        uint64_t from, to;
        Cursor c = {};

        EXPECT_OK(history_new(HISTORY_SIZE_MIN, &h));
        n.member = MEMBER_TRANSFER_ABANDONED;
        n.flags = NOTICE_RESCAN | NOTICE_HAS_SIZE | NOTICE_HAS_DURATION | NOTICE_HAS_CHUNKS;
        n.reason = REASON_AGE;
        n.cookie = 9;
        n.size = UINT64_MAX;
        n.duration_usec = 1234567;
        n.chunks = UINT32_MAX;
        n.source = "/srv/a.part";
        n.source_len = strlen(n.source);
        EXPECT_OK(history_append(h, &n, 1));
        EXPECT_EQ(history_next(h, &c, 1, &back, &from, &to), 1);
        EXPECT_EQ(back.member, MEMBER_TRANSFER_ABANDONED);
        EXPECT_EQ(back.flags, n.flags);
        EXPECT_EQ(back.reason, REASON_AGE);
        EXPECT_EQ(back.mask, IN_CREATE);
        EXPECT_EQ(back.cookie, 9);
        EXPECT_EQ(back.sequence, 1);
        EXPECT_EQ(back.usec, 5);
        EXPECT(back.size == UINT64_MAX);
        EXPECT_EQ(back.duration_usec, 1234567);
        EXPECT_EQ(back.chunks, UINT32_MAX);
        EXPECT_STREQ(back.path, "/srv/a");
        EXPECT_EQ(back.path_len, 6);
        EXPECT_STREQ(back.source, "/srv/a.part");
        EXPECT_STREQ(back.watch, "incoming");
        EXPECT_EQ(history_next(h, &c, 1, &back, &from, &to), 0);
}

TEST(each_publisher_reads_what_is_for_it) {
        _cleanup_(history_freep) History *h = NULL;
        Notice a = notice("/a"), b = notice("/b"), back;
        uint64_t from, to;
        Cursor one = {}, two = {};

        EXPECT_OK(history_new(HISTORY_SIZE_MIN, &h));
        EXPECT_OK(history_append(h, &a, 1));
        EXPECT_OK(history_append(h, &b, 2));
        EXPECT_EQ(history_next(h, &one, 1, &back, &from, &to), 1);
        EXPECT_STREQ(back.path, "/a");
        EXPECT_EQ(history_next(h, &one, 1, &back, &from, &to), 0);
        EXPECT_EQ(one.sequence, 2);
        EXPECT_EQ(history_next(h, &two, 2, &back, &from, &to), 1);
        EXPECT_STREQ(back.path, "/b");
}

TEST(who_falls_behind_is_told_what_was_missed) {
        _cleanup_(history_freep) History *h = NULL;
        uint64_t from = 0, to = 0, expected;
        Cursor c = {};
        Notice back;
        int r;

        EXPECT_OK(history_new(HISTORY_SIZE_MIN, &h));
        for (unsigned i = 0; i < 10000; i++) {
                Notice n = notice("/srv/dicom/incoming/some-file");
                EXPECT_OK(history_append(h, &n, 1));
        }
        EXPECT_EQ(history_newest(h), 10000);
        EXPECT_INT(history_oldest(h), >, 9000);
        EXPECT_EQ(history_next(h, &c, 1, &back, &from, &to), -ESTALE);
        EXPECT_EQ(from, 1);
        EXPECT_EQ(to, history_oldest(h) - 1);
        expected = to;
        while ((r = history_next(h, &c, 1, &back, &from, &to)) > 0)
                EXPECT_EQ(back.sequence, ++expected);
        EXPECT_EQ(r, 0);
        EXPECT_EQ(expected, 10000);
}

TEST(records_of_all_sizes_cross_the_end_whole) {
        _cleanup_(history_freep) History *h = NULL;
        char path[4097];
        Cursor c = {};

        EXPECT_OK(history_new(HISTORY_SIZE_MIN, &h));
        for (unsigned i = 0; i < 5000; i++) {
                size_t length = 1 + i * 37 % (sizeof(path) - 1);
                uint64_t from, to;
                Notice n, back;

                memset(path, 'a' + (int) (i % 26), length);
                path[0] = '/';
                path[length] = '\0';
                n = notice(path);
                EXPECT_OK(history_append(h, &n, 1));
                EXPECT_EQ(history_next(h, &c, 1, &back, &from, &to), 1);
                EXPECT_STREQ(back.path, path);
        }
}

TEST(name_that_cannot_fit_is_refused) {
        _cleanup_(history_freep) History *h = NULL;
        size_t length = UINT16_MAX + 1;
        _cleanup_free_ char *path = malloc(length + 1);

        EXPECT(path);
        memset(path, 'x', length);
        path[length] = '\0';
        EXPECT_OK(history_new(HISTORY_SIZE_MIN, &h));
        Notice n = notice(path);
        EXPECT_EQ(history_append(h, &n, 1), -EMSGSIZE);
        EXPECT_EQ(history_newest(h), 0);
}

TEST(cursors_are_kept_by_publisher) {
        _cleanup_(history_freep) History *h = NULL;
        Cursor c = { 128, 2 };

        EXPECT_OK(history_new(HISTORY_SIZE_MIN, &h));
        history_save(h, PUBLISHER_JOURNAL, &c);
        EXPECT_EQ(history_load(h, PUBLISHER_JOURNAL).position, 128);
        EXPECT_EQ(history_load(h, PUBLISHER_JOURNAL).sequence, 2);
        EXPECT_EQ(history_load(h, PUBLISHER_BUS).position, 0);
}

/* Fills a history, ends it as its process would, and gives the memory file that is left. */
static int leave_history(uint64_t size, unsigned n, Cursor *journal) {
        _cleanup_(history_freep) History *h = NULL;

        EXPECT_OK(history_new(size, &h));
        for (unsigned i = 1; i <= n; i++) {
                Notice a = notice("/srv/dicom/incoming/IMG0001");
                EXPECT_OK(history_append(h, &a, 1U << PUBLISHER_JOURNAL));
                if (i == n - 1) {
                        *journal = history_end(h);
                        history_save(h, PUBLISHER_JOURNAL, journal);
                }
        }
        return fcntl(history_fd(h), F_DUPFD_CLOEXEC, 0);
}

TEST(next_process_goes_on_with_sequence_and_cursors) {
        _cleanup_(history_freep) History *h = NULL;
        Notice next = notice("/next"), back;
        uint64_t from, to;
        Cursor c = {};

        int fd = leave_history(HISTORY_SIZE_MIN, 5000, &c);
        EXPECT_EQ(history_adopt(fd, HISTORY_SIZE_MIN, &h), 1);
        EXPECT_EQ(history_newest(h), 5000);
        c = history_load(h, PUBLISHER_JOURNAL);
        EXPECT_EQ(history_next(h, &c, ~0U, &back, &from, &to), 1);
        EXPECT_EQ(back.sequence, 5000); /* was not told yet */
        EXPECT_EQ(history_next(h, &c, ~0U, &back, &from, &to), 0);
        EXPECT_OK(history_append(h, &next, 1));
        EXPECT_EQ(history_next(h, &c, ~0U, &back, &from, &to), 1);
        EXPECT_EQ(back.sequence, 5001);
        EXPECT_STREQ(back.path, "/next");
}

TEST(next_process_may_have_another_size) {
        static const uint64_t sizes[] = { HISTORY_SIZE_MIN, 4 * HISTORY_SIZE_MIN, 1 << 20 };

        for (size_t i = 0; i < ELEMENTSOF(sizes); i++) {
                _cleanup_(history_freep) History *h = NULL;
                uint64_t from, to, sequence = 0;
                Notice back;
                Cursor c = {}, journal;

                int fd = leave_history(2 * HISTORY_SIZE_MIN, 5000, &journal);
                EXPECT_EQ(history_adopt(fd, sizes[i], &h), 1);
                EXPECT_EQ(history_newest(h), 5000);
                journal = history_load(h, PUBLISHER_JOURNAL);
                EXPECT_EQ(history_next(h, &journal, ~0U, &back, &from, &to), 1);
                EXPECT_EQ(back.sequence, 5000);
                EXPECT_EQ(history_next(h, &c, ~0U, &back, &from, &to), -ESTALE);
                EXPECT_EQ(from, 1);
                for (sequence = to; history_next(h, &c, ~0U, &back, &from, &to) > 0;)
                        EXPECT_EQ(back.sequence, ++sequence);
                EXPECT_EQ(sequence, 5000);
        }
}

TEST(what_is_no_history_of_this_layout_begins_anew) {
        char junk[4096];

        memset(junk, 'x', sizeof(junk));
        for (unsigned damage = 0; damage < 4; damage++) {
                _cleanup_(history_freep) History *h = NULL;
                Cursor c;

                int fd = leave_history(HISTORY_SIZE_MIN, 2000, &c);
                if (damage == 0) /* another version */
                        EXPECT_EQ(pwrite(fd, "\377", 1, 8), 1);
                else if (damage == 1) /* the records */
                        EXPECT_EQ(pwrite(fd, junk, sizeof(junk), 3 * 4096), sizeof(junk));
                else if (damage == 2) /* cut */
                        EXPECT_OK(ftruncate(fd, 8192));
                else /* not a file at all */
                        EXPECT_OK(dup2(STDERR_FILENO, fd));
                EXPECT_EQ(history_adopt(fd, HISTORY_SIZE_MIN, &h), 0);
                EXPECT_EQ(history_newest(h), 0);
                EXPECT_EQ(history_load(h, PUBLISHER_JOURNAL).position, 0);
        }
}

TEST(cursor_that_is_at_no_record_is_put_right) {
        _cleanup_(history_freep) History *h = NULL;
        Cursor c, wrong = { 12345, 7 };
        uint64_t from, to;
        Notice back;

        int fd = leave_history(HISTORY_SIZE_MIN, 100, &c);
        EXPECT_EQ(history_adopt(fcntl(fd, F_DUPFD_CLOEXEC, 0), HISTORY_SIZE_MIN, &h), 1);
        wrong.position = c.position + 8;
        history_save(h, PUBLISHER_JOURNAL, &wrong);
        h = history_free(h);
        EXPECT_EQ(history_adopt(fd, HISTORY_SIZE_MIN, &h), 1);
        c = history_load(h, PUBLISHER_JOURNAL);
        EXPECT_EQ(history_next(h, &c, ~0U, &back, &from, &to), 1);
        EXPECT_EQ(back.sequence, 1);
}

TEST(end_is_where_new_notices_come) {
        _cleanup_(history_freep) History *h = NULL;
        Notice a = notice("/a"), b = notice("/b"), back;
        uint64_t from, to;

        EXPECT_OK(history_new(HISTORY_SIZE_MIN, &h));
        EXPECT_EQ(history_oldest(h), 1);
        EXPECT_OK(history_append(h, &a, 1));
        Cursor c = history_end(h);
        EXPECT_EQ(history_next(h, &c, 1, &back, &from, &to), 0);
        EXPECT_OK(history_append(h, &b, 1));
        EXPECT_EQ(history_next(h, &c, 1, &back, &from, &to), 1);
        EXPECT_STREQ(back.path, "/b");
        EXPECT_EQ(history_oldest(h), 1);
}

/* Leaves notices of (watch, step); cuts the last step off, as what it is expected to be. */
TEST(the_last_step_can_be_cut_off) {
        static const struct {
                const char *watch;
                uint64_t step;
        } said[] = { { "a", 7 }, { "b", 9 }, { "a", 8 }, { "b", 8 }, { "b", 8 }, { "b", 8 } };
        _cleanup_(history_freep) History *h = NULL, *next = NULL, *third = NULL;
        uint64_t from, to, step = 0;
        Cursor c, told = {};
        Notice n = notice("/x"), back;

        EXPECT_OK(history_new(HISTORY_SIZE_MIN, &h));
        for (size_t i = 0; i < ELEMENTSOF(said); i++) {
                n.watch = said[i].watch;
                n.step = said[i].step;
                EXPECT_OK(history_append(h, &n, ~0U));
                if (i == 2) {
                        told = history_end(h);
                        history_save(h, PUBLISHER_JOURNAL, &told);
                }
        }
        int fd = fcntl(history_fd(h), F_DUPFD_CLOEXEC, 3);
        EXPECT_EQ(history_adopt(fcntl(fd, F_DUPFD_CLOEXEC, 3), HISTORY_SIZE_MIN, &next), 1);
        EXPECT_STREQ(history_last_step(next, &step), "b");
        EXPECT_EQ(step, 8);
        history_cut_last_step(next);
        EXPECT_EQ(history_newest(next), 3);
        c = history_load(next, PUBLISHER_JOURNAL);
        EXPECT_EQ(c.position, told.position);
        n.watch = "b";
        n.path = "/y";
        EXPECT_OK(history_append(next, &n, ~0U));
        EXPECT_EQ(history_next(next, &c, ~0U, &back, &from, &to), 1);
        EXPECT_EQ(back.sequence, 4);
        EXPECT_STREQ(back.path, "/y");
        EXPECT_EQ(history_next(next, &c, ~0U, &back, &from, &to), 0);

        /* Another size: the same. */
        EXPECT_EQ(history_adopt(fd, 2 * HISTORY_SIZE_MIN, &third), 1);
        EXPECT_STREQ(history_last_step(third, &step), "b");
        history_cut_last_step(third);
        EXPECT_EQ(history_newest(third), 3);
}

TEST(a_history_of_one_step_can_be_cut_to_nothing) {
        _cleanup_(history_freep) History *h = NULL, *next = NULL;
        Notice n = notice("/x");
        uint64_t step;

        EXPECT_OK(history_new(HISTORY_SIZE_MIN, &h));
        history_begin_after(h, 100);
        int fd = fcntl(history_fd(h), F_DUPFD_CLOEXEC, 3);
        EXPECT_EQ(history_adopt(fcntl(fd, F_DUPFD_CLOEXEC, 3), HISTORY_SIZE_MIN, &next), 1);
        EXPECT(!history_last_step(next, &step));
        EXPECT_EQ(history_newest(next), 100);
        next = history_free(next);
        for (unsigned i = 0; i < 3; i++)
                EXPECT_OK(history_append(h, &n, ~0U));
        EXPECT_EQ(history_adopt(fd, HISTORY_SIZE_MIN, &next), 1);
        history_cut_last_step(next);
        EXPECT_EQ(history_newest(next), 100);
        EXPECT_EQ(history_oldest(next), 101);
}

TEST(what_died_while_it_took_a_history_over_loses_none_of_it) {
        _cleanup_(history_freep) History *h = NULL, *next = NULL;
        Notice n = notice("/srv/a");

        EXPECT_OK(history_new(HISTORY_SIZE_MIN, &h));
        for (unsigned i = 0; i < 5; i++)
                EXPECT_OK(history_append(h, &n, 1));
        h->header->newest_sequence = 2; /* as cutting a step off, before its end is moved */
        EXPECT_EQ(history_adopt(fcntl(history_fd(h), F_DUPFD_CLOEXEC, 3), HISTORY_SIZE_MIN, &next),
                        1);
        EXPECT_EQ(history_newest(next), 5);
        EXPECT_EQ(history_oldest(next), 1);
}
