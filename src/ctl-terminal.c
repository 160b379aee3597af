/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* As systemd's own tools decide it. Where the locale is not UTF-8 no byte beyond ASCII gets through:
 * such terminals may take 0x80 to 0x9f for control characters. */

#include <langinfo.h>
#include <locale.h>
#include <strings.h>

#include "ctl-terminal.h"

static const char *const colour_begin[_COLOUR_MAX] = {
        [COLOUR_NONE] = "",
        [COLOUR_GREEN] = "\033[0;1;32m",
        [COLOUR_YELLOW] = "\033[0;1;33m",
        [COLOUR_RED] = "\033[0;1;31m",
        [COLOUR_GREY] = "\033[0;2m",
        [COLOUR_BOLD] = "\033[0;1m",
        [COLOUR_UNDERLINE] = "\033[0;4m",
};

static const struct {
        const char *utf8, *ascii;
} signs[_SIGN_MAX] = {
        [SIGN_FILLED] = { "●", "*" },
        [SIGN_HOLLOW] = { "○", "*" },
        [SIGN_CROSS] = { "×", "x" },
        [SIGN_ARROW] = { "→", "->" },
};

/* The values of $SYSTEMD_COLORS that are no boolean. */
static const struct {
        const char *value;
        bool is_forced;
} colour_modes[] = {
        { "16", true },
        { "256", true },
        { "24bit", true },
        { "auto-16", false },
        { "auto-256", false },
        { "auto-24bit", false },
};

/* Returns > 0 for yes, 0 for no, < 0 for what is neither. */
static int parse_boolean(const char *value) {
        static const char *const yes[] = { "1", "yes", "y", "true", "t", "on" };
        static const char *const no[] = { "0", "no", "n", "false", "f", "off" };

        for (size_t i = 0; i < ELEMENTSOF(yes); i++)
                if (strcasecmp(value, yes[i]) == 0)
                        return 1;
        for (size_t i = 0; i < ELEMENTSOF(no); i++)
                if (strcasecmp(value, no[i]) == 0)
                        return 0;
        return -EINVAL;
}

static bool wants_colours(bool is_terminal) {
        const char *mode = getenv("SYSTEMD_COLORS"), *no_colour = getenv("NO_COLOR");
        const char *terminal = getenv("TERM");
        int r = mode ? parse_boolean(mode) : -EINVAL;

        if (r >= 0)
                return r > 0;
        for (size_t i = 0; mode && i < ELEMENTSOF(colour_modes); i++)
                if (colour_modes[i].is_forced && streq(mode, colour_modes[i].value))
                        return true;
        if (no_colour && *no_colour)
                return false;
        return is_terminal && terminal && !streq(terminal, "dumb");
}

/* Where nothing is said of the locale, as in early boot, it is taken for UTF-8. */
static bool locale_is_utf8(void) {
        static const char *const variables[] = { "LC_ALL", "LC_CTYPE", "LANG" };

        if (streq(nl_langinfo(CODESET), "UTF-8"))
                return true;
        for (size_t i = 0; i < ELEMENTSOF(variables); i++) {
                const char *value = getenv(variables[i]);

                if (value && *value)
                        return false;
        }
        return true;
}

void terminal_init(Terminal *t, bool is_terminal) {
        *t = (Terminal){
                .has_colours = wants_colours(is_terminal),
                .has_utf8 = locale_is_utf8(),
        };
}

static void add_ascii(Buffer *b, const char *s, size_t n) {
        for (size_t i = 0; i < n;) {
                size_t begin = i;

                while (i < n && (unsigned char) s[i] < 0x80)
                        i++;
                buffer_add_escaped(b, s + begin, i - begin);
                for (; i < n && (unsigned char) s[i] >= 0x80; i++) {
                        buffer_add_string(b, "\\x");
                        buffer_add_hex(b, s + i, 1);
                }
        }
}

void terminal_add(const Terminal *t, Buffer *b, const char *s, size_t n) {
        if (t->has_utf8)
                buffer_add_escaped(b, s, n);
        else
                add_ascii(b, s, n);
}

void terminal_begin(const Terminal *t, Buffer *b, Colour colour) {
        if (t->has_colours)
                buffer_add_string(b, colour_begin[colour]);
}

void terminal_end(const Terminal *t, Buffer *b, Colour colour) {
        if (t->has_colours && colour != COLOUR_NONE)
                buffer_add_string(b, "\033[0m");
}

void terminal_add_sign(const Terminal *t, Buffer *b, Sign sign) {
        buffer_add_string(b, t->has_utf8 ? signs[sign].utf8 : signs[sign].ascii);
}
