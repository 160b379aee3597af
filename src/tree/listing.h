/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What there is in a tree now, on demand: each file and directory once, while the tree goes on to follow
 * what happens. What comes, goes or moves meanwhile is told by the tree; a listing leaves out nothing that
 * was there when it began and stays, wherever it is moved. */

#pragma once

#include "tree/tree.h"

typedef struct Listing Listing;

/* Of a tree that is not busy: what a scan is yet to find is not in it. Returns 0 or -ENOMEM. */
int listing_new(Tree *t, Listing **ret);
Listing *listing_free(Listing *l);
DEFINE_CLEANUP(Listing, listing_free);

/* Hands out the next of it as events (IN_CREATE, ORIGIN_INITIAL), roots that are directories not among
 * them; some hundred at most. `now` and `usec` as for the tree. Returns > 0 if there may be more, 0 if
 * that was all, -ESTALE if the tree is no more, -EAGAIN if what has been queued must be handed out first,
 * or another < 0. */
int listing_work(Listing *l, usec_t now, usec_t usec, EventSink sink, void *userdata);
