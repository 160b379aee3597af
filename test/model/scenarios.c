/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Races that are known to break those who watch trees: each is run while the program is stopped, which
 * makes it certain, and while it runs. At rest the picture is what is on the disk, and where lines are
 * given, these and no others were told.
 *
 *   scenarios DIRECTORY [NAME…]    runs them
 *   scenarios exchange PATH PATH   what the shell has no word for
 *
 * The scripts run in the watched directory; ../out is beside it. */

#include <err.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "watcher.h"

#define TIMES 50U

typedef struct Scenario {
        const char *name;
        const char *before; /* at rest */
        const char *steps;
        const char *later;            /* when all that is told; or NULL */
        const char *told;             /* the lines, in any order; NULL: the picture says it all */
        unsigned n_frozen, n_running; /* 0: TIMES */
        bool needs_root;
        bool loses; /* events */
} Scenario;

#define NOISE "seq 20000 | sed s/^/noise/ | xargs touch; "

static const Scenario scenarios[] = {
        {
                        .name = "S01 directories at once",
                        .steps = "mkdir -p a/b/c; touch a/b/c/f",
                        .later = "touch a/b/c/later",
                        .told = "in_create a/\nin_create a/b/\nin_create a/b/c/\nin_create a/b/c/f\n"
                                "in_create a/b/c/later\n",
        },
        {
                        .name = "S02 renamed into directories made meanwhile",
                        .steps = "echo x >x.part; mkdir -p 2026/11; mv x.part 2026/11/IMG1",
        },
        {
                        .name = "S03 populated tree moved in",
                        .before = "mkdir -p ../out/t/u; touch ../out/t/1 ../out/t/2 ../out/t/u/3",
                        .steps = "mv ../out/t t; touch t/u/deep",
                        .later = "touch t/u/deeper",
                        .told = "in_moved_to t/\nin_create t/1\nin_create t/2\nin_create t/u/\n"
                                "in_create t/u/3\nin_create t/u/deep\nin_create t/u/deeper\n",
        },
        {
                        .name = "S04 tree renamed and written to",
                        .before = "mkdir -p a1/a2/a3/a4",
                        .steps = "mv a1 b1; touch b1/a2/a3/a4/n",
                        .told = "in_moved_from a1/\nin_moved_to b1/ <- a1\nin_create b1/a2/a3/a4/n\n",
        },
        {
                        .name = "S04 sibling whose name begins alike",
                        .before = "mkdir a ab",
                        .steps = "mv a x; touch x/n ab/n",
                        .told = "in_moved_from a/\nin_moved_to x/ <- a\nin_create x/n\nin_create ab/n\n",
        },
        {
                        .name = "S05 swapped through a third name",
                        .before = "mkdir a b; touch a/1 b/2",
                        .steps = "mv a t; mv b a; mv t b; touch a/n b/m",
                        .told = "in_moved_from a/\nin_moved_to t/ <- a\nin_moved_from b/\n"
                                "in_moved_to a/ <- b\nin_moved_from t/\nin_moved_to b/ <- t\n"
                                "in_create a/n\nin_create b/m\n",
        },
        {
                        .name = "S05 exchanged",
                        .before = "mkdir a b; touch a/1 b/2",
                        .steps = "\"$SCENARIOS\" exchange a b; touch a/n b/m",
                        .told = "in_moved_from a/\nin_moved_from b/\nin_moved_to b/ <- a\n"
                                "in_moved_to a/ <- b\nin_create a/n\nin_create b/m\n",
        },
        {
                        .name = "S06 renamed, and made anew",
                        .before = "mkdir x",
                        .steps = "mv x y; mkdir x; touch x/n1 y/n2",
                        .told = "in_moved_from x/\nin_moved_to y/ <- x\nin_create x/\nin_create x/n1\n"
                                "in_create y/n2\n",
        },
        {
                        .name = "S07 removed, and made anew",
                        .before = "mkdir sub; touch sub/f",
                        .steps = "rm sub/f; rmdir sub; mkdir sub; >sub/f",
                        .later = ">sub/g",
                        .told = "in_delete sub/f\nin_delete sub/\nin_create sub/\nin_create sub/f\n"
                                "in_create sub/g\n",
                        .n_frozen = 1000,
                        .n_running = 1000,
        },
        {
                        .name = "S07 with twenty files and directories",
                        .before = "mkdir sub; cd sub; seq 10 | xargs touch; seq 11 20 | xargs mkdir",
                        .steps = "rm -r sub; mkdir sub; cd sub; seq 10 | xargs mkdir; seq 11 20 | xargs touch",
                        .later = "touch sub/1/g",
        },
        {
                        .name = "S08 moved out",
                        .before = "mkdir -p m/n",
                        .steps = "mv m ../out/m; touch ../out/m/n/x",
                        .told = "in_moved_from m/\n",
        },
        {
                        .name = "S08 moved out and in again",
                        .before = "mkdir -p m/n",
                        .steps = "mv m ../out/m; touch ../out/m/n/x; mv ../out/m k; touch k/n/y",
        },
        {
                        .name = "S09 root removed, and made anew",
                        .before = "mkdir d; touch e",
                        .steps = "cd ..; rm -r in; mkdir in; touch in/f",
                        .later = "touch ../in/g",
        },
        {
                        .name = "S09 root renamed away, another in its place",
                        .before = "mkdir d; touch e; mkdir ../out/new; touch ../out/new/f",
                        .steps = "cd ..; mv in out/old; mv out/new in; touch out/old/silent",
                        .later = "touch ../in/g",
        },
        {
                        .name = "S10 more than the kernel keeps",
                        .before = "mkdir d",
                        .steps = NOISE "rmdir d",
                        .n_frozen = 2,
                        .n_running = 1,
                        .loses = true,
        },
        {
                        .name = "S11 directory that was lost",
                        .steps = NOISE "mkdir lost; touch lost/f",
                        .later = "mkdir lost/later",
                        .n_frozen = 2,
                        .n_running = 1,
                        .loses = true,
        },
        {
                        .name = "S11 half of a rename that was lost",
                        .before = "mkdir -p here there/deep",
                        .steps = "seq 16200 | sed s/^/noise/ | xargs touch; "
                                 "for i in $(seq 100); do touch n$i; mv here there/here; mv there/here here; "
                                 "done; mv here there/deep/here; seq 500 | sed s/^/more/ | xargs touch",
                        .n_frozen = 2,
                        .n_running = 1,
                        .loses = true,
        },
        {
                        .name = "S13 names",
                        .before = "mkdir d",
                        .steps = "cd d; for n in \"$(printf 'bad\\377\\376')\" \"$(printf 'new\\nline')\" "
                                 "-leading '$(touch pwn)' \"$(printf '\\033[31m')\" "
                                 "\"$(printf 'c1\\302\\233')\" '\"quoted\\\"' "
                                 "\"$(printf %0255d 0)\"; do mkdir -- \"$n\"; >\"./$n/f\"; done",
                        .later = "cd d; for n in *; do mv -- \"$n\" \"$(printf '%.200s\\377' \"$n\")\"; done",
        },
        {
                        .name = "S14 link in the place of a directory",
                        .before = "mkdir foo; touch foo/a",
                        .steps = "mv foo bar; ln -s bar foo; touch bar/z",
                        .told = "in_moved_from foo/\nin_moved_to bar/ <- foo\nin_create foo\n"
                                "in_create bar/z\n",
        },
        {
                        .name = "S14 directory, file, directory of one name",
                        .before = "mkdir d; touch d/1",
                        .steps = "rm -r d; touch d; rm d; mkdir d; touch d/f",
        },
        {
                        .name = "S22 mounted over, and unmounted",
                        .before = "mkdir m; touch m/below; mkdir m/deep",
                        .steps = "mount -t tmpfs -o size=1m none m; touch m/above",
                        .later = "umount m; touch m/deep/after",
                        .needs_root = true,
        },
        {
                        .name = "S23 two thousand directories",
                        .steps = "seq 2000 | xargs mkdir; for i in 1 1000 2000; do touch $i/f; done",
                        .n_frozen = 2,
                        .n_running = 5,
        },
};

static void run_script(const char *script) {
        int status;
        pid_t pid = fork();

        if (pid == 0) {
                if (chdir("in") >= 0)
                        (void) execl("/bin/sh", "sh", "-ec", script, NULL);
                _exit(127);
        }
        if (waitpid(pid, &status, 0) < 0 || status != 0)
                errx(EXIT_FAILURE, "failed: %s", script);
}

/* The lines of `expected` and those of the log are the same, in any order. */
static bool is_told(const char *expected, const char *log) {
        size_t n_expected = 0, n_told = 0;

        for (const char *line = log; *line; line = strchr(line, '\n') + 1)
                n_told++;
        for (const char *line = expected, *end; *line; line = end + 1) {
                size_t n;

                end = strchr(line, '\n');
                n = (size_t) (end - line) + 1;
                n_expected++;
                const char *at = log;
                while (*at && strncmp(at, line, n) != 0)
                        at = strchr(at, '\n') + 1;
                if (!*at)
                        return false;
        }
        return n_expected == n_told;
}

static bool rest(Watcher *w, const Scenario *s, Buffer *failure) {
        if (!watcher_rest(w, failure))
                return false;
        if (s->loses || w->n_overflows == 0)
                return true;
        buffer_add_string(failure, "events were lost\n");
        return false;
}

static bool passes_once(Watcher *w, const Scenario *s, bool is_frozen, Buffer *failure) {
        run_script("find . ../out -mindepth 1 -delete");
        if (s->before)
                run_script(s->before);
        if (!watcher_rest(w, failure))
                return false;
        buffer_clear(&w->log);
        buffer_add_string(&w->log, "");
        if (is_frozen)
                watcher_freeze(w);
        run_script(s->steps);
        if (is_frozen)
                watcher_thaw(w);
        if (s->later) {
                if (!rest(w, s, failure))
                        return false;
                run_script(s->later);
        }
        if (!rest(w, s, failure))
                return false;
        if (s->loses && is_frozen && w->n_overflows == 0) {
                buffer_add_string(failure, "nothing was lost\n");
                return false;
        }
        if (!s->told || is_told(s->told, w->log.data))
                return true;
        buffer_add_string(failure, "expected:\n");
        buffer_add_string(failure, s->told);
        return false;
}

/* Prints how it goes. */
static bool passes(const Scenario *s, bool is_frozen) {
        unsigned n = is_frozen ? s->n_frozen : s->n_running;
        _cleanup_(buffer_done) Buffer failure = {};
        bool ok = true;
        Watcher w;

        if ((mkdir("in", 0755) | mkdir("out", 0755)) < 0)
                err(EXIT_FAILURE, "mkdir");
        watcher_start(&w, "in", "create,delete,move", 0);
        n = n > 0 ? n : TIMES;
        for (unsigned i = 0; i < n && ok; i++) {
                ok = passes_once(&w, s, is_frozen, &failure);
                if (!ok)
                        printf("time %u\n%stold:\n%s", i + 1, failure.data ?: "", w.log.data);
        }
        watcher_stop(&w);
        run_script("find . ../out -mindepth 1 -delete");
        if ((rmdir("in") | rmdir("out")) < 0)
                err(EXIT_FAILURE, "rmdir");
        printf("%s %s, %s %u times\n",
                        ok ? "ok" : "FAILED:",
                        s->name,
                        is_frozen ? "stopped" : "running",
                        n);
        (void) fflush(stdout);
        return ok;
}

static bool is_wanted(const Scenario *s, char *const *names) {
        if (s->needs_root && geteuid() != 0)
                return false;
        for (; *names; names++)
                if (strncmp(s->name, *names, strlen(*names)) == 0)
                        return true;
        return false;
}

int main(int argc, char *argv[]) {
        static char all[] = "";
        unsigned n_passed = 0, n_failed = 0;
        char directory[PATH_MAX], self[PATH_MAX], *everything[] = { all, NULL };
        ssize_t n;

        if (argc == 4 && streq(argv[1], "exchange"))
                return renameat2(AT_FDCWD, argv[2], AT_FDCWD, argv[3], RENAME_EXCHANGE) < 0;
        if (argc < 2)
                errx(EXIT_FAILURE, "where?");
        n = readlink("/proc/self/exe", self, sizeof(self) - 1);
        if (n < 0)
                err(EXIT_FAILURE, "/proc/self/exe");
        self[n] = '\0';
        (void) setenv("SCENARIOS", self, 1);
        if (geteuid() == 0 &&
                        (unshare(CLONE_NEWNS) < 0 ||
                                        mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0))
                err(EXIT_FAILURE, "unshare");
        (void) snprintf(directory, sizeof(directory), "%s/scenarios-XXXXXX", argv[1]);
        if (!mkdtemp(directory) || chdir(directory) < 0)
                err(EXIT_FAILURE, "%s", directory);
        for (size_t i = 0; i < ELEMENTSOF(scenarios); i++)
                for (int frozen = 1; frozen >= 0; frozen--) {
                        if (!is_wanted(&scenarios[i], argc > 2 ? argv + 2 : everything))
                                continue;
                        bool ok = passes(&scenarios[i], frozen);
                        n_passed += ok;
                        n_failed += !ok;
                }
        if (chdir("/") < 0 || rmdir(directory) < 0)
                warn("%s", directory);
        printf("%u passed, %u failed\n", n_passed, n_failed);
        return n_failed > 0 || n_passed == 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
