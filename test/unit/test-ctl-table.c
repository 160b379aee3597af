/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "ctl-table.h"
#include "test.h"

static const Column columns[] = { { "NAME" }, { "N", true }, { "PATHS" } };

static Table *filled(void) {
        Table *t = NULL;

        EXPECT_OK(table_new(columns, ELEMENTSOF(columns), &t));
        table_add(t, "a", COLOUR_BOLD);
        table_add_number(t, 12345);
        table_add(t, "/srv", COLOUR_NONE);
        table_add(t, "längst", COLOUR_NONE);
        table_add_number(t, 1);
        table_add(t, "", COLOUR_NONE);
        return t;
}

static void expect_printed(const Terminal *terminal, bool with_header, const char *text) {
        Table *t = filled();
        Buffer b = {};

        EXPECT_OK(table_print(t, terminal, with_header, &b));
        EXPECT_STREQ(b.data, text);
        buffer_done(&b);
        table_free(t);
}

TEST(columns_are_aligned) {
        expect_printed(&(Terminal){ .has_utf8 = true },
                        true,
                        "NAME       N PATHS\n"
                        "a      12345 /srv\n"
                        "längst     1 -\n");
}

TEST(without_a_header_its_width_does_not_count) {
        Table *t = NULL;
        Buffer b = {};

        EXPECT_OK(table_new(columns, ELEMENTSOF(columns), &t));
        table_add(t, "a", COLOUR_NONE);
        table_add(t, "b", COLOUR_NONE);
        table_add(t, "c", COLOUR_NONE);
        EXPECT_OK(table_print(t, &(Terminal){}, false, &b));
        EXPECT_STREQ(b.data, "a b c\n");
        buffer_done(&b);
        table_free(t);
}

TEST(colours_take_no_room) {
        expect_printed(&(Terminal){ .has_utf8 = true, .has_colours = true },
                        false,
                        "\033[0;1ma\033[0m      12345 /srv\n"
                        "längst     1 \033[0;2m-\033[0m\n");
}

TEST(an_empty_table_has_no_header) {
        Table *t = NULL;
        Buffer b = {};

        EXPECT_OK(table_new(columns, ELEMENTSOF(columns), &t));
        EXPECT_OK(table_print(t, &(Terminal){}, true, &b));
        EXPECT_EQ(b.length, 0);
        table_print_count(0, "watch", "watches", &b);
        EXPECT_STREQ(b.data, "0 watches listed.\n");
        buffer_clear(&b);
        table_print_count(1, "watch", "watches", &b);
        EXPECT_STREQ(b.data, "\n1 watch listed.\n");
        buffer_done(&b);
        table_free(t);
}
