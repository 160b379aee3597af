/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "ctl-terminal.h"
#include "test.h"

static bool has_colours(
                const char *mode, const char *no_colour, const char *term, bool is_terminal) {
        static const char *const names[] = { "SYSTEMD_COLORS", "NO_COLOR", "TERM" };
        const char *const values[] = { mode, no_colour, term };
        Terminal t;

        for (size_t i = 0; i < ELEMENTSOF(names); i++)
                EXPECT_OK(values[i] ? setenv(names[i], values[i], 1) : unsetenv(names[i]));
        terminal_init(&t, is_terminal);
        return t.has_colours;
}

TEST(colours_are_for_terminals_that_have_them) {
        EXPECT(has_colours(NULL, NULL, "xterm", true));
        EXPECT(!has_colours(NULL, NULL, "xterm", false));
        EXPECT(!has_colours(NULL, NULL, "dumb", true));
        EXPECT(!has_colours(NULL, NULL, NULL, true));
}

TEST(the_environment_has_its_say) {
        EXPECT(!has_colours(NULL, "1", "xterm", true));
        EXPECT(has_colours(NULL, "", "xterm", true));
        EXPECT(has_colours("1", "1", NULL, false));
        EXPECT(has_colours("yes", NULL, "dumb", false));
        EXPECT(has_colours("256", NULL, "xterm", false));
        EXPECT(!has_colours("auto-256", NULL, "xterm", false));
        EXPECT(has_colours("auto-256", NULL, "xterm", true));
        EXPECT(!has_colours("0", NULL, "xterm", true));
        EXPECT(!has_colours("false", NULL, "xterm", true));
        EXPECT(has_colours("nonsense", NULL, "xterm", true));
}

static void expect_shown(bool has_utf8, const char *text, const char *shown) {
        Terminal t = { .has_utf8 = has_utf8 };
        Buffer b = {};

        terminal_add_string(&t, &b, text);
        EXPECT_STREQ(b.data, shown);
        buffer_done(&b);
}

TEST(nothing_from_outside_reaches_a_terminal_raw) {
        expect_shown(true, "\x1b[31mred\x07\n\\\x7f", "\\x1b[31mred\\x07\\n\\\\\\x7f");
        expect_shown(true, "\xc3\xbc \xc2\x9b \xff", "\xc3\xbc \\xc2\\x9b \\xff");
        /* On a terminal of another character set these bytes may be control characters. */
        expect_shown(false, "a\xc3\x9b z\x1b", "a\\xc3\\x9b z\\x1b");
}

TEST(signs_are_ascii_where_nothing_else_is_shown) {
        for (int has_utf8 = 0; has_utf8 <= 1; has_utf8++) {
                Terminal t = { .has_utf8 = has_utf8 };
                Buffer b = {};

                for (Sign s = 0; s < _SIGN_MAX; s++)
                        terminal_add_sign(&t, &b, s);
                EXPECT_STREQ(b.data, has_utf8 ? "●○×→" : "**x->");
                buffer_done(&b);
        }
}

TEST(without_colours_there_are_no_sequences) {
        Terminal t = {};
        Buffer b = {};

        buffer_add_string(&b, "");
        for (Colour c = 0; c < _COLOUR_MAX; c++) {
                terminal_begin(&t, &b, c);
                terminal_end(&t, &b, c);
        }
        EXPECT_EQ(b.length, 0);
        t.has_colours = true;
        for (Colour c = 0; c < _COLOUR_MAX; c++) {
                buffer_clear(&b);
                terminal_begin(&t, &b, c);
                EXPECT_EQ(b.length > 0, c != COLOUR_NONE);
                terminal_end(&t, &b, c);
                if (c != COLOUR_NONE)
                        EXPECT_STREQ(b.data + b.length - 4, "\033[0m");
        }
        buffer_done(&b);
}
