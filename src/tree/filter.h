/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Include= and Exclude= of a watch: which paths it tells. */

#pragma once

#include "base/macros.h"

typedef struct Filter Filter;

/* Lists are NULL-terminated or NULL, borrowed, copied. No include means everything. Returns 0 or < 0. */
int filter_new(char *const *include, char *const *exclude, Filter **ret);
Filter *filter_free(Filter *f);
DEFINE_CLEANUP(Filter, filter_free);

/* Whether `below` (a path below the root, without leading slash) passes. The root itself ("") always
 * does. A glob without '/' is held against the last component, one with '/' against all of `below`;
 * exclude wins. */
bool filter_passes(const Filter *f, const char *below);

/* What it excludes, as it was given (borrowed, NULL: nothing); and a number for that, 0 for nothing. Of a
 * NULL filter as well. */
char *const *filter_exclude(const Filter *f);
uint64_t filter_exclusions(const Filter *f);

/* Whether a directory of that path below the root is excluded, and so not entered. */
bool filter_excludes(const Filter *f, const char *below);
