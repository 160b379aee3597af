/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A notice is told when it is written down as a job; the worker does the rest. */

#include <inttypes.h>

#include "base/log.h"
#include "publishers/job-record.h"
#include "publishers/unit-name.h"
#include "publishers/unit-worker.h"
#include "publishers/unit.h"

typedef struct UnitPublisher {
        Publisher base;
        Jobs *jobs;
        JobLog *log;
        JobFiles *files;
        UnitWorker *worker;
        Buffer record;
        bool is_full;        /* publish was refused */
        bool is_unsettled;   /* watches that are not configured have still to tell... */
        uint64_t settled_by; /* ... notices up to this one */
} UnitPublisher;

/* Members that start no unit. */
static const bool starts_none[_MEMBER_MAX] = {
        [MEMBER_IN_IGNORED] = true,
        [MEMBER_IN_Q_OVERFLOW] = true,
        [MEMBER_IN_UNMOUNT] = true,
        [MEMBER_TRANSFER_STARTED] = true,
        [MEMBER_TRANSFER_ABANDONED] = true,
        [MEMBER_RESCANNED] = true,
};

/* Makes a job of it. Returns 0, -EEXIST if there is one already, or < 0 if it cannot be written down
 * now. */
static int add_job(UnitPublisher *u, const Notice *n, const JobWatch *w) {
        char unit[UNIT_NAME_MAX + 1];
        Job *job;
        int r;

        unit_name_make(w->template, n->path, n->path_len, n->sequence, unit);
        buffer_clear(&u->record);
        r = job_record_add(&u->record, n, unit);
        if (r < 0)
                return r;
        r = jobs_add(u->jobs, u->record.data, u->record.length, &job);
        if (r < 0)
                return r;
        r = job_log_add(u->log, n, u->record.data, u->record.length);
        if (r < 0)
                jobs_remove(u->jobs, job);
        return r;
}

static int unit_publish(Publisher *p, const Notice *n) {
        UnitPublisher *u = (UnitPublisher *) p;
        const JobWatch *w;
        int r;

        if (starts_none[n->member] || job_log_has(u->log, n))
                return 1;
        w = jobs_find_watch(u->jobs, n->watch);
        if (!w)
                return -ENOENT;
        u->is_full = !jobs_has_room(u->jobs) || job_log_error(u->log) < 0;
        if (u->is_full)
                return 0;
        r = add_job(u, n, w);
        if (r >= 0 || r == -EEXIST)
                return 1;
        if (r == -EMSGSIZE)
                return r;
        u->is_full = true;
        unit_worker_in_trouble(u->worker, r);
        return 0;
}

static int unit_gap(Publisher *p, uint64_t from, uint64_t to) {
        log_error(0,
                        "Too many jobs for units wait: notices %" PRIu64 " to %" PRIu64
                        " were overwritten, those of them that were to start a unit will not",
                        from,
                        to);
        return 1;
}

static void settle(UnitPublisher *u) {
        if (u->is_unsettled && u->base.cursor.sequence >= u->settled_by) {
                u->is_unsettled = false;
                jobs_drop_watches(u->jobs);
        }
}

static void unit_end(Publisher *p) {
        UnitPublisher *u = (UnitPublisher *) p;

        settle(u);
        unit_worker_run(u->worker);
}

static void unit_free(Publisher *p) {
        UnitPublisher *u = (UnitPublisher *) p;

        publisher_done(p);
        unit_worker_free(u->worker);
        job_log_free(u->log);
        jobs_free(u->jobs);
        job_files_free(u->files);
        buffer_done(&u->record);
        free(u);
}

static const PublisherType unit_type = {
        .name = "unit",
        .kind = PUBLISHER_UNIT,
        .publish = unit_publish,
        .gap = unit_gap,
        .end = unit_end,
        .free = unit_free,
};

static bool runs(uint64_t sequence, void *userdata) {
        const UnitPublisher *u = userdata;
        const Job *job = jobs_find(u->jobs, sequence);

        return job && job->state != JOB_WAITING;
}

static int open_log(UnitPublisher *u, int state_fd) {
        uint64_t n_dropped;
        int r;

        r = job_log_open(state_fd, u->jobs, &u->log);
        if (r < 0)
                return log_error(r, "Cannot open the jobs for units, '" UNIT_LEDGER "'");
        n_dropped = job_log_n_dropped(u->log);
        if (n_dropped > 0)
                log_error(0,
                                "%" PRIu64
                                " bytes of the jobs for units are damaged, going on with "
                                "the rest",
                                n_dropped);
        (void) job_log_mend(u->log); /* or later */
        if (jobs_n(u->jobs) > 0)
                log_info("%zu jobs for units go on", jobs_n(u->jobs));
        return 0;
}

static void on_room(void *userdata) {
        UnitPublisher *u = userdata;

        if (u->is_full)
                publisher_wake(&u->base);
}

static int set_up(UnitPublisher *u,
                sd_event *event,
                const char *instance,
                const char *directory,
                int state_fd) {
        UnitWorkerOwner owner = { on_room, u };
        int r;

        r = jobs_new(&u->jobs);
        if (r < 0)
                return log_oom();
        r = open_log(u, state_fd);
        if (r < 0)
                return r;
        r = job_files_new(directory, instance, &u->files);
        if (r < 0)
                return log_error(r, "Cannot make the directories for jobs in '%s'", directory);
        job_files_clean(u->files, runs, u);
        r = unit_worker_new(event, u->jobs, u->log, u->files, &owner, &u->worker);
        if (r < 0)
                return log_error(r, "Cannot set up the worker for units");
        return 0;
}

int unit_publisher_new(sd_event *event,
                History *history,
                const char *instance,
                const char *directory,
                int state_fd,
                Publisher **ret) {
        _cleanup_(publisher_freep) Publisher *p = NULL;
        UnitPublisher *u;
        int r;

        u = calloc(1, sizeof(UnitPublisher));
        if (!u)
                return log_oom();
        p = &u->base;
        p->type = &unit_type;
        r = set_up(u, event, instance, directory, state_fd);
        if (r < 0)
                return r;
        r = publisher_init(p, &unit_type, event, history);
        if (r < 0)
                return log_error(r, "Cannot set up the publisher of units");
        u->is_unsettled = true;
        u->settled_by = history_newest(history);
        *ret = TAKE_PTR(p);
        return 0;
}

/* What waits waits for the unit that is configured now: the one before may never have been there. */
static int rename_jobs(UnitPublisher *u, const JobWatch *w) {
        char unit[UNIT_NAME_MAX + 1];
        int r;

        for (Job *job = jobs_first(u->jobs), *next; job; job = next) {
                const Notice *n = &job->notice;

                next = job->later;
                if (job->watch != w || job->state != JOB_WAITING)
                        continue;
                unit_name_make(w->template, n->path, n->path_len, n->sequence, unit);
                if (streq(unit, job->unit_name))
                        continue;
                buffer_clear(&u->record);
                r = job_record_add(&u->record, n, unit);
                if (r >= 0)
                        r = jobs_replace(u->jobs, job, u->record.data, u->record.length, &job);
                if (r < 0)
                        return r;
                job_log_replace(u->log, job);
        }
        return 0;
}

/* Returns 0 or -ENOMEM. */
static int configure_watch(UnitPublisher *u, const UnitSetting *s) {
        JobWatch *w;
        int r;

        r = jobs_set_watch(u->jobs, s->watch, s->template, s->n_running_max);
        if (r <= 0)
                return r;
        w = jobs_find_watch(u->jobs, s->watch);
        w->is_held = w->told_hold = false;
        job_log_watch(u->log, w);
        return rename_jobs(u, w);
}

int unit_publisher_configure(Publisher *p, const UnitSetting *settings, size_t n) {
        UnitPublisher *u = (UnitPublisher *) p;
        int r;

        jobs_reset_watches(u->jobs);
        for (size_t i = 0; i < n; i++) {
                r = configure_watch(u, &settings[i]);
                if (r < 0)
                        return r;
        }
        unit_worker_run(u->worker);
        return 0;
}

void unit_publisher_settle(Publisher *p) {
        UnitPublisher *u = (UnitPublisher *) p;

        u->is_unsettled = true;
        u->settled_by = history_newest(p->history);
        (void) publisher_flush(p);
}

void unit_publisher_set_bus(Publisher *p, sd_bus *bus) {
        if (p)
                unit_worker_set_bus(((UnitPublisher *) p)->worker, bus);
}
