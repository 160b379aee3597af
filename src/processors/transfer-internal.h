/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What the files of `transfer` share: transfer.c is the processor, transfer-events.c and
 * transfer-names.c know what events mean, transfer-finds.c what it means that a file is found,
 * transfer-marker.c what markers do, transfer-signs.c when a file is complete. */

#pragma once

#include "base/glob.h"
#include "processors/marker.h"
#include "processors/processor.h"
#include "processors/transfers.h"

/* That a file is whole can be known by signs; which of them count is up to Complete=. */
typedef enum Sign {
        SIGN_MOVED = 1 << 0,  /* it came under this name by a rename */
        SIGN_CLOSED = 1 << 1, /* the last that had it open for writing closed it */
        SIGN_LINKED = 1 << 2, /* it came under this name, and nobody has opened it */
        SIGN_STILL = 1 << 3,  /* it was found and has stood still since */
        SIGN_IDLE = 1 << 4,   /* it has stood still for IdleSec= */
        SIGN_MARKED = 1 << 5, /* besides one of the others, its marker is there */
} Sign;

/* Where a transfer is. The order is part of what is on disk. */
typedef enum Phase {
        PHASE_TEMPORARY, /* under a temporary name, to be renamed */
        PHASE_CREATED,   /* its name is there, nobody has opened it yet */
        PHASE_WRITING,   /* somebody has it open */
        PHASE_CLOSED,    /* somebody closed it after writing; something more is waited for */
        PHASE_FOUND,     /* come upon: nobody knows whether it is still written to */
        PHASE_HELD,      /* whole, but gone from its name: an event will tell where to */
        PHASE_DONE,
        PHASE_ABANDONED, /* too old: nothing more is told of this one */
        _PHASE_MAX,
} Phase;

/* What is waited for without an event; each has its delay. */
typedef enum Wait {
        WAIT_LINK,  /* a second link's own open, if it had one */
        WAIT_STILL, /* a found file, or a linked one, to stand still */
        WAIT_IDLE,
        _WAIT_MAX,
} Wait;
_Static_assert(_WAIT_MAX == TRANSFER_QUEUES, "each wait has a queue");

typedef enum Mark {
        MARK_TOLD = 1 << 0,   /* TransferStarted was told */
        MARK_CLOSED = 1 << 1, /* of a temporary name: closed after the last write */
        MARK_RACY = 1 << 2,   /* may be written to again in the tick of ctime that we have seen */
} Mark;

typedef struct TransferSettings {
        char **temporary_name;
        unsigned complete; /* bits, in the order of transfer_strategies */
        usec_t idle;
        char *marker_name;
        usec_t max_age;
} TransferSettings;

typedef struct TransferState {
        Globs *temporary;
        Marker marker; /* empty unless markers count */
        Transfers *transfers;
        unsigned wanted; /* Sign: those that count */
        usec_t now;      /* CLOCK_MONOTONIC of this call */
        usec_t clock;    /* what CLOCK_REALTIME is ahead of it */
        bool is_unsure;  /* events may have been lost */
        Buffer path;
} TransferState;

extern const SettingKind transfer_kind_complete;
unsigned transfer_signs_wanted(unsigned complete);

bool transfer_is_temporary(const TransferState *s, const char *path, size_t path_len);

/* A transfer begins; nobody is told yet. Returns 0 or < 0. */
int transfer_begin(Processor *p, const Event *e, Phase phase, Transfer **ret);

/* Tells that it has begun, once. */
int transfer_say_started(Processor *p, Transfer *x, const Event *e);

/* Ends it, as abandoned if it was told that it had begun; it is to be removed then, or to be
 * kept as PHASE_ABANDONED. */
int transfer_say_abandoned(Processor *p, const Transfer *x, Reason reason);

/* Has it wait for what its phase lets it wait for, from now on. */
void transfer_wait(Processor *p, Transfer *x);

/* It is whole by this sign: it is complete, or it goes on waiting for the sign that counts. `e`
 * is NULL where no event tells it; `source` is its name before, or NULL. Returns 0 or < 0. */
int transfer_sign(Processor *p, Transfer *x, const Event *e, Sign sign, const char *source);

/* It is complete, if it is there. */
int transfer_complete(Processor *p, Transfer *x, const Event *e, const char *source);

/* It has waited long enough. */
int transfer_due(Processor *p, Transfer *x);

/* Remembers what a look has said; whether that is what was remembered; and whether it has stood
 * still for so long. */
void transfer_remember(TransferState *s, Transfer *x, const FileStat *st);
bool transfer_is_same(const Transfer *x, const FileStat *st);
bool transfer_is_still(const TransferState *s, const Transfer *x, const FileStat *st, usec_t delay);
usec_t transfer_delay(const Processor *p, Wait wait);

/* A file was found, or found changed. `x` is the transfer of that path, or NULL; `st` what a
 * look has said, or NULL. */
int transfer_found(Processor *p, Transfer *x, const Event *e, const FileStat *st);

/* Events may have been lost: what is under way is as if it were found now. */
void transfer_doubt(Processor *p);

/* A name that a marker can have came. */
int transfer_marker_came(Processor *p, const Event *e);
bool transfer_has_marker(Processor *p, const Transfer *x);

/* The same, and tells that it has begun, and has it wait. */
int transfer_begin_told(Processor *p, const Event *e, Phase phase, const FileStat *st);

/* Whether it matters what becomes of a file under its own name. */
bool transfer_minds_writers(const TransferState *s);

/* Forgets it, if there is one. */
void transfer_drop(TransferState *s, Transfer *x);

/* Does what an event says. */
int transfer_event(Processor *p, const Event *e);

/* The handlers of events about names; `x` is the transfer of the event's path, or NULL. What they return
 * besides 0 and < 0: the transfer has changed, and is there. */
#define TRANSFER_CHANGED 1
int transfer_created(Processor *p, Transfer *x, const Event *e);
int transfer_changed(Processor *p, Transfer *x, const Event *e);
int transfer_moved_from(Processor *p, Transfer *x, const Event *e);
int transfer_moved_to(Processor *p, Transfer *there, const Event *e);
int transfer_went(Processor *p, Transfer *x, const Event *e);
int transfer_directory_went(Processor *p, Transfer *x, const Event *e);
int transfer_directory_moved_from(Processor *p, Transfer *x, const Event *e);
int transfer_directory_moved_to(Processor *p, Transfer *x, const Event *e);
/* A watch ended: of a directory, or of the file that is watched itself. */
int transfer_ended(Processor *p, Transfer *x, const Event *e);
