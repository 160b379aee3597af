/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Units of a watch that may run, the one whose turn it is first. */

#pragma once

#include "publishers/jobs.h"

/* A unit that has jobs; or all of one stripped name (unit-name.h), which share a file. */
struct JobUnit {
        JobUnit *hash_next; /* in its slot of the hash by name */
        Job *first, **last; /* its jobs; the first is the one that runs, if one does */
        Job *running;       /* NULL: none */
        size_t place;       /* in the heap of its first job's watch, from 1 on; 0: not in it */
        char name[];        /* stripped */
};

/* Makes room for `n` units in all. Returns 0 or -ENOMEM. */
int job_heap_reserve(JobWatch *w, size_t n);

/* There must be room. */
void job_heap_add(JobWatch *w, JobUnit *u);
void job_heap_remove(JobWatch *w, JobUnit *u);
