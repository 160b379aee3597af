/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The watches that have jobs, or are configured to. */

#include "publishers/jobs-internal.h"

#define N_RUNNING_OF_OTHERS 1U /* of a watch that was never configured here */

void job_watch_free(JobWatch *w) {
        free(w->name);
        free(w->template);
        free(w->heap);
        free(w);
}

static JobWatch *find_watch(const Jobs *j, const char *name) {
        JobWatch *w = j->watches;

        while (w && !streq(w->name, name))
                w = w->next;
        return w;
}

JobWatch *jobs_get_watch(Jobs *j, const char *name) {
        JobWatch *w = find_watch(j, name);

        if (w)
                return w;
        w = calloc(1, sizeof(JobWatch));
        if (!w || !(w->name = strdup(name))) {
                free(w);
                return NULL;
        }
        w->n_running_max = N_RUNNING_OF_OTHERS;
        w->next = j->watches;
        j->watches = w;
        return w;
}

void jobs_drop_watches(Jobs *j) {
        for (JobWatch **p = &j->watches; *p;) {
                JobWatch *w = *p;

                if (w->is_configured || w->n > 0) {
                        p = &w->next;
                        continue;
                }
                *p = w->next;
                job_watch_free(w);
        }
}

void jobs_reset_watches(Jobs *j) {
        for (JobWatch *w = j->watches; w; w = w->next)
                w->is_configured = false;
}

int jobs_set_watch(Jobs *j, const char *name, const char *template, uint64_t n_running_max) {
        JobWatch *w = jobs_get_watch(j, name);
        char *copy;

        if (!w)
                return -ENOMEM;
        w->is_configured = true;
        if (w->template && streq(w->template, template) && w->n_running_max == n_running_max)
                return 0;
        copy = strdup(template);
        if (!copy)
                return -ENOMEM;
        free(w->template);
        w->template = copy;
        w->n_running_max = n_running_max;
        return 1;
}

JobWatch *jobs_first_watch(const Jobs *j) {
        return j->watches;
}

JobWatch *jobs_find_watch(const Jobs *j, const char *name) {
        JobWatch *w = find_watch(j, name);

        return w && w->template ? w : NULL;
}
