/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Which paths a watch tells. */

#include "test.h"
#include "tree/filter.h"

#define LIST(...) ((char **) (const char *const[]){ __VA_ARGS__, NULL })

static Filter *make(char *const *include, char *const *exclude) {
        Filter *f = NULL;

        EXPECT_OK(filter_new(include, exclude, &f));
        return f;
}

TEST(without_lists_everything_passes) {
        _cleanup_(filter_freep) Filter *none = make(NULL, NULL);
        _cleanup_(filter_freep) Filter *empty =
                        make((char *const[]){ NULL }, (char *const[]){ NULL });

        EXPECT(filter_passes(none, "a"));
        EXPECT(filter_passes(none, "a/.b"));
        EXPECT(filter_passes(none, ""));
        EXPECT(filter_passes(empty, "a"));
}

TEST(an_include_lets_nothing_else_pass) {
        _cleanup_(filter_freep) Filter *f = make(LIST("*.dcm", "README"), NULL);

        EXPECT(filter_passes(f, "a.dcm"));
        EXPECT(filter_passes(f, ".dcm"));
        EXPECT(filter_passes(f, "README"));
        EXPECT(!filter_passes(f, "a.dcm.part"));
        EXPECT(!filter_passes(f, "README2"));
}

TEST(an_exclude_lets_everything_else_pass) {
        _cleanup_(filter_freep) Filter *f = make(NULL, LIST(".*"));

        EXPECT(filter_passes(f, "a"));
        EXPECT(filter_passes(f, "a."));
        EXPECT(!filter_passes(f, ".a"));
        EXPECT(!filter_passes(f, "d/.a"));
}

TEST(exclude_wins_over_include) {
        _cleanup_(filter_freep) Filter *f = make(LIST("*.dcm"), LIST("tmp*"));

        EXPECT(filter_passes(f, "a.dcm"));
        EXPECT(!filter_passes(f, "tmp.dcm"));
        EXPECT(!filter_passes(f, "tmp"));
}

TEST(a_glob_without_slash_is_held_against_the_last_component) {
        _cleanup_(filter_freep) Filter *f = make(LIST("a*"), NULL);

        EXPECT(filter_passes(f, "x/y/ab"));
        EXPECT(!filter_passes(f, "a/b"));
}

TEST(a_glob_with_slash_is_held_against_the_path_below_the_root) {
        _cleanup_(filter_freep) Filter *f = make(LIST("in/*.dcm", "*/x/*"), NULL);

        EXPECT(filter_passes(f, "in/a.dcm"));
        EXPECT(!filter_passes(f, "in/deep/a.dcm"));
        EXPECT(!filter_passes(f, "out/in/a.dcm"));
        EXPECT(!filter_passes(f, "a.dcm"));
        EXPECT(filter_passes(f, "q/x/y"));
}

TEST(both_kinds_of_globs_work_in_one_list) {
        _cleanup_(filter_freep) Filter *f = make(NULL, LIST("*.tmp", "cache/*"));

        EXPECT(!filter_passes(f, "deep/a.tmp"));
        EXPECT(!filter_passes(f, "cache/a"));
        EXPECT(filter_passes(f, "cache"));
        EXPECT(filter_passes(f, "deep/cache/a"));
}

TEST(the_root_always_passes) {
        _cleanup_(filter_freep) Filter *f = make(LIST("nothing"), LIST("*"));

        EXPECT(filter_passes(f, ""));
        EXPECT(!filter_passes(f, "nothing"));
}

TEST(names_of_any_bytes_are_compared_as_they_are) {
        _cleanup_(filter_freep) Filter *f = make(LIST("*.dcm"), LIST("bad\xff*"));

        EXPECT(filter_passes(f, "\xfe\n\x1b.dcm"));
        EXPECT(!filter_passes(f, "bad\xff\xfe.dcm"));
}

TEST(lists_are_copied) {
        char pattern[] = "*.dcm";
        _cleanup_(filter_freep) Filter *f = make(LIST(pattern), NULL);

        memset(pattern, 'x', sizeof(pattern) - 1);
        EXPECT(filter_passes(f, "a.dcm"));
}

TEST(nothing_is_fine_to_free) {
        EXPECT(!filter_free(NULL));
}
