/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Each NAME.conf of test/config is read; what is told of it has to be NAME.expect, and what comes of it
 * NAME.dump, which is there for the valid ones alone. */

#include <dirent.h>

#include "config-dump.h"
#include "publishers/publisher.h"
#include "test.h"

static void go_to_cases(void) {
        const char *source = getenv("TEST_SOURCE_DIR");

        if (!source || chdir(source) < 0 || chdir("config") < 0)
                TEST_FAIL("$TEST_SOURCE_DIR does not lead to the directory test");
        (void) setenv("HOME", "/home/ada", 1);
        (void) setenv("XDG_RUNTIME_DIR", "/run/user/7", 1);
        (void) unsetenv("XDG_STATE_HOME");
}

static char *read_text(const char *name, const char *suffix) {
        _cleanup_fclose_ FILE *f = NULL;
        char path[512], *text = calloc(1, 65536);

        (void) snprintf(path, sizeof(path), "%s%s", name, suffix);
        f = fopen(path, "re");
        if (!f || fread(text, 1, 65535, f) == 0)
                if (!f || ferror(f)) {
                        free(text);
                        return NULL;
                }
        return text;
}

/* What was written of a watch, read again, makes the same watch. */
static void expect_same_from_text(const ConfigSource *source, const WatchConfig *w) {
        _cleanup_(problems_done) Problems problems = {};
        _cleanup_(buffer_done) Buffer text = {};
        _cleanup_(config_freep) Config *c = NULL;

        watch_config_add_text(w, &text);
        EXPECT_OK(config_load_memory(source, "text", text.data, text.length, &problems, &c));
        EXPECT_EQ(c->n_watches, 1);
        EXPECT(watch_config_equal(c->watches[0], w));
}

static void expect_case(const char *name) {
        _cleanup_(problems_done) Problems problems = {};
        _cleanup_(config_freep) Config *c = NULL;
        _cleanup_free_ char *expected = read_text(name, ".expect"),
                            *dump = read_text(name, ".dump");
        char file[512];
        const ConfigSource source = { SCOPE_SYSTEM, "inotifier", file, NULL };
        Buffer told = {}, came = {};
        int r;

        (void) snprintf(file, sizeof(file), "%s.conf", name);
        r = config_load(&source, &problems, &c);
        buffer_add(&told, "", 0);
        for (size_t i = 0; i < problems.n_items; i++) {
                buffer_add_string(&told, problems.items[i].text);
                buffer_add_char(&told, '\n');
        }
        EXPECT_STREQ(told.data, expected);
        EXPECT_EQ(r, problems_has_errors(&problems) ? -EBADMSG : 0);
        EXPECT_EQ(c != NULL, r == 0);
        if (c)
                dump_config(&came, c);
        for (size_t i = 0; c && i < c->n_watches; i++)
                expect_same_from_text(&source, c->watches[i]);
        EXPECT_STREQ(came.data, dump);
        buffer_done(&told);
        buffer_done(&came);
}

TEST(each_case_is_told_as_expected) {
        struct dirent **entries;
        unsigned n_cases = 0;
        int n;

        go_to_cases();
        n = scandir(".", &entries, NULL, alphasort);
        for (int i = 0; i < n; i++) {
                char *name = entries[i]->d_name, *dot = strrchr(name, '.');

                if (dot && streq(dot, ".conf")) {
                        unsigned before = n_test_failures;

                        *dot = '\0';
                        expect_case(name);
                        n_cases++;
                        if (n_test_failures > before)
                                fprintf(stderr, "in the case %s.conf\n", name);
                }
                free(entries[i]);
        }
        if (n >= 0)
                free(entries);
        EXPECT_INT(n_cases, >=, 35);
}

static Config *load(const char *text) {
        _cleanup_(problems_done) Problems problems = {};
        const ConfigSource source = { SCOPE_SYSTEM, "inotifier", NULL, NULL };
        Config *c = NULL;

        EXPECT_OK(config_load_memory(&source, "memory", text, strlen(text), &problems, &c));
        if (problems.n_items > 0)
                TEST_FAIL("%s", problems.items[0].text);
        return c;
}

static void expect_equal(const char *a, const char *b, bool equal) {
        _cleanup_(config_freep) Config *one = load(a), *other = load(b);

        if (!one || !other)
                return;
        if (watch_config_equal(one->watches[0], other->watches[0]) != equal)
                TEST_FAIL("expected %d:\n%s\n%s", equal, a, b);
}

TEST(watches_are_equal_when_they_do_the_same) {
        static const char plain[] = "[Watch a]\nPath=/a\n";
        static const char dicom[] = "[Watch a]\nPath=/a\nProcessor=d\n"
                                    "[Processor d]\nType=chunked\nMaxAge=1h\n";

        expect_equal(plain, plain, true);
        expect_equal(plain, "[Watch a]\nPath=//a/\nEvents=all\nPublish=bus stream\n", true);
        expect_equal(plain, "[Watch b]\nPath=/a\n", false);
        expect_equal(plain, "[Watch a]\nPath=/b\n", false);
        expect_equal(plain, "[Watch a]\nPath=/a\nEvents=move\n", false);
        expect_equal(plain, "[Watch a]\nPath=/a\nInclude=*\n", false);
        expect_equal(plain, "[Watch a]\nPath=/a\nExclude=*\n", false);
        expect_equal(plain, "[Watch a]\nPath=/a\nInitialScan=yes\n", false);
        expect_equal(plain, "[Watch a]\nPath=/a\nPublish=bus journal\n", false);
        expect_equal(plain, "[Watch a]\nPath=/a\nProcessor=create\n", false);
        expect_equal(dicom, dicom, true);
        expect_equal(dicom,
                        "[Processor d]\nMaxAge=60min\nType=chunked\nTemporaryName=*.part\n"
                        "[Watch a]\nProcessor=d\nPath=/a\n",
                        true);
        expect_equal(dicom,
                        "[Watch a]\nPath=/a\nProcessor=d\n"
                        "[Processor d]\nType=chunked\nMaxAge=2h\n",
                        false);
        expect_equal(dicom,
                        "[Watch a]\nPath=/a\nProcessor=d\n"
                        "[Processor d]\nType=all\n",
                        false);
}

TEST(two_watches_of_one_processor_share_its_settings) {
        _cleanup_(config_freep) Config *c =
                        load("[Watch a]\nPath=/a\nProcessor=d all\n[Watch b]\nPath=/b\n"
                             "Processor=all d\n[Processor d]\nType=chunked\n");

        EXPECT_EQ(c->n_processors, 2);
        EXPECT(c->watches[0]->processors[0] == c->watches[1]->processors[1]);
        EXPECT(c->watches[0]->processors[1] == c->watches[1]->processors[0]);
}

TEST(the_foreground_has_the_presets) {
        _cleanup_(config_freep) Config *c = NULL;
        char *const paths[] = { (char *) "/a", (char *) "/b c", NULL };
        const WatchConfig *w;

        EXPECT_OK(config_new_foreground(paths, IN_CREATE, true, "chunked", &c));
        EXPECT_EQ(c->n_watches, 1);
        w = c->watches[0];
        EXPECT_STREQ(w->name, "foreground");
        EXPECT_EQ(list_length(w->paths), 2);
        EXPECT_STREQ(w->paths[1], "/b c");
        EXPECT_EQ(w->events, IN_CREATE);
        EXPECT_EQ(w->publish, 0);
        EXPECT_EQ(w->n_processors, 1);
        EXPECT_STREQ(w->processors[0]->type->name, "chunked");
        EXPECT(w->processors[0]->settings);
        c = config_free(c);

        EXPECT_OK(config_new_foreground(paths, IN_CREATE, false, NULL, &c));
        EXPECT_STREQ(c->watches[0]->processors[0]->type->name, "all");
        c = config_free(c);
        EXPECT_EQ(config_new_foreground(paths, IN_CREATE, false, "nope", &c), -ENOENT);
        EXPECT(!c);
}

TEST(names_are_those_of_the_manual) {
        static const char *const valid[] = {
                "a",
                "A-Z_0.9",
                "-",
                "...",
                ".a",
                "1234567890123456789012345678901234567890",
        };
        static const char *const invalid[] = {
                "",
                ".",
                "..",
                "a b",
                "a/b",
                "a@b",
                "a:b",
                "é",
                "a\n",
                "%i",
                "12345678901234567890123456789012345678901",
        };

        for (size_t i = 0; i < ELEMENTSOF(valid); i++)
                EXPECT(instance_name_is_valid(valid[i]));
        for (size_t i = 0; i < ELEMENTSOF(invalid); i++)
                EXPECT(!instance_name_is_valid(invalid[i]));
}

TEST(the_shipped_configuration_can_be_read) {
        _cleanup_(problems_done) Problems problems = {};
        _cleanup_(config_freep) Config *c = NULL;
        const ConfigSource source = { SCOPE_SYSTEM, "inotifier", "../../etc/inotifier.conf", NULL };

        go_to_cases();
        EXPECT_OK(config_load(&source, &problems, &c));
        EXPECT_EQ(problems.n_items, 1);
        EXPECT_STREQ(problems.items[0].text,
                        "../../etc/inotifier.conf: There is no [Watch NAME] section: "
                        "nothing is watched");
}

TEST(presets_are_those_of_the_manual) {
        _cleanup_(config_freep) Config *c = load("[Watch a]\nPath=/a\n");
        const WatchConfig *w = c->watches[0];

        EXPECT_EQ(c->manager.bus, BUS_AUTO);
        EXPECT_EQ(c->manager.history_size, 16 * 1024 * 1024);
        EXPECT_EQ(w->events, IN_ALL_EVENTS | MASK_ALWAYS);
        EXPECT(!w->initial_scan && !w->include && !w->exclude);
        EXPECT_EQ(w->publish, 1U << PUBLISHER_BUS | 1U << PUBLISHER_STREAM);
        EXPECT_STREQ(w->processors[0]->name, "all");
}

TEST(limits_are_told) {
        _cleanup_(problems_done) Problems problems = {};
        const ConfigSource source = { SCOPE_SYSTEM, "inotifier", NULL, NULL };
        Config *c = NULL;
        Buffer text = {};

        for (unsigned i = 0; i < N_WATCHES_MAX + 1; i++) {
                buffer_add_string(&text, "[Watch w");
                buffer_add_u64(&text, i);
                buffer_add_string(&text, "]\nPath=/a\n");
        }
        buffer_add_string(&text, "[Watch full]\n");
        for (unsigned i = 0; i < N_PROCESSORS_MAX + 1; i++) {
                buffer_add_string(&text, "[Processor p");
                buffer_add_u64(&text, i);
                buffer_add_string(&text, "]\nType=all\n");
        }
        EXPECT_EQ(config_load_memory(&source, "m", text.data, text.length, &problems, &c),
                        -EBADMSG);
        EXPECT_EQ(problems.n_errors, 3);
        EXPECT_STREQ(problems.items[0].text, "m:2049: There are at most 1024 watches");
        EXPECT_STREQ(problems.items[2].text, "m:4100: There are at most 1024 processors");
        EXPECT(!c);
        buffer_done(&text);
}
