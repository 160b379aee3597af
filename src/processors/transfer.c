/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* `transfer`: tells each file that has wholly arrived, once, however it arrives: when it began, and
 * whether it was completed or abandoned. */

#include "base/parse.h"
#include "processors/transfer-internal.h"

/* Files looked at in one go when many are due at one time. */
#define DUE_MAX 512U

static int parse_marker_name(
                const Setting *setting, const char *value, void *target, const char **ret_why) {
        Marker marker = {};
        int r;

        r = marker_parse(&marker, value, ret_why);
        marker_done(&marker);
        return r < 0 ? r : setting_kind_string.parse(setting, value, target, ret_why);
}

static void marker_name_reset(void *target) {
        setting_kind_string.reset(target);
}

static bool marker_name_equal(const void *a, const void *b) {
        return setting_kind_string.equal(a, b);
}

static const SettingKind kind_marker_name = {
        .name = "string",
        .size = sizeof(char *),
        .parse = parse_marker_name,
        .reset = marker_name_reset,
        .equal = marker_name_equal,
};

#define FIELD(name) offsetof(TransferSettings, name)
static const Setting transfer_settings[] = {
        { "TemporaryName",
                        &setting_kind_globs,
                        FIELD(temporary_name),
                        "*.part *.filepart *.crdownload *.tmp .*.?????? .in.*." },
        { "Complete", &transfer_kind_complete, FIELD(complete), "rename close link" },
        { "IdleSec", &setting_kind_time_span, FIELD(idle), "10s" },
        { "MarkerName", &kind_marker_name, FIELD(marker_name), "%n.done" },
        { "MaxAge", &setting_kind_time_span, FIELD(max_age), "6h" },
        {},
};

static int transfer_check(const void *object, const char **ret_why) {
        const TransferSettings *settings = object;

        if (settings->complete == 0)
                *ret_why = "Complete= names nothing: transfer would never tell a file";
        else if (settings->idle == 0)
                *ret_why = "IdleSec= must be more than nothing: every file would stand still";
        else if (settings->max_age == 0)
                *ret_why = "MaxAge= must be more than nothing: transfer would never tell a file";
        else
                return 0;
        return -EINVAL;
}

static void set_deadline(Processor *p) {
        const TransferSettings *settings = p->settings;
        const TransferState *s = p->state;
        const Transfer *oldest = transfers_oldest(s->transfers);

        p->deadline = oldest ? transfer_deadline(oldest, settings->max_age) : USEC_INFINITY;
        for (Wait wait = 0; wait < _WAIT_MAX; wait++) {
                const Transfer *x = transfers_first_waiting(s->transfers, wait);

                if (x)
                        p->deadline = MIN_OF(p->deadline, x->due);
        }
}

static int transfer_process(Processor *p, const Event *e, usec_t now) {
        TransferState *s = p->state;
        int r = 0;

        s->now = now;
        s->clock = e->usec - MIN_OF(now, e->usec);
        if (e->mask != 0)
                r = transfer_event(p, e);
        else if (s->is_unsure) { /* a rescan is through */
                transfer_doubt(p);
                s->is_unsure = false;
        }
        set_deadline(p);
        return r;
}

static void abandon_old(Processor *p) {
        const TransferSettings *settings = p->settings;
        TransferState *s = p->state;
        Transfer *x;

        while ((x = transfers_oldest(s->transfers)) &&
                        transfer_deadline(x, settings->max_age) <= s->now) {
                (void) transfer_say_abandoned(p, x, REASON_AGE);
                x->phase = PHASE_ABANDONED;
                transfers_done(s->transfers, x);
                transfers_keep(s->transfers, x);
        }
}

static int transfer_elapse(Processor *p, usec_t now) {
        TransferState *s = p->state;
        int r = 0;

        s->now = now;
        abandon_old(p);
        for (Wait wait = 0; wait < _WAIT_MAX; wait++)
                for (unsigned n = 0; n < DUE_MAX; n++) {
                        Transfer *x = transfers_first_waiting(s->transfers, wait);
                        int q;

                        if (!x || x->due > now)
                                break;
                        q = transfer_due(p, x);
                        r = r ?: q;
                }
        set_deadline(p);
        return r;
}

static void forgotten(const Transfer *x, bool is_full, void *userdata) {
        (void) transfer_say_abandoned(userdata, x, is_full ? REASON_AGE : REASON_DELETED);
}

static void transfer_stop(Processor *p) {
        TransferState *s = p->state;

        s->transfers = transfers_free(s->transfers);
        s->temporary = globs_free(s->temporary);
        marker_done(&s->marker);
        buffer_done(&s->path);
}

static int transfer_start(Processor *p) {
        const TransferSettings *settings = p->settings;
        TransferState *s = p->state;
        const char *why;
        int r;

        s->wanted = transfer_signs_wanted(settings->complete);
        r = globs_new(settings->temporary_name, &s->temporary);
        if (r >= 0 && s->wanted & SIGN_MARKED)
                r = marker_parse(&s->marker, settings->marker_name, &why);
        if (r >= 0)
                r = transfers_new(&s->transfers);
        if (r < 0)
                return r;
        transfers_on_forgotten(s->transfers, forgotten, p);
        return transfers_set_keeper(s->transfers, p);
}

static void transfer_save(Processor *p) {
        const TransferState *s = p->state;

        transfers_save(s->transfers);
}

static int transfer_restore(Processor *p, const void *record, size_t n, usec_t now, usec_t usec) {
        TransferState *s = p->state;
        int r;

        s->now = now;
        s->clock = usec - MIN_OF(now, usec);
        s->is_unsure = true;
        r = transfers_restore(s->transfers, record, n, now, usec);
        set_deadline(p);
        return r;
}

const ProcessorType transfer_processor = {
        .name = "transfer",
        .text = "tells each file that has wholly arrived, once, however it arrives",
        .needs = IN_CREATE | IN_OPEN | IN_MODIFY | IN_ATTRIB | IN_CLOSE | IN_MOVE | IN_DELETE |
                 IN_EXCL_UNLINK,
        .needs_initial = true,
        .settings = transfer_settings,
        .settings_size = sizeof(TransferSettings),
        .check = transfer_check,
        .state_size = sizeof(TransferState),
        .start = transfer_start,
        .stop = transfer_stop,
        .process = transfer_process,
        .elapse = transfer_elapse,
        .save = transfer_save,
        .restore = transfer_restore,
};
