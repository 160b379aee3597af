/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What the files of the tree share: tree.c reads and hands out, follow.c keeps the directories where
 * the events say they are, scan.c looks into them, roots.c finds where the roots are. */

#pragma once

#include <limits.h>

#include "tree/backlog.h"
#include "tree/finds.h"
#include "tree/image.h"
#include "tree/intake.h"
#include "tree/known.h"
#include "tree/mounts.h"
#include "tree/moves.h"
#include "tree/nodes.h"
#include "tree/reader.h"
#include "tree/roots.h"
#include "tree/tree.h"

/* After which what cannot be watched is tried again, the first time. */
#define TREE_RETRY_USEC (5 * USEC_PER_SEC)

/* Bytes of events that are many: some 500. */
#define QUEUE_LONG (16U * 1024U)

/* For a directory that moves on each time. */
#define LOOKS_MAX 16U

/* Each is an open descriptor. */
#define SCAN_FRAMES_MAX 32U

/* A directory being scanned, above those that it is in. */
typedef struct Frame {
        Reader dir;
        int wd;        /* of its node; -1: it could not be watched, what is below is only counted */
        Origin origin; /* of what is found in it */
        bool is_known; /* it was watched before: what is found is compared with what we know */
        bool has_looks; /* directories in it were entered whose looks are not over */
} Frame;

/* Directories that cannot be watched. */
typedef struct Unwatched {
        unsigned n;
        int error;
        char *path; /* of the first */
} Unwatched;

#define ARRIVALS_MAX 8U

#define EARLY_MAX 16U
#define EARLY_OF_ONE_MAX 3U /* of an exchange */

/* Second halves follow soon, of as many writers as there are at a time. */
#define MISSED_MAX 16U

/* A second half of a move that was told. */
struct Arrival {
        int wd;
        bool is_dir;
        char name[NAME_MAX + 1];
};

/* Half a move that was handed out before its turn. */
struct Early {
        uint32_t cookie; /* 0: none */
        bool is_second;
};

struct Tree {
        int fd;
        int home_fd; /* the working directory, during a slice of a scan; else -EBADF */
        int at_fd;   /* meanwhile: where we are, as long as it is surely that */
        TreeOptions options;
        EventSink sink;
        void *userdata;
        bool is_started; /* what is found from now on was not there at the start */
        Ledger *ledger;  /* borrowed, or NULL */
        Image image;     /* as it is written there */
        uint64_t step;   /* under way */
        bool is_adopted; /* goes on from an earlier process's image, with its descriptor */
        bool is_past;    /* ... without it: directories of the past wait to be found again */

        int orphan_wd; /* ... or with that alone: the last number that it had given out */

        Root *roots;
        size_t n_roots;
        Nodes nodes;
        Node **steps; /* the nodes that are steps */
        size_t n_steps;
        unsigned n_directories;
        unsigned n_shadowed; /* directories whose name another one took */
        uint64_t generation;

        Intake *intake;
        Moves *moves;
        Finds finds;
        Mounts mounts; /* as last looked at, where directories below the roots are watched */
        size_t n_mounts_below; /* of them below the roots */
        bool mounts_changed;   /* the table is to be looked at when the roots are */
        unsigned n_remounts;   /* looks at the table since it last changed */
        IntakePlace place;     /* behind the record at hand */
        KnownFiles known;      /* with options.recover */
        unsigned n_spent;      /* of what may be handed out in one go */
        bool is_behind;        /* it was all spent, and there may be more */
        uint64_t n_handed_out; /* bytes of events */
        uint64_t position;     /* of the end of the queue, as last asked for by a look */
        uint64_t due_mark;     /* something waits until that many are: the least of the marks */
        uint64_t check_mark;   /* the roots are to be checked then */
        uint64_t noise_mark;   /* until then our own reading may be among the events */
        usec_t now;            /* CLOCK_MONOTONIC as last told */
        usec_t usec;           /* CLOCK_REALTIME as last told */
        usec_t move_deadline;  /* a first half waits at the head until then */
        usec_t emptied;        /* when a read last left nothing in the queue */
        usec_t retry_pause;
        usec_t retry_deadline; /* something could not be watched: when to try again */

        Frame frames[SCAN_FRAMES_MAX]; /* the scan under way; the last one is at work */
        size_t n_frames;
        unsigned n_opened;    /* since the queue was last taken in */
        unsigned n_entered;   /* directories that are to be looked into together */
        Backlog backlog;      /* of it */
        Backlog parked;       /* were not where they had been: to be scanned later */
        uint64_t parked_mark; /* when all is told that may have led them elsewhere */

        /* The rescan. */
        usec_t rescan_deadline; /* when the next one begins; USEC_INFINITY: none is wanted */
        usec_t rescan_pause;    /* before the one after, if events are lost again soon */
        usec_t rescan_began, rescan_took;
        usec_t rescan_ended;
        uint64_t rescan_mark; /* what it did not see is looked at then; UINT64_MAX: not yet */
        bool is_rescanning;
        bool is_rescan_due;  /* one is wanted when the roots are checked */
        bool is_rescan_told; /* the end of the next one is to be told */
        bool is_this_rescan_told;

        bool is_reaching;        /* the reach was changed, and not everything looked at since */
        bool is_rescan_reaching; /* the rescan under way does so */
        TreeReach former_reach;  /* meanwhile: the one before */
        struct Filter *former_filter;

        uint64_t leaf_device; /* the file system last asked whether links tell of subdirectories */
        bool leaf_counts;

        Unwatched unwatched;      /* as far as is known */
        Unwatched unwatched_anew; /* as the rescan under way counts them */

        Buffer path; /* of the event being handed out; begins with that of path_node */
        const Node *path_node;
        uint64_t path_shape;
        size_t path_prefix;
        Buffer other; /* a second path, a reason */

        Arrival arrivals[ARRIVALS_MAX]; /* the last ones, in turn */
        unsigned n_arrivals;
        Early early[EARLY_MAX]; /* in any order; a zeroed one is none */
        unsigned n_early;
        uint32_t missed_cookies[MISSED_MAX]; /* of first halves without their second */
        unsigned n_missed;
        int ghost_wd; /* of the last ghost */

        struct Listing *listings;

        int dir_fd; /* O_PATH, of the directory last opened */
        int dir_wd;
};

/* What the kernel is asked for: in a root, in a directory below one. */
uint32_t tree_root_mask(const Tree *t, bool is_dir);
uint32_t tree_member_mask(const Tree *t);

/* Asks the kernel for `mask` on what is behind `fd`, or what `name` is in the directory behind it,
 * besides what it was asked for there already. Returns the wd, or -errno. */
int tree_ask(Tree *t, int fd, uint32_t mask);
int tree_ask_at(Tree *t, int fd, const char *name, uint32_t mask);

/* The same, and returns 0 with the node, made if it was not there, with room for `name`. */
int tree_watch(Tree *t, int fd, bool is_dir, uint32_t mask, Node **ret);
int tree_watch_at(Tree *t, int fd, const char *path, const char *name, uint32_t mask, Node **ret);

/* Hands out an event of `name` ("" for the node itself) in `n`. */
int tree_tell(Tree *t, const Node *n, const char *name, size_t name_len, const Event *e);

/* The directory `name` in `n` is gone, and no event has said so. */
int tree_tell_deleted(Tree *t, const Node *n, const char *name);

/* The same to another sink than the tree's own. */
int tree_tell_to(Tree *t,
                const Node *n,
                const char *name,
                size_t name_len,
                const Event *e,
                EventSink sink,
                void *userdata);

/* The tree goes: its listings know it no more. */
void listings_end(Tree *t);

/* Sets t->position to the mark of now, as tree_queued_mark() has it. */
int tree_position(Tree *t);
/* The same, and what waits for it is looked at when it is reached. */
int tree_mark(Tree *t, uint64_t *ret);

/* Something queued a find or another thing that waits for its mark. */
static inline void tree_note_due(Tree *t, uint64_t mark) {
        t->due_mark = MIN_OF(t->due_mark, mark);
}

/* `name` in `parent` cannot be watched; or another one that needs not be named. */
int unwatched_note(Tree *t, const Node *parent, const char *name, int error);
void unwatched_count(Tree *t);
void unwatched_begin(Tree *t);
void unwatched_end(Tree *t);

/* Wants a rescan if it may watch more than there is. */
void unwatched_retry(Tree *t);
void unwatched_add_reason(const Unwatched *u, Buffer *b);
void unwatched_free(Tree *t);

/* Whether the wd is that of a member. */
bool tree_is_member(const Tree *t, int wd);

/* Of a first half whose second is not in the intake: the find that is its second half, or NULL. */
Find *record_find_second(Tree *t, const Raw *raw);

/* Tells a record, and does what it says. `paired`: of a first half, its second half will be told. */
int record_hand_out(Tree *t, const IntakeRecord *record, bool paired);

/* Whether what is handed out is enough for one go: others have their turn. tree_spend_to_open(): a directory
 * was gone to. */
bool tree_is_spent(const Tree *t);
void tree_spend_to_open(Tree *t);

/* Reads once, as of t->now, if there is room. Returns the number of bytes, or < 0. */
int tree_take_in(Tree *t);

/* Takes in all that is queued now. Returns > 0 if there was room for it, 0 if not, or < 0. */
int tree_take_in_all(Tree *t);

/* Hands out what the intake holds, up to a first half that is to wait, or to a scan. */
int tree_hand_out(Tree *t, usec_t now);

/* What a record of a member does to the directories: called after it was told. `source`: of a paired
 * arrival, where it came from, or NULL. */
int follow_record(Tree *t, Node *n, const Raw *raw, bool paired, const Source *source);

/* Something comes: if a directory is known there that cannot have been replaced, its going was lost.
 * Returns 0 or < 0. */
int follow_coming(Tree *t, Node *n, const Raw *raw);

/* Another takes the name of a directory that is there. */
void follow_shadow(Tree *t, Node *n);

/* The directory that a departure is about, or NULL. */
Node *follow_leaving(const Tree *t, const Node *n, const Raw *raw);

/* Gives a directory that is watched its new place. */
int follow_move(Tree *t, Node *node, Node *parent, const char *name, size_t name_len);

/* Watches the directory `name` in what `fd` (O_PATH will do) is. Returns 0 or -errno. */
int follow_watch(Tree *t, int fd, const char *name, bool is_link, Node **ret);
/* The same, opened for reading; *ret_fd is the caller's to close. */
int follow_enter(Tree *t, int fd, const char *name, bool is_link, int *ret_fd, Node **ret);
/* Opens a directory for reading. Returns the descriptor or -errno. */
int follow_read(Tree *t, int fd, const char *name, bool is_link);

/* The path of what is behind a descriptor, links resolved, into PATH_MAX bytes. Returns whether there is one
 * that fits. */
bool follow_real_path(int fd, char *ret);

/* Whether `name` in `n` leads to `node` now; what makes it so is queued by then. Returns > 0 if so, 0 if
 * not, -errno of what prevents to tell. */
int follow_leads_to(Tree *t, Node *n, const char *name, const Node *node);

/* Returns when all is queued of what could be seen in the directory `fd` until now. */
void follow_writers(int fd);

/* The wd of the directory behind `fd`, or at `name` in it, or -errno; a number that no node has if it
 * is none of ours. */
int follow_wd_of(Tree *t, int fd);
int follow_wd_at(Tree *t, int fd, const char *name);

/* Opens the directory (O_PATH; borrowed until the next call). Returns the descriptor; -ESTALE if it
 * is not where we think; or another -errno. */
int follow_open(Tree *t, const Node *n);

/* Lets go of a node and all below it. `by_kernel`: its own wd is gone already. */
void follow_release(Tree *t, Node *top, bool by_kernel);

/* What is at `name` in `n`. Returns 0 or -errno. */
int files_stat(Tree *t, const Node *n, const char *name, struct stat *ret);

/* Whether each file (or each directory that is not entered) is known. */
static inline bool files_are_known(const Tree *t, bool is_dir) {
        return t->options.recover && (!is_dir || !t->options.recursive);
}

/* Knows the file as it is now. */
int files_look(Tree *t, const Node *n, const char *name, size_t name_len, bool is_dir);

/* The same as a scan has seen it. */
int files_found(Tree *t, const Find *find);

/* A directory has the name: what is known there, that no event has said to be gone, is told gone, or, if
 * `is_silent`, forgotten. */
int files_replaced(Tree *t, const Node *n, const char *name, size_t name_len, bool is_silent);

/* What a record about a file says of it; `source` of a paired second half. */
int files_record(Tree *t, const Node *n, const Raw *raw, const Source *source);

/* Compares a file in the directory `fd` with what is known of it; one that is not is found, with that
 * origin. */
int files_compare(Tree *t,
                const Node *n,
                int fd,
                const char *name,
                uint64_t inode,
                bool is_dir,
                Origin origin);
int files_tell_changed(Tree *t, const Find *find);

/* Tells the files that a rescan did not come by. */
int files_tell_gone(Tree *t);

/* Asks for the events of t->options.mask wherever something is watched. Returns 0 or < 0. */
int remask_all(Tree *t);

/* Ends the step, up to `place`. */
void tree_end_step(Tree *t, const IntakePlace *place);

/* Goes on where an earlier process stopped, as far as options tell of it; or with an inotify descriptor
 * and an intake of its own. Returns 0 or < 0. adopt_start(), at the start: looks for what may have gone
 * unseen. */
int adopt_open(Tree *t);
int adopt_start(Tree *t, usec_t now);

/* A descriptor goes on whose image is lost: which of the directories that are found had it already?
 * orphan_end(), at the end of each step: when they are found the others are let go of. */
int orphan_begin(Tree *t);
void orphan_end(Tree *t);
static inline bool orphan_is(const Tree *t, int wd) {
        return wd <= t->orphan_wd;
}

/* A directory of the past is not watched. Its number is none of the kernel's. */
#define PAST_WD_MIN (1 << 30)
static inline bool past_is(const Tree *t, const Node *n) {
        return t->is_past && n->wd >= PAST_WD_MIN;
}

/* Gives all directories numbers of the past. Returns 0, -ENOMEM, or -E2BIG. */
int past_begin(Tree *t);

/* The directory of the past is `node`, which has no place yet, or is fresh there: takes over all there is of
 * it. Returns 0 or -ENOMEM. */
int past_is_node(Tree *t, Node *past, Node *node);

/* The rescan is through: what was not found again is forgotten. */
int past_end(Tree *t);

/* Looks at the directories where something was mounted or unmounted since the last time. */
int remount_check(Tree *t);

/* The directory `name` in `n` departs, which no mount point can: if it was one it was unmounted, of which
 * the table is to tell yet. Returns 0 or < 0. */
int remount_depart(Tree *t, Node *n, const char *name);
/* The same, and surely what is known there was unmounted. */
int remount_left(Tree *t, Node *n, const char *name);

/* Begins to scan a directory: `name` in what `fd` is ("." for that itself). Returns 0; -ENOENT or
 * -ESTALE if it is not there any more: then scan_park() has it scanned where it went; or another
 * -errno. */
int scan_push(Tree *t, int fd, const char *name, int wd, Origin origin, bool is_known);
/* The same for one that was entered by a look: -ENOENT if it is there no more, and let go of. */
int scan_new(Tree *t, Node *n, int fd, const char *name, Node *node, Origin origin);
int scan_park(Tree *t, BacklogItem item);
int scan_unpark(Tree *t);
void scan_forget(Tree *t, int wd);
static inline bool scan_is_under_way(const Tree *t) {
        return t->n_frames > 0 || t->backlog.n > 0;
}

/* Ends it, whatever there is to do. */
void scan_done(Tree *t);

/* Takes one slice. Returns > 0 if there is more to do. */
int scan_work(Tree *t, usec_t now);

/* Tells the finds that are due. */
int scan_tell_due(Tree *t);

/* Wants a rescan, now or after a pause if there were some just before. */
void rescan_want(Tree *t, usec_t now, bool is_told);
int rescan_start(Tree *t);
/* The scan of it is through and all that was queued meanwhile is handed out. */
int rescan_finish(Tree *t, usec_t now);
