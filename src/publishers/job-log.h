/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What becomes of jobs, written down before it happens or as soon as it has, so that the next process
 * goes on with them: after a crash a job may be started again, and none is forgotten. */

#pragma once

#include "base/ledger.h"
#include "publishers/jobs.h"

typedef struct JobLog JobLog;

#define UNIT_LEDGER "units.ledger"

/* Opens UNIT_LEDGER in the directory `state_fd`, or a memory file if that is -EBADF, and adds to `jobs`
 * (both borrowed, they outlive the log) what is to be done still. Jobs that were begun are JOB_BEGUN or
 * JOB_STARTED then, watches are as they were configured, and none counts as configured now. Returns 0;
 * -EBUSY if another process has it; or another < 0. */
int job_log_open(int state_fd, Jobs *jobs, JobLog **ret);
JobLog *job_log_free(JobLog *l);
DEFINE_CLEANUP(JobLog, job_log_free);

/* Bytes that were found and are no records, and so the jobs in them are lost; 0: all is well. */
uint64_t job_log_n_dropped(const JobLog *l);

/* Whether the notice was written down already, be it done with or not. */
bool job_log_has(const JobLog *l, const Notice *n);

/* It is configured so from now on. */
void job_log_watch(JobLog *l, const JobWatch *w);

/* There is a new job; its record. Returns 0 or < 0: then it is not written down. */
int job_log_add(JobLog *l, const Notice *n, const void *record, size_t n_record);

/* A job that waits has another record now (jobs_replace). */
void job_log_replace(JobLog *l, const Job *job);

/* It is about to be started; it was; it may have been; it is done with. What cannot be written down is
 * told by job_log_error(); then jobs may be done again by the next process. */
void job_log_begin(JobLog *l, const Job *job);
void job_log_start(JobLog *l, const Job *job);
void job_log_repeat(JobLog *l, const Job *job);
void job_log_finish(JobLog *l, const Job *job);

/* 0, or why nothing can be written down now. */
int job_log_error(const JobLog *l);

/* Writes all anew, where there was no room before. Returns 0 or < 0. */
int job_log_mend(JobLog *l);
