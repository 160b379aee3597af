/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "base/list.h"
#include "base/names.h"
#include "base/parse.h"
#include "base/setting.h"
#include "test.h"

typedef struct Object {
        bool flag;
        uint64_t size;
        char *text;
        List names;
        uint32_t events;
} Object;

static const Setting table[] = {
        { "Flag", &setting_kind_boolean, offsetof(Object, flag), "yes" },
        { "Size", &setting_kind_size, offsetof(Object, size), "16M" },
        { "Text", &setting_kind_string, offsetof(Object, text), NULL },
        { "Name", &setting_kind_names, offsetof(Object, names), "all" },
        { "Events", &setting_kind_events, offsetof(Object, events), "close" },
        {},
};

static int assign(Object *o, uint64_t *seen, const char *key, const char *value) {
        const char *why = NULL;
        int r;

        r = setting_assign(table, setting_find(table, key), o, seen, value, &why);
        EXPECT_EQ(r < 0, why != NULL);
        return r;
}

TEST(a_row_is_found_by_its_key_as_it_is_written) {
        EXPECT(setting_find(table, "Size") == &table[1]);
        EXPECT(!setting_find(table, "size"));
        EXPECT(!setting_find(table, ""));
        EXPECT(!setting_find(NULL, "Size"));
}

TEST(presets_are_put_in_place) {
        Object o = {};

        EXPECT_OK(settings_init(table, &o));
        EXPECT(o.flag);
        EXPECT_EQ(o.size, 16 * 1024 * 1024);
        EXPECT(!o.text);
        EXPECT_EQ(list_length(o.names), 1);
        EXPECT_STREQ(o.names[0], "all");
        EXPECT_EQ(o.events, IN_CLOSE);
        settings_done(table, &o);
        EXPECT(!o.names);
}

TEST(the_first_assignment_to_a_list_replaces_the_preset_and_the_next_add) {
        Object o = {};
        uint64_t seen = 0;

        EXPECT_OK(settings_init(table, &o));
        EXPECT_OK(assign(&o, &seen, "Name", "a b"));
        EXPECT_OK(assign(&o, &seen, "Name", "c"));
        EXPECT_EQ(list_length(o.names), 3);
        EXPECT_STREQ(o.names[0], "a");
        EXPECT_STREQ(o.names[2], "c");
        EXPECT_OK(assign(&o, &seen, "Events", "create"));
        EXPECT_EQ(o.events, IN_CREATE);
        EXPECT_OK(assign(&o, &seen, "Events", "delete"));
        EXPECT_EQ(o.events, IN_CREATE | IN_DELETE);
        settings_done(table, &o);
}

TEST(an_empty_value_empties_a_list_and_restores_anything_else) {
        Object o = {};
        uint64_t seen = 0;

        EXPECT_OK(settings_init(table, &o));
        EXPECT_OK(assign(&o, &seen, "Name", ""));
        EXPECT_EQ(list_length(o.names), 0);
        EXPECT_OK(assign(&o, &seen, "Name", "x"));
        EXPECT_OK(assign(&o, &seen, "Name", ""));
        EXPECT_OK(assign(&o, &seen, "Name", "y"));
        EXPECT_EQ(list_length(o.names), 1);
        EXPECT_STREQ(o.names[0], "y");

        EXPECT_OK(assign(&o, &seen, "Size", "1K"));
        EXPECT_OK(assign(&o, &seen, "Size", ""));
        EXPECT_EQ(o.size, 16 * 1024 * 1024);
        EXPECT_OK(assign(&o, &seen, "Flag", "no"));
        EXPECT(!o.flag);
        EXPECT_OK(assign(&o, &seen, "Flag", ""));
        EXPECT(o.flag);
        EXPECT_OK(assign(&o, &seen, "Text", "t"));
        EXPECT_OK(assign(&o, &seen, "Text", ""));
        EXPECT(!o.text);
        settings_done(table, &o);
}

TEST(what_is_refused_leaves_everything_as_it_was) {
        Object o = {};
        uint64_t seen = 0;

        EXPECT_OK(settings_init(table, &o));
        EXPECT_EQ(assign(&o, &seen, "Name", "a 'b"), -EINVAL);
        EXPECT_STREQ(o.names[0], "all");
        EXPECT_EQ(seen, 0);
        EXPECT_EQ(assign(&o, &seen, "Size", "much"), -EINVAL);
        EXPECT_EQ(o.size, 16 * 1024 * 1024);
        EXPECT_OK(assign(&o, &seen, "Name", "a"));
        EXPECT_EQ(assign(&o, &seen, "Name", "b 'c"), -EINVAL);
        EXPECT_EQ(list_length(o.names), 1);
        settings_done(table, &o);
}

TEST(objects_are_compared_field_by_field) {
        Object a = {}, b = {};
        uint64_t seen = 0;

        EXPECT_OK(settings_init(table, &a));
        EXPECT_OK(settings_init(table, &b));
        EXPECT(settings_equal(table, &a, &b));
        EXPECT_OK(assign(&b, &seen, "Name", "all"));
        EXPECT_OK(assign(&b, &seen, "Size", "16384K"));
        EXPECT(settings_equal(table, &a, &b));
        EXPECT_OK(assign(&b, &seen, "Text", "x"));
        EXPECT(!settings_equal(table, &a, &b));
        EXPECT(settings_equal(NULL, &a, &b));
        settings_done(table, &a);
        settings_done(table, &b);
}
