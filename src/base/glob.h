/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Lists of shell globs as glob(7) has them, sorted at the start by what they need: plain names, `*.x`
 * and `x*` are compared, the rest goes to fnmatch(3). */

#pragma once

#include "base/macros.h"

typedef struct Globs Globs;

/* What a pattern may be, so that none takes long to match. */
#define GLOB_LENGTH_MAX 1024U
#define GLOB_STARS_MAX 16U

/* Returns 0, or -EINVAL with *ret_why (static text) for a pattern that cannot be meant or is too
 * much. */
int glob_check(const char *pattern, const char **ret_why);

/* `patterns` is NULL-terminated, or NULL for none; copied. Returns 0 or < 0; -EINVAL if one of them
 * does not pass glob_check(). */
int globs_new(char *const *patterns, Globs **ret);
Globs *globs_free(Globs *g);
DEFINE_CLEANUP(Globs, globs_free);

size_t globs_n(const Globs *g);

/* Whether one of them matches a whole name (no NUL within n; name[n] must be NUL). A leading dot is
 * matched by wildcards; `*`, `?` and `[]` match `/` in no case. */
bool globs_match(const Globs *g, const char *name, size_t n);
