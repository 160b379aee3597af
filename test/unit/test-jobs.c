/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Which job is run next, and which waits. */

#include "job-fixture.h"

static Jobs *jobs_of(const char *watch, uint64_t n_running_max) {
        Jobs *j = NULL;

        EXPECT_OK(jobs_new(&j));
        EXPECT_OK(jobs_set_watch(j, watch, "x@.service", n_running_max));
        return j;
}

static void end(Jobs *j, uint64_t sequence) {
        Job *job = jobs_find(j, sequence);

        EXPECT(job);
        if (job)
                jobs_remove(j, job);
}

TEST(jobs_run_in_order_as_many_as_may) {
        _cleanup_(jobs_freep) Jobs *j = jobs_of("w", 2);

        for (uint64_t i = 1; i <= 4; i++) {
                char unit[32];
                (void) snprintf(unit, sizeof(unit), "x@%" PRIu64 ".service", i);
                add_job(j, i, "w", unit);
        }
        EXPECT_EQ(begin_next(j, "w"), 1);
        EXPECT_EQ(begin_next(j, "w"), 2);
        EXPECT_EQ(begin_next(j, "w"), 0);
        end(j, 2);
        EXPECT_EQ(begin_next(j, "w"), 3);
        EXPECT_EQ(begin_next(j, "w"), 0);
        end(j, 1);
        end(j, 3);
        EXPECT_EQ(begin_next(j, "w"), 4);
        end(j, 4);
        EXPECT_EQ(jobs_n(j), 0);
}

TEST(job_of_a_running_unit_waits_for_it_and_is_in_nobodys_way) {
        _cleanup_(jobs_freep) Jobs *j = jobs_of("w", 8);

        add_job(j, 1, "w", "x@a.service");
        add_job(j, 2, "w", "x@a.service");
        add_job(j, 3, "w", "x@b.service");
        add_job(j, 4, "w", "x@a.service");
        EXPECT_EQ(begin_next(j, "w"), 1);
        EXPECT_EQ(begin_next(j, "w"), 3);
        EXPECT_EQ(begin_next(j, "w"), 0);
        EXPECT(jobs_find_running(j, "x@a.service") == jobs_find(j, 1));
        add_job(j, 5, "w", "x@c.service");
        end(j, 1);
        EXPECT(!jobs_find_running(j, "x@a.service"));
        EXPECT_EQ(begin_next(j, "w"), 2); /* before 5, which came later */
        EXPECT_EQ(begin_next(j, "w"), 5);
        EXPECT_EQ(begin_next(j, "w"), 0);
        end(j, 2);
        EXPECT_EQ(begin_next(j, "w"), 4);
}

TEST(one_unit_of_two_watches_runs_once_at_a_time) {
        _cleanup_(jobs_freep) Jobs *j = jobs_of("w", 1);

        EXPECT_OK(jobs_set_watch(j, "v", "x@.service", 1));
        add_job(j, 1, "w", "x@a.service");
        add_job(j, 2, "v", "x@a.service");
        EXPECT_EQ(begin_next(j, "v"), 0);
        EXPECT_EQ(begin_next(j, "w"), 1);
        EXPECT_EQ(begin_next(j, "v"), 0);
        end(j, 1);
        EXPECT_EQ(begin_next(j, "v"), 2);
}

TEST(units_that_share_a_file_run_one_after_the_other) {
        _cleanup_(jobs_freep) Jobs *j = jobs_of("w", 8);

        add_job(j, 1, "w", "x@a\\x20b.service");
        add_job(j, 2, "w", "x@ax20b.service");
        EXPECT_EQ(begin_next(j, "w"), 1);
        EXPECT_EQ(begin_next(j, "w"), 0);
        EXPECT(jobs_find_running(j, "x@a\\x20b.service") == jobs_find(j, 1));
        EXPECT(!jobs_find_running(j, "x@ax20b.service"));
        end(j, 1);
        EXPECT_EQ(begin_next(j, "w"), 2);
        EXPECT(jobs_find_running(j, "x@ax20b.service") == jobs_find(j, 2));
}

TEST(job_that_is_put_back_is_the_next_again) {
        _cleanup_(jobs_freep) Jobs *j = jobs_of("w", 1);

        add_job(j, 1, "w", "x@a.service");
        add_job(j, 2, "w", "x@b.service");
        EXPECT_EQ(begin_next(j, "w"), 1);
        jobs_put_back(j, jobs_find(j, 1), true);
        EXPECT(jobs_find(j, 1)->is_repeat);
        EXPECT(!jobs_first_running(j));
        EXPECT_EQ(begin_next(j, "w"), 1);
        EXPECT(jobs_first_running(j) == jobs_find(j, 1));
}

TEST(held_watch_hands_out_nothing) {
        _cleanup_(jobs_freep) Jobs *j = jobs_of("w", 1);

        add_job(j, 1, "w", "x@a.service");
        watch_of(j, "w")->is_held = true;
        EXPECT_EQ(begin_next(j, "w"), 0);
        watch_of(j, "w")->is_held = false;
        EXPECT_EQ(begin_next(j, "w"), 1);
}

TEST(job_that_waits_behind_others_can_be_removed) {
        _cleanup_(jobs_freep) Jobs *j = jobs_of("w", 8);

        add_job(j, 1, "w", "x@a.service");
        add_job(j, 2, "w", "x@a.service");
        add_job(j, 3, "w", "x@a.service");
        end(j, 3);
        add_job(j, 4, "w", "x@a.service");
        end(j, 2);
        end(j, 1);
        EXPECT_EQ(begin_next(j, "w"), 4);
        EXPECT_EQ(begin_next(j, "w"), 0);
}

TEST(sequence_is_there_once) {
        _cleanup_(jobs_freep) Jobs *j = jobs_of("w", 1);
        Notice n = job_notice(1, "w", "/srv/a");
        Buffer record = {};
        Job *job;

        add_job(j, 1, "w", "x@a.service");
        EXPECT_OK(job_record_add(&record, &n, "x@b.service"));
        EXPECT_EQ(jobs_add(j, record.data, record.length, &job), -EEXIST);
        EXPECT_EQ(jobs_n(j), 1);
        buffer_done(&record);
}

TEST(what_is_no_record_is_refused) {
        _cleanup_(jobs_freep) Jobs *j = jobs_of("w", 1);
        Notice n = job_notice(1, "w", "/srv/a");
        Buffer record = {};
        Job *job;

        EXPECT_OK(job_record_add(&record, &n, "x@b.service"));
        for (size_t length = 0; length < record.length; length++)
                EXPECT_EQ(jobs_add(j, record.data, length, &job), -EBADMSG);
        record.data[record.length - 1] = 'x'; /* no NUL */
        EXPECT_EQ(jobs_add(j, record.data, record.length, &job), -EBADMSG);
        EXPECT_EQ(jobs_n(j), 0);
        buffer_done(&record);
}

TEST(record_says_all_that_the_notice_did) {
        Notice n = job_notice(7, "in-1.x", "/srv/\xff\n"), m;
        const char *unit = NULL;
        Buffer record = {};

        n.member = MEMBER_TRANSFER_COMPLETED;
        n.flags = NOTICE_HAS_SIZE | NOTICE_HAS_DURATION | NOTICE_HAS_CHUNKS | NOTICE_RESCAN;
        n.reason = REASON_AGE;
        n.mask = 8;
        n.cookie = 9;
        n.size = 10;
        n.duration_usec = 11;
        n.chunks = 12;
        n.source = "/srv/b";
        n.source_len = 6;
        EXPECT_OK(job_record_add(&record, &n, "x@a.service"));
        EXPECT_OK(job_record_read(record.data, record.length, &m, &unit));
        EXPECT_STREQ(unit, "x@a.service");
        EXPECT_STREQ(m.path, n.path);
        EXPECT_STREQ(m.source, n.source);
        EXPECT_STREQ(m.watch, n.watch);
        EXPECT(m.path_len == n.path_len && m.source_len == n.source_len);
        EXPECT(m.member == n.member && m.flags == n.flags && m.reason == n.reason);
        EXPECT(m.mask == n.mask && m.cookie == n.cookie && m.sequence == n.sequence);
        EXPECT(m.usec == n.usec && m.size == n.size && m.chunks == n.chunks);
        EXPECT_EQ(m.duration_usec, n.duration_usec);
        buffer_done(&record);
}

/* For another unit. */
static void replace(Jobs *j, uint64_t sequence, const char *unit) {
        Notice n = job_notice(sequence, "w", "/srv/a");
        Buffer record = {};
        Job *job;

        EXPECT_OK(job_record_add(&record, &n, unit));
        EXPECT_OK(jobs_replace(j, jobs_find(j, sequence), record.data, record.length, &job));
        EXPECT_STREQ(job->unit_name, unit);
        EXPECT(jobs_find(j, sequence) == job);
        buffer_done(&record);
}

TEST(job_that_is_replaced_keeps_its_turn) {
        _cleanup_(jobs_freep) Jobs *j = jobs_of("w", 2);
        uint64_t sequence = 1;

        add_job(j, 1, "w", "x@a.service");
        add_job(j, 2, "w", "x@b.service");
        add_job(j, 3, "w", "x@a.service");
        add_job(j, 4, "w", "y@b.service");
        EXPECT_EQ(begin_next(j, "w"), 1);
        replace(j, 3, "y@b.service");
        replace(j, 2, "y@b.service");
        replace(j, 4, "y@\\b.service"); /* of the same file */
        for (const Job *job = jobs_first(j); job; job = job->later)
                EXPECT_EQ(job->notice.sequence, sequence++);
        EXPECT_EQ(begin_next(j, "w"), 2);
        end(j, 2);
        EXPECT_EQ(begin_next(j, "w"), 3);
        replace(j, 4, "x@a.service"); /* whose unit runs */
        end(j, 3);
        EXPECT_EQ(begin_next(j, "w"), 0);
        end(j, 1);
        EXPECT_EQ(begin_next(j, "w"), 4);
        end(j, 4);
        EXPECT_EQ(jobs_n(j), 0);
}

TEST(jobs_can_all_be_replaced) {
        _cleanup_(jobs_freep) Jobs *j = jobs_of("w", 1);
        char unit[32];

        for (uint64_t i = 1; i <= 100; i++) {
                (void) snprintf(unit, sizeof(unit), "x@%" PRIu64 ".service", i);
                add_job(j, i, "w", unit);
        }
        for (uint64_t i = 100; i > 0; i--) {
                (void) snprintf(unit, sizeof(unit), "y@%" PRIu64 ".service", i / 2);
                replace(j, i, unit);
        }
        for (uint64_t i = 1; i <= 100; i++) {
                EXPECT_EQ(begin_next(j, "w"), i);
                end(j, i);
        }
}

TEST(watch_that_is_gone_is_known_while_it_has_jobs) {
        _cleanup_(jobs_freep) Jobs *j = jobs_of("w", 1);

        add_job(j, 1, "w", "x@a.service");
        jobs_reset_watches(j);
        EXPECT(jobs_find_watch(j, "w")); /* the history may have more of it */
        jobs_drop_watches(j);
        EXPECT_EQ(begin_next(j, "w"), 1);
        end(j, 1);
        jobs_drop_watches(j);
        EXPECT(!jobs_find_watch(j, "w"));
        EXPECT(!jobs_first_watch(j));
}

TEST(many_jobs_of_many_units_all_run_once_in_order) {
        _cleanup_(jobs_freep) Jobs *j = jobs_of("w", 8);
        uint64_t n_begun = 0, running[8] = {}, latest[97] = {};
        const uint64_t n = 5000;
        unsigned seed = 1;

        for (uint64_t i = 1; i <= n; i++) {
                char unit[32];
                (void) snprintf(unit, sizeof(unit), "x@%" PRIu64 ".service", i % 97);
                add_job(j, i, "w", unit);
        }
        while (jobs_n(j) > 0) {
                for (size_t i = 0; i < ELEMENTSOF(running); i++)
                        if (running[i] == 0 && (running[i] = begin_next(j, "w")) != 0) {
                                n_begun++;
                                EXPECT_INT(running[i], >, latest[running[i] % 97]);
                                latest[running[i] % 97] = running[i];
                        }
                size_t which = (size_t) rand_r(&seed) % ELEMENTSOF(running);
                if (running[which] != 0)
                        end(j, running[which]);
                running[which] = 0;
        }
        EXPECT_EQ(n_begun, n);
}
