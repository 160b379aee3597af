/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* `quiet`, an example of an own processor: tells a file once nobody has written to it for QuietSec=.
 * For senders that neither rename nor close in time. Compiled in with
 *
 *     meson setup build -Dprocessors=$PWD/etc/examples/quiet.c
 *
 * (NAME.c defines NAME_processor), used with Processor=quiet, or with settings of its own:
 *
 *     [Processor slow-scanner]
 *     Type=quiet
 *     QuietSec=30s
 *
 * Its rules are tested by quiet.trace, beside this file. */

#include "base/parse.h"
#include "processors/processor.h"
#include "processors/transfers.h"

/* Settings: a struct, and a row for each field with its kind of value and its preset. */
typedef struct QuietSettings {
        usec_t quiet;
} QuietSettings;

static const Setting quiet_settings[] = {
        { "QuietSec", &setting_kind_time_span, offsetof(QuietSettings, quiet), "1s" },
        {}, /* the end */
};

/* State: the files that are being written to, the one that was quiet for longest first. The table is
 * bounded and frees itself; what you keep yourself must do both, too. */
typedef struct Quiet {
        Transfers *writing;
} Quiet;

/* There is no timer here: the watch calls quiet_elapse() when p->deadline has come. */
static void set_deadline(Processor *p) {
        const QuietSettings *settings = p->settings;
        const Quiet *q = p->state;
        const Transfer *oldest = transfers_oldest(q->writing);

        p->deadline = oldest ? usec_add(oldest->started, settings->quiet) : USEC_INFINITY;
}

static int quiet_process(Processor *p, const Event *e, usec_t now) {
        Quiet *q = p->state;
        Transfer *x = transfers_find(q->writing, e->path, e->path_len);
        uint32_t n_writes = x ? x->chunks : 0;
        int r = 0;

        if (e->mask & IN_MODIFY) {
                /* Adding it anew makes it the youngest. */
                r = transfers_add(q->writing, e->path, e->path_len, now, &x);
                if (r >= 0) {
                        x->chunks = n_writes + 1;
                        x->usec = e->usec;
                }
        } else if (x && (e->mask & (IN_DELETE | IN_MOVE)))
                transfers_remove(q->writing, x);
        set_deadline(p);
        return r;
}

static int quiet_elapse(Processor *p, usec_t now) {
        Quiet *q = p->state;
        int r = 0;

        /* More than one may be due; the deadline always is that of the oldest. */
        for (; r >= 0 && p->deadline <= now; set_deadline(p)) {
                Transfer *x = transfers_oldest(q->writing);
                Notice n = {
                        .member = MEMBER_TRANSFER_COMPLETED,
                        .flags = NOTICE_HAS_CHUNKS,
                        .chunks = x->chunks,
                        .usec = x->usec, /* of its last event: a processor has no clock */
                        .path = x->path,
                        .path_len = x->path_len,
                };

                r = processor_say(p, &n);
                transfers_remove(q->writing, x);
        }
        return r;
}

static int quiet_start(Processor *p) {
        Quiet *q = p->state;

        return transfers_new(&q->writing);
}

static void quiet_stop(Processor *p) {
        Quiet *q = p->state;

        q->writing = transfers_free(q->writing);
}

const ProcessorType quiet_processor = {
        .name = "quiet",
        .text = "tells a file once nobody has written to it for some time",
        .needs = IN_MODIFY | IN_DELETE | IN_MOVE,
        .settings = quiet_settings,
        .settings_size = sizeof(QuietSettings),
        .state_size = sizeof(Quiet),
        .start = quiet_start,
        .stop = quiet_stop,
        .process = quiet_process,
        .elapse = quiet_elapse,
};
