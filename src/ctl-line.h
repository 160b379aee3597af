/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A line of the stream, read: one flat object of JSON as keys and values, in their order. */

#pragma once

#include "base/text.h"

#define LINE_FIELDS_MAX 32U
#define LINE_LENGTH_MAX (256U * 1024U) /* two paths, each character escaped and in hex, take less */

typedef struct LineField {
        const char *key; /* NUL-terminated, as the value */
        const char *value;
        size_t value_len;
        bool is_string; /* else a number, true, false or null, as it is written */
} LineField;

/* A zeroed one is empty; it is reused from line to line. */
typedef struct Line {
        LineField fields[LINE_FIELDS_MAX];
        size_t n_fields;
        Buffer text; /* what the fields point into */
} Line;

void line_done(Line *l);

/* Takes a line without its end. Returns 0, -EBADMSG for what is no flat object, or -ENOMEM. */
int line_parse(Line *l, const char *s, size_t n);

/* NULL if there is none of that key. */
const LineField *line_find(const Line *l, const char *key);

/* Returns the number of that key, 0 where there is none. */
uint64_t line_number(const Line *l, const char *key);

/* Adds the bytes that a string of hex digits stands for. Returns false if it is none. */
bool line_add_bytes(Buffer *b, const LineField *hex);
