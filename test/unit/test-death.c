/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A process dies at each event that it tells, at each directory that it watches, and at any other
 * moment; the next one goes on. What was told in a step that was not committed nobody heard of, as the
 * history has it: it is cut off. */

#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "lives-fixture.h"

#define LINES_MAX 1024U

/* What was told, in memory that outlives the process. */
typedef struct Book {
        unsigned n;
        unsigned n_events, n_watches; /* told, asked for by the process under way */
        unsigned die_event, die_watch;
        uint64_t steps[LINES_MAX];
        char lines[LINES_MAX][128];
} Book;

static Book *book;

/* The kernel's; a process may die after it. */
int inotify_add_watch(int fd, const char *path, uint32_t mask) {
        int wd = (int) syscall(SYS_inotify_add_watch, fd, path, mask);

        if (book && ++book->n_watches == book->die_watch)
                _exit(9);
        return wd;
}

static int note(const Event *e, void *userdata) {
        Lives *l = userdata;

        buffer_clear(&l->f.log);
        (void) record(e, &l->f);
        EXPECT_INT(book->n, <, LINES_MAX);
        if (book->n == LINES_MAX)
                return 0;
        l->f.log.data[strcspn(l->f.log.data, "\n")] = '\0';
        char *origin = strstr(l->f.log.data, " (");
        if (origin && !strstr(origin, "(out)"))
                *origin = '\0';
        (void) snprintf(book->lines[book->n], sizeof(book->lines[0]), "%s", l->f.log.data);
        book->steps[book->n++] = l->f.tree ? tree_step(l->f.tree) : 0;
        if (++book->n_events == book->die_event)
                _exit(9);
        return 0;
}

/* A process goes on and ends when all is told. */
static void live(Lives *l) {
        if (!begin(l))
                _exit(1);
        settle(&l->f);
        _exit(n_test_failures > 0 ? 1 : 0);
}

/* What is told in the step that is done again. */
static void cut(Lives *l) {
        _cleanup_close_ int fd = fcntl(l->intake_fd, F_DUPFD_CLOEXEC, 3);
        Intake *intake = NULL;

        EXPECT_EQ(intake_adopt(TAKE_FD(fd), 1, 1, &intake), 1);
        while (book->n > 0 && book->steps[book->n - 1] > intake_step(intake))
                book->n--;
        intake_free(intake);
}

/* Runs a process. Returns whether it came to its end. */
static bool run(Lives *l, unsigned die_event, unsigned die_watch, useconds_t die_usec) {
        int status = 0;

        book->n_events = book->n_watches = 0;
        book->die_event = die_event;
        book->die_watch = die_watch;
        pid_t pid = fork();
        EXPECT_INT(pid, >=, 0);
        if (pid == 0)
                live(l);
        if (die_usec > 0) {
                (void) usleep(die_usec); /* the moment to kill it: any will do */
                (void) kill(pid, SIGKILL);
        }
        EXPECT_EQ(waitpid(pid, &status, 0), pid);
        EXPECT(WIFSIGNALED(status) || WEXITSTATUS(status) == 9 || WEXITSTATUS(status) == 0);
        cut(l);
        return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/* What happens while nobody looks. */
static void happen(void) {
        make_directories("r/new r/new/deep");
        write_file("r/new/deep/f");
        EXPECT_OK(rename("r/a", "r/x"));
        write_file("r/x/g");
        write_file("r/p.part");
        EXPECT_OK(rename("r/p.part", "r/new/deep/p"));
        EXPECT_OK(rename("out/t", "r/t"));
        EXPECT_OK(rename("r/m", "out/m"));
        EXPECT_OK(unlink("r/old"));
        EXPECT_OK(rename("r/q", "r/x/q"));
        EXPECT_OK(rmdir("r/gone"));
        make_directories("r/gone");
        write_file("r/gone/h");
}

static int by_text(const void *a, const void *b) {
        return strcmp(*(const char *const *) a, *(const char *const *) b);
}

/* The lines told, sorted; each once unless `with_repeats`. */
static void picture(Buffer *b, bool with_repeats) {
        const char *lines[LINES_MAX];

        for (unsigned i = 0; i < book->n; i++)
                lines[i] = book->lines[i];
        qsort(lines, book->n, sizeof(lines[0]), by_text);
        buffer_clear(b);
        buffer_add_string(b, "");
        for (unsigned i = 0; i < book->n; i++)
                if (with_repeats || i == 0 || !streq(lines[i], lines[i - 1])) {
                        buffer_add_string(b, lines[i]);
                        buffer_add_char(b, '\n');
                }
}

static void begin_life(Lives *l) {
        make_directories("r/a r/a/b r/m r/m/n r/gone out out/t out/t/1 out/t/1/2");
        write_file("r/old");
        write_file("r/q");
        write_file("out/t/1/2/f");
        write_file("out/t/f");
        l->sink_data = l;
        EXPECT(!begin(l));
        settle(&l->f);
        l->sink = note;
        end(l);
        happen();
}

typedef struct Death {
        unsigned event, watch;
        useconds_t usec;
} Death;

/* One process dies, the next comes to its end. Returns whether the first one died. */
static bool die_once(Death death, bool recover, const char *expected) {
        WITH_LIVES(l, .recover = recover);
        _cleanup_(buffer_done) Buffer told = {};

        begin_life(&l);
        book->n = 0;
        if (run(&l, death.event, death.watch, death.usec))
                return false;
        EXPECT(run(&l, 0, 0, 0));
        picture(&told, recover);
        if (!streq(told.data, expected))
                TEST_FAIL("after a death at event %u, watch %u, %u us, expected\n%s"
                          "but\n%s",
                                death.event,
                                death.watch,
                                death.usec,
                                expected,
                                told.data);
        return true;
}

static void expected_picture(bool recover, Buffer *b) {
        WITH_LIVES(l, .recover = recover);

        book = mmap(NULL, sizeof(Book), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        EXPECT(book != MAP_FAILED);
        begin_life(&l);
        book->n = 0;
        EXPECT(run(&l, 0, 0, 0));
        picture(b, true);
        EXPECT_INT(book->n, >, 20);
}

static void forget_book(void) {
        (void) munmap(book, sizeof(Book));
        book = NULL;
}

static void die_at_each(bool recover, bool at_watches) {
        _cleanup_(buffer_done) Buffer expected = {};
        unsigned n = 0;

        expected_picture(recover, &expected);
        while (n_test_failures == 0 && n < 200) {
                n++;
                if (!die_once(at_watches ? (Death){ .watch = n } : (Death){ .event = n },
                                    recover,
                                    expected.data))
                        break;
        }
        EXPECT_INT(n, >, 8);
        EXPECT_INT(n, <, 200);
        forget_book();
}

TEST(death_at_any_event_loses_nothing) {
        die_at_each(true, false);
}

TEST(death_at_any_event_loses_nothing_without_known_files) {
        die_at_each(false, false);
}

TEST(death_at_any_watch_loses_nothing) {
        die_at_each(true, true);
}

TEST(death_at_any_watch_loses_nothing_without_known_files) {
        die_at_each(false, true);
}

TEST(death_at_any_moment_loses_nothing) {
        _cleanup_(buffer_done) Buffer expected = {};

        expected_picture(true, &expected);
        for (unsigned i = 0; i < 60 && n_test_failures == 0; i++)
                (void) die_once((Death){ .usec = 200 + i * 53 }, true, expected.data);
        forget_book();
}
