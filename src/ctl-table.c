/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Cells are kept until all are there, since the last one may be the widest. Widths are counted in
 * characters; what is long and of any width belongs into the last column, which needs none. */

#include "ctl-table.h"

typedef struct Cell {
        char *text;
        Colour colour;
} Cell;

struct Table {
        const Column *columns;
        size_t n_columns;
        Cell *cells;
        size_t n_cells;
        bool failed;
};

Table *table_free(Table *t) {
        if (!t)
                return NULL;
        for (size_t i = 0; i < t->n_cells; i++)
                free(t->cells[i].text);
        free(t->cells);
        free(t);
        return NULL;
}

int table_new(const Column *columns, size_t n_columns, Table **ret) {
        Table *t = calloc(1, sizeof(Table));

        if (!t)
                return -ENOMEM;
        t->columns = columns;
        t->n_columns = n_columns;
        *ret = t;
        return 0;
}

static int grow(Table *t) {
        Cell *cells;

        if (t->n_cells > 0 && (t->n_cells & (t->n_cells - 1)) != 0)
                return 0;
        cells = reallocarray(t->cells, MAX_OF(t->n_cells * 2, (size_t) 1), sizeof(Cell));
        if (!cells)
                return -ENOMEM;
        t->cells = cells;
        return 0;
}

void table_add(Table *t, const char *text, Colour colour) {
        bool is_empty = *text == '\0';
        Cell cell = {
                .text = strdup(is_empty ? "-" : text),
                .colour = is_empty ? COLOUR_GREY : colour,
        };

        if (!cell.text || grow(t) < 0) {
                free(cell.text);
                t->failed = true;
                return;
        }
        t->cells[t->n_cells++] = cell;
}

void table_add_number(Table *t, uint64_t value) {
        Buffer b = {};

        buffer_add_u64(&b, value);
        if (b.failed)
                t->failed = true;
        else
                table_add(t, b.data, COLOUR_NONE);
        buffer_done(&b);
}

static size_t width_of(const char *text) {
        size_t n = 0;

        for (; *text; text++)
                n += ((unsigned char) *text & 0xc0) != 0x80;
        return n;
}

static size_t column_width(const Table *t, size_t column, bool with_header) {
        size_t width = with_header ? width_of(t->columns[column].title) : 0;

        for (size_t i = column; i < t->n_cells; i += t->n_columns)
                width = MAX_OF(width, width_of(t->cells[i].text));
        return width;
}

static void add_blanks(Buffer *out, size_t n) {
        while (n-- > 0)
                buffer_add_char(out, ' ');
}

static void add_cell(const Table *t,
                const Terminal *terminal,
                size_t column,
                size_t width,
                const char *text,
                Colour colour,
                Buffer *out) {
        size_t missing = width - width_of(text);
        bool is_number = t->columns[column].is_number, is_last = column + 1 == t->n_columns;

        if (is_number)
                add_blanks(out, missing);
        terminal_begin(terminal, out, colour);
        buffer_add_string(out, text);
        terminal_end(terminal, out, colour);
        if (!is_number && !is_last)
                add_blanks(out, missing);
        buffer_add_char(out, is_last ? '\n' : ' ');
}

int table_print(const Table *t, const Terminal *terminal, bool with_header, Buffer *out) {
        _cleanup_free_ size_t *widths = calloc(t->n_columns, sizeof(size_t));

        if (t->failed || !widths)
                return -ENOMEM;
        for (size_t i = 0; i < t->n_columns; i++)
                widths[i] = column_width(t, i, with_header);
        for (size_t i = 0; with_header && t->n_cells > 0 && i < t->n_columns; i++)
                add_cell(t, terminal, i, widths[i], t->columns[i].title, COLOUR_UNDERLINE, out);
        for (size_t i = 0; i < t->n_cells; i++)
                add_cell(t,
                                terminal,
                                i % t->n_columns,
                                widths[i % t->n_columns],
                                t->cells[i].text,
                                t->cells[i].colour,
                                out);
        return out->failed ? -ENOMEM : 0;
}

void table_print_count(size_t n, const char *one, const char *more, Buffer *out) {
        buffer_add_string(out, n > 0 ? "\n" : "");
        buffer_add_u64(out, n);
        buffer_add_char(out, ' ');
        buffer_add_string(out, n == 1 ? one : more);
        buffer_add_string(out, " listed.\n");
}
