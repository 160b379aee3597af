/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Problems found in what a user wrote, in the order found, so that all can be told in one go and base
 * need not log. */

#pragma once

#include "base/macros.h"

typedef struct Problem {
        bool is_error; /* else a warning: named and ignored */
        char *text;    /* "FILE:LINE: message", printable: no terminal sequence gets through */
} Problem;

typedef struct Problems {
        Problem *items;
        size_t n_items;
        size_t n_errors;
        bool out_of_memory; /* something could not be noted down; counts as an error */
} Problems;

/* Foreign text in a message: "... " QUOTE " ...", QUOTED(text). What is long is shown in part. */
#define QUOTE "'%.100s%s'"
#define QUOTED(text) (text), strlen(text) > 100 ? "..." : ""

void problems_done(Problems *p);

/* `file` may be NULL (no place to name), `line` 0 (the file as a whole: "FILE: message"). */
void problem_error(Problems *p, const char *file, unsigned line, const char *format, ...)
                _printf_(4, 5);
void problem_warning(Problems *p, const char *file, unsigned line, const char *format, ...)
                _printf_(4, 5);

static inline bool problems_has_errors(const Problems *p) {
        return p->n_errors > 0 || p->out_of_memory;
}

/* The text of the first error, or NULL. Borrowed. */
const char *problems_first_error(const Problems *p);
