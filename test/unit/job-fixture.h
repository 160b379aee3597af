/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Jobs of notices that a test makes. */

#pragma once

#include "publishers/job-record.h"
#include "publishers/jobs.h"
#include "test.h"

static inline Notice job_notice(uint64_t sequence, const char *watch, const char *path) {
        return (Notice){
                .member = MEMBER_IN_CREATE,
                .mask = IN_CREATE,
                .sequence = sequence,
                .usec = UINT64_C(1763629200000000) + sequence,
                .path = path,
                .path_len = strlen(path),
                .watch = watch,
        };
}

static inline Job *add_job(Jobs *j, uint64_t sequence, const char *watch, const char *unit) {
        Notice n = job_notice(sequence, watch, "/srv/a");
        Buffer record = {};
        Job *job = NULL;

        EXPECT_OK(job_record_add(&record, &n, unit));
        EXPECT_OK(jobs_add(j, record.data, record.length, &job));
        buffer_done(&record);
        return job;
}

static inline JobWatch *watch_of(Jobs *j, const char *name) {
        JobWatch *w = jobs_first_watch(j);

        while (w && !streq(w->name, name))
                w = w->next;
        return w;
}

/* Begins the next job of the watch. Returns its sequence, or 0 if there is none to begin. */
static inline uint64_t begin_next(Jobs *j, const char *watch) {
        static const Incarnation incarnation = { .started = 7 };
        Job *job = jobs_next_to_run(watch_of(j, watch));

        if (!job)
                return 0;
        EXPECT_OK(jobs_begin(j, job, &incarnation));
        return job->notice.sequence;
}
