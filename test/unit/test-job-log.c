/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What one process has written down the next one goes on with; a process may end anywhere. */

#include <fcntl.h>

#include "job-fixture.h"
#include "publishers/job-log.h"

typedef struct Fixture {
        char directory[64];
        int fd;
        Jobs *jobs;
        JobLog *log;
} Fixture;

static void open_again(Fixture *f) {
        f->log = job_log_free(f->log);
        f->jobs = jobs_free(f->jobs);
        EXPECT_OK(jobs_new(&f->jobs));
        EXPECT_OK(job_log_open(f->fd, f->jobs, &f->log));
}

static void fixture_init(Fixture *f) {
        *f = (Fixture){ .directory = "/tmp/inotifier-jobs-XXXXXX" };
        assert(mkdtemp(f->directory));
        f->fd = open(f->directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        assert(f->fd >= 0);
        open_again(f);
}

static void fixture_done(Fixture *f) {
        char path[128];

        job_log_free(f->log);
        jobs_free(f->jobs);
        (void) close(f->fd);
        (void) snprintf(path, sizeof(path), "%s/" UNIT_LEDGER, f->directory);
        EXPECT_OK(unlink(path));
        EXPECT_OK(rmdir(f->directory));
}

static Job *add(Fixture *f, uint64_t sequence, const char *unit) {
        Job *job = add_job(f->jobs, sequence, "w", unit);

        EXPECT_OK(job_log_add(f->log, &job->notice, job->record, job->n));
        return job;
}

static void begin(Fixture *f, Job *job) {
        static const Incarnation incarnation = { { 1, 2, 3 }, 7 };

        EXPECT_OK(jobs_begin(f->jobs, job, &incarnation));
        job->started = 11;
        job_log_begin(f->log, job);
}

static void start(Fixture *f, Job *job) {
        job->state = JOB_STARTED;
        job_log_start(f->log, job);
}

static void finish(Fixture *f, Job *job) {
        job_log_finish(f->log, job);
        jobs_remove(f->jobs, job);
}

static void expect_job(Fixture *f, uint64_t sequence, JobState state, bool is_repeat) {
        const Job *job = jobs_find(f->jobs, sequence);

        EXPECT(job);
        if (!job)
                return;
        EXPECT_EQ(job->state, state);
        EXPECT_EQ(job->is_repeat, is_repeat);
        if (state != JOB_WAITING) {
                EXPECT_EQ(job->incarnation.started, 7);
                EXPECT_EQ(job->incarnation.boot_id[2], 3);
                EXPECT_EQ(job->started, 11);
        }
}

TEST(jobs_are_where_they_were) {
        Fixture f;

        fixture_init(&f);
        finish(&f, add(&f, 1, "x@a.service"));
        add(&f, 2, "x@b.service");
        begin(&f, add(&f, 3, "x@c.service"));
        begin(&f, add(&f, 4, "x@d.service"));
        start(&f, jobs_find(f.jobs, 4));
        begin(&f, add(&f, 5, "x@e.service"));
        jobs_put_back(f.jobs, jobs_find(f.jobs, 5), true);
        job_log_repeat(f.log, jobs_find(f.jobs, 5));
        for (int i = 0; i < 3; i++) { /* and stay there */
                open_again(&f);
                EXPECT_EQ(jobs_n(f.jobs), 4);
                expect_job(&f, 2, JOB_WAITING, false);
                expect_job(&f, 3, JOB_BEGUN, false);
                expect_job(&f, 4, JOB_STARTED, false);
                expect_job(&f, 5, JOB_WAITING, true);
                EXPECT_EQ(job_log_n_dropped(f.log), 0);
        }
        fixture_done(&f);
}

TEST(job_that_is_begun_a_second_time_is_a_repeat) {
        Fixture f;
        Job *job;

        fixture_init(&f);
        job = add(&f, 1, "x@a.service");
        begin(&f, job);
        jobs_put_back(f.jobs, job, false); /* refused: which nobody wrote down */
        begin(&f, job);
        open_again(&f);
        expect_job(&f, 1, JOB_BEGUN, true);
        fixture_done(&f);
}

TEST(watches_are_as_they_were_configured) {
        const JobWatch *w;
        Fixture f;

        fixture_init(&f);
        EXPECT_INT(jobs_set_watch(f.jobs, "w", "x@.service", 3), >, 0);
        job_log_watch(f.log, jobs_find_watch(f.jobs, "w"));
        EXPECT_INT(jobs_set_watch(f.jobs, "w", "y@.service", 4), >, 0);
        job_log_watch(f.log, jobs_find_watch(f.jobs, "w"));
        EXPECT_EQ(jobs_set_watch(f.jobs, "w", "y@.service", 4), 0);
        for (uint64_t i = 1; i < 5000; i++) { /* in a log that is written anew, too */
                Job *job = add(&f, i, "x@a.service");

                begin(&f, job);
                finish(&f, job);
        }
        for (int i = 0; i < 2; i++) {
                open_again(&f);
                w = jobs_find_watch(f.jobs, "w");
                EXPECT(w && !w->is_configured);
                if (w) {
                        EXPECT_STREQ(w->template, "y@.service");
                        EXPECT_EQ(w->n_running_max, 4);
                }
        }
        jobs_drop_watches(f.jobs);
        EXPECT(!jobs_find_watch(f.jobs, "w"));
        fixture_done(&f);
}

TEST(job_that_is_replaced_stays_so) {
        Notice n = job_notice(2, "w", "/srv/a"), newest = job_notice(3, "w", "/srv/a");
        Buffer record = {};
        Fixture f;
        Job *job;

        fixture_init(&f);
        add(&f, 1, "x@a.service");
        job = add(&f, 2, "x@b.service");
        begin(&f, job);
        jobs_put_back(f.jobs, job, true);
        job_log_repeat(f.log, job);
        add(&f, 3, "x@c.service");
        EXPECT_OK(job_record_add(&record, &n, "y@b.service"));
        EXPECT_OK(jobs_replace(f.jobs, job, record.data, record.length, &job));
        job_log_replace(f.log, job);
        buffer_done(&record);
        for (int i = 0; i < 2; i++) {
                open_again(&f);
                EXPECT_EQ(jobs_n(f.jobs), 3);
                expect_job(&f, 2, JOB_WAITING, true);
                EXPECT_STREQ(jobs_find(f.jobs, 2)->unit_name, "y@b.service");
                EXPECT_EQ(jobs_first(f.jobs)->later->notice.sequence, 2);
                EXPECT(job_log_has(f.log, &newest));
        }
        fixture_done(&f);
}

TEST(notice_that_was_written_down_is_known_again) {
        Notice n = job_notice(2, "w", "/srv/a"), next = job_notice(3, "w", "/srv/a"), anew;
        Fixture f;

        fixture_init(&f);
        EXPECT(!job_log_has(f.log, &n));
        finish(&f, add(&f, 2, "x@a.service"));
        EXPECT(job_log_has(f.log, &n));
        EXPECT(!job_log_has(f.log, &next));
        open_again(&f);
        EXPECT(job_log_has(f.log, &n));
        EXPECT(!job_log_has(f.log, &next));
        /* Where numbers begin anew time goes on. */
        anew = job_notice(1, "w", "/srv/a");
        anew.usec += 1000;
        EXPECT(!job_log_has(f.log, &anew));
        fixture_done(&f);
}

TEST(log_stays_short_however_many_jobs_there_were) {
        char path[128];
        Fixture f;

        fixture_init(&f);
        add(&f, 1, "x@first.service");
        for (uint64_t i = 2; i < 50000; i++) {
                Job *job = add(&f, i, "x@a.service");

                begin(&f, job);
                start(&f, job);
                finish(&f, job);
        }
        open_again(&f);
        EXPECT_EQ(jobs_n(f.jobs), 1);
        expect_job(&f, 1, JOB_WAITING, false);
        Notice n = job_notice(49999, "w", "/srv/a");
        EXPECT(job_log_has(f.log, &n));
        (void) snprintf(path, sizeof(path), "%s/" UNIT_LEDGER, f.directory);
        int fd = open(path, O_RDONLY | O_CLOEXEC);
        EXPECT_INT(lseek(fd, 0, SEEK_END), <, 8 * 1024 * 1024);
        (void) close(fd);
        fixture_done(&f);
}

TEST(one_process_has_the_log) {
        _cleanup_(jobs_freep) Jobs *other = NULL;
        JobLog *log = NULL;
        Fixture f;

        fixture_init(&f);
        EXPECT_OK(jobs_new(&other));
        EXPECT_EQ(job_log_open(f.fd, other, &log), -EBUSY);
        fixture_done(&f);
}

TEST(without_a_directory_it_is_of_this_process) {
        _cleanup_(jobs_freep) Jobs *jobs = NULL;
        _cleanup_(job_log_freep) JobLog *log = NULL;
        Job *job;

        EXPECT_OK(jobs_new(&jobs));
        EXPECT_OK(job_log_open(-EBADF, jobs, &log));
        job = add_job(jobs, 1, "w", "x@a.service");
        EXPECT_OK(job_log_add(log, &job->notice, job->record, job->n));
        EXPECT(job_log_has(log, &job->notice));
        EXPECT_EQ(job_log_mend(log), 0);
}
