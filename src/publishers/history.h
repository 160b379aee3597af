/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The history: one bounded ring of notices in a memory file. Whoever is told is a cursor on it, so
 * nobody waits for anybody and nothing grows. The file begins with a header (magic, version, the end
 * of the ring, each publisher's cursor), so that a later process can go on where this one stopped. */

#pragma once

#include "processors/notice.h"

typedef struct History History;

#define HISTORY_SIZE_MIN (UINT64_C(64) * 1024)
#define HISTORY_SIZE_MAX (UINT64_C(4) * 1024 * 1024 * 1024)

/* A place in the ring. Zeroed memory is the oldest notice there is. */
typedef struct Cursor {
        uint64_t position; /* bytes ever written before the next notice to read */
        uint64_t sequence; /* of the last notice passed; 0 for none yet */
} Cursor;

/* Who has a cursor in the header. The order is part of the layout: add at the end. */
typedef enum PublisherKind {
        PUBLISHER_BUS,
        PUBLISHER_JOURNAL,
        PUBLISHER_STDOUT,
        PUBLISHER_STREAM,
        PUBLISHER_UNIT,
        _PUBLISHER_MAX,
        _PUBLISHER_INVALID = -EINVAL,
} PublisherKind;

/* `size`: bytes of the ring. Returns 0 or < 0. */
int history_new(uint64_t size, History **ret);

/* The same, going on with what an earlier process has left in its memory file: sequence, notices and
 * cursors; what does not fit into `size` any more is given up, oldest first. Takes `fd` over, also on
 * failure. Returns > 0; 0 if there is nothing in it that can be used (another layout, damage), with a
 * history that begins anew; or < 0. */
int history_adopt(int fd, uint64_t size, History **ret);

/* The same notices and cursors, as far as they fit, in a memory file of its own. Returns 0 or < 0. */
int history_copy(const History *h, uint64_t size, History **ret);

/* The watch (borrowed) and the step of the newest notices of one that was just adopted, NULL if there
 * are none; and gives these up: they were said in a step that was not done to its end, which will be
 * done anew. Before anything is appended or read. */
const char *history_last_step(const History *h, uint64_t *ret_step);
void history_cut_last_step(History *h);

/* Of an empty one: the next notice will have no smaller sequence than the one after `sequence`. */
void history_begin_after(History *h, uint64_t sequence);

/* The memory file, for the descriptor store. */
int history_fd(const History *h);
History *history_free(History *h);
DEFINE_CLEANUP(History, history_free);

/* Writes a notice, with the next sequence; `publish` is a bit (1 << PublisherKind) per publisher that
 * is to tell it. The oldest are overwritten. Returns 0, or -EMSGSIZE if it cannot fit (never for paths
 * up to PATH_MAX). */
int history_append(History *h, const Notice *n, unsigned publish);

/* The sequences of the newest notice (0: none ever) and of the oldest still here (newest + 1: none). */
uint64_t history_newest(const History *h);
uint64_t history_oldest(const History *h);

/* The place after the newest notice: what is written from now on. */
Cursor history_end(const History *h);

/* Where a publisher was, as last saved. */
Cursor history_load(const History *h, PublisherKind kind);
void history_save(History *h, PublisherKind kind, const Cursor *c);

/* Reads the next notice that has one of the bits of `publish`, and moves the cursor past it. Returns
 * > 0 with a notice in *ret (its strings lie in the ring: valid until the next append); 0 at the end;
 * -ESTALE if notices were overwritten before they were read: the cursor now is at the oldest, and
 * *ret_from and *ret_to are the sequences missed. */
int history_next(const History *h,
                Cursor *c,
                unsigned publish,
                Notice *ret,
                uint64_t *ret_from,
                uint64_t *ret_to);
