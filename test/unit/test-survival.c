/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The daemon dies, and goes on: at each named place, and at any moment of random ones, with files being
 * made, moved and removed all the time. What its history holds in the end is all that happened, once.
 *
 *   test-survival [TEST]; SURVIVAL_SEED and SURVIVAL_KILLS make another storm. */

#include "../world/world.h"
#include "publishers/history.h"
#include "service.h"
#include "test.h"

#define N_FILES_MAX 20000U

typedef struct Survival {
        Service service;
        World world;
} Survival;

static void survival_done(Survival *s) {
        world_done(&s->world);
        service_done(&s->service);
}

static void write_config(const Survival *s, const char *history_size) {
        _cleanup_free_ char *config = NULL;

        assert(asprintf(&config,
                               "[Manager]\nBus=none\nHistorySize=%s\n%s",
                               history_size,
                               world_watches) > 0);
        service_write_config(&s->service, config);
}

/* The watches as they are; with trees that go on otherwise, and find the same; with other trees. */
typedef enum Variant {
        VARIANT_PLAIN,
        VARIANT_REACH,
        VARIANT_ROOTS,
} Variant;

static void write_variant(const Survival *s, Variant variant) {
        static const char *const lines[] = {
                [VARIANT_PLAIN] = "",
                [VARIANT_REACH] = "Exclude=*.none\nFollowSymlinks=yes\n",
                [VARIANT_ROOTS] = "Path=@/nothing\n",
        };
        _cleanup_(buffer_done) Buffer config = {};

        buffer_add_string(&config, "[Manager]\nBus=none\nHistorySize=8M\n");
        for (const char *line = world_watches; *line;) {
                size_t n = strcspn(line, "\n") + 1;

                buffer_add(&config, line, n);
                if (line[0] == '[')
                        buffer_add_string(&config, lines[variant]);
                line += n;
        }
        service_write_config(&s->service, config.data);
}

static void survival_init(Survival *s, uint64_t seed) {
        service_init(&s->service);
        assert(chdir(s->service.base) >= 0);
        world_init(&s->world, seed);
        write_config(s, "8M");
}

/* One of the paths below the base, as the world has it. */
static const char *relative(const Survival *s, const char *path) {
        return path ? path + strlen(s->service.base) + 1 : NULL;
}

static unsigned n_last_told(const Service *s) {
        _cleanup_(history_freep) History *h = service_history(s);
        uint64_t from, to;
        unsigned n_told = 0;
        Cursor c = {};
        Notice n;

        while (h && history_next(h, &c, ~0U, &n, &from, &to) > 0)
                n_told += n.member == MEMBER_IN_CREATE && world_is_last(n.path);
        return n_told;
}

/* Whether what the history says is what happened. */
static bool verify(Survival *s, bool is_verbose) {
        _cleanup_(history_freep) History *h = service_history(&s->service);
        uint64_t from, to;
        Cursor c = {};
        Notice n;

        world_forget_told(&s->world);
        while (h && history_next(h, &c, ~0U, &n, &from, &to) > 0) {
                WorldNotice told = {
                        .sequence = n.sequence,
                        .watch = n.watch,
                        .member = n.member,
                        .is_dir = n.mask & IN_ISDIR,
                        .path = relative(s, n.path),
                        .source = relative(s, n.source),
                };

                world_take(&s->world, &told);
                if (is_verbose)
                        fprintf(stderr,
                                        "%" PRIu64 " step %" PRIu64 " %s%s %s <- %s\n",
                                        n.sequence,
                                        n.step & 0xfffffff,
                                        member_names[n.member].event,
                                        n.flags & NOTICE_RESCAN ? " rescan" : "",
                                        told.path,
                                        told.source ?: "");
        }
        return h && world_verify(&s->world);
}

/* Waits until all is told, ends it, and looks whether all of it was told once. */
static void rest(Survival *s) {
        usec_t end = clock_usec() + PATIENCE_USEC;

        world_end(&s->world);
        while ((n_last_told(&s->service) < 3 || !verify(s, false)) && clock_usec() < end) {
                int status;

                if (service_has_ended(&s->service, &status)) {
                        TEST_FAIL("it ended with %d", status);
                        return;
                }
                pause_usec(5000);
        }
        pause_usec(100000); /* nothing more comes */
        (void) service_kill(&s->service, SIGKILL);
        if (!verify(s, getenv("SURVIVAL_VERBOSE")))
                TEST_FAIL("%s", s->world.failures.data);
}

/* Where, and as which pass at most. */
static const struct {
        const char *name;
        unsigned n_max;
} crash_points[] = {
        { "intake-read", 40 },
        { "intake-put", 40 },
        { "intake-commit", 40 },
        { "intake-restart", 40 },
        { "history-write", 40 },
        { "history-end", 40 },
        { "ledger-append", 400 },
        { "ledger-end", 400 },
        { "ledger-written", 3 },
        { "ledger-renamed", 3 },
        { "store-remove", 3 },
        { "store-put", 3 },
        { "publish", 40 },
        { "publish-end", 40 },
};

static void crash_at(const char *point, unsigned n) {
        _cleanup_(survival_done) Survival s;
        char crash[64];
        usec_t end = clock_usec() + PATIENCE_USEC;
        int status = 0;

        survival_init(&s, n + 1);
        (void) snprintf(crash, sizeof(crash), "%s:%u", point, n);
        service_start(&s.service, crash);
        while (!service_has_ended(&s.service, &status) && clock_usec() < end) {
                if (s.service.n_ready > 0)
                        world_act(&s.world, 5000, N_FILES_MAX);
                pause_usec(1000);
        }
        if (s.service.pid != 0 || !WIFSIGNALED(status))
                TEST_FAIL("%s was not passed", crash);
        (void) service_kill(&s.service, SIGKILL);
        bool was_ready = s.service.n_ready > 0;
        service_start(&s.service, NULL);
        if (was_ready)
                world_act(&s.world, 20000, N_FILES_MAX);
        EXPECT(service_wait_ready(&s.service));
        rest(&s);
        if (n_test_failures > 0)
                fprintf(stderr, "... after a crash at %s\n", crash);
}

TEST(S24_a_crash_at_each_point_loses_nothing) {
        static const unsigned times[] = { 1, 2, 3, 7, 40, 120, 400 };

        for (size_t i = 0; i < ELEMENTSOF(crash_points) && n_test_failures == 0; i++)
                for (size_t j = 0; j < ELEMENTSOF(times) && n_test_failures == 0; j++)
                        if (times[j] <= crash_points[i].n_max)
                                crash_at(crash_points[i].name, times[j]);
}

/* Another size, and death at each step on the way to it. */
TEST(S24_a_crash_while_the_history_is_replaced_loses_none_of_it) {
        static const char *const points[] = {
                "store-history-spare",
                "store-history-removed",
                "store-history-put",
        };
        _cleanup_(survival_done) Survival s;
        int status = 0;

        survival_init(&s, 1);
        service_start(&s.service, NULL);
        EXPECT(service_wait_ready(&s.service));
        for (size_t i = 0; i < ELEMENTSOF(points); i++) {
                world_act(&s.world, 20000, N_FILES_MAX);
                (void) service_kill(&s.service, SIGKILL);
                write_config(&s, i % 2 == 0 ? "4M" : "8M");
                service_start(&s.service, points[i]);
                status = service_wait(&s.service);
                EXPECT(WIFSIGNALED(status));
                service_start(&s.service, NULL);
                EXPECT(service_wait_ready(&s.service));
                EXPECT_EQ(service_stored(&s.service, "history-next"), -EBADF);
        }
        rest(&s);
}

/* Another way to look at each tree, and death at each step on the way to it, or anywhere. */
static const struct {
        const char *name;
        unsigned first, last; /* passes */
        Variant variant;
} reload_points[] = {
        { "store-put", 4, 6, VARIANT_ROOTS },
        { "store-beside", 1, 3, VARIANT_ROOTS },
        { "ledger-written", 4, 6, VARIANT_ROOTS },
        { "ledger-renamed", 4, 6, VARIANT_ROOTS },
        { "store-turned", 1, 3, VARIANT_ROOTS },
        { "intake-commit", 2000, 2001, VARIANT_ROOTS },
        { "intake-commit", 2000, 2003, VARIANT_REACH },
        { "ledger-append", 3000, 3003, VARIANT_REACH },
        { "ledger-end", 4000, 4003, VARIANT_REACH },
};

static void crash_amid_reload_at(const char *point, unsigned n, Variant variant) {
        _cleanup_(survival_done) Survival s;
        char crash[64];
        usec_t end = clock_usec() + PATIENCE_USEC;
        int status = 0;

        survival_init(&s, n + 1);
        (void) snprintf(crash, sizeof(crash), "%s:%u", point, n);
        service_start(&s.service, crash);
        EXPECT(service_wait_ready(&s.service));
        world_act(&s.world, 20000, N_FILES_MAX);
        service_listen(&s.service);
        s.service.n_ready = 0;
        write_variant(&s, variant);
        (void) kill(s.service.pid, SIGHUP);
        while (!service_has_ended(&s.service, &status) && clock_usec() < end) {
                service_listen(&s.service);
                world_act(&s.world, 3000, N_FILES_MAX);
        }
        if (s.service.pid != 0 || !WIFSIGNALED(status))
                TEST_FAIL("%s was not passed", crash);
        world_act(&s.world, 20000, N_FILES_MAX);
        service_start(&s.service, NULL);
        world_act(&s.world, 20000, N_FILES_MAX);
        EXPECT(service_wait_ready(&s.service));
        rest(&s);
        if (n_test_failures > 0)
                fprintf(stderr, "... after a crash at %s amid a reload\n", crash);
}

TEST(S24_a_crash_amid_a_reload_loses_nothing) {
        for (size_t i = 0; i < ELEMENTSOF(reload_points) && n_test_failures == 0; i++)
                for (unsigned n = reload_points[i].first;
                                n <= reload_points[i].last && n_test_failures == 0;
                                n++)
                        crash_amid_reload_at(reload_points[i].name, n, reload_points[i].variant);
}

static unsigned number_from(const char *name, unsigned preset) {
        const char *value = getenv(name);

        return value ? (unsigned) atoi(value) : preset;
}

static void storm(unsigned seed, unsigned n_kills, int signal) {
        _cleanup_(survival_done) Survival s;

        survival_init(&s, seed);
        service_start(&s.service, NULL);
        EXPECT(service_wait_ready(&s.service));
        for (unsigned i = 0; i < n_kills && n_test_failures == 0; i++) {
                int status;

                world_act(&s.world, 2000 + world_random(&s.world, 60000), N_FILES_MAX);
                status = service_kill(&s.service, signal);
                if (signal == SIGKILL ? !WIFSIGNALED(status) : status != 0)
                        TEST_FAIL("it ended with %d", status);
                world_act(&s.world, world_random(&s.world, 10000), N_FILES_MAX);
                service_start(&s.service, NULL);
                if (signal != SIGKILL)
                        EXPECT(service_wait_ready(&s.service));
        }
        EXPECT(service_wait_ready(&s.service));
        rest(&s);
        if (n_test_failures > 0)
                fprintf(stderr, "... with SURVIVAL_SEED=%u\n", seed);
}

TEST(S24_a_storm_of_kills_loses_nothing) {
        unsigned first = number_from("SURVIVAL_SEED", 1);

        for (unsigned seed = first; seed < first + 3 && n_test_failures == 0; seed++)
                storm(seed, number_from("SURVIVAL_KILLS", 25), SIGKILL);
}

static void storm_of_reloads(unsigned seed, unsigned n_kills, Variant variant) {
        _cleanup_(survival_done) Survival s;

        survival_init(&s, seed);
        service_start(&s.service, NULL);
        EXPECT(service_wait_ready(&s.service));
        for (unsigned i = 0; i < n_kills && n_test_failures == 0; i++) {
                world_act(&s.world, 1000 + world_random(&s.world, 30000), N_FILES_MAX);
                write_variant(&s, i % 2 == 0 ? variant : VARIANT_PLAIN);
                (void) kill(s.service.pid, SIGHUP);
                if (world_random(&s.world, 2) == 0)
                        pause_usec(world_random(&s.world, 4000));
                else
                        world_act(&s.world, world_random(&s.world, 8000), N_FILES_MAX);
                (void) service_kill(&s.service, SIGKILL);
                world_act(&s.world, world_random(&s.world, 10000), N_FILES_MAX);
                service_start(&s.service, NULL);
                if (world_random(&s.world, 3) == 0)
                        EXPECT(service_wait_ready(&s.service));
        }
        EXPECT(service_wait_ready(&s.service));
        rest(&s);
        if (n_test_failures > 0)
                fprintf(stderr, "... with SURVIVAL_SEED=%u, variant %d\n", seed, variant);
}

static void reload_often(Variant variant) {
        _cleanup_(survival_done) Survival s;

        survival_init(&s, number_from("SURVIVAL_SEED", 1));
        service_start(&s.service, NULL);
        EXPECT(service_wait_ready(&s.service));
        for (unsigned i = 0; i < 40 && n_test_failures == 0; i++) {
                write_variant(&s, i % 2 == 0 ? variant : VARIANT_PLAIN);
                service_listen(&s.service);
                s.service.n_ready = 0;
                (void) kill(s.service.pid, SIGHUP);
                while (s.service.n_ready == 0) {
                        world_act(&s.world, 3000, N_FILES_MAX);
                        service_listen(&s.service);
                }
                world_act(&s.world, 5000, N_FILES_MAX);
        }
        rest(&s);
}

TEST(S24_reloads_of_reach_lose_nothing) {
        reload_often(VARIANT_REACH);
}

TEST(S24_reloads_of_roots_lose_nothing) {
        reload_often(VARIANT_ROOTS);
}

TEST(S24_a_storm_of_kills_amid_reloads_loses_nothing) {
        unsigned first = number_from("SURVIVAL_SEED", 1);

        for (unsigned seed = first; seed < first + 3 && n_test_failures == 0; seed++) {
                storm_of_reloads(seed, number_from("SURVIVAL_KILLS", 25), VARIANT_REACH);
                storm_of_reloads(seed, number_from("SURVIVAL_KILLS", 25), VARIANT_ROOTS);
        }
}

#define N_NEW_DIRECTORIES 4000U

/* How many files of new directories were told; each once. */
static unsigned n_new_told(const Service *s) {
        _cleanup_(history_freep) History *h = service_history(s);
        _cleanup_free_ bool *is_told = calloc(N_NEW_DIRECTORIES, sizeof(bool));
        uint64_t from, to;
        unsigned n_told = 0, i;
        Cursor c = {};
        Notice n;

        while (h && history_next(h, &c, ~0U, &n, &from, &to) > 0) {
                const char *name = strrchr(n.path, '/');

                if (!streq(name, "/f") || sscanf(n.path + strlen(s->base), "/tree/%u", &i) != 1)
                        continue;
                if (is_told[i])
                        TEST_FAIL("%s was told twice", n.path);
                n_told += !is_told[i];
                is_told[i] = true;
        }
        return n_told;
}

/* It is killed amid the scan of them, again and again, and gets through when it is let live. */
TEST(S24_many_new_directories_are_told_once_after_many_deaths) {
        _cleanup_(survival_done) Survival s;
        usec_t end;

        survival_init(&s, 1);
        service_write_config(&s.service,
                        "[Manager]\nBus=none\nHistorySize=8M\n"
                        "[Watch a]\nPath=@/tree\nRecursive=yes\nEvents=create\nRecover=yes\n");
        service_start(&s.service, NULL);
        EXPECT(service_wait_ready(&s.service));
        (void) kill(s.service.pid, SIGSTOP);
        for (unsigned i = 0; i < N_NEW_DIRECTORIES; i++) {
                char path[64];

                (void) snprintf(path, sizeof(path), "tree/%u", i);
                EXPECT_OK(mkdir(path, 0700));
                (void) snprintf(path, sizeof(path), "tree/%u/f", i);
                safe_close(open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
        }
        (void) kill(s.service.pid, SIGCONT);
        for (unsigned i = 0; i < 12; i++) {
                pause_usec(10000 + 10000 * i);
                (void) service_kill(&s.service, SIGKILL);
                service_start(&s.service, NULL);
        }
        end = clock_usec() + PATIENCE_USEC;
        while (n_new_told(&s.service) < N_NEW_DIRECTORIES && clock_usec() < end) {
                service_listen(&s.service);
                pause_usec(20000);
        }
        pause_usec(100000); /* nothing more comes */
        EXPECT_EQ(n_new_told(&s.service), N_NEW_DIRECTORIES);
}

TEST(S24_restarts_lose_nothing) {
        storm(number_from("SURVIVAL_SEED", 1), 10, SIGTERM);
}
