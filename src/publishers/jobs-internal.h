/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What the files of the table share: jobs.c has the jobs and their units, job-watches.c the watches. */

#pragma once

#include "publishers/jobs.h"

struct Jobs {
        Job *first, **last;
        Job *first_running;
        JobWatch *watches;
        Job **jobs;      /* by sequence */
        JobUnit **units; /* by name */
        size_t n_slots;  /* of each; a power of two */
        size_t n;
        uint64_t n_bytes;
        uint64_t ordinal; /* of the last one added */
};

/* The watch of that name, made if there is none; NULL: out of memory. */
JobWatch *jobs_get_watch(Jobs *j, const char *name);
void job_watch_free(JobWatch *w);
