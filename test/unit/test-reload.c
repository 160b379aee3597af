/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Reloads of a running daemon: what goes on, goes on without a gap; what is new is there before the reload
 * is over; of what is no more nothing stays. */

#include <dlfcn.h>

#include "base/text.h"
#include "service.h"
#include "test.h"

#define HEAD "[Manager]\nBus=none\nHistorySize=8M\n"

typedef struct Fixture {
        Service service;
        Buffer told;
        unsigned n_reloads;
} Fixture;

static void done(Fixture *f) {
        service_done(&f->service);
        buffer_done(&f->told);
}

static void begin(Fixture *f, const char *config) {
        *f = (Fixture){};
        service_init(&f->service);
        assert(chdir(f->service.base) >= 0);
        service_write_config(&f->service, config);
        service_start(&f->service, NULL);
        EXPECT(service_wait_ready(&f->service));
}

static void reload(Fixture *f, const char *config) {
        service_write_config(&f->service, config);
        service_listen(&f->service);
        f->service.n_ready = 0;
        (void) kill(f->service.pid, SIGHUP);
        EXPECT(service_wait_ready(&f->service));
}

static void make_file(const char *directory, unsigned i, const char *suffix) {
        _cleanup_close_ int fd = -EBADF;
        char path[64];

        (void) snprintf(path, sizeof(path), "%s/%u%s", directory, i, suffix);
        fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
        EXPECT_INT(fd, >=, 0);
}

/* What was told so far: EVENT [initial|rescan] PATH, a line each. */
static const char *told(Fixture *f) {
        _cleanup_(history_freep) History *h = service_history(&f->service);
        uint64_t from, to, sequence = 0;
        Cursor c = {};
        Notice n;

        service_listen(&f->service); /* or it would wait for that, with much to say */
        buffer_clear(&f->told);
        buffer_add_string(&f->told, "");
        while (h && history_next(h, &c, ~0U, &n, &from, &to) > 0) {
                EXPECT_EQ(n.sequence, ++sequence);
                buffer_add_string(&f->told, member_names[n.member].event);
                buffer_add_string(&f->told,
                                n.flags & NOTICE_INITIAL  ? " initial "
                                : n.flags & NOTICE_RESCAN ? " rescan "
                                                          : " ");
                buffer_add_string(&f->told, n.path + strlen(f->service.base) + 1);
                buffer_add_char(&f->told, '\n');
        }
        return f->told.data;
}

static bool wait_told(Fixture *f, const char *line) {
        usec_t end = clock_usec() + PATIENCE_USEC;

        while (!strstr(told(f), line) && clock_usec() < end)
                pause_usec(2000);
        return clock_usec() < end;
}

/* In the child fails the nth time, of $TEST_FAIL. */
int sd_event_add_io(sd_event *e,
                sd_event_source **source,
                int fd,
                uint32_t events,
                sd_event_io_handler_t handler,
                void *userdata) {
        static typeof(&sd_event_add_io) real;
        static unsigned n;

        if (!real)
                *(void **) &real = dlsym(RTLD_NEXT, "sd_event_add_io");
        if (getenv("TEST_FAIL") && ++n == (unsigned) atoi(getenv("TEST_FAIL")))
                return -ENOSPC;
        return real(e, source, fd, events, handler, userdata);
}

TEST(S24_a_start_that_fails_loses_nothing) {
        _cleanup_(done) Fixture f;
        unsigned n_failed = 0;

        begin(&f,
                        HEAD "[Watch a]\nPath=@/tree\nEvents=create\nProcessor=all\n"
                             "[Watch b]\nPath=@/state\nProcessor=all\n"
                             "[Watch c]\nPath=@\nEvents=create\nProcessor=all\n");
        (void) service_kill(&f.service, SIGKILL);
        for (unsigned i = 1; i < 12; i++) {
                char text[16];

                make_file("tree", i, "");
                (void) snprintf(text, sizeof(text), "%u", i);
                EXPECT_OK(setenv("TEST_FAIL", text, 1));
                service_start(&f.service, NULL);
                if (service_wait_ready(&f.service))
                        (void) service_kill(&f.service, SIGKILL);
                else
                        n_failed++;
        }
        EXPECT_OK(unsetenv("TEST_FAIL"));
        EXPECT_INT(n_failed, >=, 3);
        service_start(&f.service, NULL);
        EXPECT(wait_told(&f, "in_create tree/11\n"));
        for (unsigned i = 1; i < 12; i++) {
                char line[32];

                (void) snprintf(line, sizeof(line), "in_create tree/%u\n", i);
                EXPECT(strstr(told(&f), line));
        }
}

static ino_t stored_inode(const Fixture *f, const char *name) {
        struct stat st;
        int fd = service_stored(&f->service, name);

        return fd >= 0 && fstat(fd, &st) >= 0 ? st.st_ino : 0;
}

TEST(S24_other_events_are_wanted_in_place) {
        static const char *const configs[] = {
                HEAD "[Watch a]\nPath=@/tree\nEvents=create\nRecover=no\n",
                HEAD
                "[Watch a]\nPath=@/tree\nEvents=create delete\nProcessor=all create\nRecover=no\n",
                HEAD "[Watch a]\nPath=@/tree\nEvents=create modify\nPublish=journal\nRecover=no\n",
        };
        _cleanup_(done) Fixture f;

        begin(&f, configs[0]);
        ino_t intake = stored_inode(&f, "intake-a");
        EXPECT(intake != 0);
        for (unsigned i = 0; i < 30; i++) {
                (void) kill(f.service.pid, SIGSTOP);
                for (unsigned j = 0; j < 30; j++)
                        make_file("tree", 100 * i + j, "");
                (void) kill(f.service.pid, SIGCONT);
                for (unsigned j = 30; j < 60; j++)
                        make_file("tree", 100 * i + j, "");
                reload(&f, configs[(i + 1) % ELEMENTSOF(configs)]);
                for (unsigned j = 60; j < 100; j++)
                        make_file("tree", 100 * i + j, "");
        }
        EXPECT(wait_told(&f, "in_create tree/2999\n"));
        EXPECT_EQ(stored_inode(&f, "intake-a"), intake);

        /* With both processors a creation is told twice; which ones these are is a matter of the moment. */
        unsigned n_told[3000] = {};
        for (const char *line = told(&f); *line; line = strchr(line, '\n') + 1) {
                unsigned i = 0;

                if (sscanf(line, "in_create tree/%u", &i) == 1 && i < ELEMENTSOF(n_told))
                        n_told[i]++;
        }
        for (unsigned i = 0; i < ELEMENTSOF(n_told); i++)
                if (n_told[i] < 1 || n_told[i] > 2)
                        TEST_FAIL("%u was told %u times", i, n_told[i]);
}

TEST(new_watches_are_scanned_before_the_reload_is_over) {
        _cleanup_(done) Fixture f;

        begin(&f, HEAD "[Watch a]\nPath=@/tree\nEvents=create\n");
        EXPECT_OK(mkdir("more", 0700));
        for (unsigned i = 0; i < 5000; i++)
                make_file("more", i, "");
        reload(&f,
                        HEAD
                        "[Watch a]\nPath=@/tree\nEvents=create\n"
                        "[Watch b]\nPath=@/more\nEvents=create\nInitialScan=yes\nRecursive=yes\n");
        EXPECT(strstr(told(&f), "in_create initial more/0\n"));
        EXPECT(strstr(told(&f), "in_create initial more/4999\n"));
        make_file("more", 5000, "");
        EXPECT(wait_told(&f, "in_create more/5000\n"));
}

TEST(watches_that_are_no_more_leave_nothing) {
        _cleanup_(done) Fixture f;

        begin(&f,
                        HEAD "[Watch a]\nPath=@/tree\nEvents=create\n"
                             "[Watch b]\nPath=@\nEvents=create\n");
        EXPECT_OK(access("state/watch-b.ledger", F_OK));
        EXPECT_INT(service_stored(&f.service, "watch-b"), >=, 0);
        reload(&f, HEAD "[Watch a]\nPath=@/tree\nEvents=create\n");
        EXPECT_INT(access("state/watch-b.ledger", F_OK), <, 0);
        EXPECT_EQ(service_stored(&f.service, "watch-b"), -EBADF);
        EXPECT_EQ(service_stored(&f.service, "intake-b"), -EBADF);
        EXPECT_INT(service_stored(&f.service, "watch-a"), >=, 0);
        EXPECT_OK(access("state/watch-a.ledger", F_OK));
}

TEST(what_was_removed_from_the_configuration_of_a_stopped_one_is_let_go_of) {
        _cleanup_(done) Fixture f;

        begin(&f,
                        HEAD "[Watch a]\nPath=@/tree\nEvents=create\n"
                             "[Watch b]\nPath=@\nEvents=create\n");
        (void) service_kill(&f.service, SIGKILL);
        service_write_config(&f.service, HEAD "[Watch a]\nPath=@/tree\nEvents=create\n");
        service_start(&f.service, NULL);
        EXPECT(service_wait_ready(&f.service));
        EXPECT_INT(access("state/watch-b.ledger", F_OK), <, 0);
        EXPECT_EQ(service_stored(&f.service, "watch-b"), -EBADF);
        EXPECT_EQ(service_stored(&f.service, "intake-b"), -EBADF);
}

TEST(S24_another_tree_takes_over_with_ledger_and_names) {
        _cleanup_(done) Fixture f;

        begin(&f, HEAD "[Watch a]\nPath=@/tree\nEvents=create\nInitialScan=yes\nRecursive=yes\n");
        make_file("tree", 1, "");
        EXPECT(wait_told(&f, "in_create tree/1\n"));
        ino_t intake = stored_inode(&f, "intake-a");
        reload(&f,
                        HEAD
                        "[Watch a]\nPath=@/tree\nEvents=create\nInitialScan=yes\nRecursive=yes\n"
                        "Path=@/nothing\n");
        EXPECT(stored_inode(&f, "intake-a") != intake);
        make_file("tree", 2, "");
        EXPECT(wait_told(&f, "in_create tree/2\n"));

        /* And a crash later nothing is lost or told again. */
        (void) kill(f.service.pid, SIGSTOP);
        make_file("tree", 3, "");
        (void) service_kill(&f.service, SIGKILL);
        make_file("tree", 4, "");
        service_start(&f.service, NULL);
        EXPECT(service_wait_ready(&f.service));
        make_file("tree", 5, "");
        EXPECT(wait_told(&f, "in_create tree/5\n"));
        EXPECT_STREQ(told(&f),
                        "in_create tree/1\nin_create tree/2\nin_create tree/3\nin_create tree/4\n"
                        "in_create tree/5\n");
}

/* What it excludes changes: the same tree goes on, and the reload is answered when that has looked. */
TEST(S24_another_reach_of_a_tree_keeps_its_descriptor) {
        static const char without[] = HEAD
                        "[Watch a]\nPath=@/tree\nEvents=create\nInitialScan=yes\nRecursive=yes\n"
                        "Exclude=*.none\n";
        static const char with[] = HEAD
                        "[Watch a]\nPath=@/tree\nEvents=create\nInitialScan=yes\nRecursive=yes\n";
        _cleanup_(done) Fixture f;

        begin(&f, without);
        EXPECT_OK(mkdir("tree/x.none", 0700));
        EXPECT_OK(mkdir("tree/x.none/d", 0700));
        make_file("tree/x.none/d", 1, "");
        make_file("tree", 1, "");
        EXPECT(wait_told(&f, "in_create tree/1\n"));
        ino_t intake = stored_inode(&f, "intake-a");
        reload(&f, with);
        EXPECT_EQ(stored_inode(&f, "intake-a"), intake);
        make_file("tree/x.none/d", 2, "");
        EXPECT(wait_told(&f, "in_create tree/x.none/d/2\n"));

        /* It may as well change while nobody is there. */
        (void) service_kill(&f.service, SIGKILL);
        make_file("tree/x.none/d", 3, "");
        make_file("tree", 2, "");
        service_write_config(&f.service, without);
        service_start(&f.service, NULL);
        EXPECT(service_wait_ready(&f.service));
        EXPECT_EQ(stored_inode(&f, "intake-a"), intake);
        make_file("tree/x.none/d", 4, "");
        make_file("tree", 3, "");
        EXPECT(wait_told(&f, "in_create tree/3\n"));
        (void) service_kill(&f.service, SIGKILL);
        service_write_config(&f.service, with);
        service_start(&f.service, NULL);
        EXPECT(service_wait_ready(&f.service));
        make_file("tree/x.none/d", 5, "");
        EXPECT(wait_told(&f, "in_create tree/x.none/d/5\n"));
        EXPECT_STREQ(told(&f),
                        "in_create tree/1\nin_create tree/x.none/d/2\nin_create tree/x.none/d/3\n"
                        "in_create tree/2\nin_create tree/3\nin_create tree/x.none/d/5\n");
}

/* It is killed while files are made in its directories; the next one tells of them, in whatever order: one
 * it finds, and one it is told of. */
static void kill_amid_files(Fixture *f, unsigned i) {
        char line[32];

        (void) kill(f->service.pid, SIGSTOP);
        make_file("tree/d", i, "");
        (void) service_kill(&f->service, SIGKILL);
        make_file("tree", i, "");
        service_start(&f->service, NULL);
        EXPECT(service_wait_ready(&f->service));
        (void) snprintf(line, sizeof(line), "in_create tree/%u\n", i);
        EXPECT(wait_told(f, line));
        (void) snprintf(line, sizeof(line), "in_create tree/d/%u\n", i);
        EXPECT(wait_told(f, line));
}

static unsigned n_told(Fixture *f, const char *line) {
        unsigned n = 0;

        for (const char *at = told(f); (at = strstr(at, line)); at++)
                n++;
        return n;
}

TEST(S24_a_ledger_that_cannot_be_opened_costs_no_event) {
        _cleanup_(done) Fixture f;
        struct stat st = {};

        begin(&f, HEAD "[Watch a]\nPath=@/tree\nEvents=create\nRecursive=yes\nInitialScan=yes\n");
        EXPECT_OK(mkdir("tree/d", 0700));
        EXPECT(wait_told(&f, "in_create tree/d\n"));
        EXPECT_OK(unlink("state/watch-a.ledger"));
        EXPECT_OK(mkdir("state/watch-a.ledger", 0700));
        kill_amid_files(&f, 1);
        kill_amid_files(&f, 2);

        /* When it can be had again, all is as ever. */
        EXPECT_OK(rmdir("state/watch-a.ledger"));
        for (usec_t end = clock_usec() + PATIENCE_USEC; st.st_size == 0 && clock_usec() < end;) {
                pause_usec(10000);
                (void) stat("state/watch-a.ledger", &st);
        }
        EXPECT_INT(st.st_size, >, 0);
        kill_amid_files(&f, 3);
        static const char *const lines[] = {
                "in_create tree/d\n",
                "in_create tree/d/1\n",
                "in_create tree/1\n",
                "in_create tree/d/2\n",
                "in_create tree/2\n",
                "in_create tree/d/3\n",
                "in_create tree/3\n",
        };
        for (size_t i = 0; i < ELEMENTSOF(lines); i++)
                EXPECT_EQ(n_told(&f, lines[i]), 1);
        EXPECT_EQ(n_told(&f, "\n"), ELEMENTSOF(lines));
}

TEST(an_upload_is_followed_over_changes_of_its_watch) {
        _cleanup_(done) Fixture f;

        begin(&f, HEAD "[Watch a]\nPath=@/tree\nEvents=create\nProcessor=chunked\n");
        make_file("tree", 1, ".part");
        reload(&f, HEAD "[Watch a]\nPath=@/tree\nEvents=create attrib\nProcessor=chunked create\n");
        reload(&f,
                        HEAD "[Watch a]\nPath=@/tree\nEvents=create\nProcessor=chunked\n"
                             "Recursive=yes\n");
        (void) service_kill(&f.service, SIGKILL);
        service_write_config(&f.service,
                        HEAD "[Watch a]\nPath=@/tree\nEvents=create\nProcessor=chunked\n");
        service_start(&f.service, NULL);
        EXPECT(service_wait_ready(&f.service));
        EXPECT_OK(rename("tree/1.part", "tree/1"));
        EXPECT(wait_told(&f, "in_create tree/1\n"));
        EXPECT_STREQ(told(&f), "in_create tree/1\n");
}

static bool ledger_has(const char *text) {
        char bytes[65536];
        FILE *file = fopen("state/watch-a.ledger", "re");
        size_t n = file ? fread(bytes, 1, sizeof(bytes), file) : 0;

        EXPECT(n > 0);
        (void) fclose(file);
        return memmem(bytes, n, text, strlen(text));
}

TEST(a_processor_that_is_no_more_leaves_nothing_in_the_ledger) {
        _cleanup_(done) Fixture f;

        begin(&f, HEAD "[Watch a]\nPath=@/tree\nEvents=create\nProcessor=chunked create\n");
        make_file("tree", 1, ".part");
        EXPECT(wait_told(&f, "in_create tree/1.part\n"));
        EXPECT(ledger_has("1.part"));
        reload(&f, HEAD "[Watch a]\nPath=@/tree\nEvents=create\nProcessor=create\nRecover=yes\n");
        EXPECT(!ledger_has("chunked"));
        (void) service_kill(&f.service, SIGKILL);
        service_start(&f.service, NULL);
        EXPECT(service_wait_ready(&f.service));
        make_file("tree", 2, "");
        EXPECT(wait_told(&f, "in_create tree/2\n"));
        EXPECT_STREQ(told(&f), "in_create tree/1.part\nin_create tree/2\n");
}

TEST(an_invalid_configuration_changes_nothing_and_is_ready_again) {
        _cleanup_(done) Fixture f;

        begin(&f, HEAD "[Watch a]\nPath=@/tree\nEvents=create\n");
        reload(&f, "[Watch a]\nEvents=nonsense\n");
        make_file("tree", 1, "");
        EXPECT(wait_told(&f, "in_create tree/1\n"));
}

TEST(the_last_of_many_reloads_counts) {
        _cleanup_(done) Fixture f;

        begin(&f, HEAD "[Watch a]\nPath=@/tree\nEvents=create\n");
        EXPECT_OK(mkdir("more", 0700));
        for (unsigned i = 0; i < 3000; i++)
                make_file("more", i, "");
        for (unsigned i = 0; i < 20; i++) {
                service_write_config(&f.service,
                                i % 2 ? HEAD "[Watch a]\nPath=@/tree\nEvents=create\n"
                                             "[Watch b]\nPath=@/more\nRecursive=yes\nEvents=create\n"
                                      : HEAD "[Watch a]\nPath=@/tree\nEvents=create\n");
                (void) kill(f.service.pid, SIGHUP);
                pause_usec(1000);
        }
        reload(&f,
                        HEAD "[Watch a]\nPath=@/tree\nEvents=create\n"
                             "[Watch c]\nPath=@/more\nEvents=create\n");
        /* Which of them the service manager was told of is not said: it is over when the one watch is no
         * more and the other one tells. */
        usec_t end = clock_usec() + PATIENCE_USEC;
        while ((access("state/watch-b.ledger", F_OK) >= 0 ||
                               access("state/watch-c.ledger", F_OK) < 0) &&
                        clock_usec() < end)
                pause_usec(2000);
        EXPECT_INT(access("state/watch-b.ledger", F_OK), <, 0);
        EXPECT_OK(access("state/watch-c.ledger", F_OK));
        for (unsigned n = 3000; !strstr(told(&f), "in_create more/3") && clock_usec() < end; n++) {
                make_file("more", n, "");
                pause_usec(10000);
        }
        EXPECT(strstr(told(&f), "in_create more/3"));
        make_file("tree", 1, "");
        EXPECT(wait_told(&f, "in_create tree/1\n"));
        EXPECT_EQ(service_kill(&f.service, SIGTERM), 0);
}

/* Makes files at full speed in another process, until told to stop. */
static pid_t make_files_aside(void) {
        pid_t pid = fork();

        EXPECT_INT(pid, >=, 0);
        if (pid != 0)
                return pid;
        (void) prctl(PR_SET_PDEATHSIG, SIGKILL);
        for (unsigned i = 0;; i++) {
                char path[64];

                (void) snprintf(path, sizeof(path), "tree/%u/%u", i % 7, i);
                safe_close(open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
                pause_usec(20);
        }
}

TEST(S24_what_happens_while_another_tree_is_scanned_is_told_once) {
        _cleanup_(done) Fixture f;
        char path[64];

        begin(&f, HEAD "[Watch a]\nPath=@/tree\nEvents=create\nRecursive=yes\nRecover=no\n");
        for (unsigned i = 0; i < 3000; i++) {
                (void) snprintf(path, sizeof(path), "tree/%u", i);
                EXPECT_OK(mkdir(path, 0700));
        }
        EXPECT(wait_told(&f, "in_create tree/2999\n"));
        pid_t pid = make_files_aside();
        for (unsigned i = 0; i < 6; i++)
                reload(&f,
                                i % 2 ? HEAD "[Watch a]\nPath=@/tree\nEvents=create\nRecursive=yes\nRecover=no\n"
                                      : HEAD "[Watch a]\nPath=@/tree\nEvents=create\nRecursive=yes\nRecover=no\nPath=@/nothing\n");
        (void) kill(pid, SIGKILL);
        (void) waitpid(pid, NULL, 0);
        make_file("tree", 10000000, "");
        EXPECT(wait_told(&f, "in_create tree/10000000\n"));
        _cleanup_free_ unsigned *n_told = calloc(1000000, sizeof(unsigned));
        unsigned n = 0, d, i;
        for (const char *line = told(&f); *line; line = strchr(line, '\n') + 1)
                if (sscanf(line, "in_create tree/%u/%u", &d, &i) == 2) {
                        n_told[i]++;
                        n = MAX_OF(n, i + 1);
                }
        for (i = 0; i + 1 < n; i++)
                if (n_told[i] != 1)
                        TEST_FAIL("%u of %u was told %u times", i, n, n_told[i]);
}
