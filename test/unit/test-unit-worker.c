/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What becomes of a job, as the service manager tells it: here one of the test's own, on a bus of its own,
 * that starts a unit once. */

#include <fcntl.h>

#include "job-fixture.h"
#include "private-bus.h"
#include "publishers/job-log.h"
#include "publishers/unit.h"

#define SYSTEMD "org.freedesktop.systemd1"
#define UNIT "x@srv-a.service"
#define JOB_PATH "/org/freedesktop/systemd1/job/1"
#define JOB_FILE "run/jobs/1"

/* How it is with a unit that was started. */
typedef struct Story {
        const char *name;   /* its own; NULL: as it was asked for */
        const char *result; /* of the job to start it */
        const char *state;  /* ActiveState, after that; NULL: it is not loaded any more */
        bool runs;          /* before that */
} Story;

typedef struct Fixture {
        PrivateBus bus;
        char top[64];
        int state_fd;
        sd_event *event;
        sd_bus *server, *client;
        History *history;
        Publisher *publisher;
        Story story;
        usec_t ran;
        unsigned n_loaded, n_started, n_asked;
        bool has_answer; /* to ours */
} Fixture;

static char *path_of(const char *unit) {
        char *path = NULL;

        EXPECT_OK(sd_bus_path_encode("/org/freedesktop/systemd1/unit", unit, &path));
        return path;
}

static int tell_the_end(Fixture *f, const char *unit) {
        _cleanup_free_ char *path = path_of(unit);
        int r;

        r = sd_bus_emit_signal(f->server,
                        "/org/freedesktop/systemd1",
                        SYSTEMD ".Manager",
                        "JobRemoved",
                        "uoss",
                        1,
                        JOB_PATH,
                        unit,
                        f->story.result);
        if (r < 0 || !f->story.state)
                return sd_bus_emit_signal(f->server,
                                "/org/freedesktop/systemd1",
                                SYSTEMD ".Manager",
                                "UnitRemoved",
                                "so",
                                unit,
                                path);
        return sd_bus_emit_signal(f->server,
                        path,
                        "org.freedesktop.DBus.Properties",
                        "PropertiesChanged",
                        "sa{sv}as",
                        SYSTEMD ".Unit",
                        2,
                        "ActiveState",
                        "s",
                        f->story.state,
                        "Job",
                        "(uo)",
                        0,
                        "/",
                        0);
}

static int get(Fixture *f, sd_bus_message *m) {
        const char *interface, *property;

        EXPECT_OK(sd_bus_message_read(m, "ss", &interface, &property));
        if (streq(property, "UserspaceTimestampMonotonic"))
                return sd_bus_reply_method_return(m, "v", "t", UINT64_C(7));
        if (streq(property, "Job"))
                return sd_bus_reply_method_return(m, "v", "(uo)", 0, "/");
        f->n_asked++;
        if (streq(property, "ActiveState"))
                return sd_bus_reply_method_return(m, "v", "s", f->story.state);
        EXPECT_STREQ(property, "InactiveExitTimestampMonotonic");
        return sd_bus_reply_method_return(m, "v", "t", f->ran);
}

static int start_unit(Fixture *f, sd_bus_message *m) {
        const char *unit, *mode;
        int r;

        EXPECT_OK(sd_bus_message_read(m, "ss", &unit, &mode));
        EXPECT_STREQ(unit, UNIT);
        f->n_started++;
        if (f->story.runs)
                f->ran = monotonic_now();
        r = sd_bus_reply_method_return(m, "o", JOB_PATH);
        return r < 0 ? r : tell_the_end(f, unit);
}

static int on_call(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        _cleanup_free_ char *path = NULL;
        Fixture *f = userdata;
        const char *unit;

        if (sd_bus_message_is_method_call(m, NULL, "Subscribe"))
                return sd_bus_reply_method_return(m, NULL);
        if (sd_bus_message_is_method_call(m, NULL, "Get"))
                return get(f, m);
        if (sd_bus_message_is_method_call(m, NULL, "StartUnit"))
                return start_unit(f, m);
        if (!sd_bus_message_is_method_call(m, NULL, "LoadUnit") &&
                        !sd_bus_message_is_method_call(m, NULL, "GetUnit"))
                return 0;
        EXPECT_OK(sd_bus_message_read(m, "s", &unit));
        if (sd_bus_message_is_method_call(m, NULL, "LoadUnit"))
                f->n_loaded++;
        else if (!f->story.state)
                return sd_bus_reply_method_errorf(m, SYSTEMD ".NoSuchUnit", "It is gone");
        path = path_of(f->story.name ?: unit);
        return sd_bus_reply_method_return(m, "o", path);
}

static int on_pong(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        Fixture *f = userdata;

        f->has_answer = true;
        return 0;
}

/* What the service manager has said until now is heard. */
static void settle(Fixture *f) {
        const char *name;

        f->has_answer = false;
        EXPECT_OK(sd_bus_get_unique_name(f->client, &name));
        EXPECT_OK(sd_bus_call_method_async(f->server,
                        NULL,
                        name,
                        "/",
                        "org.freedesktop.DBus.Peer",
                        "Ping",
                        on_pong,
                        f,
                        NULL));
        RUN_UNTIL(f->event, f->has_answer);
}

static bool has_file(const Fixture *f) {
        return faccessat(f->state_fd, JOB_FILE, F_OK, 0) >= 0;
}

static void start_publisher(Fixture *f) {
        static const UnitSetting setting = { "w", "x@.service", 1 };
        char directory[80];

        f->publisher = publisher_free(f->publisher);
        (void) snprintf(directory, sizeof(directory), "%s/run", f->top);
        EXPECT_OK(unit_publisher_new(
                        f->event, f->history, "night", directory, f->state_fd, &f->publisher));
        EXPECT_OK(unit_publisher_configure(f->publisher, &setting, 1));
        unit_publisher_set_bus(f->publisher, f->client);
}

static void fixture_init(Fixture *f, Story story) {
        Notice n = job_notice(0, "w", "/srv/a");

        *f = (Fixture){ .top = "/tmp/inotifier-unit-XXXXXX", .story = story };
        assert(mkdtemp(f->top));
        f->state_fd = open(f->top, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        private_bus_init(&f->bus);
        EXPECT_OK(sd_event_new(&f->event));
        f->server = private_bus_connect(&f->bus, f->event);
        EXPECT_OK(sd_bus_add_filter(f->server, NULL, on_call, f));
        EXPECT_OK(sd_bus_request_name(f->server, SYSTEMD, 0));
        f->client = private_bus_connect(&f->bus, f->event);
        EXPECT_OK(history_new(HISTORY_SIZE_MIN, &f->history));
        EXPECT_OK(history_append(f->history, &n, 1U << PUBLISHER_UNIT));
        start_publisher(f);
}

static void fixture_done(Fixture *f) {
        char command[128];

        publisher_free(f->publisher);
        history_free(f->history);
        sd_bus_close_unref(f->client);
        sd_bus_close_unref(f->server);
        sd_event_unref(f->event);
        private_bus_done(&f->bus);
        safe_close(f->state_fd);
        (void) snprintf(command, sizeof(command), "rm -rf '%s'", f->top);
        EXPECT_EQ(system(command), 0);
}

/* The state that the next process finds the job in; -ENOENT: it is done. */
static int state_left(Fixture *f) {
        _cleanup_(job_log_freep) JobLog *log = NULL;
        _cleanup_(jobs_freep) Jobs *jobs = NULL;
        const Job *job;

        f->publisher = publisher_free(f->publisher);
        EXPECT_OK(jobs_new(&jobs));
        EXPECT_OK(job_log_open(f->state_fd, jobs, &log));
        job = jobs_find(jobs, 1);
        return job ? (int) job->state : -ENOENT;
}

TEST(unit_that_ran_is_done_with) {
        static const Story stories[] = {
                { .result = "done", .state = "inactive", .runs = true },
                { .result = "done", .state = NULL, .runs = true },
                { .result = "failed", .state = "failed", .runs = true },
        };

        for (size_t i = 0; i < ELEMENTSOF(stories); i++) {
                Fixture f;

                fixture_init(&f, stories[i]);
                RUN_UNTIL(f.event, f.n_started > 0 && !has_file(&f));
                EXPECT_EQ(f.n_started, 1);
                EXPECT_EQ(state_left(&f), -ENOENT);
                fixture_done(&f);
        }
}

TEST(unit_that_was_not_run_is_not_done_with) {
        static const Story stories[] = {
                { .result = "failed", .state = "failed" }, /* it was started too often */
                { .result = "dependency", .state = "inactive" },
        };

        for (size_t i = 0; i < ELEMENTSOF(stories); i++) {
                Fixture f;

                fixture_init(&f, stories[i]);
                f.ran = 8; /* once */
                RUN_UNTIL(f.event, f.n_asked > (streq(stories[i].state, "failed") ? 1U : 0U));
                settle(&f);
                EXPECT(has_file(&f));
                EXPECT_EQ(state_left(&f), JOB_BEGUN);
                /* The next process has it started. */
                f.story = (Story){ .result = "done", .state = "inactive", .runs = true };
                start_publisher(&f);
                RUN_UNTIL(f.event, f.n_started == 2 && !has_file(&f));
                EXPECT_EQ(state_left(&f), -ENOENT);
                fixture_done(&f);
        }
}

TEST(alias_is_not_started) {
        Story story = { .name = "y@srv-a.service", .result = "done", .state = "inactive" };
        Fixture f;

        fixture_init(&f, story);
        RUN_UNTIL(f.event, f.n_loaded > 0);
        settle(&f);
        EXPECT_EQ(f.n_started, 0);
        EXPECT(!has_file(&f));
        EXPECT(state_left(&f) != -ENOENT);
        fixture_done(&f);
}
