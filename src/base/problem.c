/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The list is for a person to read: it ends where nobody would read on. */

#include <stdarg.h>

#include "base/problem.h"
#include "base/text.h"

#define PROBLEMS_MAX 1000U
#define PROBLEM_TEXT_MAX 10000U

void problems_done(Problems *p) {
        for (size_t i = 0; i < p->n_items; i++)
                free(p->items[i].text);
        free(p->items);
        *p = (Problems){};
}

static int problems_grow(Problems *p) {
        Problem *items;

        /* Powers of two: the count tells what is allocated. */
        if (p->n_items > 0 && (p->n_items & (p->n_items - 1)) != 0)
                return 0;
        items = reallocarray(p->items, MAX_OF(p->n_items * 2, 1U), sizeof(*items));
        if (!items)
                return -ENOMEM;
        p->items = items;
        return 0;
}

static _printf_(3, 0) char *make_text(
                const char *file, unsigned line, const char *format, va_list ap) {
        _cleanup_free_ char *message = NULL;
        Buffer text = {};

        if (vasprintf(&message, format, ap) < 0) {
                message = NULL;
                return NULL;
        }
        if (file) {
                buffer_add_printable(&text, file, strlen(file));
                if (line > 0) {
                        buffer_add_char(&text, ':');
                        buffer_add_u64(&text, line);
                }
                buffer_add_string(&text, ": ");
        }
        buffer_add_printable(&text, message, strnlen(message, PROBLEM_TEXT_MAX));
        if (strlen(message) > PROBLEM_TEXT_MAX)
                buffer_add_string(&text, "...");
        if (text.failed)
                buffer_done(&text);
        return text.data;
}

static void problems_add(Problems *p, bool is_error, char *text) {
        if (!text || problems_grow(p) < 0) {
                free(text);
                p->out_of_memory = true;
                return;
        }
        p->items[p->n_items++] = (Problem){ is_error, text };
}

static _printf_(5, 0) void problem_add(Problems *p,
                bool is_error,
                const char *file,
                unsigned line,
                const char *format,
                va_list ap) {
        if (is_error)
                p->n_errors++;
        if (p->n_items < PROBLEMS_MAX)
                problems_add(p, is_error, make_text(file, line, format, ap));
        else if (p->n_items == PROBLEMS_MAX)
                problems_add(p, is_error, strdup("There is more that is wrong, not listed here"));
}

void problem_error(Problems *p, const char *file, unsigned line, const char *format, ...) {
        va_list ap;

        va_start(ap, format);
        problem_add(p, true, file, line, format, ap);
        va_end(ap);
}

void problem_warning(Problems *p, const char *file, unsigned line, const char *format, ...) {
        va_list ap;

        va_start(ap, format);
        problem_add(p, false, file, line, format, ap);
        va_end(ap);
}

const char *problems_first_error(const Problems *p) {
        for (size_t i = 0; i < p->n_items; i++)
                if (p->items[i].is_error)
                        return p->items[i].text;
        return NULL;
}
