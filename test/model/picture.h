/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What a subscriber believes is there, from nothing but what it was told: paths relative to the
 * directory that it follows, "" for that itself. */

#pragma once

#include "base/names.h"
#include "base/text.h"

typedef struct Entry Entry;

#define AWAY_MAX 32U

/* What a first half of a move took away, and no second half has brought yet. */
typedef struct Away {
        Entry *entry;
        char *path;
} Away;

typedef struct Picture {
        Entry *root;
        Entry **slots; /* by parent and name */
        uint32_t n_slots;
        uint32_t n_entries;
        uint32_t n_directories; /* the root among them */
        Away away[AWAY_MAX];    /* the oldest is forgotten first */
        unsigned n_away;
        unsigned n_doubled; /* told as new though it was known */
        char *doubled;      /* the last of them */
        bool is_doubtful;   /* events were lost, and nobody has said yet that all is well again */
} Picture;

/* What was told. `source` and NULL-able as in a notice. */
typedef struct Told {
        Member member;
        bool is_dir;
        const char *path;
        const char *source;
} Told;

void picture_init(Picture *p);
void picture_done(Picture *p);

/* Takes a file as known from before the first notice. */
void picture_add(Picture *p, const char *path, bool is_dir);

/* The rules: a creation adds; a deletion, and a move that takes away, remove the path and all below; a
 * move that brings has what was taken from its source; an unmount removes what is below. */
void picture_apply(Picture *p, const Told *told);

/* Takes what is on the disk below `path`. */
void picture_look(Picture *p, const char *path);

/* Adds a line per difference; returns how many there are. `directories`: these alone count. */
unsigned picture_compare(const Picture *told, const Picture *disk, bool directories, Buffer *lines);
