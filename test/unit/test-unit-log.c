/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* From a notice to a job that is written down, with nobody yet to do it; and what a process leaves to the
 * next one. */

#include <fcntl.h>
#include <sys/syscall.h>

#include "job-fixture.h"
#include "publishers/job-log.h"
#include "publishers/unit.h"

#define HISTORY_SIZE (UINT64_C(1) << 20)
#define PATIENCE_TURNS 1000U

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
        char directory[64];
        int fd;
        sd_event *event;
        History *history;
        Publisher *publisher;
} Fixture;

static Fixture fixture(void) {
        Fixture f = { .directory = "/tmp/inotifier-unit-XXXXXX" };

        is_disk_full = false;
        assert(mkdtemp(f.directory));
        f.fd = open(f.directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        assert(f.fd >= 0);
        EXPECT_OK(sd_event_new(&f.event));
        EXPECT_OK(history_new(HISTORY_SIZE, &f.history));
        return f;
}

static void fixture_done(Fixture *f) {
        publisher_free(f->publisher);
        history_free(f->history);
        sd_event_unref(f->event);
        (void) unlinkat(f->fd, UNIT_LEDGER, 0);
        (void) unlinkat(f->fd, "run/jobs", AT_REMOVEDIR);
        (void) unlinkat(f->fd, "run/units", AT_REMOVEDIR);
        (void) unlinkat(f->fd, "run", AT_REMOVEDIR);
        EXPECT_OK(rmdir(f->directory));
        safe_close(f->fd);
}
#define _fixture_ _cleanup_(fixture_done) Fixture

/* As a process does at its start. */
static void start(Fixture *f) {
        static const UnitSetting setting = { "w", "inotifier-job@.service", 8 };
        char directory[80];

        (void) snprintf(directory, sizeof(directory), "%s/run", f->directory);
        EXPECT_OK(unit_publisher_new(
                        f->event, f->history, "inotifier", directory, f->fd, &f->publisher));
        EXPECT_OK(unit_publisher_configure(f->publisher, &setting, 1));
}

static void stop(Fixture *f) {
        f->publisher = publisher_free(f->publisher);
}

static void append(Fixture *f, unsigned n) {
        Notice notice = job_notice(0, "w", "/srv/a");

        for (unsigned i = 0; i < n; i++) {
                notice.usec++;
                EXPECT_OK(history_append(f->history, &notice, 1U << PUBLISHER_UNIT));
        }
        if (f->publisher)
                publisher_wake(f->publisher);
}

static void run_until_idle(Fixture *f) {
        for (unsigned i = 0; i < PATIENCE_TURNS && sd_event_run(f->event, 0) > 0; i++)
                ;
}

/* The jobs that are written down; the publisher is stopped. */
static size_t n_jobs(Fixture *f) {
        Jobs *jobs = NULL;
        JobLog *log = NULL;
        size_t n;

        EXPECT_OK(jobs_new(&jobs));
        EXPECT_OK(job_log_open(f->fd, jobs, &log));
        n = jobs_n(jobs);
        job_log_free(log);
        jobs_free(jobs);
        return n;
}

TEST(each_notice_is_a_job_once) {
        _fixture_ f = fixture();

        start(&f);
        append(&f, 3);
        run_until_idle(&f);
        EXPECT(publisher_is_done(f.publisher));
        stop(&f);
        start(&f);
        run_until_idle(&f);
        stop(&f);
        EXPECT_EQ(n_jobs(&f), 3);
}

TEST(what_an_earlier_process_did_not_come_to_is_a_job_of_the_next) {
        _fixture_ f = fixture();

        start(&f);
        run_until_idle(&f);
        append(&f, 500);
        stop(&f);
        start(&f);
        run_until_idle(&f);
        EXPECT(publisher_is_done(f.publisher));
        stop(&f);
        EXPECT_EQ(n_jobs(&f), 500);
}

/* Makes a log that is not whole: there was no room for a change of a job. */
static void fill_disk(Fixture *f) {
        Jobs *jobs = NULL;
        JobLog *log = NULL;

        EXPECT_OK(jobs_new(&jobs));
        EXPECT_OK(job_log_open(f->fd, jobs, &log));
        Job *job = add_job(jobs, 1, "w", "inotifier-job@srv-a.service");
        is_disk_full = true;
        for (unsigned i = 0; i < 100000 && job_log_error(log) >= 0; i++)
                job_log_repeat(log, job);
        EXPECT_EQ(job_log_error(log), -ENOSPC);
        job_log_free(log);
        jobs_free(jobs);
}

TEST(full_disk_of_an_earlier_process_is_got_over) {
        _fixture_ f = fixture();

        fill_disk(&f);
        is_disk_full = false;
        start(&f);
        append(&f, 3);
        run_until_idle(&f);
        EXPECT(publisher_is_done(f.publisher));
        stop(&f);
        EXPECT_EQ(n_jobs(&f), 3);
}

TEST(full_disk_is_got_over_by_itself) {
        _fixture_ f = fixture();

        fill_disk(&f);
        start(&f);
        append(&f, 3);
        run_until_idle(&f);
        EXPECT(!publisher_is_done(f.publisher));
        is_disk_full = false;
        for (unsigned i = 0; i < 3 && !publisher_is_done(f.publisher); i++) {
                EXPECT_INT(sd_event_run(f.event, 30 * USEC_PER_SEC), >, 0);
                run_until_idle(&f);
        }
        EXPECT(publisher_is_done(f.publisher));
        stop(&f);
        EXPECT_EQ(n_jobs(&f), 3);
}

TEST(watch_that_is_removed_while_the_disk_is_full_tells_to_the_end) {
        _fixture_ f = fixture();

        fill_disk(&f);
        start(&f);
        append(&f, 3);
        run_until_idle(&f);
        EXPECT_OK(unit_publisher_configure(f.publisher, NULL, 0));
        append(&f, 2);
        unit_publisher_settle(f.publisher);
        EXPECT(!publisher_is_done(f.publisher));
        is_disk_full = false;
        for (unsigned i = 0; i < 3 && !publisher_is_done(f.publisher); i++) {
                EXPECT_INT(sd_event_run(f.event, 30 * USEC_PER_SEC), >, 0);
                run_until_idle(&f);
        }
        EXPECT_EQ(f.publisher->n_untold, 0);
        stop(&f);
        EXPECT_EQ(n_jobs(&f), 5);
}
