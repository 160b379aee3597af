/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A few pieces, the one that nobody asked for longest makes room. Those who are up to date share the
 * last, which grows with the history; those who are behind have others, and share them where they are
 * equally far behind. A piece stays right when the history has lost what it was made of. */

#include "publishers/pieces.h"
#include "publishers/json.h"

#define TEXT_KEPT (128U * 1024U) /* more than that, for long lines, is not kept */

void pieces_done(Pieces *p) {
        for (size_t i = 0; i < PIECES_MAX; i++)
                if (p->items[i]) {
                        buffer_done(&p->items[i]->text);
                        free(p->items[i]);
                        p->items[i] = NULL;
                }
}

static bool is_full(const Piece *piece) {
        return piece->n_lines == PIECE_LINES_MAX || piece->text.length >= PIECE_BYTES_FULL;
}

/* Whether the place is in it: with a line behind it, or to be. */
static bool holds(const Piece *piece, const Cursor *at) {
        return piece->begin.sequence <= at->sequence &&
               (at->sequence < piece->end.sequence ||
                               (at->sequence == piece->end.sequence && !is_full(piece)));
}

/* The first line behind `at`, or n_lines. */
static unsigned line_behind(const Piece *piece, const Cursor *at) {
        unsigned low = 0, high = piece->n_lines;

        while (low < high) {
                unsigned middle = (low + high) / 2;

                if (piece->lines[middle].after.sequence <= at->sequence)
                        low = middle + 1;
                else
                        high = middle;
        }
        return low;
}

/* Whether what comes next in it is right for who stands at `at`: of a gap others have missed less. */
static bool suits(const Piece *piece, const Cursor *at) {
        unsigned line = line_behind(piece, at);
        const Cursor *before = line == 0 ? &piece->begin : &piece->lines[line - 1].after;

        return line == piece->n_lines || piece->lines[line].member != LINE_GAP ||
               at->sequence == before->sequence;
}

static Piece *find(const Pieces *p, const Cursor *at) {
        for (size_t i = 0; i < PIECES_MAX; i++)
                if (p->items[i] && holds(p->items[i], at) && suits(p->items[i], at))
                        return p->items[i];
        return NULL;
}

/* An empty one that begins at `at`, in the place of another. */
static Piece *begin(Pieces *p, const Cursor *at) {
        size_t oldest = 0, n = MIN_OF(MAX_OF(p->n_wanted, (size_t) 1), (size_t) PIECES_MAX);

        for (size_t i = 0; i < n; i++)
                if (!p->items[i] ||
                                (p->items[oldest] && p->items[i]->used < p->items[oldest]->used))
                        oldest = i;
        if (!p->items[oldest])
                p->items[oldest] = calloc(1, sizeof(Piece));

        Piece *piece = p->items[oldest];
        if (!piece)
                return NULL;
        piece->begin = piece->end = *at;
        piece->n_lines = 0;
        if (piece->text.allocated > TEXT_KEPT)
                buffer_done(&piece->text);
        buffer_clear(&piece->text);
        return piece;
}

/* Adds what the history has got behind its end. Returns 0 or -ENOMEM. */
static int extend(const Pieces *p, Piece *piece) {
        Cursor next = piece->end;
        uint64_t from, to;
        Notice n;
        int r;

        while (!is_full(piece) &&
                        (r = history_next(p->history, &next, p->publish, &n, &from, &to)) != 0) {
                Line *line = &piece->lines[piece->n_lines];

                *line = (Line){ .after = next, .member = LINE_GAP };
                if (r > 0) {
                        size_t watch_at;

                        json_add_notice_at(&piece->text, &n, &watch_at);
                        line->watch_at = (uint32_t) watch_at;
                        line->watch_len = (uint8_t) strlen(n.watch);
                        line->member = (uint8_t) n.member;
                } else
                        json_add_gap(&piece->text, from, to);
                if (piece->text.failed) {
                        piece->text.failed = false;
                        return -ENOMEM;
                }
                line->end = (uint32_t) piece->text.length;
                piece->n_lines++;
                piece->end = next;
        }
        piece->end = next; /* behind what is not for us */
        return 0;
}

int pieces_get(Pieces *p, Cursor *at, const Piece **ret, unsigned *ret_line) {
        Piece *piece = find(p, at);
        int r;

        if (!piece) {
                piece = begin(p, at);
                if (!piece)
                        return -ENOMEM;
        }
        piece->used = ++p->n_uses;
        r = extend(p, piece);
        *ret = piece;
        *ret_line = line_behind(piece, at);
        if (*ret_line < piece->n_lines)
                return 1;
        if (r >= 0)
                *at = piece->end;
        return r;
}
