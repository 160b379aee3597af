/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Pieces of the history as lines of JSON: made when somebody wants to read them, once for all who do,
 * and kept as long as there is room. */

#pragma once

#include "base/text.h"
#include "publishers/history.h"

#define PIECE_LINES_MAX 512U
#define PIECE_BYTES_FULL (60U * 1024U) /* with so much, no line is added */
#define PIECES_MAX 16U

typedef struct Line {
        Cursor after; /* the place in the history behind it */
        uint32_t end; /* in the text */
        uint32_t watch_at;
        uint8_t watch_len;
        uint8_t member; /* or LINE_GAP */
} Line;

#define LINE_GAP UINT8_MAX

typedef struct Piece {
        Cursor begin, end; /* the part of the history that it is of */
        Buffer text;
        Line lines[PIECE_LINES_MAX];
        unsigned n_lines;
        uint64_t used; /* when it was last asked for */
} Piece;

typedef struct Pieces {
        const History *history; /* borrowed */
        unsigned publish;       /* 1 << PublisherKind: whose notices */
        Piece *items[PIECES_MAX];
        size_t n_wanted; /* of them are made anew; few stay in the caches, and will do for few readers */
        uint64_t n_uses;
} Pieces;

/* Frees them all; there may be more later. */
void pieces_done(Pieces *p);

/* The piece with the lines that come after `at`, and the first of them in *ret_line; what the history has
 * lost is a line that says so. Returns > 0, with a piece that holds until the next call; 0 if there are
 * none yet: then *at is where they will begin; or -ENOMEM. */
int pieces_get(Pieces *p, Cursor *at, const Piece **ret, unsigned *ret_line);

static inline uint32_t piece_line_begin(const Piece *p, unsigned line) {
        return line == 0 ? 0 : p->lines[line - 1].end;
}
