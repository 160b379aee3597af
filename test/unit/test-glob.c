/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <time.h>

#include "base/glob.h"
#include "test.h"

static bool matches(const char *pattern, const char *name) {
        char *const patterns[] = { (char *) pattern, NULL };
        _cleanup_(globs_freep) Globs *g = NULL;

        EXPECT_OK(globs_new(patterns, &g));
        return g && globs_match(g, name, strlen(name));
}

TEST(each_class_matches_as_glob_7_says) {
        static const struct {
                const char *pattern;
                const char *name;
                bool match;
        } rows[] = {
                /* plain */
                { "a.dcm", "a.dcm", true },
                { "a.dcm", "a.dcmx", false },
                { "a.dcm", "xa.dcm", false },
                { "a/b", "a/b", true },
                /* suffix */
                { "*.dcm", "a.dcm", true },
                { "*.dcm", ".dcm", true },
                { "*.dcm", ".hidden.dcm", true },
                { "*.dcm", "a.dcm.part", false },
                { "*.dcm", "dcm", false },
                { "*.dcm", "", false },
                { "*.dcm", "a/b.dcm", false },
                { "*/b", "a/b", true },
                { "*/b", "a/a/b", false },
                { "*", "", true },
                { "*", "anything", true },
                { "*", ".hidden", true },
                { "*", "a/b", false },
                /* prefix */
                { ".*", ".hidden", true },
                { ".*", ".", true },
                { ".*", "a.b", false },
                { "a/*", "a/b", true },
                { "a/*", "a/b/c", false },
                { "IMG*", "IMG0001", true },
                { "IMG*", "IM", false },
                /* the rest */
                { "a*b", "ab", true },
                { "a*b", "axxb", true },
                { "a*b", "ax/b", false },
                { "*a*", "xay", true },
                { "?", "a", true },
                { "?", ".", true },
                { "?", "/", false },
                { "?", "", false },
                { "a[/]b", "a/b", false },
                { "[a-c]x", "bx", true },
                { "[!a-c]x", "bx", false },
                { "[[:digit:]]", "7", true },
                { ".*.??????", ".name.Ab12Cd", true },
                { ".*.??????", ".name.Ab12C", false },
                { "*/*.dcm", "a/b.dcm", true },
                { "*/*.dcm", "b.dcm", false },
                { "\\*", "*", true },
                { "\\*", "a", false },
                { "a\\ b", "a b", true },
                { "[", "[", true },
                { "*\xff", "a\xff", true },
                { "?\xff*x", "\xfe\xff..x", true },
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++)
                if (matches(rows[i].pattern, rows[i].name) != rows[i].match)
                        TEST_FAIL("'%s' against '%s': expected %d",
                                        rows[i].pattern,
                                        rows[i].name,
                                        rows[i].match);
}

TEST(one_of_several_is_enough) {
        char *const patterns[] = { (char *) "*.part", (char *) "tmp*", (char *) "x", NULL };
        _cleanup_(globs_freep) Globs *g = NULL;

        EXPECT_OK(globs_new(patterns, &g));
        EXPECT_EQ(globs_n(g), 3);
        EXPECT(globs_match(g, "a.part", 6));
        EXPECT(globs_match(g, "tmp1", 4));
        EXPECT(globs_match(g, "x", 1));
        EXPECT(!globs_match(g, "y", 1));
}

TEST(no_patterns_match_nothing) {
        _cleanup_(globs_freep) Globs *g = NULL;

        EXPECT_OK(globs_new(NULL, &g));
        EXPECT_EQ(globs_n(g), 0);
        EXPECT(!globs_match(g, "", 0));
        EXPECT(!globs_match(g, "a", 1));
}

TEST(what_cannot_be_meant_is_refused) {
        char long_pattern[GLOB_LENGTH_MAX + 2];
        char *const patterns[] = { (char *) "ok", (char *) "not\\", NULL };
        const char *why = NULL;
        Globs *g = NULL;

        memset(long_pattern, 'a', sizeof(long_pattern));
        long_pattern[GLOB_LENGTH_MAX + 1] = '\0';
        EXPECT_EQ(glob_check(long_pattern, &why), -EINVAL);
        EXPECT(why && strstr(why, "1024"));
        long_pattern[GLOB_LENGTH_MAX] = '\0';
        EXPECT_OK(glob_check(long_pattern, &why));

        EXPECT_OK(glob_check("****************", &why));
        EXPECT_EQ(glob_check("*****************", &why), -EINVAL);
        EXPECT(strstr(why, "16"));
        EXPECT_EQ(glob_check("", &why), -EINVAL);
        EXPECT_OK(glob_check("a\\\\", &why));
        EXPECT_EQ(glob_check("a\\\\\\", &why), -EINVAL);

        EXPECT_EQ(globs_new(patterns, &g), -EINVAL);
        EXPECT(!g);
}

TEST(the_worst_pattern_on_the_worst_name_is_quick) {
        char pattern[GLOB_LENGTH_MAX + 1], name[4096], *to = pattern;
        struct timespec begin, end;

        for (unsigned i = 0; i < GLOB_STARS_MAX; i++)
                to = stpcpy(to, "*aaaaaaa?[a-b]aaaa");
        strcpy(to, "b");
        memset(name, 'a', sizeof(name) - 1);
        name[sizeof(name) - 1] = '\0';

        (void) clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &begin);
        EXPECT(!matches(pattern, name));
        (void) clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &end);
        /* It takes a few milliseconds; a matcher that tries all ways would take years. */
        EXPECT_INT(end.tv_sec - begin.tv_sec, <, 10);
}
