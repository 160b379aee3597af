/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Which files are read, from trees that are made below a directory of our own. */

#include <fcntl.h>
#include <ftw.h>
#include <sys/stat.h>

#include "build-config.h"
#include "config-dump.h"
#include "test.h"

#define ETC "." SYSCONFDIR "/inotifier/"
#define RUN "./run/inotifier/"
#define LIB "." PREFIX "/lib/inotifier/"

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw) {
        return remove(path);
}

static void leave_tree(char **tree) {
        if (!*tree)
                return;
        if (chdir("/") == 0)
                (void) nftw(*tree, remove_one, 16, FTW_DEPTH | FTW_PHYS);
        free(*tree);
}

/* Makes an empty tree and goes there; the environment is that of nobody in particular. */
static char *enter_tree(void) {
        static const char *const names[] = {
                "XDG_CONFIG_HOME",
                "XDG_CONFIG_DIRS",
                "XDG_STATE_HOME",
                "XDG_RUNTIME_DIR",
        };
        char *tree = strdup("/tmp/test-config-XXXXXX");

        if (!mkdtemp(tree) || chdir(tree) < 0) {
                TEST_FAIL("no directory for a tree: %s", strerror(errno));
                free(tree);
                return NULL;
        }
        for (size_t i = 0; i < ELEMENTSOF(names); i++)
                (void) unsetenv(names[i]);
        (void) setenv("HOME", "/home/ada", 1);
        return tree;
}

#define IN_TREE _cleanup_(leave_tree) _unused_ char *tree = enter_tree()

static void make_parents(const char *path) {
        _cleanup_free_ char *copy = strdup(path);

        for (char *s = copy; (s = strchr(s + 1, '/'));) {
                *s = '\0';
                (void) mkdir(copy, 0755);
                *s = '/';
        }
}

static void put(const char *path, const char *text) {
        _cleanup_close_ int fd = -EBADF;

        make_parents(path);
        fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
        if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t) strlen(text))
                TEST_FAIL("cannot write %s: %s", path, strerror(errno));
}

static void put_mask(const char *path) {
        make_parents(path);
        EXPECT_OK(symlink("/dev/null", path));
}

/* What was told, what was read and what came of it. */
static void expect_load(Scope scope, const char *instance, const char *expected) {
        _cleanup_(problems_done) Problems problems = {};
        _cleanup_(config_freep) Config *c = NULL;
        const ConfigSource source = { scope, instance, NULL, "." };
        Buffer b = {};
        int r;

        buffer_add(&b, "", 0);
        r = config_load(&source, &problems, &c);
        EXPECT_EQ(r, problems_has_errors(&problems) ? -EBADMSG : 0);
        for (size_t i = 0; i < problems.n_items; i++) {
                buffer_add_string(&b, problems.items[i].text);
                buffer_add_char(&b, '\n');
        }
        for (size_t i = 0; c && c->files && c->files[i]; i++) {
                buffer_add_string(&b, "read ");
                buffer_add_string(&b, c->files[i]);
                buffer_add_char(&b, '\n');
        }
        if (c)
                dump_config(&b, c);
        EXPECT_STREQ(b.data, expected);
        buffer_done(&b);
}

#define WATCH "[Watch a]\nPath=/a\n"
#define CAME "[Watch a]\nPath=/a\nuses all of type all\n"

TEST(the_first_directory_that_has_the_file_wins) {
        IN_TREE;

        put(LIB "test.conf", WATCH "Path=/lib\n");
        expect_load(SCOPE_SYSTEM,
                        "test",
                        "read " LIB "test.conf\n"
                        "[Watch a]\nPath=/a\nPath=/lib\nuses all of type all\n");
        put(RUN "test.conf", WATCH "Path=/run\n");
        expect_load(SCOPE_SYSTEM,
                        "test",
                        "read " RUN "test.conf\n"
                        "[Watch a]\nPath=/a\nPath=/run\nuses all of type all\n");
        put(ETC "test.conf", WATCH);
        expect_load(SCOPE_SYSTEM, "test", "read " ETC "test.conf\n" CAME);
}

TEST(no_file_at_all_is_an_error) {
        IN_TREE;

        put(ETC "other.conf", WATCH);
        put(ETC "test.conf.d/10-a.conf", WATCH);
        expect_load(SCOPE_SYSTEM,
                        "test",
                        "There is no configuration for this instance: none of "
                        "." SYSCONFDIR "/inotifier, ./run/inotifier, ." PREFIX "/lib/inotifier "
                        "has a file test.conf\n");
}

TEST(drop_ins_of_all_directories_are_merged_by_file_name) {
        IN_TREE;

        put(LIB "test.conf", WATCH);
        put(LIB "test.conf.d/20-lib.conf", "[Watch a]\nPath=/20\n");
        put(RUN "test.conf.d/30-run.conf", "[Watch a]\nPath=/30\n");
        put(ETC "test.conf.d/10-etc.conf", "[Watch a]\nPath=/10\n[Watch b]\nPath=/b\n");
        put(ETC "test.conf.d/readme", "no drop-in");
        put(ETC "test.conf.d/.conf", "no drop-in");
        put(ETC "test.conf.d/.hidden.conf", "no drop-in");
        put(ETC "other.conf.d/10.conf", "of another instance");
        expect_load(SCOPE_SYSTEM,
                        "test",
                        "read " LIB "test.conf\n"
                        "read " ETC "test.conf.d/10-etc.conf\n"
                        "read " LIB "test.conf.d/20-lib.conf\n"
                        "read " RUN "test.conf.d/30-run.conf\n"
                        "[Watch a]\nPath=/a\nPath=/10\nPath=/20\nPath=/30\nuses all of type all\n"
                        "[Watch b]\nPath=/b\nuses all of type all\n");
}

TEST(a_drop_in_hides_one_of_the_same_name_further_on) {
        IN_TREE;

        put(ETC "test.conf", WATCH);
        put(LIB "test.conf.d/10.conf", "[Watch a]\nPath=/lib\n");
        put(ETC "test.conf.d/10.conf", "[Watch a]\nPath=/etc\n");
        expect_load(SCOPE_SYSTEM,
                        "test",
                        "read " ETC "test.conf\n"
                        "read " ETC "test.conf.d/10.conf\n"
                        "[Watch a]\nPath=/a\nPath=/etc\nuses all of type all\n");
}

TEST(a_mask_hides_a_drop_in_and_says_nothing_itself) {
        IN_TREE;

        put(ETC "test.conf", WATCH);
        put(LIB "test.conf.d/10.conf", "[Watch a]\nPath=/10\n");
        put(LIB "test.conf.d/20.conf", "[Watch a]\nPath=/20\n");
        put_mask(ETC "test.conf.d/10.conf");
        put(RUN "test.conf.d/20.conf", "");
        expect_load(SCOPE_SYSTEM, "test", "read " ETC "test.conf\n" CAME);
}

TEST(a_masked_main_file_is_a_configuration_of_nothing) {
        IN_TREE;

        put(LIB "test.conf", WATCH);
        put(ETC "test.conf.d/10.conf", "[Watch b]\nPath=/b\n");
        put_mask(ETC "test.conf");
        expect_load(SCOPE_SYSTEM,
                        "test",
                        ETC "test.conf: The configuration is masked: nothing is watched\n");
        EXPECT_OK(unlink(ETC "test.conf"));
        put(ETC "test.conf", "");
        expect_load(SCOPE_SYSTEM,
                        "test",
                        ETC "test.conf: The configuration is masked: nothing is watched\n");
}

TEST(a_drop_in_resets_adds_and_replaces) {
        IN_TREE;

        put(ETC "test.conf",
                        "[Manager]\nBus=none\n[Watch a]\nPath=/a\nInclude=*.a\nProcessor=d\n"
                        "[Processor d]\nMaxAge=1h\nTemporaryName=*.tmp\n");
        put(ETC "test.conf.d/10.conf",
                        "[Manager]\nBus=\nHistorySize=1M\n"
                        "[Watch a]\nPath=\nPath=/new\nInclude=*.b\n"
                        "[Processor d]\nType=chunked\nTemporaryName=*.part\n");
        expect_load(SCOPE_SYSTEM,
                        "test",
                        "read " ETC "test.conf\n"
                        "read " ETC "test.conf.d/10.conf\n"
                        "HistorySize=1048576\n"
                        "[Watch a]\nPath=/new\nInclude=*.a\nInclude=*.b\nProcessor=d\n"
                        "uses d of type chunked\n"
                        "TemporaryName=*.tmp\nTemporaryName=*.part\nMaxAge=3600000000\n");
}

TEST(what_is_wrong_is_told_with_its_own_file) {
        IN_TREE;

        put(ETC "test.conf", "[Watch a]\nPath=a\n");
        put(ETC "test.conf.d/10.conf",
                        "[Watch b]\n[Watch a]\nEvents=creat\nProcessor=x\n"
                        "[Watch a]\n");
        EXPECT_OK(mkdir(ETC "test.conf.d/20.conf", 0755));
        expect_load(SCOPE_SYSTEM,
                        "test",
                        ETC "test.conf:2: Bad value 'a' for Path=: a path is absolute, it begins "
                            "with '/' (and stands without quotes)\n" ETC
                            "test.conf.d/10.conf:3: Bad value 'creat' for Events=: write names of "
                            "inotify(7), such as create or moved_to, or all, close or move, "
                            "separated by spaces\n" ETC
                            "test.conf.d/10.conf:5: The name is used twice: [Watch a] began in "
                            "line 2 already\n" ETC
                            "test.conf.d/20.conf: Cannot read the file: Is a directory\n" ETC
                            "test.conf.d/10.conf:4: Unknown processor 'x': there are all, create, "
                            "chunked and transfer, and what a [Processor] section names\n" ETC
                            "test.conf.d/10.conf:1: [Watch b] has no Path=: write which file or "
                            "directory it watches\n");
}

TEST(a_user_has_directories_of_their_own) {
        IN_TREE;

        put(LIB "test.conf", WATCH);
        put(LIB "user/test.conf", WATCH);
        expect_load(SCOPE_USER, "test", "read " LIB "user/test.conf\n" CAME);
        put("./etc/xdg/inotifier/test.conf", WATCH);
        expect_load(SCOPE_USER, "test", "read ./etc/xdg/inotifier/test.conf\n" CAME);
        put("./home/ada/.config/inotifier/test.conf", WATCH);
        expect_load(SCOPE_USER, "test", "read ./home/ada/.config/inotifier/test.conf\n" CAME);

        put("./x/two/inotifier/test.conf", WATCH);
        put("./x/home/inotifier/test.conf.d/1.conf", "[Watch a]\nPath=/1\n");
        (void) setenv("XDG_CONFIG_HOME", "/x/home", 1);
        (void) setenv("XDG_CONFIG_DIRS", "relative:/x/one:/x/two", 1);
        expect_load(SCOPE_USER,
                        "test",
                        "read ./x/two/inotifier/test.conf\n"
                        "read ./x/home/inotifier/test.conf.d/1.conf\n"
                        "[Watch a]\nPath=/a\nPath=/1\nuses all of type all\n");
}

#define SPECIFIERS "[Watch a]\nPath=%h/%i.d\nPath=%t/x\nPath=%S/x\nPath=/100%%\n"

TEST(specifiers_are_those_of_the_manager_that_we_belong_to) {
        IN_TREE;

        put(ETC "a-b.conf", SPECIFIERS);
        expect_load(SCOPE_SYSTEM,
                        "a-b",
                        "read " ETC "a-b.conf\n"
                        "[Watch a]\nPath=/home/ada/a-b.d\nPath=/run/x\nPath=/var/lib/x\n"
                        "Path=/100%\nuses all of type all\n");
        put(ETC "inotifier.conf", SPECIFIERS);
        expect_load(SCOPE_SYSTEM,
                        "inotifier",
                        "read " ETC "inotifier.conf\n"
                        "[Watch a]\nPath=/home/ada/.d\nPath=/run/x\nPath=/var/lib/x\n"
                        "Path=/100%\nuses all of type all\n");

        put("./etc/xdg/inotifier/a-b.conf", SPECIFIERS);
        (void) setenv("XDG_RUNTIME_DIR", "/run/user/7", 1);
        expect_load(SCOPE_USER,
                        "a-b",
                        "read ./etc/xdg/inotifier/a-b.conf\n"
                        "[Watch a]\nPath=/home/ada/a-b.d\nPath=/run/user/7/x\n"
                        "Path=/home/ada/.local/state/x\nPath=/100%\nuses all of type all\n");
        (void) setenv("XDG_STATE_HOME", "/state", 1);
        (void) unsetenv("XDG_RUNTIME_DIR");
        expect_load(SCOPE_USER,
                        "a-b",
                        "./etc/xdg/inotifier/a-b.conf:3: Bad value '%t/x' for Path=: nobody knows "
                        "what a specifier in it stands for; set $HOME or $XDG_RUNTIME_DIR, or "
                        "write the path itself\n");
}

TEST(an_instance_name_leads_nowhere_else) {
        IN_TREE;

        put("." SYSCONFDIR "/evil.conf", WATCH);
        expect_load(SCOPE_SYSTEM, "../evil", "'../evil' is no name for an instance\n");
}
