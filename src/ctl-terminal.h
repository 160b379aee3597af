/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What the terminal can show, and how: colours and signs where it has them, and never anything that
 * a file's name would have it do. */

#pragma once

#include "base/text.h"

typedef enum Colour {
        COLOUR_NONE,
        COLOUR_GREEN,
        COLOUR_YELLOW,
        COLOUR_RED,
        COLOUR_GREY,
        COLOUR_BOLD,
        COLOUR_UNDERLINE,
        _COLOUR_MAX,
        _COLOUR_INVALID = -EINVAL,
} Colour;

typedef enum Sign {
        SIGN_FILLED,
        SIGN_HOLLOW,
        SIGN_CROSS,
        SIGN_ARROW,
        _SIGN_MAX,
        _SIGN_INVALID = -EINVAL,
} Sign;

typedef struct Terminal {
        bool has_colours;
        bool has_utf8;
} Terminal;

/* Looks at the environment: $SYSTEMD_COLORS, $NO_COLOR, $TERM, the locale (which setlocale(3) was
 * called for). `is_terminal`: whether what is printed is for a terminal, if only through a pager. */
void terminal_init(Terminal *t, bool is_terminal);

/* Adds text from outside, escaped: control characters, and what the terminal's locale cannot show. */
void terminal_add(const Terminal *t, Buffer *b, const char *s, size_t n);
static inline void terminal_add_string(const Terminal *t, Buffer *b, const char *s) {
        terminal_add(t, b, s, strlen(s));
}

/* What is added between them is in that colour. */
void terminal_begin(const Terminal *t, Buffer *b, Colour colour);
void terminal_end(const Terminal *t, Buffer *b, Colour colour);

void terminal_add_sign(const Terminal *t, Buffer *b, Sign sign);
