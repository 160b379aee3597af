/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A processor is a rule about files: (event, now) in, notices and a deadline out. It has no clock, no
 * descriptor and no bus, so that its rules are tested by traces with virtual time.
 *
 * To add one: a file NAME.c that defines `const ProcessorType NAME_processor` and, among the built-in
 * ones, a row in processor.c; out-of-tree files are named with meson's -Dprocessors=PATH.c and need no
 * edit of ours. */

#pragma once

#include "base/setting.h"
#include "processors/notice.h"
#include "tree/event.h"

typedef struct Processor Processor;

typedef struct ProcessorType {
        const char *name; /* as in Processor= and Type= */
        const char *text; /* what it does, in one line */

        /* The inotify events it asks the kernel for; 0 means: those that Events= names. With
         * IN_EXCL_UNLINK it need not be shown what happens to a file whose name is gone. */
        uint32_t needs;
        /* The inotify events it tells; 0 means: those it is shown. */
        uint32_t tells;
        /* It wants to be shown what is there at the start, whatever InitialScan= says. */
        bool needs_initial;

        /* Its settings: rows whose offsets are in a struct of settings_size bytes; may be NULL and 0. */
        const Setting *settings;
        size_t settings_size;

        /* Looks over settings as a whole, after all were assigned; may be NULL. Returns 0, or
         * -EINVAL with *ret_why (static text). */
        int (*check)(const void *settings, const char **ret_why);

        /* Size of its state, which is zeroed memory when `start` (may be NULL) is called, and
         * released after `stop` (may be NULL). start returns 0 or < 0; stop is called after a
         * failed start, too. */
        size_t state_size;
        int (*start)(Processor *p);
        void (*stop)(Processor *p);

        /* Takes one event. Returns 0, or < 0 if it could not (memory). */
        int (*process)(Processor *p, const Event *e, usec_t now);

        /* The deadline has come: `now` is at or after it. NULL for processors without deadlines. */
        int (*elapse)(Processor *p, usec_t now);

        /* What it tracks outlives the process: save keeps (processor_keep) all there is, for a log that
         * begins anew; restore takes what was kept, record by record, oldest first, into a processor
         * that has seen no event yet. Returns 0, -EBADMSG for a record that it does not understand, or
         * another < 0. Records tell times of CLOCK_REALTIME. NULL, both: it tracks nothing, or forgets
         * it. */
        void (*save)(Processor *p);
        int (*restore)(Processor *p, const void *record, size_t n, usec_t now, usec_t usec);
} ProcessorType;

/* Where notices go. Takes a borrowed notice; returns 0, or < 0 if it could not be kept. */
typedef int (*NoticeSink)(const Notice *n, void *userdata);

/* Where records of what a processor tracks go. What cannot be kept is the keeper's care. */
typedef void (*RecordSink)(Processor *p, const void *record, size_t n, void *userdata);

/* Looks at a file, not through a link. Returns 0, -ENOENT if there is none, or another -errno. */
typedef int (*FileLook)(const char *path, FileStat *ret, void *userdata);

struct Processor {
        const ProcessorType *type;
        const void *settings; /* of the type's table; borrowed, outlives the processor */
        void *state;
        usec_t deadline; /* set by the type's functions, CLOCK_MONOTONIC; USEC_INFINITY for none */
        NoticeSink sink;
        void *userdata;
        RecordSink keep; /* NULL, as processor_new() leaves it: nothing outlives the process */
        void *keep_userdata;
        FileLook look; /* NULL, as processor_new() leaves it: nothing can be looked at */
        void *look_userdata;
};

/* The built-in types and the ones compiled in from outside; ends with NULL. */
extern const ProcessorType *const processor_types[];

/* NULL if there is none of that name. */
const ProcessorType *processor_type_find(const char *name);

/* `settings` is borrowed and must outlive the processor. Returns 0 or < 0. */
int processor_new(const ProcessorType *type,
                const void *settings,
                NoticeSink sink,
                void *userdata,
                Processor **ret);
Processor *processor_free(Processor *p);
DEFINE_CLEANUP(Processor, processor_free);

/* Runs what is due at `now` first, so that the order does not depend on who wakes up when. `now` does
 * not go back from one call to the next. */
int processor_process(Processor *p, const Event *e, usec_t now);

/* Runs what is due at `now`; nothing if the deadline lies ahead. */
int processor_elapse(Processor *p, usec_t now);

/* See the type's functions of these names; nothing for types without them. What is restored is not
 * kept again. */
void processor_save(Processor *p);
int processor_restore(Processor *p, const void *record, size_t n, usec_t now, usec_t usec);

/* For the types: keeps a record of a change of what it tracks, up to PROCESSOR_RECORD_MAX bytes. */
#define PROCESSOR_RECORD_MAX ((size_t) 256 * 1024)
void processor_keep(Processor *p, const void *record, size_t n);

/* For the types: looks at a file as it is by now, which may be later than the event that speaks
 * of it. Returns 0; -ENOENT if there is none; -EOPNOTSUPP if there is nobody who looks; or
 * another -errno. */
int processor_look(Processor *p, const char *path, FileStat *ret);

/* For the types: says something. notice_from_event() fills a notice from an event, member by its mask,
 * source and origin included; the type changes what it must and hands it out. */
void notice_from_event(const Event *e, Notice *ret);
int processor_say(Processor *p, const Notice *n);

/* What every watch tells whatever its processors are: IN_IGNORED, IN_UNMOUNT, IN_Q_OVERFLOW, and
 * that a rescan is through (an event without mask). Returns > 0 if `e` is such an event.
 * Processors are shown these events too, and do not tell them. */
int processor_is_always_told(const Event *e);
