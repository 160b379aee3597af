/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What a look at the disk has found, and the kernel may have something to say about as well. Watch
 * first, then look: a file may be seen by both, so a find waits until everything that was queued when
 * it was found is handed out. If an event tells of it first, the find has nothing to add. */

#pragma once

#include "tree/event.h"

typedef enum FindKind {
        FIND_NEW,       /* nobody knew it */
        FIND_ELSEWHERE, /* a directory that is watched at another place: moved, or there twice */
        FIND_CHANGED,   /* a known file that is not as it was known */
        FIND_MISSED,    /* a directory that was told, and could not be entered */
        FIND_LEFT,      /* a file that may be there still, after moves that may be an exchange */
        FIND_CHECK,     /* the same of a directory */
        FIND_LATE,      /* a directory that was told, and not looked at yet */
} FindKind;

typedef struct Find Find;
struct Find {
        Find *next;          /* in order of finding */
        Find **previous;     /* what points at it there; NULL: it was taken */
        Find *name_next;     /* in its slot of the hash by directory and name */
        Find *key_next;      /* in its slot of the hash by key, if it can be found by that */
        Find **key_previous; /* what points at it there, or NULL */
        uint64_t mark;       /* due when that many bytes of events were handed out */
        uint64_t begin;      /* of a directory: events before this are older than the look, ... */
        uint64_t end;        /* ... and those from this on are newer */
        uint64_t key; /* what it is, wherever it is: an inode number, or the wd of a directory, which
                       * in FIND_MISSED and FIND_LATE is a ghost */
        uint64_t print; /* of a file, as it was seen; 0: not known */
        int wd;         /* of its directory */
        FindKind kind;
        Origin origin;
        bool is_dir;
        bool is_told;
        bool is_announced; /* an event has told of it: it is not told, but for another event */
        bool was_absent; /* FIND_MISSED: nothing was there, so what took it away was queued by then */
        uint8_t n_looks; /* in vain */
        uint8_t name_len;
        char name[];
};

/* A zeroed one is empty. */
typedef struct Finds {
        Find *first;
        Find **last;
        Find **fresh; /* what points at the first one that finds_settle() is for, or NULL */
        Find **by_name;
        Find **by_key;
        uint32_t n_slots; /* of each; a power of two, or 0 */
        uint32_t n;
        struct Ledger *ledger; /* borrowed: where what is to be told is written; NULL: nowhere */
} Finds;

void finds_done(Finds *f);

/* Adds a copy of `find`'s public fields under `name`; due at its mark, or never if that is UINT64_MAX.
 * Returns 0 or -ENOMEM. */
int finds_add(Finds *f, const Find *find, const char *name);

/* What is added from now on is settled together: gets its mark, and that as the end of its look if it has
 * none (UINT64_MAX). Then the next ones can be. */
void finds_begin(Finds *f);
void finds_settle(Finds *f, uint64_t mark);
static inline Find *finds_unsettled(const Finds *f) {
        return *f->fresh;
}

/* The last find of that name, or NULL; and the one before. */
Find *finds_get(const Finds *f, int wd, const char *name, size_t name_len);
Find *finds_get_next(const Find *find);

/* The find of that key, not yet told, or NULL; 0 is no key. Its directory may be gone meanwhile. */
Find *finds_get_key(const Finds *f, bool is_dir, uint64_t key);

/* It is told, and no more found by its key. */
void finds_set_told(Finds *f, Find *find);

/* Takes it out, for the caller to free(). */
void finds_take(Finds *f, Find *find);

/* Drops all of one directory; goes through all there are. */
void finds_drop(Finds *f, int wd);
