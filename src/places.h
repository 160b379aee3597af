/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Where things are for the manager that we belong to, the system's or a user's: the directories that
 * configuration is searched in and those that specifiers stand for. */

#pragma once

#include "base/list.h"
#include "config.h"

typedef struct Places {
        char *home;    /* of the user running; NULL where nobody can tell */
        char *runtime; /* /run, $XDG_RUNTIME_DIR; or NULL */
        char *state;   /* /var/lib, $XDG_STATE_HOME, ~/.local/state; or NULL */
        List config;   /* .../inotifier, the first to be searched first */
} Places;

/* `root` is put before the directories of `config`; NULL for none. Returns 0 or -ENOMEM. */
int places_init(Places *p, Scope scope, const char *root);
void places_done(Places *p);

/* Replaces %i (`instance`; nothing for the main one), %h, %t, %S and %% in `text`. Returns 0, -EINVAL
 * for any other specifier, -ENOENT for one that nobody can tell, -ENOMEM. */
int places_expand(const Places *p, const char *instance, const char *text, char **ret);
