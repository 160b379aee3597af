/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The files that a tree knows, so that a rescan can tell what came, changed or went unseen: by
 * directory and name, what inode it was and a print of its size and time. */

#pragma once

#include <sys/stat.h>

#include "base/macros.h"

typedef struct Known Known;
struct Known {
        Known *next;      /* in its directory */
        Known **previous; /* what points at it there */
        uint64_t inode;   /* 0: not known */
        uint64_t print;   /* of size and mtime; 0: not known */
        int wd;           /* of its directory */
        uint8_t round;    /* of the rescan that last saw it */
        uint8_t name_len; /* 0: the head of its directory's list */
        bool is_dir;      /* one that is not entered: of a tree that is one directory */
        char name[];
};

/* A zeroed one is empty. */
typedef struct KnownFiles {
        Known **slots;
        uint32_t n_slots; /* a power of two, or 0 */
        uint32_t n_used;
        uint32_t n_files;
        uint8_t round;
        struct Ledger *ledger; /* borrowed: where changes are written; NULL: nowhere */
} KnownFiles;

void known_done(KnownFiles *k);

/* The print of a file; never 0. */
uint64_t known_print(const struct stat *st);

/* Makes room for `n` in all (files, and directories that have some) at once. Returns 0 or -ENOMEM. */
int known_reserve(KnownFiles *k, uint32_t n);

/* NULL if there is none. */
Known *known_get(const KnownFiles *k, int wd, const char *name, size_t name_len);

/* Adds the file, or gives the one that is there new values; it counts as seen in this round. Returns 0
 * or -ENOMEM. */
int known_put(KnownFiles *k,
                int wd,
                const char *name,
                size_t name_len,
                uint64_t inode,
                uint64_t print,
                bool is_dir);
void known_remove(KnownFiles *k, Known *known);

/* The files of a directory. known_drop(): the directory is no more. known_renumber(): it has another
 * number, that no other has; returns 0 or -ENOMEM. */
Known *known_first(const KnownFiles *k, int wd);
void known_drop(KnownFiles *k, int wd);
int known_renumber(KnownFiles *k, int from, int to);

/* All of a directory count as seen in this round: it cannot be looked into. */
void known_touch(KnownFiles *k, int wd);

/* Goes through all files: *position begins at 0. Returns the next, or NULL after the last. None may be
 * added or removed meanwhile. */
Known *known_next(const KnownFiles *k, uint32_t *position);
