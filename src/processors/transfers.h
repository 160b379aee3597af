/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The files under way in a watch, and those that are done: found by their path or inode, forgotten in
 * the order of their age, and moved along when a directory above them is. Bounded in number and in
 * bytes: when it is full the one that is done for longest is forgotten, and if there is none the oldest
 * that is under way. */

#pragma once

#include "base/macros.h"

#define TRANSFERS_MAX 65536U
#define TRANSFERS_BYTES_MAX (32U * 1024U * 1024U) /* of all paths together */

/* What can be waited for, each for a delay of its own. */
#define TRANSFER_QUEUES 3U

typedef struct Processor Processor;
typedef struct Transfers Transfers;
typedef struct Transfer Transfer;

typedef struct TransferLink {
        Transfer *previous, *next;
} TransferLink;

struct Transfer {
        const char *path; /* absolute, exact bytes, NUL-terminated */
        size_t path_len;
        uint64_t inode;      /* 0 where not known */
        uint32_t chunks;     /* writes seen */
        usec_t started;      /* CLOCK_MONOTONIC */
        usec_t age;          /* that it had then already: it began before the machine did */
        usec_t started_usec; /* CLOCK_REALTIME */
        usec_t usec;         /* CLOCK_REALTIME of its last event */

        /* For the rule; zeroed in a new one. */
        uint64_t size, ctime_nsec; /* as last looked at; ctime 0: never */
        uint16_t n_open;           /* opened more often than closed */
        uint8_t phase;
        uint8_t marks;
        uint8_t origin;

        /* The table's own. */
        bool is_done;
        uint8_t queue; /* 1 + its number; 0: none */
        uint32_t priority;
        Transfer *left, *right;
        Transfer *inode_next, **inode_previous;
        TransferLink ages, wait;
        usec_t due, due_usec; /* of both clocks */
};

/* Told of each that is forgotten in transfers_remove_below() or because the table is full, that
 * it can say so; `x` is gone when this returns. It changes nothing in the table. */
typedef void (*TransferForgotten)(const Transfer *x, bool is_full, void *userdata);

int transfers_new(Transfers **ret);
Transfers *transfers_free(Transfers *t);
DEFINE_CLEANUP(Transfers, transfers_free);

/* What happens to the table from now on is kept with `keeper` (processor_keep), which outlives it.
 * Returns 0 or -ENOMEM. */
int transfers_set_keeper(Transfers *t, Processor *keeper);

/* Keeps what the fields of `x` say: to be called when it was added, and when they have changed. */
void transfers_keep(const Transfers *t, const Transfer *x);

/* Keeps all there are; and does what a kept record says. The latter returns 0, -EBADMSG or -ENOMEM. */
void transfers_save(const Transfers *t);
int transfers_restore(Transfers *t, const void *record, size_t n, usec_t now, usec_t usec);

size_t transfers_n(const Transfers *t);

/* When it is `max_age` old. */
usec_t transfer_deadline(const Transfer *x, usec_t max_age);

/* NULL if there is none of that path. Transfers are the table's; they live until they are removed,
 * moved below or replaced, or forgotten by the next one that is added or moved. */
Transfer *transfers_find(const Transfers *t, const char *path, size_t path_len);

/* The one that was last given that inode with transfers_set_inode(), or NULL; 0 is no inode. */
Transfer *transfers_find_inode(Transfers *t, uint64_t inode);
void transfers_set_inode(Transfers *t, Transfer *x, uint64_t inode);

/* Calls `visit` for at most `n_max` of those whose path begins with the prefix, in the order of
 * paths. It changes nothing in the table but what transfers_done(), transfers_wait() and
 * transfers_set_inode() change. Stops at, and returns, what is < 0. */
typedef int (*TransferVisit)(Transfer *x, void *userdata);
int transfers_visit(Transfers *t,
                const char *prefix,
                size_t prefix_len,
                size_t n_max,
                TransferVisit visit,
                void *userdata);

/* The one under way for longest, or NULL. */
Transfer *transfers_oldest(const Transfers *t);

/* It is done, and may be forgotten when the table is full; or begins anew, the youngest. */
void transfers_done(Transfers *t, Transfer *x);
void transfers_restart(Transfers *t, Transfer *x, usec_t now);

/* Waits in a queue until `due`, which is `due_usec` of CLOCK_REALTIME, best in the order of these times;
 * and no more. The first of a queue, or NULL. */
void transfers_wait(Transfers *t, Transfer *x, unsigned queue, usec_t due, usec_t due_usec);
void transfers_wait_no_more(Transfers *t, Transfer *x);
Transfer *transfers_first_waiting(const Transfers *t, unsigned queue);

void transfers_on_forgotten(Transfers *t, TransferForgotten forgotten, void *userdata);

/* A new transfer, the youngest; one of the same path is forgotten, and others where there is no room,
 * those that are done first and the oldest of them. `now` must not go back from one call to the next.
 * Returns 0 or < 0. */
int transfers_add(Transfers *t, const char *path, size_t path_len, usec_t now, Transfer **ret);

void transfers_remove(Transfers *t, Transfer *x);

/* It goes on under another path, with its age; one that was there is forgotten, and others where there is
 * no room, but not itself. On failure (memory) it is where it was. */
int transfers_move(Transfers *t, Transfer *x, const char *path, size_t path_len);

/* The same for all that is below a directory. What could not be moved (memory) is forgotten. */
void transfers_remove_below(Transfers *t, const char *dir, size_t dir_len);
int transfers_move_below(
                Transfers *t, const char *from, size_t from_len, const char *to, size_t to_len);
