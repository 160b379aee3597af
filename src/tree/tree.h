/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A tree is one inotify descriptor and what hangs on it: which wd is which directory, where the roots
 * are, what was read and is not yet handed out. It follows what happens and hands out Events, in the
 * order of the kernel, moves paired. It never logs. */

#pragma once

#include <limits.h>

#include "tree/event.h"

typedef struct Tree Tree;

/* No directory is entered whose files could have longer paths: who tells paths may count on that, short
 * of directories that are moved deeper afterwards. */
#define TREE_PATH_MAX (UINT16_MAX - NAME_MAX - 1U)

typedef enum TreeState {
        TREE_WATCHING, /* every root is being watched */
        TREE_WAITING,  /* a root is not there; its nearest ancestor is watched */
        TREE_DEGRADED, /* a part cannot be watched */
} TreeState;

/* How far a recursive tree goes. */
typedef struct TreeReach {
        bool cross_mounts;           /* to other file systems too */
        bool follow_symlinks;        /* and where symlinks below a root lead to */
        const struct Filter *filter; /* not into directories that it excludes; borrowed, or NULL */
} TreeReach;

typedef struct TreeOptions {
        char *const *roots; /* absolute, normalised; borrowed, copied */
        uint32_t mask; /* events to ask the kernel for; the tree adds those that it needs itself */
        bool scan_initial; /* hand out what is there at the start, as ORIGIN_INITIAL */
        bool recursive;    /* directories below a root as well */
        TreeReach reach;
        bool recover; /* know each file, so that a rescan can tell what was missed */

        /* Of an earlier process, to go on where it stopped: its inotify descriptor and its intake (none
         * if not > 0), taken over also on failure. */
        int fd, intake_fd;
        /* Where the tree writes what it knows, and what it goes on from; borrowed, or NULL. */
        struct Ledger *ledger;
        /* Numbers of the owner's (INTAKE_N_KEPT), committed with each step, and filled by tree_new()
         * with those of the earlier process; borrowed, or NULL. */
        uint64_t *kept;
} TreeOptions;

/* Takes an event; returns 0, or < 0 if it could not. */
typedef int (*EventSink)(const Event *e, void *userdata);

/* Nothing is watched yet. Returns 0; -EMFILE when max_user_instances (or the descriptors) are used up;
 * or another < 0. */
int tree_new(const TreeOptions *options, EventSink sink, void *userdata, Tree **ret);
Tree *tree_free(Tree *t);
DEFINE_CLEANUP(Tree, tree_free);

/* Whether the ledger is about the tree that an earlier process had that intake for. */
bool tree_is_kept_in(const struct Ledger *l, int intake_fd);

/* Whether it goes on with the descriptor of an earlier process. If not, and there is a ledger, that must
 * be compacted before anything goes there: ledger_error() says so. */
bool tree_is_adopted(const Tree *t);

/* Whether it goes on with that descriptor, but not with what the earlier process knew: what is there is
 * found anew, and what was queued is told. */
bool tree_is_orphaned(const Tree *t);

/* Places every root that is there; the others are waited for. What is in them is handed out by
 * tree_work(). `now` is CLOCK_MONOTONIC, `usec` CLOCK_REALTIME, here and below. Returns 0 or < 0
 * (memory). */
int tree_start(Tree *t, usec_t now, usec_t usec);

/* Scans go in slices, and what was read is handed out in goes, so that the loop is never held up: whether a
 * scan is under way, whether there is anything of either to do, and some of it. tree_work() returns > 0 if
 * there is more to do. */
bool tree_is_scanning(const Tree *t);
bool tree_is_busy(const Tree *t);
int tree_work(Tree *t, usec_t now, usec_t usec);

/* The same, but what the kernel has said waits for the next call of another function. */
int tree_scan(Tree *t, usec_t now, usec_t usec);

/* The descriptor: readable when there is something to read; and that of the intake. */
int tree_fd(const Tree *t);
int tree_intake_fd(const Tree *t);

/* What happens is done in steps: each is done as a whole, or done again by the next process. The step
 * under way, counted up with each commit, also over processes; records in the ledger are stamped with
 * it. Every function here commits before it returns, and for each event that was handed out;
 * tree_commit() is for what the owner has done besides. */
uint64_t tree_step(const Tree *t);
void tree_commit(Tree *t);

/* In the midst of a compaction of the ledger (of what was committed, ledger_compact() with the stamp
 * tree_step() - 1): appends all that the tree knows. Returns 0 or < 0. */
int tree_save(Tree *t);

/* Another ledger, or none (NULL), from now on; what that says of another tree stays until it is
 * compacted, and nothing goes there before. */
void tree_set_ledger(Tree *t, struct Ledger *ledger);
/* Whether this is a good moment to compact it: it has grown, and nothing is under way that would have to
 * be done again. */
bool tree_wants_compaction(const Tree *t);

/* Reads once (up to 64 KiB) and hands out what is ready, in one go. Returns the number of bytes read, 0 if
 * there was nothing, < 0 on failure. */
int tree_read(Tree *t, usec_t now, usec_t usec);

/* The same for bytes that the caller has (tests). */
int tree_feed(Tree *t, const void *data, size_t n, usec_t now, usec_t usec);

/* When tree_elapse() must be called next (a move whose second half has not come, a root that could not
 * be watched, a rescan), or USEC_INFINITY. */
usec_t tree_deadline(const Tree *t);
int tree_elapse(Tree *t, usec_t now);

/* Nothing more will be read: no second half is waited for. */
int tree_release_moves(Tree *t);

/* The bytes of events handed out so far, and how many it will be when all that the kernel has queued now
 * is handed out. The latter returns 0 or -errno. */
uint64_t tree_n_handed_out(const Tree *t);
int tree_queued_mark(const Tree *t, uint64_t *ret);

/* Looks again at everything below the roots, and hands out what nobody has told, as ORIGIN_RESCAN; then
 * an event without a mask for each root. Begins as soon as it can, in tree_work(). */
void tree_rescan(Tree *t, usec_t now);

/* Looks again whether each configured path is the file that is being watched, and follows it if it is
 * not. After a change of the mount table. Returns 0 or < 0. */
int tree_check_roots(Tree *t, usec_t now, usec_t usec);

/* Whether it owes a rescan, or is at one: as after an overflow; and has one that is wanted begin now, for
 * whoever cannot wait. Returns 0 or < 0. */
bool tree_owes_rescan(const Tree *t);
int tree_begin_rescan(Tree *t);

/* Whether nothing is under way, so that the next event is all that there will be to tell. */
bool tree_is_quiet(const Tree *t);

/* Asks for other events, in place: none of what is queued is lost. Returns 0 or < 0. */
int tree_set_mask(Tree *t, uint32_t mask);

/* Goes on with another reach, in place: looks again at everything, as soon as it can, in tree_work(). What
 * comes into reach is taken in as ORIGIN_INITIAL and what gets out of it is let go of without a word; the
 * rest is told as ever. A tree that an earlier process has left with another reach does the same. Nothing
 * is kept of the filter before. Returns 0 or < 0. tree_is_reaching(): until that is through. */
int tree_set_reach(Tree *t, const TreeReach *reach);
bool tree_is_reaching(const Tree *t);

/* Whether all that was read was handed out: no first half waits for its second. */
bool tree_is_settled(const Tree *t);

TreeState tree_state(const Tree *t);
/* Why the state is not TREE_WATCHING; "" if it is. Borrowed, valid until the next call. May hold any
 * bytes of a path. */
const char *tree_state_reason(Tree *t);
unsigned tree_n_directories(
                const Tree *t); /* watched, roots included; ancestors waited at are not */
/* Counts up with each change of state, reason or number of directories. */
uint64_t tree_generation(const Tree *t);

/* The part of `path` below the root that holds it ("" for a root itself), or NULL if none does. */
const char *tree_below(const Tree *t, const char *path, size_t path_len);
