/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The halves of a move carry one cookie. The kernel queues them one after the other, but other events
 * may come between, and so may the end of a read: this looks ahead in the intake for second halves,
 * and remembers the sources of first halves that were handed out until their second half is. */

#pragma once

#include "base/text.h"
#include "tree/intake.h"

typedef struct Moves Moves;

/* Where a first half came from. */
typedef struct Source {
        uint32_t cookie; /* 0: none */
        int from_wd;     /* of the directory that it left */
        int wd;          /* of the directory that is moving; 0: it is none */
        uint64_t inode;  /* of the known file that is moving; 0: it is none */
        uint64_t print;
        bool is_missed; /* nobody was told of the file */
        Buffer path;
} Source;

int moves_new(Moves **ret);
Moves *moves_free(Moves *m);
DEFINE_CLEANUP(Moves, moves_free);

/* The IN_MOVED_TO of `cookie` that lies in the intake behind `place`, its name borrowed from there.
 * Returns > 0 if there is one: 1 if it is the very next record; or 0. */
int moves_find_second(Moves *m,
                const Intake *i,
                const IntakePlace *place,
                uint32_t cookie,
                IntakeRecord *ret);

/* A first half whose second is to come went out: remembers where it came from. Returns 0 with the
 * source, for the caller to say what is moving; or -ENOMEM. */
int moves_add_source(Moves *m, uint32_t cookie, const char *path, size_t path_len, Source **ret);

/* Whether the first half of `cookie` went out. */
bool moves_has_source(const Moves *m, uint32_t cookie);

/* The source of a second half, forgotten with this call, or NULL. Borrowed until the next call. */
const Source *moves_take_source(Moves *m, uint32_t cookie);

/* Those that wait for their second half: how many, and one after the other (*position begins at 0;
 * NULL after the last). */
size_t moves_n_sources(const Moves *m);
const Source *moves_next_source(const Moves *m, size_t *position);

/* The intake begins anew: what was seen in it is gone. */
void moves_restart(Moves *m);
