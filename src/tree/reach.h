/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* How far the tree goes, to its other files. */

#pragma once

#include "tree/tree-internal.h"

/* Whether the directory `name` in `n`, of which `fd` is, is out of that reach. */
bool reach_keeps_out(Tree *t,
                const TreeReach *reach,
                const Node *n,
                int fd,
                const char *name,
                bool is_link);
/* Whether a file that is found is a link that led to a directory of the tree. */
bool reach_has_left_link(const Tree *t, int fd, const char *name);
/* While the reach changes: whether a member that is there by the story is out of it by now. */
bool reach_has_left(Tree *t, const Node *node);
/* The image is of a tree with the reach of that record. Returns 0, -EBADMSG if that does not tell, or
 * -ENOMEM. */
int reach_take_former(Tree *t, const LedgerRecord *record);
/* Everything was looked at. */
void reach_end(Tree *t);
