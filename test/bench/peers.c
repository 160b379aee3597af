/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The same for all who tell of files: how soon after its start one hears of each corner of a tree, what
 * a queue that is full already costs, how soon one hears of a file, and of how many one never does. What
 * counts is that a file's name comes out, in whatever form. A row for each one that is installed. */

#include <fcntl.h>
#include <limits.h>
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>

#include "bench.h"
#include "child.h"
#include "scratch.h"
#include "teller.h"

#define NUMBERS_MAX 1000000U
#define N_PROBES 10U
#define PERIOD_USEC 5000U
#define PATIENCE 120.0         /* seconds */
#define EVENTS_PER_NEW_FILE 3U /* create, open, close */

/* NAN: it never came to an end. */
typedef struct Result {
        bool wanted, there;
        double drain, p50, p99, cpu, lost, startup, startup_cpu;
} Result;

/* Which numbers were heard, and when. */
static double heard_at[NUMBERS_MAX];
static unsigned directory_of[NUMBERS_MAX];
static unsigned next_number;
static char buffer[256 * 1024];
static size_t buffered;
static const char *current;
static bool gone; /* who should tell has ended */

/* A new file in a directory of the tree; its name has the next number. Returns the number. */
static unsigned make_file(unsigned dir) {
        _cleanup_(buffer_done) Buffer path = {};
        char name[16];

        assert(next_number < NUMBERS_MAX);
        directory_of[next_number] = dir;
        (void) snprintf(name, sizeof(name), "/at-%07u", next_number);
        scratch_path(dir, &path);
        buffer_add_string(&path, name);
        safe_close((int) MUST_ERRNO(
                        open(path.data, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644)));
        return next_number++;
}

/* Takes the numbers out of what is buffered, but for a name that may go on. */
static void find_numbers(double now) {
        char *at = buffer, *end = buffer + buffered;

        while ((at = memmem(at, (size_t) (end - at), "at-", 3)) && end - at >= 10) {
                char digits[8] = {}, *rest;
                memcpy(digits, at + 3, 7);
                unsigned long number = strtoul(digits, &rest, 10);
                if (*rest == '\0' && number < NUMBERS_MAX && heard_at[number] == 0)
                        heard_at[number] = now;
                at += 3;
        }
        size_t keep = MIN_OF(buffered, 9U);
        memmove(buffer, end - keep, keep);
        buffered = keep;
}

static bool is_gone(void) {
        if (!gone)
                warnx("%s has ended by itself", current);
        gone = true;
        return false;
}

/* Waits for so long, and hears what comes. Returns false if nothing has. */
static bool listen_for(const Teller *t, int msec) {
        struct pollfd p = { .fd = t->reader.out, .events = POLLIN };
        siginfo_t ended = {};

        MUST_ERRNO(waitid(P_PID, (id_t) t->worker.pid, &ended, WEXITED | WNOHANG | WNOWAIT));
        if (ended.si_pid != 0)
                return is_gone();
        if (MUST_ERRNO(poll(&p, 1, msec)) == 0)
                return false;
        ssize_t n = MUST_ERRNO(read(p.fd, buffer + buffered, sizeof(buffer) - buffered));
        if (n == 0)
                return is_gone();
        buffered += (size_t) n;
        find_numbers(bench_clock());
        return true;
}

/* Returns whether `number` was heard of in time. */
static bool wait_for(const Teller *t, unsigned number) {
        double end = bench_clock() + PATIENCE;

        while (heard_at[number] == 0 && !gone && bench_clock() < end)
                (void) listen_for(t, 100);
        return heard_at[number] != 0;
}

/* Nothing more comes, and the last file was heard of: if not, then of another that is made after it. */
static bool hear_all(const Teller *t) {
        unsigned last = make_file(0);
        double deadline = bench_clock() + PATIENCE;

        while (!gone && bench_clock() < deadline) {
                if (listen_for(t, (int) bench_n(2000, 300)))
                        continue;
                if (heard_at[last] != 0)
                        return true;
                last = make_file(0);
        }
        return false;
}

/* A file in each of some directories all over the tree, again and again until one of each was heard of.
 * They are the first of their run, so number i lies in directory i % N_PROBES of these. */
static bool is_ready(const Teller *t, unsigned n_dirs) {
        double end = bench_clock() + PATIENCE;

        while (!gone && bench_clock() < end) {
                bool heard[N_PROBES] = {};
                unsigned n = 0;

                for (unsigned i = 0; i < N_PROBES; i++)
                        make_file((unsigned) ((uint64_t) i * (n_dirs - 1) / (N_PROBES - 1)));
                for (double next = bench_clock() + 0.05; !gone && bench_clock() < next;)
                        (void) listen_for(t, 10);
                for (unsigned i = 0; i < next_number; i++)
                        heard[i % N_PROBES] = heard[i % N_PROBES] || heard_at[i] != 0;
                for (unsigned i = 0; i < N_PROBES; i++)
                        n += heard[i];
                if (n == N_PROBES)
                        return true;
        }
        return false;
}

static bool start(const Peer *p, Teller *t, unsigned n_dirs) {
        buffered = 0;
        current = p->name;
        p->start(t);
        return is_ready(t, n_dirs) && hear_all(t);
}

/* Ends it, and removes all files. */
static void end(Teller *t) {
        _cleanup_(buffer_done) Buffer path = {};

        teller_end(t);
        for (unsigned i = 0; i < next_number; i++) {
                char name[16];
                (void) snprintf(name, sizeof(name), "/at-%07u", i);
                scratch_path(directory_of[i], &path);
                buffer_add_string(&path, name);
                MUST_ERRNO(unlink(path.data));
        }
        memset(heard_at, 0, sizeof(heard_at));
        next_number = 0;
        gone = false;
}

/* Its queue is filled while it stands still. */
static double measure_drain(const Peer *p) {
        unsigned n_files = MAX_OF(bench_n(5000, 100) / p->slowness, 1U);
        double nsec = NAN;
        Teller t;

        if (start(p, &t, 1)) {
                double began = teller_cpu(&t);
                MUST_ERRNO(kill(t.worker.pid, SIGSTOP));
                for (unsigned i = 0; i < n_files; i++)
                        make_file(0);
                MUST_ERRNO(kill(t.worker.pid, SIGCONT));
                if (hear_all(&t))
                        nsec = (teller_cpu(&t) - began) * 1e9 / (n_files * EVENTS_PER_NEW_FILE);
        }
        end(&t);
        return nsec;
}

static void measure_latency(const Peer *p, Result *ret) {
        static double usec[1024];
        unsigned n_files = bench_n(400, 10), n = 0;
        Teller t;

        if (start(p, &t, 1))
                for (; n < n_files; n++) {
                        double began = bench_clock();
                        unsigned number = make_file(0);
                        if (!wait_for(&t, number))
                                break;
                        usec[n] = (heard_at[number] - began) * 1e6;
                        while (bench_clock() < began + PERIOD_USEC / 1e6)
                                (void) listen_for(&t, 1);
                }
        ret->p50 = n == n_files ? quantile(usec, n, 0.5) : NAN;
        ret->p99 = n == n_files ? quantile(usec, n, 0.99) : NAN;
        end(&t);
}

static void write_files(int out, void *userdata) {
        for (unsigned i = *(unsigned *) userdata; i > 0; i--)
                make_file(0);
}

static void measure_loss(const Peer *p, Result *ret) {
        unsigned n_files = MAX_OF(bench_n(300000, 300) / p->slowness, 1U), first, n_lost = 0;
        Child writer;
        Teller t;

        ret->cpu = ret->lost = NAN;
        if (start(p, &t, 1)) {
                double began = teller_cpu(&t);
                child_fork(&writer, write_files, &n_files);
                for (first = next_number; next_number < first + n_files; next_number++)
                        directory_of[next_number] = 0;
                while (waitpid(writer.pid, NULL, gone ? 0 : WNOHANG) == 0)
                        (void) listen_for(&t, 10);
                safe_close(writer.out);
                safe_close(writer.err);
                if (hear_all(&t)) {
                        for (unsigned i = first; i < first + n_files; i++)
                                n_lost += heard_at[i] == 0;
                        ret->cpu = (teller_cpu(&t) - began) * 1e6 / n_files;
                        ret->lost = 100.0 * n_lost / n_files;
                }
        }
        end(&t);
}

static void measure_startup(const Peer *p, unsigned n_dirs, Result *ret) {
        double began = bench_clock();
        Teller t;

        ret->startup = ret->startup_cpu = NAN;
        current = p->name;
        p->start(&t);
        if (is_ready(&t, n_dirs)) {
                ret->startup = bench_clock() - began;
                ret->startup_cpu = teller_cpu(&t);
        }
        end(&t);
}

static void print(double value, int n_digits) {
        char text[32] = "-";

        if (!isnan(value))
                (void) snprintf(text, sizeof(text), "%.*f", n_digits, value);
        printf(" %9s", text);
}

/* By the arguments that are no options; all of them by default. */
static bool is_wanted(const Peer *p, int argc, char *argv[]) {
        bool all = true;

        for (int i = 1; i < argc; i++) {
                if (streq(argv[i], p->name))
                        return true;
                all = all && argv[i][0] == '-';
        }
        return all;
}

int main(int argc, char *argv[]) {
        Result results[PEERS_MAX] = {};
        unsigned n_dirs;

        if (argc == 4 && streq(argv[1], TELL))
                return teller_pass_on(argv[2], argv[3]);
        bench_start(argc, argv, "peers");
        n_dirs = bench_n(20000, 50);
        for (size_t i = 0; i < PEERS_MAX; i++) {
                if (!is_wanted(&peers[i], argc, argv))
                        continue;
                results[i].wanted = true;
                results[i].there = peer_is_installed(&peers[i]);
                if (!results[i].there)
                        continue;
                results[i].drain = measure_drain(&peers[i]);
                measure_latency(&peers[i], &results[i]);
                measure_loss(&peers[i], &results[i]);
        }
        scratch_grow(n_dirs, 0);
        for (size_t i = 0; i < PEERS_MAX; i++)
                if (results[i].there)
                        measure_startup(&peers[i], n_dirs, &results[i]);

        printf("%-12s %9s %9s %9s %9s %9s %9s %9s\n",
                        "",
                        "drain",
                        "latency",
                        "",
                        "full",
                        "speed",
                        "start",
                        "");
        printf("%-12s %9s %9s %9s %9s %9s %9s %9s\n",
                        "",
                        "ns/event",
                        "p50 us",
                        "p99 us",
                        "us/file",
                        "% lost",
                        "s",
                        "s of CPU");
        for (size_t i = 0; i < PEERS_MAX; i++) {
                const Result *r = &results[i];
                if (!r->wanted)
                        continue;
                printf("%-12s", peers[i].name);
                if (!r->there) {
                        printf(" is not installed\n");
                        continue;
                }
                print(r->drain, 0);
                print(r->p50, 0);
                print(r->p99, 0);
                print(r->cpu, 2);
                print(r->lost, 1);
                print(r->startup, 2);
                print(r->startup_cpu, 2);
                putchar('\n');
        }
        /* Of ours a figure is expected. */
        const Result *ours = &results[0];
        return ours->wanted && isnan(ours->drain + ours->p50 + ours->lost + ours->startup)
                               ? EXIT_FAILURE
                               : EXIT_SUCCESS;
}
