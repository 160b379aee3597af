/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A publisher tells notices to someone outside. It is a cursor on the history and a row of a table:
 * what it takes it has told, when it has no room it waits, and nobody waits for it. */

#pragma once

#include <systemd/sd-event.h>

#include "publishers/history.h"

typedef struct Publisher Publisher;

typedef struct PublisherType {
        const char *name; /* as in Publish= */
        PublisherKind kind;

        /* Tells one notice. Returns > 0 when taken; 0 when there is no room now (it will call
         * publisher_wake() when there is); < 0 when this notice can't be told at all. */
        int (*publish)(Publisher *p, const Notice *n);

        /* Tells that the sequences from..to were overwritten before they could be told. Returns as
         * publish; may be NULL. */
        int (*gap)(Publisher *p, uint64_t from, uint64_t to);

        /* A slice is through: sends what publish gathered. May be NULL. */
        void (*end)(Publisher *p);

        /* Whether all that was taken has left the process; NULL where publish sends at once. */
        bool (*is_drained)(Publisher *p);

        /* Instead of publish, for who keeps cursors of its own: takes a slice, and returns > 0 if there
         * is more to do now. is_drained then says whether all was told. */
        int (*slice)(Publisher *p);

        void (*free)(Publisher *p); /* releases the derived object and all it holds */
} PublisherType;

/* Derived publishers begin with this. */
struct Publisher {
        const PublisherType *type;
        History *history;          /* borrowed */
        sd_event *event;           /* borrowed */
        sd_event_source *source;   /* its next turn */
        Cursor cursor;             /* of the next notice to take */
        uint64_t gap_from, gap_to; /* a gap not yet told; 0: none */
        uint64_t n_untold;         /* notices that could not be told at all */
};

/* The names of Publish= that can be configured, in the order of PublisherKind; stdout is not one. */
int publisher_kind_from_name(const char *name, PublisherKind *ret);
const char *publisher_kind_name(PublisherKind kind);

/* For derived publishers: sets up the common part, reading from where the history says that this kind
 * was. `event` and `history` are borrowed and outlive it. Returns 0 or < 0. */
int publisher_init(Publisher *p, const PublisherType *type, sd_event *event, History *history);
void publisher_done(Publisher *p);

/* There may be something to tell, or room again: the publisher takes a slice in the next turn of the
 * loop, and goes on in further turns while there is more. Cheap; call once per batch. */
void publisher_wake(Publisher *p);

/* Notices were written: wakes it if one of them is for it, or else passes them. A turn for nothing would
 * be another round of the loop before the turn of who has something to tell. */
void publisher_notify(Publisher *p);

/* Whether all there is to tell was told and has left the process. */
bool publisher_is_done(Publisher *p);

/* Tells what there is without the loop, until it is done or there is no room. Returns > 0 if
 * something is left. */
int publisher_flush(Publisher *p);

Publisher *publisher_free(Publisher *p);
DEFINE_CLEANUP(Publisher, publisher_free);
