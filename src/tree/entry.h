/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What scan.c and entry.c are to each other. */

#pragma once

#include "tree/tree-internal.h"

/* Takes what was read in the directory at work. Returns 0 or < 0. */
int entry_take(Tree *t, const struct dirent64 *entry);

/* Looks into a directory that was entered with others, unless there is nothing to find; takes the find out
 * if it is there no more. Its look is over. Returns 0 or < 0. */
int entry_look_into(Tree *t, Find *find);

/* Begins to scan a directory that is open; takes `dir_fd` over. Returns 0 or -ENOMEM. */
int scan_push_opened(Tree *t, int dir_fd, int wd, Origin origin, bool is_known);

/* Begins to scan a member, `name` in `fd`, or puts it off, or notes why it cannot be. Returns 0 or
 * -ENOMEM. */
int scan_member(Tree *t, int fd, const char *name, Node *node, BacklogItem item);

/* Takes in what is queued, if much was opened since, so that what we cause does not fill the kernel's
 * queue. Returns < 0 on failure. */
int scan_make_room(Tree *t);
