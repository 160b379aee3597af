/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The bounds of `transfer`; its rules are in the traces. */

#include "base/parse.h"
#include "processors/processor.h"
#include "processors/transfer-internal.h"
#include "test.h"

static unsigned n_told[_MEMBER_MAX], n_looks;
static Reason last_reason;
static char last_path[64];

static int take_notice(const Notice *n, void *userdata) {
        n_told[n->member]++;
        if (n->reason != REASON_NONE)
                last_reason = n->reason;
        (void) snprintf(last_path, sizeof(last_path), "%s", n->path);
        return 0;
}

static int look(const char *path, FileStat *ret, void *userdata) {
        n_looks++;
        *ret = (FileStat){ .inode = n_looks, .ctime_nsec = 1, .n_links = 1, .is_regular = true };
        return userdata ? *(int *) userdata : 0;
}

static TransferSettings *settings_new(void) {
        TransferSettings *settings = calloc(1, sizeof(*settings));

        assert(settings);
        EXPECT_OK(settings_init(processor_type_find("transfer")->settings, settings));
        return settings;
}

static Processor *make(const TransferSettings *settings, int *look_result) {
        Processor *p = NULL;

        memset(n_told, 0, sizeof(n_told));
        EXPECT_OK(processor_new(processor_type_find("transfer"), settings, take_notice, NULL, &p));
        p->look = look;
        p->look_userdata = look_result;
        return p;
}

static void happen(Processor *p, uint32_t mask, Origin origin, const char *path, usec_t now) {
        Event e = {
                .mask = mask,
                .origin = origin,
                .usec = 1000 + now,
                .path = path,
                .path_len = strlen(path),
        };

        EXPECT_OK(processor_process(p, &e, now));
}

static void done(Processor *p, TransferSettings *settings) {
        processor_free(p);
        settings_done(processor_type_find("transfer")->settings, settings);
        free(settings);
}

TEST(the_oldest_is_abandoned_when_there_are_too_many_and_what_is_done_goes_first) {
        TransferSettings *settings = settings_new();
        Processor *p = make(settings, NULL);
        char path[32];

        happen(p, IN_CREATE, ORIGIN_KERNEL, "/w/first.part", 1);
        happen(p, IN_MOVED_TO, ORIGIN_KERNEL, "/w/done", 2);
        EXPECT_EQ(n_told[MEMBER_TRANSFER_COMPLETED], 1);
        for (unsigned i = 2; i < TRANSFERS_MAX + 1; i++) {
                (void) snprintf(path, sizeof(path), "/w/%u.part", i);
                happen(p, IN_CREATE, ORIGIN_KERNEL, path, i);
        }
        EXPECT_EQ(n_told[MEMBER_TRANSFER_STARTED], TRANSFERS_MAX);
        EXPECT_EQ(n_told[MEMBER_TRANSFER_ABANDONED], 0);
        happen(p, IN_CREATE, ORIGIN_KERNEL, "/w/last.part", TRANSFERS_MAX + 1);
        EXPECT_EQ(n_told[MEMBER_TRANSFER_ABANDONED], 1);
        EXPECT_EQ(last_reason, REASON_AGE);
        done(p, settings);
}

TEST(what_is_due_at_one_time_is_looked_at_in_slices) {
        TransferSettings *settings = settings_new();
        Processor *p = make(settings, NULL);
        unsigned n_before, n_calls = 0;
        char path[32];

        for (unsigned i = 0; i < 2000; i++) {
                (void) snprintf(path, sizeof(path), "/w/%u", i);
                happen(p, IN_CREATE, ORIGIN_KERNEL, path, 10);
        }
        n_before = n_looks;
        EXPECT_EQ(p->deadline, 10 + USEC_PER_SEC);
        EXPECT_OK(processor_elapse(p, p->deadline));
        EXPECT_INT(n_looks - n_before, <, 2000);
        EXPECT_INT(n_looks - n_before, >, 100);
        while (p->deadline <= 10 + USEC_PER_SEC && n_calls++ < 100)
                EXPECT_OK(processor_elapse(p, 10 + USEC_PER_SEC));
        EXPECT_EQ(n_told[MEMBER_TRANSFER_COMPLETED], 2000);
        EXPECT_EQ(p->deadline, USEC_INFINITY);
        done(p, settings);
}

TEST(a_file_that_cannot_be_looked_at_is_told_without_its_size) {
        TransferSettings *settings = settings_new();
        int result = -EACCES;
        Processor *p = make(settings, &result);

        happen(p, IN_CREATE, ORIGIN_KERNEL, "/w/a", 1);
        happen(p, IN_OPEN, ORIGIN_KERNEL, "/w/a", 2);
        happen(p, IN_CLOSE_WRITE, ORIGIN_KERNEL, "/w/a", 3);
        happen(p, IN_CREATE, ORIGIN_SCAN, "/w/b", 4);
        EXPECT_OK(processor_elapse(p, 4 + 2 * USEC_PER_SEC));
        EXPECT_EQ(n_told[MEMBER_TRANSFER_COMPLETED], 2);
        EXPECT_STREQ(last_path, "/w/b");
        done(p, settings);
}

TEST(nobody_waits_when_times_are_infinite) {
        TransferSettings *settings = settings_new();
        Processor *p;

        settings->idle = USEC_INFINITY;
        settings->max_age = USEC_INFINITY;
        p = make(settings, NULL);
        happen(p, IN_MODIFY, ORIGIN_KERNEL, "/w/a", 1);
        happen(p, IN_CREATE, ORIGIN_KERNEL, "/w/b.part", 1);
        EXPECT_EQ(p->deadline, USEC_INFINITY);
        EXPECT_EQ(n_told[MEMBER_TRANSFER_STARTED], 2);
        done(p, settings);
}

TEST(complete_takes_names_in_any_number) {
        const SettingKind *kind = &transfer_kind_complete;
        const char *why = NULL;
        unsigned value = 0, other = 0;

        EXPECT_OK(kind->parse(NULL, "rename  idle", &value, &why));
        EXPECT_OK(kind->parse(NULL, "idle", &other, &why));
        EXPECT(!kind->equal(&value, &other));
        EXPECT_OK(kind->parse(NULL, "rename", &other, &why));
        EXPECT(kind->equal(&value, &other));
        EXPECT_EQ(kind->parse(NULL, "rename size", &value, &why), -EINVAL);
        EXPECT(why && strstr(why, "marker"));
        EXPECT(kind->equal(&value, &other));
        EXPECT_EQ(kind->parse(NULL, "\"rename", &value, &why), -EINVAL);
}
