/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "base/ledger.h"
#include "test.h"

#define KIND UINT32_C(0x54535401)
#define NAME "x.ledger"

static bool is_disk_full;

/* In place of libc's: full when we say so. */
int fallocate(int fd, int mode, off_t offset, off_t length) {
        if (mode == 0 && is_disk_full) {
                errno = ENOSPC;
                return -1;
        }
        return (int) syscall(SYS_fallocate, fd, mode, offset, length);
}

typedef struct Fixture {
        char base[64];
        int fd;
} Fixture;

static void set_up(Fixture *f) {
        *f = (Fixture){ .base = "/tmp/test-ledger-XXXXXX" };
        EXPECT(mkdtemp(f->base));
        f->fd = open(f->base, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        EXPECT_INT(f->fd, >=, 0);
        is_disk_full = false;
}

static void done(Fixture *f) {
        (void) unlinkat(f->fd, NAME, 0);
        (void) unlinkat(f->fd, NAME ".new", 0);
        (void) unlinkat(f->fd, "other", 0);
        safe_close(f->fd);
        (void) rmdir(f->base);
}

#define WITH_FIXTURE(f)                                                                            \
        _cleanup_(done) Fixture f;                                                                 \
        set_up(&f)

static Ledger *open_ledger(const Fixture *f, LedgerState expected) {
        Ledger *l = NULL;

        EXPECT_OK(ledger_open(f->fd, NAME, KIND, &l));
        EXPECT_EQ(ledger_state(l), expected);
        return l;
}

/* Opens it and writes down its records: `type:stamp:text` each. */
static void expect_records(const Fixture *f, LedgerState state, const char *expected) {
        _cleanup_(ledger_freep) Ledger *l = open_ledger(f, state);
        char text[1024] = "";
        uint64_t position = 0;
        LedgerRecord record;
        size_t n = 0;

        while (ledger_next(l, &position, &record) > 0)
                n += (size_t) snprintf(text + n,
                                sizeof(text) - n,
                                "%u:%" PRIu64 ":%.*s ",
                                record.type,
                                record.stamp,
                                (int) record.n,
                                (const char *) record.data);
        EXPECT_STREQ(text, expected);
}

static void append(Ledger *l, uint64_t stamp, const char *text) {
        ledger_set_stamp(l, stamp);
        EXPECT_OK(ledger_append(l, 1, text, strlen(text)));
}

static void fill(const Fixture *f) {
        _cleanup_(ledger_freep) Ledger *l = open_ledger(f, LEDGER_NEW);

        append(l, 1, "one");
        append(l, 2, "two");
        append(l, 2, "");
        append(l, 3, "threethree");
}

#define FILLED "1:1:one 1:2:two 1:2: 1:3:threethree "

static void change_byte(const Fixture *f, off_t offset) {
        _cleanup_close_ int fd = openat(f->fd, NAME, O_RDWR | O_CLOEXEC);
        char byte;

        EXPECT_EQ(pread(fd, &byte, 1, offset), 1);
        byte = (char) (byte ^ 1);
        EXPECT_EQ(pwrite(fd, &byte, 1, offset), 1);
}

TEST(records_are_there_when_it_is_opened_again) {
        WITH_FIXTURE(f);
        struct stat st;

        fill(&f);
        expect_records(&f, LEDGER_WHOLE, FILLED);
        EXPECT_OK(fstatat(f.fd, NAME, &st, 0));
        EXPECT_EQ(st.st_mode & 07777, 0600);
}

TEST(it_goes_on_where_it_ended) {
        WITH_FIXTURE(f);

        fill(&f);
        Ledger *l = open_ledger(&f, LEDGER_WHOLE);
        EXPECT_EQ(ledger_stamp(l), 3);
        EXPECT_OK(ledger_append_parts(l, 9, "a", 1, "bc", 2));
        ledger_free(l);
        expect_records(&f, LEDGER_WHOLE, FILLED "9:3:abc ");
}

TEST(records_of_a_later_step_are_cut_off) {
        WITH_FIXTURE(f);

        fill(&f);
        Ledger *l = open_ledger(&f, LEDGER_WHOLE);
        EXPECT_EQ(ledger_cut(l, 3), 0);
        EXPECT_EQ(ledger_cut(l, 1), 1);
        append(l, 2, "again");
        ledger_free(l);
        expect_records(&f, LEDGER_WHOLE, "1:1:one 1:2:again ");
        l = open_ledger(&f, LEDGER_WHOLE);
        EXPECT_EQ(ledger_cut(l, 0), 1);
        EXPECT_EQ(ledger_stamp(l), 0);
        ledger_free(l);
        expect_records(&f, LEDGER_WHOLE, "");
}

TEST(a_damaged_record_ends_it) {
        WITH_FIXTURE(f);

        fill(&f);
        change_byte(&f, 4096 + 24 + 16); /* in "two" */
        Ledger *l = open_ledger(&f, LEDGER_TORN);
        EXPECT_EQ(ledger_n_dropped(l), 24 + 16 + 32);
        append(l, 4, "on");
        ledger_free(l);
        expect_records(&f, LEDGER_WHOLE, "1:1:one 1:4:on ");
}

TEST(damage_is_found_wherever_it_is) {
        for (off_t at = 4096; at < 4096 + 24 + 24 + 16 + 32; at++) {
                WITH_FIXTURE(f);

                fill(&f);
                change_byte(&f, at);
                ledger_free(open_ledger(&f, LEDGER_TORN));
        }
}

TEST(a_truncated_file_is_used_as_far_as_it_goes) {
        WITH_FIXTURE(f);

        fill(&f);
        _cleanup_close_ int fd = openat(f.fd, NAME, O_RDWR | O_CLOEXEC);
        EXPECT_OK(ftruncate(fd, 4096 + 24 + 24 + 8));
        ledger_free(open_ledger(&f, LEDGER_TORN));
        expect_records(&f, LEDGER_WHOLE, "1:1:one 1:2:two ");
        EXPECT_OK(ftruncate(fd, 4096));
        expect_records(&f, LEDGER_TORN, "");
}

TEST(what_is_no_ledger_of_ours_is_replaced) {
        static const char junk[8192] = "not a ledger";

        for (unsigned i = 0; i < 6; i++) {
                WITH_FIXTURE(f);
                Ledger *l;

                if (i == 0) { /* a short file, a long one, another kind, another layout */
                        _cleanup_close_ int fd =
                                        openat(f.fd, NAME, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
                        EXPECT_EQ(write(fd, junk, 100), 100);
                } else if (i == 1) {
                        _cleanup_close_ int fd =
                                        openat(f.fd, NAME, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
                        EXPECT_EQ(write(fd, junk, sizeof(junk)), sizeof(junk));
                } else if (i == 2) {
                        EXPECT_OK(ledger_open(f.fd, NAME, KIND + 1, &l));
                        ledger_free(l);
                } else if (i == 3) {
                        fill(&f);
                        change_byte(&f, 8);
                } else if (i == 4)
                        EXPECT_OK(symlinkat("other", f.fd, NAME));
                else
                        EXPECT_OK(mkfifoat(f.fd, NAME, 0600));
                l = open_ledger(&f, LEDGER_FOREIGN);
                append(l, 1, "new");
                ledger_free(l);
                expect_records(&f, LEDGER_WHOLE, "1:1:new ");
                EXPECT_EQ(faccessat(f.fd, "other", F_OK, 0), -1); /* the link was not followed */
        }
}

TEST(an_end_out_of_bounds_is_no_harm) {
        static const uint64_t ends[] = { 0, 8, 4095, 4097, UINT64_MAX, UINT64_C(1) << 40 };

        for (size_t i = 0; i < ELEMENTSOF(ends); i++) {
                WITH_FIXTURE(f);

                fill(&f);
                _cleanup_close_ int fd = openat(f.fd, NAME, O_RDWR | O_CLOEXEC);
                EXPECT_EQ(pwrite(fd, &ends[i], 8, 24), 8);
                ledger_free(open_ledger(&f, LEDGER_FOREIGN));
        }
        WITH_FIXTURE(f);
        uint64_t end = 60 * 1024;
        fill(&f);
        _cleanup_close_ int fd = openat(f.fd, NAME, O_RDWR | O_CLOEXEC);
        EXPECT_EQ(pwrite(fd, &end, 8, 24), 8);
        expect_records(&f, LEDGER_TORN, FILLED);
}

TEST(two_never_have_it_at_a_time) {
        WITH_FIXTURE(f);
        Ledger *first = open_ledger(&f, LEDGER_NEW), *second = NULL;

        EXPECT_EQ(ledger_open(f.fd, NAME, KIND, &second), -EBUSY);
        append(first, 1, "mine");
        ledger_free(first);
        expect_records(&f, LEDGER_WHOLE, "1:1:mine ");
}

TEST(removed_it_leaves_nothing_behind) {
        WITH_FIXTURE(f);
        Ledger *l = open_ledger(&f, LEDGER_NEW);

        ledger_remove(l);
        append(l, 1, "to nobody");
        ledger_free(l);
        EXPECT_EQ(faccessat(f.fd, NAME, F_OK, 0), -1);
}

static int write_state(Ledger *l, void *userdata) {
        const char *text = userdata;

        EXPECT_OK(ledger_append(l, 2, text, strlen(text)));
        return 0;
}

TEST(compacted_it_holds_what_was_written_anew) {
        WITH_FIXTURE(f);

        fill(&f);
        Ledger *l = open_ledger(&f, LEDGER_WHOLE);
        ledger_set_stamp(l, 8);
        EXPECT_OK(ledger_compact(l, 7, write_state, (void *) (uintptr_t) "state"));
        EXPECT_EQ(ledger_stamp(l), 8);
        EXPECT_OK(ledger_append(l, 1, "on", 2));
        Ledger *other = NULL;
        EXPECT_EQ(ledger_open(f.fd, NAME, KIND, &other), -EBUSY);
        ledger_free(l);
        expect_records(&f, LEDGER_WHOLE, "2:7:state 1:8:on ");
        EXPECT_EQ(faccessat(f.fd, NAME ".new", F_OK, 0), -1);
}

static int fail(Ledger *l, void *userdata) {
        EXPECT_OK(ledger_append(l, 2, "half", 4));
        return -EIO;
}

TEST(a_compaction_that_fails_changes_nothing) {
        WITH_FIXTURE(f);

        fill(&f);
        Ledger *l = open_ledger(&f, LEDGER_WHOLE);
        EXPECT_EQ(ledger_compact(l, 7, fail, NULL), -EIO);
        append(l, 4, "on");
        is_disk_full = true;
        EXPECT_EQ(ledger_compact(l, 7, write_state, (void *) (uintptr_t) "state"), -ENOSPC);
        append(l, 5, "and on");
        EXPECT_EQ(ledger_error(l), 0);
        ledger_free(l);
        expect_records(&f, LEDGER_WHOLE, FILLED "1:4:on 1:5:and on ");
        EXPECT_EQ(faccessat(f.fd, NAME ".new", F_OK, 0), -1);
}

TEST(what_another_goes_on_with_stays_until_it_is_written_anew) {
        WITH_FIXTURE(f);

        fill(&f);
        Ledger *l = open_ledger(&f, LEDGER_WHOLE);
        ledger_suspend(l);
        EXPECT_EQ(ledger_append(l, 4, "on", 2), -ESTALE);
        EXPECT_EQ(ledger_error(l), -ESTALE);
        ledger_free(l);
        expect_records(&f, LEDGER_WHOLE, FILLED);
        l = open_ledger(&f, LEDGER_WHOLE);
        ledger_suspend(l);
        is_disk_full = true;
        EXPECT_EQ(ledger_compact(l, 7, write_state, (void *) (uintptr_t) "state"), -ENOSPC);
        is_disk_full = false;
        EXPECT_EQ(ledger_append(l, 4, "on", 2), -ENOSPC);
        ledger_free(l);
        l = open_ledger(&f, LEDGER_INCOMPLETE);
        ledger_suspend(l);
        EXPECT_OK(ledger_compact(l, 7, write_state, (void *) (uintptr_t) "state"));
        append(l, 5, "on");
        ledger_free(l);
        expect_records(&f, LEDGER_WHOLE, "2:7:state 1:5:on ");
}

static int write_much(Ledger *l, void *userdata) {
        static const char bytes[1024];
        int r = 0;

        is_disk_full = true;
        for (unsigned i = 0; i < 100 && r >= 0; i++)
                r = ledger_append(l, 2, bytes, sizeof(bytes));
        EXPECT_EQ(r, -ENOSPC);
        return 0; /* the ledger knows */
}

TEST(a_disk_full_amid_a_compaction_changes_nothing) {
        WITH_FIXTURE(f);

        fill(&f);
        Ledger *l = open_ledger(&f, LEDGER_WHOLE);
        EXPECT_EQ(ledger_compact(l, 7, write_much, NULL), -ENOSPC);
        EXPECT_EQ(ledger_error(l), 0);
        ledger_free(l);
        expect_records(&f, LEDGER_WHOLE, FILLED);
}

TEST(a_full_disk_is_told_until_it_is_written_anew) {
        WITH_FIXTURE(f);
        static const char bytes[1000];
        Ledger *l = open_ledger(&f, LEDGER_NEW);
        int r = 0;

        is_disk_full = true;
        for (unsigned i = 0; i < 1000 && r >= 0; i++)
                r = ledger_append(l, 1, bytes, sizeof(bytes));
        EXPECT_EQ(r, -ENOSPC);
        EXPECT_EQ(ledger_error(l), -ENOSPC);
        is_disk_full = false;
        EXPECT_EQ(ledger_append(l, 1, "small", 5), -ENOSPC); /* one is missing before it */
        ledger_free(l);
        l = open_ledger(&f, LEDGER_INCOMPLETE);
        EXPECT_EQ(ledger_error(l), -ENOSPC);
        EXPECT_OK(ledger_compact(l, 1, write_state, (void *) (uintptr_t) "state"));
        EXPECT_EQ(ledger_error(l), 0);
        ledger_free(l);
        expect_records(&f, LEDGER_WHOLE, "2:1:state ");
}

TEST(it_is_long_when_it_has_doubled) {
        _cleanup_(ledger_freep) Ledger *l = NULL;
        static const char bytes[64 * 1024];
        unsigned n = 0;

        EXPECT_OK(ledger_open(-EBADF, NULL, KIND, &l));
        EXPECT(!ledger_is_long(l));
        for (; !ledger_is_long(l) && n < 100; n++)
                EXPECT_OK(ledger_append(l, 1, bytes, sizeof(bytes)));
        EXPECT_EQ(n, 4);
        EXPECT_OK(ledger_compact(l, 1, write_state, (void *) (uintptr_t) "state"));
        EXPECT(!ledger_is_long(l));
        EXPECT_EQ(ledger_size(l), 4096 + 24);
}

TEST(records_cross_the_window_and_keep_their_bytes) {
        WITH_FIXTURE(f);
        static char bytes[LEDGER_RECORD_MAX];
        Ledger *l = open_ledger(&f, LEDGER_NEW);
        uint64_t position = 0;
        LedgerRecord record;

        for (unsigned i = 0; i < 40; i++) {
                memset(bytes, (int) i + 1, sizeof(bytes));
                EXPECT_OK(ledger_append(l, 1, bytes, sizeof(bytes) - i * 1001));
        }
        ledger_free(l);
        l = open_ledger(&f, LEDGER_WHOLE);
        for (unsigned i = 0; i < 40; i++) {
                EXPECT_EQ(ledger_next(l, &position, &record), 1);
                EXPECT_EQ(record.n, sizeof(bytes) - i * 1001);
                EXPECT_EQ((uintptr_t) record.data % 8, 0);
                for (size_t j = 0; j < record.n; j += 97)
                        if (((const char *) record.data)[j] != (char) (i + 1))
                                TEST_FAIL("record %u is wrong at %zu", i, j);
        }
        EXPECT_EQ(ledger_next(l, &position, &record), 0);
        ledger_free(l);
}

TEST(synced_it_stays_so) {
        WITH_FIXTURE(f);

        fill(&f);
        Ledger *l = open_ledger(&f, LEDGER_WHOLE);
        append(l, 4, "on");
        EXPECT_OK(ledger_sync(l));
        EXPECT_OK(ledger_compact(l, 7, write_state, (void *) (uintptr_t) "state"));
        ledger_free(l);
        expect_records(&f, LEDGER_WHOLE, "2:7:state ");
}

/* Counts for ever, a record per number, and now and then writes only the last one anew. */
static int write_count(Ledger *l, void *userdata) {
        return ledger_append(l, 2, userdata, sizeof(uint64_t));
}

static void count_for_ever(const Fixture *f, uint64_t n, int counting_fd) {
        bool has_begun = false;
        Ledger *l = NULL;

        if (ledger_open(f->fd, NAME, KIND, &l) < 0)
                _exit(1);
        for (;; n++) {
                if (n % 512 == 511 && ledger_compact(l, n, write_count, &(uint64_t){ n - 1 }) < 0)
                        _exit(1);
                ledger_set_stamp(l, n);
                if (ledger_append(l, 1, &n, sizeof(n)) < 0)
                        _exit(1);
                if (!has_begun && write(counting_fd, "", 1) != 1)
                        _exit(1);
                has_begun = true;
        }
}

TEST(killed_at_any_moment_it_is_whole) {
        WITH_FIXTURE(f);
        uint64_t n = 1;

        /* Often enough, and with some that die while they write it anew. */
        for (unsigned i = 0; (i < 40 || n <= 1000) && n_test_failures == 0; i++) {
                int counting[2];
                char byte;

                EXPECT_OK(pipe2(counting, O_CLOEXEC));
                pid_t pid = fork();

                EXPECT_INT(pid, >=, 0);
                if (pid == 0)
                        count_for_ever(&f, n, counting[1]);
                safe_close(counting[1]);
                EXPECT_EQ(read(counting[0], &byte, 1), 1);
                safe_close(counting[0]);
                (void) usleep(i * 377); /* the moment to kill it: any will do */
                EXPECT_OK(kill(pid, SIGKILL));
                int status;
                EXPECT_EQ(waitpid(pid, &status, 0), pid);
                EXPECT(WIFSIGNALED(status));

                _cleanup_(ledger_freep) Ledger *l = NULL;
                uint64_t position = 0, last = 0, number;
                LedgerRecord record;
                EXPECT_OK(ledger_open(f.fd, NAME, KIND, &l));
                EXPECT(ledger_state(l) == LEDGER_WHOLE ||
                                (n == 1 && ledger_state(l) != LEDGER_TORN));
                while (ledger_next(l, &position, &record) > 0) {
                        memcpy(&number, record.data, sizeof(number));
                        EXPECT(last == 0 || number == last + 1);
                        last = number;
                }
                EXPECT_INT(last, >=, n);
                n = last + 1;
        }
}
