/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A record for each change of a job, by its sequence. A notice that the history hands out a second
 * time, after a crash between the writing down and the moving on of the cursor, is known by not being
 * newer than the newest that was written down: in number, and in time as well, for where nothing
 * outlives a stop numbers begin anew. */

#include "publishers/job-log.h"
#include "publishers/job-record.h"
#include "publishers/unit-name.h"

#define LEDGER_KIND UINT32_C(0x756e6901) /* "uni", layout 1 */

/* The numbers are part of the layout. */
typedef enum RecordType {
        RECORD_ADD = LEDGER_TYPES_OWNER, /* as job-record.h has it; of one there is: another record */
        RECORD_BEGIN,                    /* Begin */
        RECORD_START,                    /* uint64_t, the sequence; and so on */
        RECORD_REPEAT,
        RECORD_FINISH,
        RECORD_NEWEST, /* Newest */
        RECORD_WATCH,  /* WatchRecord */
} RecordType;

typedef struct Begin {
        uint64_t sequence;
        Incarnation incarnation;
        usec_t started; /* older versions have none */
} Begin;

#define BEGIN_SIZE_MIN offsetof(Begin, started)

typedef struct Newest {
        uint64_t sequence;
        usec_t usec;
} Newest;

/* Its notices may come only after it is no more. */
typedef struct WatchRecord {
        uint64_t n_running_max;
        char texts[]; /* its name and its template, each with its NUL */
} WatchRecord;

struct JobLog {
        Ledger *ledger;
        Jobs *jobs;
        Newest newest;
};

/* ---- reading ---- */

static void note_newest(JobLog *l, const Notice *n) {
        l->newest = (Newest){ n->sequence, MAX_OF(l->newest.usec, n->usec) };
}

static int replay_replace(JobLog *l, const LedgerRecord *record) {
        const char *unit;
        Notice n;
        Job *job;

        if (job_record_read(record->data, record->n, &n, &unit) < 0)
                return 0;
        job = jobs_find(l->jobs, n.sequence);
        if (!job || job->state != JOB_WAITING)
                return 0;
        return jobs_replace(l->jobs, job, record->data, record->n, &job);
}

static int replay_add(JobLog *l, const LedgerRecord *record) {
        Job *job;
        int r;

        r = jobs_add(l->jobs, record->data, record->n, &job);
        if (r >= 0)
                note_newest(l, &job->notice);
        else if (r == -EEXIST)
                r = replay_replace(l, record);
        /* What nobody could have written, and checksums do not tell, is passed over. */
        return r == -ENOMEM ? r : 0;
}

static Job *job_of(const JobLog *l, const LedgerRecord *record) {
        uint64_t sequence;

        if (record->n < sizeof(sequence))
                return NULL;
        memcpy(&sequence, record->data, sizeof(sequence));
        return jobs_find(l->jobs, sequence);
}

static int replay_begin(JobLog *l, const LedgerRecord *record) {
        Job *job = job_of(l, record);
        Begin begin = {};

        if (!job || (record->n != sizeof(Begin) && record->n != BEGIN_SIZE_MIN))
                return 0;
        memcpy(&begin, record->data, record->n);
        if (job->state != JOB_WAITING)
                jobs_put_back(l->jobs, job, true);
        if (jobs_begin(l->jobs, job, &begin.incarnation) >= 0)
                job->started = begin.started;
        return 0;
}

static int replay_start(JobLog *l, const LedgerRecord *record) {
        Job *job = job_of(l, record);

        if (job && job->state == JOB_BEGUN)
                job->state = JOB_STARTED;
        return 0;
}

static int replay_repeat(JobLog *l, const LedgerRecord *record) {
        Job *job = job_of(l, record);

        if (job && job->state != JOB_WAITING)
                jobs_put_back(l->jobs, job, true);
        if (job)
                job->is_repeat = true;
        return 0;
}

static int replay_finish(JobLog *l, const LedgerRecord *record) {
        Job *job = job_of(l, record);

        if (job)
                jobs_remove(l->jobs, job);
        return 0;
}

static int replay_newest(JobLog *l, const LedgerRecord *record) {
        if (record->n == sizeof(Newest))
                memcpy(&l->newest, record->data, sizeof(Newest));
        return 0;
}

static int replay_watch(JobLog *l, const LedgerRecord *record) {
        const WatchRecord *watch = record->data;
        const char *template, *end = (const char *) record->data + record->n, *why;

        if (record->n < sizeof(WatchRecord) + 2 || end[-1] != '\0')
                return 0;
        template = watch->texts + strlen(watch->texts) + 1;
        if (template >= end || template + strlen(template) + 1 != end ||
                        watch->n_running_max - 1 >= JOBS_RUNNING_MAX ||
                        unit_template_check(template, &why) < 0)
                return 0;
        return MIN_OF(jobs_set_watch(l->jobs, watch->texts, template, watch->n_running_max), 0);
}

static int (*const replay_record[])(JobLog *l, const LedgerRecord *record) = {
        [RECORD_ADD - RECORD_ADD] = replay_add,
        [RECORD_BEGIN - RECORD_ADD] = replay_begin,
        [RECORD_START - RECORD_ADD] = replay_start,
        [RECORD_REPEAT - RECORD_ADD] = replay_repeat,
        [RECORD_FINISH - RECORD_ADD] = replay_finish,
        [RECORD_NEWEST - RECORD_ADD] = replay_newest,
        [RECORD_WATCH - RECORD_ADD] = replay_watch,
};

static int replay(JobLog *l) {
        LedgerRecord record;
        uint64_t position = 0;
        int r;

        while (ledger_next(l->ledger, &position, &record) > 0) {
                size_t i = (size_t) record.type - RECORD_ADD;

                if (record.type < RECORD_ADD || i >= ELEMENTSOF(replay_record))
                        continue;
                r = replay_record[i](l, &record);
                if (r < 0)
                        return r;
        }
        jobs_reset_watches(l->jobs);
        return 0;
}

/* ---- writing ---- */

static int append_watch(Ledger *ledger, const JobWatch *w) {
        char texts[UINT8_MAX + 1 + UNIT_NAME_MAX + 1];
        int n = snprintf(texts, sizeof(texts), "%s%c%s", w->name, '\0', w->template);

        if (n < 0 || (size_t) n >= sizeof(texts))
                return 0; /* no name that a watch could have */
        return ledger_append_parts(ledger,
                        RECORD_WATCH,
                        &w->n_running_max,
                        sizeof(w->n_running_max),
                        texts,
                        (size_t) n + 1);
}

static int append_job(Ledger *ledger, const Job *job) {
        Begin begin = { job->notice.sequence, job->incarnation, job->started };
        int r;

        r = ledger_append(ledger, RECORD_ADD, job->record, job->n);
        if (r >= 0 && job->is_repeat)
                r = ledger_append(ledger, RECORD_REPEAT, &begin.sequence, sizeof(begin.sequence));
        if (r >= 0 && job->state != JOB_WAITING)
                r = ledger_append(ledger, RECORD_BEGIN, &begin, sizeof(begin));
        if (r >= 0 && job->state == JOB_STARTED)
                r = ledger_append(ledger, RECORD_START, &begin.sequence, sizeof(begin.sequence));
        return r;
}

static int write_anew(Ledger *ledger, void *userdata) {
        JobLog *l = userdata;
        int r = 0;

        for (JobWatch *w = jobs_first_watch(l->jobs); w && r >= 0; w = w->next)
                if (w->template)
                        r = append_watch(ledger, w);
        for (Job *job = jobs_first(l->jobs); job && r >= 0; job = job->later)
                r = append_job(ledger, job);
        if (r >= 0)
                r = ledger_append(ledger, RECORD_NEWEST, &l->newest, sizeof(l->newest));
        return r;
}

static int compact(JobLog *l) {
        return ledger_compact(l->ledger, 0, write_anew, l);
}

/* After the jobs have changed as the record says: a compaction writes what they are. */
static void shorten(JobLog *l) {
        if (ledger_error(l->ledger) == 0 && ledger_is_long(l->ledger))
                (void) compact(l); /* or later */
}

static void note(JobLog *l, RecordType type, const Job *job) {
        (void) ledger_append(l->ledger,
                        (uint8_t) type,
                        &job->notice.sequence,
                        sizeof(job->notice.sequence));
}

void job_log_watch(JobLog *l, const JobWatch *w) {
        (void) append_watch(l->ledger, w);
        shorten(l);
}

void job_log_begin(JobLog *l, const Job *job) {
        Begin begin = { job->notice.sequence, job->incarnation, job->started };

        (void) ledger_append(l->ledger, RECORD_BEGIN, &begin, sizeof(begin));
        shorten(l);
}

void job_log_start(JobLog *l, const Job *job) {
        note(l, RECORD_START, job);
}

void job_log_repeat(JobLog *l, const Job *job) {
        note(l, RECORD_REPEAT, job);
}

void job_log_finish(JobLog *l, const Job *job) {
        note(l, RECORD_FINISH, job);
}

bool job_log_has(const JobLog *l, const Notice *n) {
        return n->sequence <= l->newest.sequence && n->usec <= l->newest.usec;
}

void job_log_replace(JobLog *l, const Job *job) {
        (void) ledger_append(l->ledger, RECORD_ADD, job->record, job->n);
        shorten(l);
}

int job_log_add(JobLog *l, const Notice *n, const void *record, size_t n_record) {
        int r;

        r = ledger_append(l->ledger, RECORD_ADD, record, n_record);
        if (r < 0)
                return r;
        note_newest(l, n);
        return 0;
}

int job_log_error(const JobLog *l) {
        return ledger_error(l->ledger);
}

int job_log_mend(JobLog *l) {
        return ledger_error(l->ledger) < 0 ? compact(l) : 0;
}

uint64_t job_log_n_dropped(const JobLog *l) {
        return ledger_state(l->ledger) == LEDGER_NEW ? 0 : ledger_n_dropped(l->ledger);
}

/* ---- the outside ---- */

JobLog *job_log_free(JobLog *l) {
        if (!l)
                return NULL;
        ledger_free(l->ledger);
        free(l);
        return NULL;
}

int job_log_open(int state_fd, Jobs *jobs, JobLog **ret) {
        _cleanup_(job_log_freep) JobLog *l = malloc(sizeof(JobLog));
        int r;

        if (!l)
                return -ENOMEM;
        *l = (JobLog){ .jobs = jobs };
        r = ledger_open(state_fd, state_fd >= 0 ? UNIT_LEDGER : NULL, LEDGER_KIND, &l->ledger);
        if (r < 0)
                return r;
        r = replay(l);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(l);
        return 0;
}
