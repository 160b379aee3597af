/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* NULL-terminated lists of strings. NULL is an empty list. */

#pragma once

#include "base/macros.h"

typedef char **List;

List list_free(List l);
DEFINE_CLEANUP(char *, list_free);

size_t list_length(char *const *l);

/* Adds a copy of `n` bytes. Returns 0 or -ENOMEM; the list is as it was then. */
int list_add(List *l, const char *s, size_t n);

bool list_contains(char *const *l, const char *s);

/* Whether they hold the same, in the same order. */
bool list_equal(char *const *a, char *const *b);
