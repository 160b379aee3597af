/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Which notices become jobs, and that each does once, whenever a process ends. How units are started is a
 * matter of the system tests: there is no systemd here, and so everything waits. */

#include <fcntl.h>

#include "job-fixture.h"
#include "publishers/job-log.h"
#include "publishers/unit.h"

typedef struct Fixture {
        char top[64];
        int state_fd;
        sd_event *event;
        History *history;
        Publisher *publisher;
} Fixture;

static const UnitSetting settings[] = {
        { "w", "x@.service", 8 },
        { "v", "y@.service", 1 },
};

/* The next process, with the first `n` watches. */
static void start(Fixture *f, size_t n) {
        char directory[128];

        f->publisher = publisher_free(f->publisher);
        (void) snprintf(directory, sizeof(directory), "%s/run", f->top);
        EXPECT_OK(unit_publisher_new(
                        f->event, f->history, "night", directory, f->state_fd, &f->publisher));
        EXPECT_OK(unit_publisher_configure(f->publisher, settings, n));
}

static void fixture_init(Fixture *f) {
        *f = (Fixture){ .top = "/tmp/inotifier-unit-XXXXXX" };
        assert(mkdtemp(f->top));
        f->state_fd = open(f->top, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        EXPECT_OK(sd_event_new(&f->event));
        EXPECT_OK(history_new(HISTORY_SIZE_MIN, &f->history));
}

static void fixture_done(Fixture *f) {
        char command[128];

        publisher_free(f->publisher);
        history_free(f->history);
        sd_event_unref(f->event);
        (void) close(f->state_fd);
        (void) snprintf(command, sizeof(command), "rm -rf '%s'", f->top);
        EXPECT_EQ(system(command), 0);
}

static void tell(Fixture *f, Member member, const char *watch, const char *path) {
        Notice n = job_notice(0, watch, path);

        n.member = member;
        n.mask = member_names[member].mask;
        n.usec += history_newest(f->history);
        EXPECT_OK(history_append(f->history, &n, 1U << PUBLISHER_UNIT));
}

/* The jobs that were written down, as the process after this one finds them: UNIT and so on. */
static const char *jobs_left(Fixture *f) {
        _cleanup_(job_log_freep) JobLog *log = NULL;
        _cleanup_(jobs_freep) Jobs *jobs = NULL;
        static char text[4096];
        size_t length = 0;

        f->publisher = publisher_free(f->publisher);
        EXPECT_OK(jobs_new(&jobs));
        EXPECT_OK(job_log_open(f->state_fd, jobs, &log));
        text[0] = '\0';
        for (Job *job = jobs_first(jobs); job; job = job->later)
                length += (size_t) snprintf(text + length,
                                sizeof(text) - length,
                                "%s%" PRIu64 " %s",
                                length > 0 ? ", " : "",
                                job->notice.sequence,
                                job->unit_name);
        return text;
}

TEST(notices_become_jobs_of_the_template_of_their_watch) {
        Fixture f;

        fixture_init(&f);
        start(&f, 2);
        tell(&f, MEMBER_IN_CREATE, "w", "/srv/a");
        tell(&f, MEMBER_TRANSFER_COMPLETED, "v", "/srv/b c");
        EXPECT_EQ(publisher_flush(f.publisher), 0);
        EXPECT(publisher_is_done(f.publisher));
        EXPECT_STREQ(jobs_left(&f), "1 x@srv-a.service, 2 y@srv-b\\x20c.service");
        fixture_done(&f);
}

TEST(housekeeping_starts_no_unit) {
        static const Member members[] = {
                MEMBER_IN_IGNORED,
                MEMBER_IN_Q_OVERFLOW,
                MEMBER_IN_UNMOUNT,
                MEMBER_RESCANNED,
                MEMBER_TRANSFER_STARTED,
                MEMBER_TRANSFER_ABANDONED,
        };
        Fixture f;

        fixture_init(&f);
        start(&f, 1);
        for (size_t i = 0; i < ELEMENTSOF(members); i++)
                tell(&f, members[i], "w", "/srv/a");
        tell(&f, MEMBER_IN_DELETE_SELF, "w", "/srv/a");
        EXPECT_EQ(publisher_flush(f.publisher), 0);
        EXPECT_STREQ(jobs_left(&f), "7 x@srv-a.service");
        fixture_done(&f);
}

TEST(what_the_process_before_did_not_come_to_is_taken_up) {
        Fixture f;

        fixture_init(&f);
        start(&f, 1);
        tell(&f, MEMBER_IN_CREATE, "w", "/srv/a");
        start(&f, 1);
        EXPECT_EQ(publisher_flush(f.publisher), 0);
        EXPECT_STREQ(jobs_left(&f), "1 x@srv-a.service");
        fixture_done(&f);
}

TEST(notice_that_the_history_hands_out_again_is_one_job) {
        static const Cursor beginning = {};
        Fixture f;

        fixture_init(&f);
        start(&f, 1);
        tell(&f, MEMBER_IN_CREATE, "w", "/srv/a");
        EXPECT_EQ(publisher_flush(f.publisher), 0);
        history_save(f.history, PUBLISHER_UNIT, &beginning); /* which the crash came before */
        start(&f, 1);
        tell(&f, MEMBER_IN_CREATE, "w", "/srv/b");
        EXPECT_EQ(publisher_flush(f.publisher), 0);
        EXPECT_STREQ(jobs_left(&f), "1 x@srv-a.service, 2 x@srv-b.service");
        fixture_done(&f);
}

TEST(watch_that_a_reload_removes_tells_to_the_end) {
        Fixture f;

        fixture_init(&f);
        start(&f, 2);
        tell(&f, MEMBER_IN_CREATE, "v", "/srv/a");
        EXPECT_OK(unit_publisher_configure(f.publisher, settings, 1));
        tell(&f, MEMBER_IN_CREATE, "v", "/srv/b");
        unit_publisher_settle(f.publisher);
        EXPECT_EQ(f.publisher->n_untold, 0);
        EXPECT_STREQ(jobs_left(&f), "1 y@srv-a.service, 2 y@srv-b.service");
        fixture_done(&f);
}

TEST(watch_that_the_next_process_does_not_have_tells_to_the_end) {
        Fixture f;

        fixture_init(&f);
        start(&f, 2);
        tell(&f, MEMBER_IN_CREATE, "v", "/srv/a");
        start(&f, 1);
        tell(&f, MEMBER_IN_CREATE, "w", "/srv/b");
        EXPECT_EQ(publisher_flush(f.publisher), 0);
        EXPECT_EQ(f.publisher->n_untold, 0);
        EXPECT_STREQ(jobs_left(&f), "1 y@srv-a.service, 2 x@srv-b.service");
        fixture_done(&f);
}

TEST(watch_that_has_told_to_the_end_is_forgotten) {
        Fixture f;

        fixture_init(&f);
        start(&f, 2);
        start(&f, 1);
        EXPECT_EQ(publisher_flush(f.publisher), 0);
        tell(&f, MEMBER_IN_CREATE, "v", "/srv/c");
        EXPECT_EQ(publisher_flush(f.publisher), 0);
        EXPECT_EQ(f.publisher->n_untold, 1);
        EXPECT_STREQ(jobs_left(&f), "");
        fixture_done(&f);
}

TEST(what_waits_waits_for_the_unit_that_is_configured_now) {
        static const UnitSetting other = { "w", "z@.service", 1 };
        Fixture f;

        fixture_init(&f);
        start(&f, 2);
        tell(&f, MEMBER_IN_CREATE, "w", "/srv/a");
        tell(&f, MEMBER_IN_CREATE, "v", "/srv/b");
        tell(&f, MEMBER_IN_CREATE, "w", "/srv/c");
        EXPECT_EQ(publisher_flush(f.publisher), 0);
        EXPECT_OK(unit_publisher_configure(f.publisher, &other, 1));
        EXPECT_STREQ(jobs_left(&f), "1 z@srv-a.service, 2 y@srv-b.service, 3 z@srv-c.service");
        start(&f, 2); /* another configuration of the next process */
        EXPECT_STREQ(jobs_left(&f), "1 x@srv-a.service, 2 y@srv-b.service, 3 x@srv-c.service");
        fixture_done(&f);
}
