/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "test.h"
#include "tree/intake.h"

static const struct inotify_event one = { .wd = 1, .mask = IN_CREATE };

TEST(records_come_out_in_order_across_batches) {
        struct inotify_event two[] = { { .wd = 2 }, { .wd = 3 } };
        _cleanup_(intake_freep) Intake *i = NULL;
        IntakeRecord record;

        EXPECT_OK(intake_new(&i));
        EXPECT_OK(intake_put(i, &one, sizeof(one), 10, 100));
        EXPECT_OK(intake_put(i, two, sizeof(two), 20, 200));
        IntakePlace place = intake_head(i);
        for (int wd = 1; wd <= 3; wd++) {
                EXPECT_EQ(intake_next(i, &place, &record), 1);
                EXPECT_EQ(record.raw.wd, wd);
                EXPECT_EQ(record.now, wd == 1 ? 10 : 20);
                EXPECT_EQ(record.usec, wd == 1 ? 100 : 200);
        }
        EXPECT_EQ(intake_next(i, &place, &record), 0);
        EXPECT_EQ(intake_n_read(i), 3 * sizeof(one));
}

TEST(head_stays_until_it_is_committed) {
        _cleanup_(intake_freep) Intake *i = NULL;
        IntakeRecord record;

        EXPECT_OK(intake_new(&i));
        EXPECT_OK(intake_put(i, &one, sizeof(one), 0, 0));
        IntakePlace place = intake_head(i);
        EXPECT_EQ(intake_next(i, &place, &record), 1);
        IntakePlace again = intake_head(i);
        EXPECT_EQ(intake_next(i, &again, &record), 1);
        intake_commit(i, &place, 0, 1);
        place = intake_head(i);
        EXPECT_EQ(intake_next(i, &place, &record), 0);
}

TEST(bytes_that_are_no_record_cost_only_their_batch) {
        _cleanup_(intake_freep) Intake *i = NULL;
        IntakeRecord record;

        EXPECT_OK(intake_new(&i));
        EXPECT_OK(intake_put(i, "junk", 4, 0, 0));
        EXPECT_OK(intake_put(i, &one, sizeof(one), 0, 0));
        IntakePlace place = intake_head(i);
        EXPECT_EQ(intake_next(i, &place, &record), -EBADMSG);
        EXPECT_EQ(intake_next(i, &place, &record), 1);
        EXPECT_EQ(record.raw.wd, 1);
}

TEST(what_the_next_records_are_about_can_be_asked_for_ahead) {
        _cleanup_(intake_freep) Intake *i = NULL;
        struct inotify_event two = { .wd = 2, .mask = IN_CREATE };
        IntakePlace ahead;
        int wd = 0;

        EXPECT_OK(intake_new(&i));
        ahead = intake_head(i);
        EXPECT(!intake_next_wd(i, &ahead, &wd));
        EXPECT_OK(intake_put(i, &one, sizeof(one), 0, 0));
        EXPECT_OK(intake_put(i, &two, sizeof(two), 0, 0));
        EXPECT_OK(intake_put(i, "junk", 4, 0, 0));
        ahead = intake_head(i);
        EXPECT(intake_next_wd(i, &ahead, &wd));
        EXPECT_EQ(wd, 1);
        EXPECT(intake_next_wd(i, &ahead, &wd));
        EXPECT_EQ(wd, 2);
        EXPECT(!intake_next_wd(i, &ahead, &wd)); /* the reader is to stumble first */
}

TEST(full_one_says_so_and_begins_anew) {
        static char block[INTAKE_READ_MAX];
        _cleanup_(intake_freep) Intake *i = NULL;
        unsigned n = 0;

        EXPECT_OK(intake_new(&i));
        while (intake_has_room(i) && n < 1000) {
                EXPECT_OK(intake_put(i, block, sizeof(block), 0, 0));
                n++;
        }
        /* Several queues of the kernel's, of names of some length. */
        EXPECT_INT(n * sizeof(block), >=, 4U * 16384U * 48U);
        EXPECT_EQ(intake_put(i, block, 1, 0, 0), -ENOBUFS);
        intake_restart(i);
        EXPECT(intake_has_room(i));
}

TEST(memory_of_a_burst_is_given_back) {
        static char block[INTAKE_READ_MAX];
        _cleanup_(intake_freep) Intake *i = NULL;
        struct stat full, after;

        EXPECT_OK(intake_new(&i));
        memset(block, 1, sizeof(block));
        while (intake_has_room(i))
                EXPECT_OK(intake_put(i, block, sizeof(block), 0, 0));
        EXPECT_OK(fstat(intake_fd(i), &full));
        intake_restart(i);
        EXPECT_OK(fstat(intake_fd(i), &after));
        EXPECT_INT(full.st_blocks * 512, >, 3 * 1024 * 1024);
        EXPECT_INT(after.st_blocks * 512, <=, 1024 * 1024);
        EXPECT_OK(intake_put(i, block, sizeof(block), 0, 0));
}

TEST(empty_descriptor_gives_nothing) {
        _cleanup_close_ int fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
        _cleanup_(intake_freep) Intake *i = NULL;

        EXPECT_OK(intake_new(&i));
        EXPECT_EQ(intake_read(i, fd, false, 0, 0), 0);
}

/* Another process has it: what the file holds now. */
static Intake *adopt(const Intake *i, int expected) {
        Intake *other = NULL;
        int r = intake_adopt(fcntl(intake_fd(i), F_DUPFD_CLOEXEC, 3), 77, 777, &other);

        EXPECT_EQ(r, expected);
        return other;
}

static int next_wd(const Intake *i, IntakePlace *place) {
        IntakeRecord record;

        return intake_next(i, place, &record) > 0 ? record.raw.wd : 0;
}

TEST(the_next_process_goes_on_at_the_last_commit) {
        struct inotify_event two[] = { { .wd = 2, .mask = IN_OPEN }, { .wd = 3, .mask = IN_OPEN } };
        uint64_t kept[INTAKE_N_KEPT] = { 5, 6, 7, 8 };
        _cleanup_(intake_freep) Intake *i = NULL, *next = NULL;
        IntakePlace place;

        EXPECT_OK(intake_new(&i));
        intake_set_kept(i, kept);
        EXPECT_OK(intake_put(i, &one, sizeof(one), 10, 100));
        EXPECT_OK(intake_put(i, two, sizeof(two), 20, 200));
        place = intake_head(i);
        EXPECT_EQ(next_wd(i, &place), 1);
        EXPECT_EQ(next_wd(i, &place), 2);
        intake_commit(i, &place, 2 * sizeof(one), 42);
        EXPECT_EQ(next_wd(i, &place), 3);
        kept[0] = 50;

        next = adopt(i, 1);
        EXPECT_EQ(intake_step(next), 42);
        EXPECT_EQ(intake_n_handed_out(next), 2 * sizeof(one));
        EXPECT_EQ(intake_n_read(next), 3 * sizeof(one));
        EXPECT_EQ(intake_kept(next)[0], 5);
        EXPECT_EQ(intake_kept(next)[3], 8);
        EXPECT_EQ((int64_t) intake_id(next), (int64_t) intake_id(i));
        place = intake_head(next);
        IntakeRecord record;
        intake_refresh(next, 77);
        EXPECT_EQ(intake_next(next, &place, &record), 1);
        EXPECT_EQ(record.raw.wd, 3);
        EXPECT_EQ(record.usec, 200); /* when it was read */
        EXPECT_EQ(record.now, 77);   /* and waits since it could be paired */
        EXPECT_EQ(next_wd(next, &place), 0);
}

TEST(what_was_handed_out_is_not_found_again) {
        _cleanup_(intake_freep) Intake *i = NULL, *next = NULL, *third = NULL;
        IntakePlace place;

        EXPECT_OK(intake_new(&i));
        EXPECT_OK(intake_put(i, &one, sizeof(one), 0, 0));
        place = intake_head(i);
        EXPECT_EQ(next_wd(i, &place), 1);
        intake_commit(i, &place, sizeof(one), 1);
        next = adopt(i, 1); /* before intake_restart() */
        EXPECT(intake_is_empty(next));
        intake_restart(next);
        third = adopt(next, 1);
        EXPECT(intake_is_empty(third));
        EXPECT_EQ(intake_step(third), 1);
        EXPECT_EQ(intake_n_read(third), sizeof(one));
}

TEST(no_two_have_a_step_of_the_same_number) {
        _cleanup_(intake_freep) Intake *i = NULL, *next = NULL;
        IntakePlace place;
        uint64_t step;

        EXPECT_OK(intake_new(&i));
        place = intake_head(i);
        step = intake_step(i);
        for (unsigned n = 0; n < 1000; n++)
                intake_commit(i, &place, 0, ++step);
        EXPECT_OK(intake_new(&next)); /* in the same second */
        EXPECT(intake_step(next) > step);
}

/* What lies in the landing zone when a process dies after read(2): the layout is that of intake.c. */
static void land(const Intake *i, const void *data, size_t n, bool is_looking) {
        EXPECT_EQ(pwrite(intake_fd(i), data, n, 4096), n);
        EXPECT_EQ(pwrite(intake_fd(i), &(uint32_t){ is_looking }, 4, 36), 4);
}

TEST(a_read_that_was_not_put_in_any_more_is_found) {
        struct inotify_event landed[] = {
                { .wd = 2, .mask = IN_CREATE },
                { .wd = 3, .mask = IN_OPEN | IN_ISDIR },
                { .wd = -1, .mask = IN_Q_OVERFLOW },
        };
        _cleanup_(intake_freep) Intake *i = NULL, *next = NULL, *looking = NULL, *third = NULL;
        IntakeRecord record;
        IntakePlace place;

        EXPECT_OK(intake_new(&i));
        EXPECT_OK(intake_put(i, &one, sizeof(one), 10, 100));
        land(i, landed, sizeof(landed), false);
        next = adopt(i, 1);
        place = intake_head(next);
        for (int wd = 1; wd <= 3; wd++)
                EXPECT_EQ(next_wd(next, &place), wd);
        EXPECT_EQ(intake_next(next, &place, &record), 1);
        EXPECT_EQ(record.raw.wd, -1);
        EXPECT_EQ(record.now, 77);
        EXPECT_EQ(record.usec, 777);
        EXPECT_EQ(next_wd(next, &place), 0);
        EXPECT_EQ(intake_n_read(next), 4 * sizeof(one));

        third = adopt(next, 1); /* and only once */
        EXPECT_EQ(intake_n_read(third), 4 * sizeof(one));

        land(third, landed, sizeof(landed), true);
        looking = adopt(third, 1);
        place = intake_head(looking);
        for (int wd = 1; wd <= 3; wd++)
                EXPECT_EQ(next_wd(looking, &place), wd);
        EXPECT_EQ(intake_next(looking, &place, &record), 1);
        EXPECT_EQ(next_wd(looking, &place), 2);
        EXPECT_EQ(next_wd(looking, &place), 0); /* what only told that someone looks */
        EXPECT_EQ(next_wd(looking, &place), -1);
}

TEST(reading_leaves_nothing_in_the_landing_zone) {
        _cleanup_close_ int fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
        _cleanup_(intake_freep) Intake *i = NULL, *next = NULL;
        char directory[] = "/tmp/test-intake-XXXXXX";
        IntakePlace place;
        int wd;

        EXPECT(mkdtemp(directory));
        wd = inotify_add_watch(fd, directory, IN_ATTRIB);
        EXPECT_OK(intake_new(&i));
        for (unsigned n = 0; n < 3; n++) {
                EXPECT_OK(chmod(directory, 0700 | n));
                EXPECT_INT(intake_read(i, fd, false, 0, 0), >, 0);
        }
        next = adopt(i, 1);
        place = intake_head(next);
        for (unsigned n = 0; n < 3; n++)
                EXPECT_EQ(next_wd(next, &place), wd);
        EXPECT_EQ(next_wd(next, &place), 0);
        EXPECT_OK(rmdir(directory));
}

TEST(what_is_none_of_ours_is_replaced) {
        static const struct {
                off_t offset;
                uint64_t value;
        } damage[] = {
                { 0, 1 },                  /* magic */
                { 8, 1 },                  /* version, size */
                { 24, UINT32_MAX },        /* tail */
                { 24, 8 },                 /* a tail amid a batch */
                { 4096 + 65536, 1 << 30 }, /* a batch's size */
                { 48, 7 },                 /* slot */
                { 56 + 8, 1 << 20 },       /* head */
        };

        for (size_t n = 0; n < ELEMENTSOF(damage); n++) {
                _cleanup_(intake_freep) Intake *i = NULL, *next = NULL;

                EXPECT_OK(intake_new(&i));
                EXPECT_OK(intake_put(i, &one, sizeof(one), 10, 100));
                EXPECT_EQ(pwrite(intake_fd(i), &damage[n].value, 8, damage[n].offset), 8);
                next = adopt(i, 0);
                EXPECT(intake_is_empty(next));
        }
        for (off_t size = 0; size <= 1 << 20; size += 1 << 18) {
                _cleanup_(intake_freep) Intake *next = NULL;
                int fd = memfd_create("other", MFD_CLOEXEC);

                EXPECT_OK(ftruncate(fd, size));
                EXPECT_EQ(intake_adopt(fd, 0, 0, &next), 0);
                EXPECT(intake_is_empty(next));
        }
}

TEST(what_only_tells_of_our_looking_takes_no_room_while_nothing_waits) {
        _cleanup_close_ int fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK), dir_fd = -EBADF;
        _cleanup_(intake_freep) Intake *i = NULL;
        char directory[] = "/tmp/test-intake-XXXXXX";

        EXPECT_OK(intake_new(&i));
        EXPECT(mkdtemp(directory));
        EXPECT_INT(inotify_add_watch(fd, directory, IN_OPEN | IN_CLOSE_NOWRITE), >, 0);
        dir_fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        dir_fd = safe_close(dir_fd);
        int n = intake_read(i, fd, true, 1, 1);
        EXPECT_INT(n, >, 0);
        EXPECT(intake_is_empty(i));
        EXPECT_EQ(intake_n_read(i), n);
        EXPECT_OK(rmdir(directory));
}
