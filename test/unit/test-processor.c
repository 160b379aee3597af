/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What processors have in common. Their rules are in the traces. */

#include "processors/processor.h"
#include "test.h"

typedef struct Probe {
        unsigned n_started, n_stopped, n_processed, n_elapsed;
        int start_result, process_result;
        usec_t elapsed_at;
        bool elapsed_first;
} Probe;

static Probe probe;

static int probe_start(Processor *p) {
        static const char zeroed[16];

        probe.n_started++;
        EXPECT_EQ(memcmp(p->state, zeroed, sizeof(zeroed)), 0);
        p->deadline = 100;
        return probe.start_result;
}

static void probe_stop(Processor *p) {
        probe.n_stopped++;
}

static int probe_process(Processor *p, const Event *e, usec_t now) {
        Notice n;

        probe.n_processed++;
        probe.elapsed_first = probe.n_elapsed > 0;
        notice_from_event(e, &n);
        return processor_say(p, &n) ?: probe.process_result;
}

static int probe_elapse(Processor *p, usec_t now) {
        probe.n_elapsed++;
        probe.elapsed_at = now;
        p->deadline = USEC_INFINITY;
        return 0;
}

static const ProcessorType probe_type = {
        .name = "probe",
        .state_size = 16,
        .start = probe_start,
        .stop = probe_stop,
        .process = probe_process,
        .elapse = probe_elapse,
};

static Notice last;
static unsigned n_notices;

static int take_notice(const Notice *n, void *userdata) {
        last = *n;
        n_notices++;
        return *(int *) userdata;
}

static Processor *make(const ProcessorType *type, int *sink_result) {
        Processor *p = NULL;

        probe = (Probe){};
        n_notices = 0;
        EXPECT_OK(processor_new(type, NULL, take_notice, sink_result, &p));
        return p;
}

TEST(every_type_has_what_a_type_needs) {
        for (size_t i = 0; processor_types[i]; i++) {
                const ProcessorType *type = processor_types[i];

                EXPECT(processor_type_find(type->name) == type);
                EXPECT(type->text && *type->text);
                EXPECT(type->process);
                EXPECT_EQ(!!type->settings, type->settings_size > 0);
                for (const Setting *s = type->settings; s && s->key; s++)
                        EXPECT_INT(s->offset, <, type->settings_size);
        }
        EXPECT(!processor_type_find("transfers"));
        EXPECT(!processor_type_find(""));
}

TEST(the_ancestors_processors_are_there) {
        EXPECT(processor_type_find("all"));
        EXPECT(processor_type_find("create"));
        EXPECT(processor_type_find("chunked"));
        EXPECT_EQ(processor_type_find("all")->needs, 0);
        EXPECT_EQ(processor_type_find("create")->needs, IN_CREATE);
}

TEST(a_processor_starts_and_stops_once) {
        int result = 0;
        Processor *p = make(&probe_type, &result);

        EXPECT_EQ(probe.n_started, 1);
        EXPECT_EQ(probe.n_stopped, 0);
        processor_free(p);
        EXPECT_EQ(probe.n_stopped, 1);
        EXPECT(!processor_free(NULL));
}

TEST(a_failed_start_is_cleaned_up) {
        int result = 0;
        Processor *p = NULL;

        probe = (Probe){ .start_result = -ENOMEM };
        EXPECT_EQ(processor_new(&probe_type, NULL, take_notice, &result, &p), -ENOMEM);
        EXPECT(!p);
        EXPECT_EQ(probe.n_stopped, 1);
}

TEST(a_deadline_is_run_at_its_time_and_not_before) {
        int result = 0;
        _cleanup_(processor_freep) Processor *p = make(&probe_type, &result);

        EXPECT_OK(processor_elapse(p, 99));
        EXPECT_EQ(probe.n_elapsed, 0);
        EXPECT_OK(processor_elapse(p, 100));
        EXPECT_EQ(probe.n_elapsed, 1);
        EXPECT_EQ(probe.elapsed_at, 100);
        EXPECT_OK(processor_elapse(p, USEC_INFINITY - 1));
        EXPECT_EQ(probe.n_elapsed, 1);
}

TEST(what_is_due_is_run_before_an_event) {
        int result = 0;
        _cleanup_(processor_freep) Processor *p = make(&probe_type, &result);
        Event e = { .mask = IN_CREATE, .path = "/a", .path_len = 2 };

        EXPECT_OK(processor_process(p, &e, 50));
        EXPECT(!probe.elapsed_first);
        EXPECT_OK(processor_process(p, &e, 150));
        EXPECT(probe.elapsed_first);
        EXPECT_EQ(probe.n_processed, 2);
        EXPECT_EQ(n_notices, 2);
}

TEST(failures_are_passed_on) {
        int result = -ENOSPC;
        _cleanup_(processor_freep) Processor *p = make(&probe_type, &result);
        Event e = { .mask = IN_CREATE, .path = "/a", .path_len = 2 };

        EXPECT_EQ(processor_process(p, &e, 0), -ENOSPC);
        result = 0;
        probe.process_result = -ENOMEM;
        EXPECT_EQ(processor_process(p, &e, 0), -ENOMEM);
}

TEST(a_notice_is_the_event_it_is_made_from) {
        Event e = {
                .mask = IN_MOVED_TO | IN_ISDIR,
                .cookie = 7,
                .origin = ORIGIN_RESCAN,
                .usec = 1763629200000000,
                .path = "/w/b",
                .path_len = 4,
                .source = "/w/a0",
                .source_len = 5,
        };
        Notice n;

        notice_from_event(&e, &n);
        EXPECT_EQ(n.member, MEMBER_IN_MOVED_TO);
        EXPECT_EQ(n.mask, IN_MOVED_TO | IN_ISDIR);
        EXPECT_EQ(n.cookie, 7);
        EXPECT_EQ(n.flags, NOTICE_RESCAN);
        EXPECT_EQ(n.usec, 1763629200000000);
        EXPECT_STREQ(n.path, "/w/b");
        EXPECT_EQ(n.path_len, 4);
        EXPECT_STREQ(n.source, "/w/a0");
        EXPECT_EQ(n.source_len, 5);
        EXPECT_EQ(n.reason, REASON_NONE);
        EXPECT_EQ(n.sequence, 0);
        EXPECT(!n.watch);
}

TEST(each_origin_has_its_flag) {
        static const NoticeFlags flags[_ORIGIN_MAX] = {
                [ORIGIN_INITIAL] = NOTICE_INITIAL,
                [ORIGIN_RESCAN] = NOTICE_RESCAN,
        };

        for (Origin o = 0; o < _ORIGIN_MAX; o++) {
                Event e = { .mask = IN_CREATE, .origin = o, .path = "/", .path_len = 1 };
                Notice n;

                notice_from_event(&e, &n);
                EXPECT_EQ(n.flags, flags[o]);
        }
}

TEST(every_inotify_event_is_told_by_all_or_by_the_watch) {
        int result = 0;
        _cleanup_(processor_freep) Processor *p = make(processor_type_find("all"), &result);

        for (Member m = 0; m <= MEMBER_IN_UNMOUNT; m++) {
                Event e = { .mask = member_names[m].mask, .path = "/w/a", .path_len = 4 };
                bool always = m == MEMBER_IN_IGNORED || m == MEMBER_IN_UNMOUNT ||
                              m == MEMBER_IN_Q_OVERFLOW;

                n_notices = 0;
                EXPECT_OK(processor_process(p, &e, 0));
                EXPECT_EQ(n_notices, !always);
                EXPECT_EQ(processor_is_always_told(&e) > 0, always);
                if (!always)
                        EXPECT_EQ(last.member, m);
        }
}
