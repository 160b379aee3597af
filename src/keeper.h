/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What of a watch outlives its process: its two descriptors in the service manager's store, as
 * watch-NAME and intake-NAME, and its ledger, watch-NAME.ledger in the state directory. The ledger says
 * what the descriptors mean, so that new ones are not kept without it. */

#pragma once

#include "base/ledger.h"
#include "store.h"
#include "tree/tree.h"

/* The watch's own records in its ledger, besides those of its tree. */
typedef enum WatchRecord {
        WATCH_RECORD_COUNTERS = LEDGER_TYPES_OWNER, /* WatchCounters */
        WATCH_RECORD_PROCESSOR,                     /* its name and NUL, and what it keeps */
        WATCH_RECORD_CONFIG,   /* the watch as it is configured: watch_config_add_text() */
        WATCH_RECORD_TAKEOVER, /* GateTakeover: it took over from another, not long ago */
} WatchRecord;

#define KEEPER_PAIRS 2U /* of names, for its two descriptors */

typedef struct Keeper {
        const char *watch; /* its name; borrowed */
        int state_fd;      /* borrowed; -EBADF: nothing is kept */
        Ledger *ledger;    /* NULL: there is none, or not yet */
        unsigned pair;     /* under which names its descriptors are kept */
        bool is_kept;      /* they are */
        usec_t retry_at;   /* it cannot be had or written: when to try again, or USEC_INFINITY */
        usec_t retry_pause;
        char reason[128]; /* "" or why it cannot be */
} Keeper;

/* The caller's, or NULL. */
char *keeper_watch_name(const char *watch, unsigned pair);
char *keeper_intake_name(const char *watch, unsigned pair);
char *keeper_ledger_name(const char *watch);
bool keeper_is_ledger_name(const char *name);

/* Opens the ledger, if there is a directory for it; if it cannot be had the reason says so. Returns 0 or
 * -ENOMEM. */
int keeper_init(Keeper *k, int state_fd, const char *watch, usec_t now);

/* Tries again when it is time to. Returns > 0 if there is a ledger now, which is to be written anew; else
 * 0. */
int keeper_reopen(Keeper *k, usec_t now);
void keeper_done(Keeper *k);

/* Looks which pair of what the service manager has handed over is the watch's. Returns whether it is the
 * one that the ledger is about. */
bool keeper_find(Keeper *k, const Store *store);

/* Takes these two; -EBADF where there is none. `store` may be NULL. */
void keeper_take(Keeper *k, Store *store, int *ret_fd, int *ret_intake_fd);

/* Has those of the tree kept, in place of any others; without a ledger they are not. */
void keeper_put(Keeper *k, const Tree *tree);

/* The watch that had the ledger until now ends: takes it over. What is kept stays its predecessor's until
 * the ledger is written anew, between these two: the first has those of the tree kept besides, the second
 * lets go of the others. */
void keeper_inherit(Keeper *k, Keeper *from);
void keeper_put_beside(Keeper *k, const Tree *tree);
void keeper_turn_over(Keeper *k);

/* Has the service manager let go of both, and waits until it has: they count against the limits. */
void keeper_release(Keeper *k);

/* The watch is no more: neither descriptors nor ledger stay. */
void keeper_forget(Keeper *k);

/* Appends a record of two parts; keeper_check() says what cannot be. */
void keeper_append(
                Keeper *k, WatchRecord type, const void *a, size_t n_a, const void *b, size_t n_b);

/* Whether all could be written. Returns 0; > 0 if not any more, as the reason says now; -EAGAIN if it is
 * time to try again, with keeper_renew(). */
int keeper_check(Keeper *k, usec_t now);

/* Between steps: writes the ledger anew, with `write`. `step`: the last one that is done. Returns > 0 if
 * the reason has changed. */
int keeper_renew(Keeper *k,
                uint64_t step,
                int (*write)(Ledger *l, void *userdata),
                void *userdata,
                usec_t now);
