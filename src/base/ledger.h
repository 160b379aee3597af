/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The ledger: an append log that a process's death leaves whole, at whatever instruction it comes. Who
 * owns it appends a record for each change of what is to outlive the process, replays them in the next
 * one, and writes it anew (compaction) when it has grown to twice what it was. A record that was cut by
 * a loss of power is found out by its checksum.
 *
 * Records are of types, which are the owner's; what lies in them is too. They are stamped with a number
 * that the owner counts up: the step under way. Where somebody else knows up to which step all was
 * done, the records of a later one can be cut off.
 *
 * It lies in a file of its own (mode 0600), which no two processes have at a time, or in a memory file,
 * which ends with the process. Room is reserved before it is written to: a full disk is an error of the
 * append and nothing else. After a failed append the ledger is incomplete: it says so, to later
 * processes too, and takes nothing more until it is written anew. */

#pragma once

#include "base/macros.h"

typedef struct Ledger Ledger;

#define LEDGER_RECORD_MAX (256U * 1024U)                   /* bytes in one record */
#define LEDGER_SIZE_MAX (UINT64_C(4) * 1024 * 1024 * 1024) /* of all; -EFBIG */

/* Who shares a ledger has types apart: those of the tree, and from here on those of its owner. 0 is
 * none. The numbers are part of the layout. */
#define LEDGER_TYPES_OWNER 64U

typedef struct LedgerRecord {
        uint8_t type;
        uint64_t stamp;
        const void *data; /* aligned to 8 bytes; borrowed until a call that is not ledger_next() */
        size_t n;
} LedgerRecord;

/* What was found when it was opened. */
typedef enum LedgerState {
        LEDGER_NEW,        /* nothing */
        LEDGER_WHOLE,      /* all that was ever appended */
        LEDGER_INCOMPLETE, /* whole records, but some could not be appended after them */
        LEDGER_TORN,       /* whole records up to a place; what came after is dropped */
        LEDGER_FOREIGN,    /* no ledger, or one of another kind or layout: dropped */
        _LEDGER_STATE_MAX,
        _LEDGER_STATE_INVALID = -EINVAL,
} LedgerState;

/* Opens the file `name` in the directory `dir_fd` (borrowed until ledger_free(); AT_FDCWD will do), or
 * makes it. `kind` says whose records these are and in which layout: another number, another layout.
 * `name` NULL: a memory file. Returns 0; -EBUSY if another process has it; or another < 0. */
int ledger_open(int dir_fd, const char *name, uint32_t kind, Ledger **ret);

/* Lets go of it; the file stays. */
Ledger *ledger_free(Ledger *l);
DEFINE_CLEANUP(Ledger, ledger_free);

/* Removes the file: nothing is to outlive the owner any more. */
void ledger_remove(Ledger *l);

LedgerState ledger_state(const Ledger *l);
/* How many bytes were dropped when it was opened: of a torn one, of a foreign one. */
uint64_t ledger_n_dropped(const Ledger *l);

/* Goes through the records that were found: *position begins at 0. Returns > 0 with the next one, or 0
 * after the last. Nothing may be appended meanwhile. */
int ledger_next(const Ledger *l, uint64_t *position, LedgerRecord *ret);

/* Cuts off all from the first record on whose stamp is newer. Returns > 0 if there was one, or 0. */
int ledger_cut(Ledger *l, uint64_t stamp);

/* What records are stamped with from now on; at first that of the last one, or 0. */
void ledger_set_stamp(Ledger *l, uint64_t stamp);
uint64_t ledger_stamp(const Ledger *l);

/* Appends a record of the bytes of both parts, one after the other. It is there, or not at all, when
 * the process dies. Returns 0; or < 0 (-ENOSPC, -EDQUOT, -EFBIG, ...): then the ledger is incomplete,
 * and every append fails in the same way, at no cost, until it is compacted. */
int ledger_append_parts(
                Ledger *l, uint8_t type, const void *a, size_t n_a, const void *b, size_t n_b);
static inline int ledger_append(Ledger *l, uint8_t type, const void *data, size_t n) {
        return ledger_append_parts(l, type, data, n, NULL, 0);
}

/* The same for a record that the owner could not make, or because what is there is not what it is to go
 * on with: incomplete until it is compacted. What was found can be gone through all the same. */
void ledger_invalidate(Ledger *l, int error);

/* What is there is somebody else's, who may still go on with it: it stays as it is until it is compacted,
 * and appends fail with -ESTALE. If it cannot be compacted it is incomplete from then on. */
void ledger_suspend(Ledger *l);

/* 0, or why it is incomplete: the error of the append that failed first. */
int ledger_error(const Ledger *l);

/* How many times as long it is as after the last compaction; 1 if it is too short to matter. At 2 it is
 * worth another one. */
unsigned ledger_growth(const Ledger *l);
static inline bool ledger_is_long(const Ledger *l) {
        return ledger_growth(l) >= 2;
}

/* Writes it anew: `write` appends to the ledger all that is so now, with the stamp `stamp`. Then what
 * was there before is dropped, all at once. Returns 0; or what `write` returned; or < 0 (no room): then
 * all is as it was. */
int ledger_compact(
                Ledger *l, uint64_t stamp, int (*write)(Ledger *l, void *userdata), void *userdata);

/* All that was appended is to outlive a loss of power as well; compactions from now on, too. Waits for
 * the disk: for ledgers that are small and seldom written to. Returns 0 or < 0. */
int ledger_sync(Ledger *l);

/* Bytes in use. */
uint64_t ledger_size(const Ledger *l);
