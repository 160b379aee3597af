/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Subscribe: a stream of one's own from a daemon on a bus of its own, and what is refused. */

#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>

#include "api-fixture.h"
#include "base/text.h"

typedef struct Stream {
        int fd;
        Buffer text;
} Stream;

static void stream_done(Stream *s) {
        safe_close(s->fd);
        buffer_done(&s->text);
}
#define _stream_ _cleanup_(stream_done) Stream

/* `types` and what follows is the options as sd-bus has them. The descriptor is -EBADF on failure. */
static Stream subscribe(Fixture *f, sd_bus_error *error, const char *types, ...) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL, *reply = NULL;
        Stream s = { .fd = -EBADF };
        va_list arguments;
        int fd;

        EXPECT_OK(sd_bus_message_new_method_call(f->bus,
                        &m,
                        "org.inotifier1",
                        "/org/inotifier1",
                        "org.inotifier1.Manager",
                        "Subscribe"));
        va_start(arguments, types);
        EXPECT_OK(sd_bus_message_appendv(m, types, arguments));
        va_end(arguments);
        if (sd_bus_call(f->bus, m, 0, error, &reply) >= 0) {
                EXPECT_OK(sd_bus_message_read(reply, "h", &fd));
                s.fd = fcntl(fd, F_DUPFD_CLOEXEC, 3);
                EXPECT_INT(s.fd, >=, 0);
        }
        return s;
}

static bool has(const Stream *s, const char *what) {
        return s->text.data && strstr(s->text.data, what);
}

/* Reads until it has a line with `what` in it. */
static void read_until(Stream *s, const char *what) {
        usec_t end = monotonic_now() + PATIENCE_USEC;
        struct pollfd p = { .fd = s->fd, .events = POLLIN };
        char buffer[65536];

        while (!has(s, what) && monotonic_now() < end) {
                ssize_t n = poll(&p, 1, 100) > 0 ? read(s->fd, buffer, sizeof(buffer)) : -1;
                if (n == 0)
                        break;
                if (n > 0)
                        buffer_add(&s->text, buffer, (size_t) n);
        }
        if (!has(s, what))
                TEST_FAIL("'%s' has not come, but: %s", what, s->text.data ?: "nothing");
}

static size_t count(const Stream *s, const char *what) {
        size_t n = 0;

        for (const char *p = s->text.data; p && (p = strstr(p, what)); p++)
                n++;
        return n;
}

static uint32_t n_subscribers(Fixture *f) {
        uint32_t n = UINT32_MAX;

        EXPECT_OK(sd_bus_get_property_trivial(f->bus,
                        "org.inotifier1",
                        "/org/inotifier1",
                        "org.inotifier1.Manager",
                        "NSubscribers",
                        NULL,
                        'u',
                        &n));
        return n;
}

static void make_directory(Fixture *f, const char *name) {
        char path[128];

        (void) snprintf(path, sizeof(path), "%s/%s", f->watched, name);
        EXPECT_OK(mkdir(path, 0700) < 0 ? -errno : 0);
}

static void remove_directory(Fixture *f, const char *name) {
        char path[128];

        (void) snprintf(path, sizeof(path), "%s/%s", f->watched, name);
        (void) rmdir(path);
}

TEST(stream_tells_what_happens_from_then_on_and_ends_with_its_reader) {
        _cleanup_(fixture_done) Fixture f;

        fixture_init(&f, "[Watch a]\nPath=@\nEvents=create\n");
        make_file(&f, "before");
        WAIT_FOR(&f, f.n_notices == 1);
        Stream s = subscribe(&f, NULL, "a{sv}", 0);
        EXPECT_EQ(n_subscribers(&f), 1);
        make_file(&f, "after");
        read_until(&s, "/watched/after\"");
        EXPECT_EQ(count(&s, "\n"), 1);
        EXPECT_EQ(count(&s, "{\"sequence\":2,"), 1);
        stream_done(&s);
        WAIT_FOR(&f, n_subscribers(&f) == 0);
}

TEST(stream_goes_on_behind_what_is_known) {
        _cleanup_(fixture_done) Fixture f;
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;

        fixture_init(&f, "[Watch a]\nPath=@\nEvents=create\n");
        for (unsigned i = 1; i <= 3; i++) {
                make_file(&f, "f");
                WAIT_FOR(&f, f.n_notices == i);
        }
        _stream_ s = subscribe(&f, NULL, "a{sv}", 1, "since", "t", UINT64_C(1));
        read_until(&s, "\"sequence\":3,");
        EXPECT_EQ(count(&s, "\n"), 2);

        _stream_ later = subscribe(&f, &error, "a{sv}", 1, "since", "t", UINT64_C(4));
        EXPECT_EQ(later.fd, -EBADF);
        EXPECT_STREQ(error.name, "org.inotifier1.Error.NoSuchSequence");
}

TEST(watches_and_events_are_chosen_by_name) {
        _cleanup_(fixture_done) Fixture f;

        fixture_init(&f, "[Watch a]\nPath=@\n[Watch b]\nPath=@\n");
        _stream_ s = subscribe(&f,
                        NULL,
                        "a{sv}",
                        2,
                        "watches",
                        "as",
                        1,
                        "b",
                        "events",
                        "as",
                        3,
                        "CREATE",
                        "in_Delete",
                        "Transfer_Completed");
        make_file(&f, "f");
        read_until(&s, "in_delete");
        EXPECT_EQ(count(&s, "\n"), 2);
        EXPECT_EQ(count(&s, "\"watch\":\"b\",\"event\":\"in_create\""), 1);
}

TEST(what_is_not_understood_is_refused) {
        _cleanup_(fixture_done) Fixture f;
        static const struct {
                const char *name, *types;
                const char *value;
                const char *error;
        } refused[] = {
                { "sinc", "s", "1", SD_BUS_ERROR_INVALID_ARGS },
                { "since", "s", "1", SD_BUS_ERROR_INVALID_ARGS },
                { "initial", "s", "yes", SD_BUS_ERROR_INVALID_ARGS },
                { "events", "s", "in_create", SD_BUS_ERROR_INVALID_ARGS },
        };

        fixture_init(&f, TWO_WATCHES);
        for (size_t i = 0; i < ELEMENTSOF(refused); i++) {
                _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
                _stream_ s = subscribe(&f,
                                &error,
                                "a{sv}",
                                1,
                                refused[i].name,
                                refused[i].types,
                                refused[i].value);
                EXPECT_EQ(s.fd, -EBADF);
                EXPECT_STREQ(error.name, refused[i].error);
        }

        _cleanup_(sd_bus_error_free) sd_bus_error event = SD_BUS_ERROR_NULL;
        _cleanup_(sd_bus_error_free) sd_bus_error watch = SD_BUS_ERROR_NULL;
        _stream_ a = subscribe(&f, &event, "a{sv}", 1, "events", "as", 2, "create", "craete");
        EXPECT_STREQ(event.name, SD_BUS_ERROR_INVALID_ARGS);
        EXPECT(event.message && strstr(event.message, "craete"));
        EXPECT_EQ(a.fd, -EBADF);
        _stream_ b = subscribe(&f, &watch, "a{sv}", 1, "watches", "as", 2, "b", "c");
        EXPECT_STREQ(watch.name, "org.inotifier1.Error.NoSuchWatch");
        EXPECT_EQ(b.fd, -EBADF);
        EXPECT_EQ(n_subscribers(&f), 0);
}

TEST(what_is_there_comes_first_and_then_what_happens) {
        _cleanup_(fixture_done) Fixture f;

        fixture_init(&f,
                        "[Watch a]\nPath=@\nRecursive=yes\nExclude=hidden\n"
                        "[Watch silent]\nPath=@\nPublish=bus\n");
        make_directory(&f, "d");
        make_directory(&f, "d/e");
        make_directory(&f, "hidden");
        WAIT_FOR(&f, f.n_notices >= 4);
        _stream_ s = subscribe(&f, NULL, "a{sv}", 1, "initial", "b", true);
        make_directory(&f, "d/e/new");
        read_until(&s, "/watched/d/e/new\"");
        /* What is made while the listing goes on is in it, or told as it happens, or both. */
        size_t n_new = count(&s, "/watched/d/e/new\"");
        EXPECT(n_new == 1 || n_new == 2);
        EXPECT_EQ(count(&s, "\"event\":\"in_create\",\"path\":"), 2 + n_new);
        EXPECT_EQ(count(&s, "/watched/d\",\"mask\":1073742080,\"cookie\":0,\"initial\":true}\n"),
                        1);
        EXPECT_EQ(count(&s, "/watched/d/e\",\"mask\":1073742080,\"cookie\":0,\"initial\":true}\n"),
                        1);
        EXPECT_EQ(count(&s, "hidden"), 0);
        EXPECT_EQ(count(&s, "silent"), 0);
        EXPECT_EQ(count(&s, "in_access"), 0);
        remove_directory(&f, "d/e/new");
        remove_directory(&f, "d/e");
        remove_directory(&f, "d");
        remove_directory(&f, "hidden");
}
