/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A table for people: columns as wide as what is in them, a header, and below it how many there are. */

#pragma once

#include "ctl-terminal.h"

typedef struct Column {
        const char *title;
        bool is_number; /* to the right */
} Column;

typedef struct Table Table;

/* `columns` is borrowed and outlives the table. Returns 0 or -ENOMEM. */
int table_new(const Column *columns, size_t n_columns, Table **ret);
Table *table_free(Table *t);
DEFINE_CLEANUP(Table, table_free);

/* Fills the next cell, row by row; the text is copied, and must be fit for a terminal. An empty one is
 * shown as "-". What memory does not suffice for is told by table_print(). */
void table_add(Table *t, const char *text, Colour colour);
void table_add_number(Table *t, uint64_t value);

/* Returns 0 or -ENOMEM. */
int table_print(const Table *t, const Terminal *terminal, bool with_header, Buffer *out);

/* The line below a table: how many there are, in singular or plural. */
void table_print_count(size_t n, const char *one, const char *more, Buffer *out);
