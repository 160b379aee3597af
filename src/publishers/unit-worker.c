/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A job is written down as begun before its unit is started and as started when systemd says so; what a
 * crash leaves between the two is asked for, and repeated if it does not run. What stands in the way of
 * starting units at all (no systemd, no right, no such template, no room on a disk) is no failure of a
 * job: its watch waits, and tries again. */

#include <inttypes.h>
#include <time.h>

#include "base/log.h"
#include "publishers/service-manager.h"
#include "publishers/unit-worker.h"

#define RETRY_USEC (10 * USEC_PER_SEC)

struct UnitWorker {
        UnitWorkerOwner owner;
        Jobs *jobs;
        JobLog *log;
        JobFiles *files;
        ServiceManager *service_manager;
        sd_event_source *retry;  /* on while something waits that nobody will tell of */
        Incarnation incarnation; /* of the service manager */
        bool is_ready;           /* the service manager */
        bool is_shutting_down;   /* what ends now may have been cut short */
        bool told_trouble;       /* with the disk */
};

/* ---- waiting ---- */

static void try_later(UnitWorker *u) {
        if (sd_event_source_get_enabled(u->retry, NULL) > 0)
                return;
        (void) sd_event_source_set_time_relative(u->retry, RETRY_USEC);
        (void) sd_event_source_set_enabled(u->retry, SD_EVENT_ONESHOT);
}

static void hold(UnitWorker *u, JobWatch *w, const char *unit, int error, const char *text) {
        if (!w->told_hold)
                log_error(error,
                                "Watch '%s': cannot start unit '%s'%s%s, trying again every 10 s",
                                w->name,
                                unit,
                                text ? ": " : "",
                                text ?: "");
        w->is_held = w->told_hold = true;
        try_later(u);
}

void unit_worker_in_trouble(UnitWorker *u, int error) {
        if (!u->told_trouble)
                log_error(error, "Cannot write down jobs for units, trying again every 10 s");
        u->told_trouble = true;
        try_later(u);
}

/* ---- asking how units are ---- */

static void drop_call(Job *job) {
        job->call = service_call_free(job->call);
}

/* Now, or when the call that is under way has its answer. */
static void ask(UnitWorker *u, Job *job) {
        ServiceCall *call;

        job->is_to_ask = job->call;
        if (job->call || !u->is_ready)
                return;
        job->is_contradicted = false;
        if (service_manager_ask(u->service_manager, job->unit_name, job, &call) < 0)
                try_later(u);
        else
                job->call = call;
}

/* All that nothing is known of. */
static void ask_all(UnitWorker *u) {
        for (Job *job = jobs_first_running(u->jobs); job; job = job->running_later)
                if (!job->call && !job->is_to_start)
                        ask(u, job);
}

/* ---- running ---- */

static usec_t monotonic_now(void) {
        struct timespec now;

        (void) clock_gettime(CLOCK_MONOTONIC, &now);
        return (usec_t) now.tv_sec * USEC_PER_SEC + (usec_t) now.tv_nsec / 1000;
}

/* Returns 0 or < 0. */
static int start(UnitWorker *u, Job *job) {
        ServiceCall *call;
        int r;

        job->is_to_start = job->is_to_ask = false;
        job->has_bad_job = job->is_in_vain = false;
        job->started = monotonic_now();
        job_log_begin(u->log, job);
        r = service_manager_start(u->service_manager, job->unit_name, job, &call);
        if (r >= 0)
                job->call = call;
        return r;
}

/* systemd has not run it: it was started too often lately, or something that it takes is not to be had. It
 * keeps its place, so that no other one of its watch has to wait for it. */
static void start_later(UnitWorker *u, Job *job) {
        JobWatch *w = job->watch;

        if (!w->told_later)
                log_error(0,
                                "Watch '%s': systemd does not run unit '%s', as its status or the "
                                "journal tells, trying again every 10 s",
                                w->name,
                                job->unit_name);
        w->told_later = true;
        job->state = JOB_BEGUN;
        job->is_to_start = true;
        job_log_begin(u->log, job);
        try_later(u);
}

static void start_again(UnitWorker *u) {
        for (Job *job = jobs_first_running(u->jobs); job; job = job->running_later)
                if (job->is_to_start && start(u, job) < 0)
                        start_later(u, job);
}

/* Returns whether the next may be tried. */
static bool run(UnitWorker *u, Job *job) {
        int r;

        r = job_files_write(u->files, &job->notice, job->unit_name, job->is_repeat);
        if (r >= 0)
                r = jobs_begin(u->jobs, job, &u->incarnation);
        if (r < 0) {
                hold(u, job->watch, job->unit_name, r, "its file cannot be written");
                return false;
        }
        r = start(u, job);
        if (r < 0) {
                jobs_put_back(u->jobs, job, false);
                hold(u, job->watch, job->unit_name, r, NULL);
                return false;
        }
        return true;
}

void unit_worker_run(UnitWorker *u) {
        int r = job_log_error(u->log);

        if (r < 0)
                unit_worker_in_trouble(u, r);
        if (!u->is_ready || u->is_shutting_down)
                return;
        for (JobWatch *w = jobs_first_watch(u->jobs); w; w = w->next) {
                Job *job;

                do
                        job = jobs_next_to_run(w);
                while (job && run(u, job));
        }
}

/* What was left where it was is taken up. */
static void go_on(UnitWorker *u) {
        if (u->is_ready && !u->is_shutting_down)
                start_again(u);
        ask_all(u);
        unit_worker_run(u);
}

static void finish(UnitWorker *u, Job *job, bool has_failed) {
        JobWatch *w = job->watch;

        if (has_failed)
                log_warning(0,
                                "Unit '%s' has failed, of watch '%s' for notice %" PRIu64
                                ", '%.256s' (%" PRIu64 " failed so far)",
                                job->unit_name,
                                w->name,
                                job->notice.sequence,
                                job->notice.path,
                                ++w->n_failed);
        else
                log_debug("Unit '%s' is done, for notice %" PRIu64,
                                job->unit_name,
                                job->notice.sequence);
        w->told_later = false;
        job_log_finish(u->log, job);
        job_files_remove(u->files, job->notice.sequence, job->unit_name);
        drop_call(job);
        jobs_remove(u->jobs, job);
        unit_worker_run(u);
        u->owner.room(u->owner.userdata);
}

/* It is not known to have run, or is known to have been cut short. */
static void repeat(UnitWorker *u, Job *job) {
        drop_call(job);
        jobs_put_back(u->jobs, job, true);
        job_log_repeat(u->log, job);
}

/* ---- what the service manager tells ---- */

static void on_ready(const Incarnation *incarnation, void *userdata) {
        UnitWorker *u = userdata;

        u->incarnation = *incarnation;
        u->is_ready = true;
        u->is_shutting_down = false;
        for (Job *job = jobs_first_running(u->jobs), *next; job; job = next) {
                next = job->running_later;
                if (memcmp(&job->incarnation, incarnation, sizeof(Incarnation)) != 0)
                        repeat(u, job);
        }
        go_on(u);
}

static void on_gone(void *userdata) {
        UnitWorker *u = userdata;

        u->is_ready = false;
        for (Job *job = jobs_first_running(u->jobs); job; job = job->running_later)
                drop_call(job);
}

static void on_shutting_down(bool yes, void *userdata) {
        UnitWorker *u = userdata;

        u->is_shutting_down = yes;
        if (yes)
                return;
        go_on(u);
}

/* Errors that leave it open whether the unit is being started. */
static bool is_unknown(const sd_bus_error *error) {
        return sd_bus_error_has_name(error, SD_BUS_ERROR_NO_REPLY) ||
               sd_bus_error_has_name(error, SD_BUS_ERROR_TIMEOUT) ||
               sd_bus_error_has_name(error, SD_BUS_ERROR_DISCONNECTED);
}

static void on_started(void *userdata_job, const sd_bus_error *error, void *userdata) {
        UnitWorker *u = userdata;
        Job *job = userdata_job;

        drop_call(job);
        if (!error) {
                job->state = JOB_STARTED;
                job->watch->told_hold = false;
                job_log_start(u->log, job);
        } else if (is_unknown(error))
                try_later(u); /* and ask then */
        else {
                jobs_put_back(u->jobs, job, false);
                job_files_remove(u->files, job->notice.sequence, job->unit_name);
                hold(u, job->watch, job->unit_name, 0, error->message ?: error->name);
        }
}

static Job *started_job(UnitWorker *u, const char *unit) {
        Job *job = jobs_find_running(u->jobs, unit);

        return job && job->state == JOB_STARTED ? job : NULL;
}

static void on_job_ended(const char *unit, JobResult result, void *userdata) {
        Job *job = started_job(userdata, unit);

        if (job) {
                job->has_bad_job = result != JOB_ENDED_WELL;
                job->is_in_vain = result == JOB_WAS_IN_VAIN;
        }
}

static void on_unit_is(const char *unit, bool may_be_done, void *userdata) {
        UnitWorker *u = userdata;
        Job *job = jobs_find_running(u->jobs, unit);

        if (!job)
                return;
        if (!may_be_done)
                job->is_contradicted = true;
        else if (job->state == JOB_STARTED)
                ask(u, job);
}

/* That nothing runs, and nothing has since its start. */
static bool was_not_run(const Job *job, UnitState state, usec_t ran) {
        return job->is_in_vain || (state == UNIT_FAILED && ran < job->started);
}

static void on_answered(void *userdata_job, UnitState state, usec_t ran, void *userdata) {
        UnitWorker *u = userdata;
        Job *job = userdata_job;

        drop_call(job);
        if (u->is_shutting_down)
                return;
        if (state == UNIT_UNKNOWN)
                try_later(u); /* and ask then */
        else if (state == UNIT_RUNS || job->is_contradicted) {
                if (job->state == JOB_BEGUN) {
                        job->state = JOB_STARTED;
                        job_log_start(u->log, job);
                }
                if (job->is_to_ask)
                        ask(u, job);
        } else if (job->state == JOB_STARTED && was_not_run(job, state, ran))
                start_later(u, job);
        else if (job->state == JOB_STARTED)
                finish(u, job, state == UNIT_FAILED || job->has_bad_job);
        else {
                repeat(u, job);
                unit_worker_run(u);
        }
}

/* ---- the outside ---- */

static int on_retry(sd_event_source *s, uint64_t usec, void *userdata) {
        UnitWorker *u = userdata;
        int r;

        r = job_log_mend(u->log);
        if (r < 0)
                unit_worker_in_trouble(u, r);
        else
                u->told_trouble = false;
        for (JobWatch *w = jobs_first_watch(u->jobs); w; w = w->next)
                w->is_held = false;
        go_on(u);
        u->owner.room(u->owner.userdata);
        return 0;
}

UnitWorker *unit_worker_free(UnitWorker *u) {
        if (!u)
                return NULL;
        for (Job *job = jobs_first_running(u->jobs); job; job = job->running_later)
                drop_call(job);
        service_manager_free(u->service_manager);
        sd_event_source_disable_unref(u->retry);
        free(u);
        return NULL;
}

int unit_worker_new(sd_event *event,
                Jobs *jobs,
                JobLog *log,
                JobFiles *files,
                const UnitWorkerOwner *owner,
                UnitWorker **ret) {
        _cleanup_(unit_worker_freep) UnitWorker *u = malloc(sizeof(UnitWorker));
        ServiceManagerOwner ours = {
                .ready = on_ready,
                .gone = on_gone,
                .shutting_down = on_shutting_down,
                .started = on_started,
                .job_ended = on_job_ended,
                .unit_is = on_unit_is,
                .answered = on_answered,
                .userdata = u,
        };
        int r;

        if (!u)
                return -ENOMEM;
        *u = (UnitWorker){ .owner = *owner, .jobs = jobs, .log = log, .files = files };
        r = service_manager_new(&ours, &u->service_manager);
        if (r < 0)
                return r;
        r = sd_event_add_time(event, &u->retry, CLOCK_MONOTONIC, 0, 0, on_retry, u);
        if (r < 0)
                return r;
        r = sd_event_source_set_enabled(u->retry, SD_EVENT_OFF);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(u);
        return 0;
}

void unit_worker_set_bus(UnitWorker *u, sd_bus *bus) {
        int r;

        r = service_manager_set_bus(u->service_manager, bus);
        if (r < 0)
                log_error(r, "Cannot listen to the service manager, units wait");
}
