/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What an instance counts for ever, in a ledger of its own: the sequence, in blocks that are reserved
 * before they are used, so that no number is given twice whatever becomes of the machine; and the
 * counters of the watches that are no more. */

#pragma once

#include "watch.h"

#define TALLY_FILE "manager.ledger"
#define TALLY_BLOCK (UINT64_C(1) << 24)

typedef struct Tally Tally;

/* `state_fd`: the directory it lies in, borrowed; or -EBADF: it lasts as long as the process. What is
 * wrong with the file is logged. Returns 0 or < 0. */
int tally_new(int state_fd, Tally **ret);
Tally *tally_free(Tally *t);
DEFINE_CLEANUP(Tally, tally_free);

/* No sequence up to this one may be given again. */
uint64_t tally_sequence(const Tally *t);

/* `newest` was given: reserves what comes next while there is some of the last block left. Cheap as a
 * rule. */
void tally_reserve(Tally *t, uint64_t newest);

/* The end: nothing after `newest` was given. */
void tally_settle(Tally *t, uint64_t newest);

WatchCounters tally_ended(const Tally *t);
void tally_add_ended(Tally *t, const WatchCounters *c);
