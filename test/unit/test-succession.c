/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Two watches of one name and different settings, the second one in the place of the first; what both
 * have told is what the history holds. */

#include <fcntl.h>
#include <ftw.h>
#include <sys/stat.h>

#include "base/text.h"
#include "config.h"
#include "test.h"
#include "watch.h"

typedef struct Fixture {
        char base[64];
        sd_event *event;
        History *history;
        Config *configs[2];
        WatchContext context;
        Watch *watches[2];
        Buffer told;
} Fixture;

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw) {
        return remove(path);
}

static void done(Fixture *f) {
        for (size_t i = 0; i < 2; i++) {
                watch_free(f->watches[i]);
                config_free(f->configs[i]);
        }
        history_free(f->history);
        sd_event_unref(f->event);
        buffer_done(&f->told);
        (void) nftw(f->base, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static void set_up(Fixture *f) {
        *f = (Fixture){ .base = "/tmp/test-succession-XXXXXX" };
        assert(mkdtemp(f->base));
        EXPECT_OK(chdir(f->base));
        EXPECT_OK(sd_event_new(&f->event));
        EXPECT_OK(history_new(HISTORY_SIZE_MIN, &f->history));
}

#define WITH_FIXTURE(f)                                                                            \
        _cleanup_(done) Fixture f;                                                                 \
        set_up(&f)

static void ignore(Watch *w, void *userdata) {
}

/* Starts the first or second watch, of the base, with more `settings`. */
static void start(Fixture *f, size_t i, const char *settings) {
        const ConfigSource source = { .instance = "inotifier" };
        _cleanup_(problems_done) Problems problems = {};
        _cleanup_free_ char *text = NULL;

        EXPECT(asprintf(&text, "[Watch w]\nPath=%s\n%s", f->base, settings) > 0);
        EXPECT_OK(config_load_memory(
                        &source, "conf", text, strlen(text), &problems, &f->configs[i]));
        f->context = (WatchContext){
                .event = f->event,
                .history = f->history,
                .state_fd = -EBADF,
                .owner = { ignore, ignore, ignore, NULL },
        };
        EXPECT_OK(watch_new(&f->context, f->configs[i]->watches[0], i > 0, &f->watches[i]));
}

static void succeed(Fixture *f) {
        watch_take_over(f->watches[1], TAKE_PTR(f->watches[0]));
}

static void write_file(const char *path) {
        _cleanup_close_ int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);

        EXPECT_INT(fd, >=, 0);
}

/* Handles all there is; what was told since the last call, a line each, must be `expected`. */
static void expect(Fixture *f, Cursor *since, const char *expected) {
        uint64_t from, to;
        Notice n;
        int r;

        do
                r = sd_event_run(f->event, 0);
        while (r > 0);
        buffer_clear(&f->told);
        buffer_add_string(&f->told, "");
        while (history_next(f->history, since, UINT32_MAX, &n, &from, &to) > 0) {
                buffer_add_string(&f->told, member_names[n.member].event);
                buffer_add_char(&f->told, ' ');
                buffer_add_string(&f->told, n.path + strlen(f->base) + 1);
                buffer_add_char(&f->told, '\n');
        }
        EXPECT_STREQ(f->told.data, expected);
}

TEST(S24_what_both_saw_is_told_once) {
        WITH_FIXTURE(f);
        Cursor since = {};

        start(&f, 0, "Events=create\n");
        write_file("a");
        start(&f, 1, "Events=create delete\n");
        write_file("b");
        EXPECT_OK(unlink("a"));
        succeed(&f);
        write_file("c");
        EXPECT_OK(unlink("b"));
        write_file("b");
        expect(&f, /* deletions are wanted from then on */
                        &since,
                        "in_create a\nin_create b\nin_create c\nin_delete b\nin_create b\n");
}

TEST(S24_directories_that_the_second_did_not_come_to_yet_stay_watched) {
        WITH_FIXTURE(f);
        Cursor since = {};

        EXPECT_OK(mkdir("d", 0755));
        EXPECT_OK(mkdir("d/e", 0755));
        start(&f, 0, "Recursive=yes\nEvents=create\n");
        expect(&f, &since, "");
        start(&f, 1, "Recursive=yes\nEvents=create delete\n");
        write_file("d/e/a");
        EXPECT_OK(mkdir("d/e/f", 0755));
        write_file("d/e/f/b");
        succeed(&f);
        write_file("d/e/f/c");
        EXPECT_OK(unlink("d/e/f/c"));
        expect(&f,
                        &since,
                        "in_create d/e/a\nin_create d/e/f\nin_create d/e/f/b\nin_create d/e/f/c\n"
                        "in_delete d/e/f/c\n");
}

TEST(S24_upload_that_ends_between_them_is_told_once) {
        WITH_FIXTURE(f);
        Cursor since = {};

        start(&f, 0, "Processor=chunked\nPublish=bus\n");
        write_file("a.part");
        write_file("b.part");
        start(&f, 1, "Processor=chunked\nPublish=journal\n");
        EXPECT_OK(rename("a.part", "a"));
        succeed(&f);
        EXPECT_OK(rename("b.part", "b"));
        expect(&f, &since, "in_create a\nin_create b\n");
}
