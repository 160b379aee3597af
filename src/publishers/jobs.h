/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The jobs of an instance: each is a notice and the unit to be started for it. They wait in the order of
 * their notices; of a watch so many run at a time, of a unit one. No bus, no file, no clock. */

#pragma once

#include "processors/notice.h"

typedef struct Jobs Jobs;
typedef struct Job Job;
typedef struct JobUnit JobUnit;
typedef struct JobWatch JobWatch;

#define JOBS_BYTES_MAX (UINT64_C(256) * 1024 * 1024) /* of all that wait; about a million */
#define JOBS_RUNNING_MAX 1024U                       /* of one watch */

typedef enum JobState {
        JOB_WAITING,
        JOB_BEGUN,   /* its unit is about to be started, or was: who knows */
        JOB_STARTED, /* its unit was started */
        _JOB_STATE_MAX,
        _JOB_STATE_INVALID = -EINVAL,
} JobState;

/* Which run of the service manager it was that started a unit: another one knows nothing of it. */
typedef struct Incarnation {
        uint8_t boot_id[16];
        uint64_t started; /* CLOCK_MONOTONIC, of the service manager */
} Incarnation;

struct Job {
        Notice notice; /* its strings lie in the record */
        const char *unit_name;
        JobWatch *watch;
        JobState state;
        Incarnation incarnation; /* of the service manager, once begun */
        bool is_repeat;          /* may have been started before */

        /* The caller's, while it is not waiting. */
        void *call;           /* that is under way to start its unit, or to ask for it */
        bool is_to_ask;       /* its unit may be done; to be asked for after the call */
        bool is_contradicted; /* it is not done, it was said since it was asked for */
        bool has_bad_job;     /* a job of the service manager's for its unit did not end well */
        bool is_in_vain;      /* ... and it was not run */
        bool is_to_start;     /* its unit is to be started once more, later */
        usec_t started;       /* CLOCK_MONOTONIC; 0: unknown */

        Job *later, **earlier;                 /* among all, and what points at it there */
        Job *running_later, **running_earlier; /* among those that do not wait */

        /* The table's own. */
        JobUnit *unit;
        Job *next;      /* of its unit */
        Job *hash_next; /* in its slot of the hash by sequence */
        uint64_t ordinal;
        size_t n; /* bytes of the record */
        uint64_t record[];
};

struct JobWatch {
        char *name;
        char *template; /* NULL: never configured here */
        uint64_t n_running_max;
        uint64_t n_running;
        uint64_t n_failed;  /* the caller's */
        bool told_hold;     /* the caller's */
        bool told_later;    /* the caller's */
        bool is_held;       /* nothing is handed out */
        bool is_configured; /* else of earlier days */
        JobWatch *next;

        /* The table's own. */
        size_t n;       /* jobs */
        JobUnit **heap; /* of units with jobs that may run, by their first */
        size_t n_heap, n_heap_allocated;
};

int jobs_new(Jobs **ret);
Jobs *jobs_free(Jobs *j);
DEFINE_CLEANUP(Jobs, jobs_free);

/* From now on no watch counts as configured; what jobs_set_watch() names then does again. Others are
 * there until jobs_drop_watches(), and for as long as they have jobs. jobs_set_watch() returns > 0 if
 * this is not how it was, 0 if it is, or -ENOMEM. */
void jobs_reset_watches(Jobs *j);
void jobs_drop_watches(Jobs *j);
int jobs_set_watch(Jobs *j, const char *name, const char *template, uint64_t n_running_max);

/* The watches, each with the `next`; NULL if there is none. */
JobWatch *jobs_first_watch(const Jobs *j);

/* The watch of that name, if it is one that is configured, or was before; or NULL. */
JobWatch *jobs_find_watch(const Jobs *j, const char *name);

/* Whether there is room for more. */
bool jobs_has_room(const Jobs *j);
size_t jobs_n(const Jobs *j);

/* Adds a job that waits, from a record of job-record.h, which is copied. Returns 0, -EBADMSG, -EEXIST if
 * there is one of that sequence, or -ENOMEM. */
int jobs_add(Jobs *j, const void *record, size_t n, Job **ret);

/* Puts another record of its notice, for another unit, in place of one that waits: it keeps its turn.
 * Returns 0 with the job that it is now, or -EBADMSG or -ENOMEM: then all is as it was. */
int jobs_replace(Jobs *j, Job *job, const void *record, size_t n, Job **ret);

/* NULL if there is none. */
Job *jobs_find(const Jobs *j, uint64_t sequence);

/* The job of that unit that does not wait, or NULL. */
Job *jobs_find_running(const Jobs *j, const char *unit_name);

/* All jobs in their order, and those that do not wait; NULL if there is none. */
Job *jobs_first(const Jobs *j);
Job *jobs_first_running(const Jobs *j);

/* The job of the watch that is to run next, or NULL if there is none or as many as may run do. */
Job *jobs_next_to_run(const JobWatch *w);

/* It runs from now on, as JOB_BEGUN. It must be the first of its unit. Returns 0, or -EBUSY if it is
 * not. */
int jobs_begin(Jobs *j, Job *job, const Incarnation *incarnation);

/* It waits again, before all others of its unit, as a repeat if that is so. */
void jobs_put_back(Jobs *j, Job *job, bool is_repeat);

/* Releases it, in whatever state. */
void jobs_remove(Jobs *j, Job *job);
