/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A unit with jobs has a list of them. While none of them runs it stands in the heap of the watch whose
 * job is its first, and so what is behind a unit that runs is in nobody's way. Memory for the heap is
 * there from when a job is added: to run jobs and be done with them takes none. */

#include "base/hash.h"
#include "publishers/job-heap.h"
#include "publishers/job-record.h"
#include "publishers/jobs-internal.h"
#include "publishers/unit-name.h"

#define SLOTS_MIN 64U

static size_t sequence_slot(const Jobs *j, uint64_t sequence) {
        return sequence & (j->n_slots - 1);
}

static size_t name_slot(const Jobs *j, const char *name) {
        return hash_name(0, name, strlen(name)) & (j->n_slots - 1);
}

/* ---- hashes ---- */

static JobUnit **find_unit(const Jobs *j, const char *name) {
        JobUnit **p = &j->units[name_slot(j, name)];

        while (*p && !streq((*p)->name, name))
                p = &(*p)->hash_next;
        return p;
}

static Job **find_job(const Jobs *j, uint64_t sequence) {
        Job **p = &j->jobs[sequence_slot(j, sequence)];

        while (*p && (*p)->notice.sequence != sequence)
                p = &(*p)->hash_next;
        return p;
}

/* Makes room in both for one more. A unit has a job, so there are no more units than jobs. */
static int grow(Jobs *j) {
        size_t n_slots = MAX_OF(2 * j->n_slots, (size_t) SLOTS_MIN);
        JobUnit **units = j->units;
        size_t n_old = j->n_slots;
        Job **jobs;

        if (j->n < j->n_slots)
                return 0;
        jobs = calloc(n_slots, sizeof(Job *));
        j->units = calloc(n_slots, sizeof(JobUnit *));
        if (!jobs || !j->units) {
                free(jobs);
                free(j->units);
                j->units = units;
                return -ENOMEM;
        }
        free(j->jobs);
        j->jobs = jobs;
        j->n_slots = n_slots;
        for (Job *job = j->first; job; job = job->later) {
                Job **slot = &j->jobs[sequence_slot(j, job->notice.sequence)];

                job->hash_next = *slot;
                *slot = job;
        }
        for (size_t i = 0; i < n_old; i++)
                for (JobUnit *u = units[i], *next; u; u = next) {
                        JobUnit **slot = &j->units[name_slot(j, u->name)];

                        next = u->hash_next;
                        u->hash_next = *slot;
                        *slot = u;
                }
        free(units);
        return 0;
}

/* ---- units and their jobs ---- */

/* The unit of that name, with no jobs yet if it is new. */
static JobUnit *get_unit(Jobs *j, const char *unit_name) {
        char name[UNIT_NAME_MAX + 1];
        JobUnit **p, *u;

        unit_name_strip(unit_name, name);
        p = find_unit(j, name);
        u = *p;
        if (u)
                return u;
        u = malloc(sizeof(JobUnit) + strlen(name) + 1);
        if (!u)
                return NULL;
        *u = (JobUnit){ .last = &u->first };
        strcpy(u->name, name);
        *p = u;
        return u;
}

static void drop_unit(Jobs *j, JobUnit *u) {
        JobUnit **p = find_unit(j, u->name);

        assert(*p == u);
        *p = u->hash_next;
        free(u);
}

/* What has become of a unit's jobs may make it one that may run. */
static void settle_unit(JobUnit *u) {
        if (u->first && !u->running && u->place == 0)
                job_heap_add(u->first->watch, u);
}

static void take_from_unit(Jobs *j, Job *job) {
        JobUnit *u = job->unit;
        Job **p = &u->first;

        if (u->first == job && u->place > 0)
                job_heap_remove(job->watch, u);
        if (u->first == job && !job->next) {
                drop_unit(j, u);
                return;
        }
        while (*p != job)
                p = &(*p)->next;
        *p = job->next;
        if (!job->next)
                u->last = p;
        settle_unit(u);
}

static void link_job(Jobs *j, Job *job) {
        Job **slot = &j->jobs[sequence_slot(j, job->notice.sequence)];

        job->hash_next = *slot;
        *slot = job;
        job->earlier = j->last;
        *j->last = job;
        j->last = &job->later;
        *job->unit->last = job;
        job->unit->last = &job->next;
        j->n++;
        j->n_bytes += job->n + sizeof(Job) + sizeof(JobUnit);
        job->watch->n++;
        settle_unit(job->unit);
}

/* Puts it where its turn is: behind the one that runs and what came before it. */
static void insert_in_unit(JobUnit *u, Job *job) {
        Job **p = u->running ? &u->running->next : &u->first;

        if (u->place > 0)
                job_heap_remove(u->first->watch, u);
        while (*p && (*p)->ordinal < job->ordinal)
                p = &(*p)->next;
        job->next = *p;
        *p = job;
        if (!job->next)
                u->last = &job->next;
        settle_unit(u);
}

/* Puts it where another one is among all, and by sequence. */
static void take_place(Jobs *j, const Job *old, Job *job) {
        Job **slot = find_job(j, old->notice.sequence);

        job->hash_next = old->hash_next;
        *slot = job;
        job->later = old->later;
        job->earlier = old->earlier;
        *job->earlier = job;
        if (job->later)
                job->later->earlier = &job->later;
        else
                j->last = &job->later;
        j->n_bytes += job->n - old->n;
}

static void unlink_running(Job *job) {
        if (job->running_later)
                job->running_later->running_earlier = job->running_earlier;
        *job->running_earlier = job->running_later;
        job->running_later = NULL;
        job->unit->running = NULL;
        job->watch->n_running--;
}

/* ---- the outside ---- */

int jobs_new(Jobs **ret) {
        _cleanup_(jobs_freep) Jobs *j = calloc(1, sizeof(Jobs));
        int r;

        if (!j)
                return -ENOMEM;
        j->last = &j->first;
        r = grow(j);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(j);
        return 0;
}

Jobs *jobs_free(Jobs *j) {
        if (!j)
                return NULL;
        while (j->first)
                jobs_remove(j, j->first);
        for (JobWatch *w = j->watches, *next; w; w = next) {
                next = w->next;
                job_watch_free(w);
        }
        free(j->jobs);
        free(j->units);
        free(j);
        return NULL;
}

bool jobs_has_room(const Jobs *j) {
        return j->n_bytes < JOBS_BYTES_MAX;
}

size_t jobs_n(const Jobs *j) {
        return j->n;
}

int jobs_add(Jobs *j, const void *record, size_t n, Job **ret) {
        _cleanup_free_ Job *job = NULL;
        int r;

        job = malloc(sizeof(Job) + n);
        if (!job)
                return -ENOMEM;
        *job = (Job){ .n = n, .ordinal = j->ordinal + 1 };
        memcpy(job->record, record, n);
        r = job_record_read(job->record, n, &job->notice, &job->unit_name);
        if (r < 0)
                return r;
        if (*find_job(j, job->notice.sequence))
                return -EEXIST;
        r = grow(j);
        if (r < 0)
                return r;
        job->watch = jobs_get_watch(j, job->notice.watch);
        if (!job->watch || job_heap_reserve(job->watch, job->watch->n + 1) < 0)
                return -ENOMEM;
        job->unit = get_unit(j, job->unit_name);
        if (!job->unit)
                return -ENOMEM;
        j->ordinal++;
        link_job(j, job);
        *ret = TAKE_PTR(job);
        return 0;
}

int jobs_replace(Jobs *j, Job *job, const void *record, size_t n, Job **ret) {
        _cleanup_free_ Job *other = malloc(sizeof(Job) + n);
        int r;

        assert(job->state == JOB_WAITING);
        if (!other)
                return -ENOMEM;
        *other = (Job){
                .n = n,
                .ordinal = job->ordinal,
                .is_repeat = job->is_repeat,
                .watch = job->watch,
        };
        memcpy(other->record, record, n);
        r = job_record_read(other->record, n, &other->notice, &other->unit_name);
        if (r < 0)
                return r;
        if (other->notice.sequence != job->notice.sequence ||
                        !streq(other->notice.watch, job->notice.watch))
                return -EBADMSG;
        if (job_heap_reserve(job->watch, job->watch->n + 1) < 0)
                return -ENOMEM;
        other->unit = get_unit(j, other->unit_name);
        if (!other->unit)
                return -ENOMEM;
        insert_in_unit(other->unit, other);
        take_from_unit(j, job);
        take_place(j, job, other);
        free(job);
        *ret = TAKE_PTR(other);
        return 0;
}

Job *jobs_find(const Jobs *j, uint64_t sequence) {
        return *find_job(j, sequence);
}

Job *jobs_find_running(const Jobs *j, const char *unit_name) {
        char name[UNIT_NAME_MAX + 1];
        const JobUnit *u;

        unit_name_strip(unit_name, name);
        u = *find_unit(j, name);
        return u && u->running && streq(u->running->unit_name, unit_name) ? u->running : NULL;
}

Job *jobs_first(const Jobs *j) {
        return j->first;
}

Job *jobs_first_running(const Jobs *j) {
        return j->first_running;
}

Job *jobs_next_to_run(const JobWatch *w) {
        if (w->is_held || w->n_running >= w->n_running_max || w->n_heap == 0)
                return NULL;
        return w->heap[0]->first;
}

int jobs_begin(Jobs *j, Job *job, const Incarnation *incarnation) {
        JobUnit *u = job->unit;

        if (u->running || u->first != job)
                return -EBUSY;
        job_heap_remove(job->watch, u);
        u->running = job;
        job->watch->n_running++;
        job->state = JOB_BEGUN;
        job->incarnation = *incarnation;
        job->is_to_ask = job->is_to_start = false;
        job->has_bad_job = job->is_in_vain = false;
        job->started = 0;
        job->running_later = j->first_running;
        job->running_earlier = &j->first_running;
        if (j->first_running)
                j->first_running->running_earlier = &job->running_later;
        j->first_running = job;
        return 0;
}

void jobs_put_back(Jobs *j, Job *job, bool is_repeat) {
        assert(job->state != JOB_WAITING);
        unlink_running(job);
        job->state = JOB_WAITING;
        job->is_repeat |= is_repeat;
        settle_unit(job->unit);
}

void jobs_remove(Jobs *j, Job *job) {
        Job **p = find_job(j, job->notice.sequence);

        if (job->state != JOB_WAITING)
                unlink_running(job);
        take_from_unit(j, job);
        *p = job->hash_next;
        *job->earlier = job->later;
        if (job->later)
                job->later->earlier = job->earlier;
        else
                j->last = job->earlier;
        job->watch->n--;
        j->n--;
        j->n_bytes -= job->n + sizeof(Job) + sizeof(JobUnit);
        free(job);
}
