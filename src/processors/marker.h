/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A marker is a file whose name says that another file beside it is complete. The pattern that makes the
 * one name of the other has one %n, the file's name, or %b, the same without its last suffix. */

#pragma once

#include "base/text.h"

/* A zeroed one is empty. */
typedef struct Marker {
        char *text; /* what is before and behind the name, NUL between them */
        size_t prefix_len, suffix_len;
        bool is_of_base; /* %b */
} Marker;

/* Returns 0; -EINVAL with *ret_why (static text); or -ENOMEM. */
int marker_parse(Marker *m, const char *pattern, const char **ret_why);
void marker_done(Marker *m);

/* Whether the last component of the path can be that of a marker. If so, *ret_at and *ret_len
 * (both may be NULL) are where in the path the name is that it was made of. */
bool marker_is(const Marker *m, const char *path, size_t path_len, size_t *ret_at, size_t *ret_len);

/* Adds the path of the marker of a file. */
void marker_add_path(const Marker *m, const char *path, size_t path_len, Buffer *b);
