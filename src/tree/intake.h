/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The intake: where read(2) lands, in a memory file that outlives the process. What lies between head
 * and tail was read and is not yet handed out. Each read is a batch with its times; records never cross
 * batches. The head moves by commits: each ends a step, which was done wholly or, for whoever adopts
 * the file, not at all. */

#pragma once

#include "tree/decode.h"

typedef struct Intake Intake;

#define INTAKE_READ_MAX (64U * 1024U) /* bytes of one read(2) */

/* Numbers of the owner that are committed with each step. */
#define INTAKE_N_KEPT 4U

/* A place between head and tail. */
typedef struct IntakePlace {
        uint64_t batch;  /* offset of the batch */
        uint64_t offset; /* of the record */
} IntakePlace;

typedef struct IntakeRecord {
        Raw raw;
        usec_t usec; /* CLOCK_REALTIME of its read */
        usec_t now;  /* CLOCK_MONOTONIC of its read */
} IntakeRecord;

/* An empty one. Its steps begin with the real time, in nanoseconds, which no step takes less than one of: no
 * two of a watch have a step of the same number, also not when they are made one after the other. Returns 0
 * or < 0. */
int intake_new(Intake **ret);

/* Goes on with what an earlier process has left: also with a read that it did not come to put in, under
 * the times given here. Takes `fd` over, also on failure. Returns > 0; 0 with a new one if there is
 * nothing in it that can be used (another layout, damage); or < 0. */
int intake_adopt(int fd, usec_t now, usec_t usec, Intake **ret);

/* What was read by an earlier process counts as read now: a first half of a move has not waited for its
 * second while nobody could have read that. */
void intake_refresh(Intake *i, usec_t now);

/* Says the number and the last commit of an intake that another process has left, and leaves it as it
 * is. Returns 0 or -EBADMSG. */
int intake_peek(int fd, uint64_t *ret_id, uint64_t *ret_step);

/* The memory file, for the descriptor store; and the number that it was given when it was made. */
int intake_fd(const Intake *i);
uint64_t intake_id(const Intake *i);

/* Gives it another number: what was written about it under the one before says nothing of it any more,
 * which whoever adopts it sees. */
void intake_disown(Intake *i);
bool intake_is_disowned(const Intake *i);

Intake *intake_free(Intake *i);
DEFINE_CLEANUP(Intake, intake_free);

/* Whether there is room for one more read. */
bool intake_has_room(const Intake *i);

/* Reads once. Returns the bytes read, 0 if there is nothing to read, < 0 on failure. Needs room.
 * `is_looking`: we are looking into directories, and what says that someone does is left out. */
int intake_read(Intake *i, int fd, bool is_looking, usec_t now, usec_t usec);

/* Whether all was handed out, and the room is free again. */
bool intake_is_empty(const Intake *i);

/* Adds bytes as a read would (tests). */
int intake_put(Intake *i, const void *data, size_t n, usec_t now, usec_t usec);

/* The place of the next record to hand out, as committed. */
IntakePlace intake_head(const Intake *i);

/* The record at `place`, which moves on past it. Returns > 0, 0 at the tail, or -EBADMSG: bytes that
 * are no records; the rest of their batch is skipped. */
int intake_next(const Intake *i, IntakePlace *place, IntakeRecord *ret);

/* Moves on past it, and says only which directory it is about. Returns false where there is none. */
bool intake_next_wd(const Intake *i, IntakePlace *place, int *ret_wd);

/* The step is done, and what lies before `place` was handed out: all at once, for whoever adopts. */
void intake_commit(Intake *i, const IntakePlace *place, uint64_t n_handed_out, uint64_t step);

/* The last commit. */
uint64_t intake_step(const Intake *i);
uint64_t intake_n_handed_out(const Intake *i);

/* The owner's numbers of the last commit; and where each commit takes them from (borrowed, INTAKE_N_KEPT
 * of them). */
const uint64_t *intake_kept(const Intake *i);
void intake_set_kept(Intake *i, const uint64_t *kept);

/* All was handed out, and committed: the room is free again, and no place holds any more. */
void intake_restart(Intake *i);

/* Bytes ever put in, or left out. */
uint64_t intake_n_read(const Intake *i);
