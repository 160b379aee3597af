/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A small world of files that never rests, below the working directory, and what must be told of it: in
 * flat/ all that happens, in its order; in deep/ what makes a picture of what is there; in up/ each
 * upload, once. The same seed makes the same world. */

#pragma once

#include "../model/picture.h"
#include "base/text.h"

#define WORLD_FILES_MAX 64U
#define WORLD_DIRECTORIES_MAX 64U

typedef struct World {
        uint64_t random;
        Buffer flat; /* what must be told: lines of EVENT PATH [from PATH] */
        unsigned n_flat, n_deep, n_up, n_parts, n_directories;
        char *files[WORLD_FILES_MAX]; /* in flat, NULL: none */
        char *deep[WORLD_FILES_MAX];
        char *directories[WORLD_DIRECTORIES_MAX];

        /* What was told. */
        uint64_t sequence;
        Buffer told_flat;
        Picture picture;
        unsigned *told_up;
        size_t n_told_up;
        Buffer failures; /* a line each */
} World;

/* A notice as it was told, its paths below the working directory. */
typedef struct WorldNotice {
        uint64_t sequence;
        const char *watch; /* flat, deep, up */
        Member member;
        bool is_dir;
        const char *path, *source;
} WorldNotice;

/* The configuration's watches of it; '@' stands for the working directory. */
extern const char world_watches[];

/* Makes the three directories. */
void world_init(World *w, uint64_t seed);
void world_done(World *w);

unsigned world_random(World *w, unsigned n);

/* Goes on for so long; `n_max`: but with no more files than that. */
void world_act(World *w, usec_t usec, unsigned n_max);

/* Makes the last file of each: when all three are told, so is all before but what a rescan finds. */
void world_end(World *w);
bool world_is_last(const char *path);

/* Takes what was told, in its order, and says in the end whether that is what happened: what is wrong is
 * in w->failures. */
void world_take(World *w, const WorldNotice *n);
bool world_verify(World *w);

/* Begins anew to take what was told. */
void world_forget_told(World *w);
