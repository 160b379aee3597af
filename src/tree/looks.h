/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What looks and exchanges are to the other files of the tree: looks.c enters directories where they
 * are, settle.c has what they found meet the story, exchange.c tells two moves that are one from two. */

#pragma once

#include "tree/tree-internal.h"

/* Something was told that came to `name` in `n`: enters it if it is a directory that is not watched
 * yet; as long as the story is behind what is seen there, a ghost stands for it. What is found in it is
 * of that origin. Returns 0 or < 0. */
int look_arrival(Tree *t, Node *n, const char *name, bool is_dir, Origin origin);

/* The same for what was not told, and will be if it is there. Returns > 0 if its directory is not where
 * the story has it: that is still to come, or lost. */
int look_for(Tree *t, Node *n, const char *name);

/* A ghost has moved. */
int look_after(Tree *t, const Node *ghost);
/* A rescan is through, and there is one. */
int look_again(Tree *t, const Node *ghost);

/* Watches the directory `name` in `n`, which `fd` is; t->position was taken before. Returns > 0 with
 * the find to add in *ret, its end not known yet: FIND_NEW of a fresh member, or FIND_ELSEWHERE; 0 with one
 * that is where it is known to be; or -errno, -EXDEV for one that is not to be entered. With `ret_fd` it is opened for
 * reading as well: that is what is watched then, even where another takes its name meanwhile. */
int look_enter(Tree *t, Node *n, int fd, const char *name, bool is_link, int *ret_fd, Find *ret);

/* The look at a name in `fd` is over, before anyone looks into what was entered: all is queued that it could
 * see. Returns 0 or < 0. */
int look_end(Tree *t, int fd, Find *find);

/* Looks at `name`. Returns > 0 if there is a find of what is there; 0 if nothing there is to be
 * entered; -ESTALE if its directory could not be opened where it should be, -ENOENT if no directory is
 * there. `n_looks`: in vain until now. */
int look_at(Tree *t, Node *n, const char *name, unsigned n_looks);

/* Adds a find, due when all that is queued now is handed out. */
int look_add_find(Tree *t, const Find *find, const char *name);

/* The ghost at the name, or NULL; and one that stands there from now on. */
Node *look_ghost(const Tree *t, const Node *n, const char *name);
int look_add_ghost(Tree *t, Node *n, const char *name, bool is_dir, Origin origin);

/* Finds out what the ghost at `name` stands for, if there is one; or, when the story is far behind, puts
 * that off: the kernel walks its queue for each that is asked for. */
int look_resolve(Tree *t, Node *n, const char *name, unsigned n_looks);
int look_resolve_now(Tree *t, Node *n, const char *name, unsigned n_looks, bool was_absent);

/* The find of a directory that a look has entered, or NULL. */
Find *look_find_of(const Tree *t, const Node *node);

/* The story is through: a directory that was entered is where it was seen. Returns 0 or < 0. */
int look_come(Tree *t, Node *node);

/* Whether the story has come to the moment when the directory was entered. Returns > 0 if so, 0 if
 * not, or < 0. */
int look_age(Tree *t, Node *node);

/* Before a record is told: the finds of its directory, and of its name. */
int look_settle_directory(Tree *t, Node *n);
int look_settle(Tree *t, const Raw *raw);

/* A directory was seen at another place than where it is known to be. */
int look_elsewhere(Tree *t, const Find *find);

/* Whether the move of `from`, before `place`, to `to` is the first one of an exchange: then the halves of
 * the second one. */
bool exchange_find(Tree *t,
                const IntakePlace *place,
                const Raw *from,
                const Raw *to,
                IntakeRecord *ret_from,
                IntakeRecord *ret_to);

/* The same for `to`, before `place`, that came from where nothing is watched, in exchange for what was
 * there. */
bool exchange_find_outside(
                Tree *t, const IntakePlace *place, const Raw *to, IntakeRecord *ret_from);

/* Whether what is known at `from` has moved, `place` being behind that record: else it was not there any
 * more. */
bool exchange_has_moved(Tree *t, const IntakePlace *place, const Raw *from, const Raw *to);

/* Whether something about the name is known to come; `if_unknown`, if there is more to come than is
 * looked through. */
bool exchange_is_to_come(const Tree *t, int wd, const char *name, bool if_unknown);

/* Halves of moves that are handed out before their turn: whether there is room for those of another move
 * or exchange; one that is; and whether one was, forgotten with this call. */
bool exchange_has_room(const Tree *t);
void exchange_note_early(Tree *t, const Raw *raw);
bool exchange_was_early(Tree *t, const Raw *raw);
/* All was handed out. */
void exchange_restart(Tree *t);
/* Whether the turn of some is still to come. */
bool exchange_is_open(const Tree *t);

/* The directory `wd` was at `from` before an exchange: makes sure that it was one. */
int exchange_check(Tree *t, const Raw *from, int wd);

/* A first half, a second half was told. */
int exchange_departed(Tree *t, const Raw *raw);
int exchange_arrived(Tree *t, const Raw *raw, const Source *source);

/* A find is due. */
int look_tell(Tree *t, Find *find);
