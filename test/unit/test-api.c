/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The objects of a daemon on a bus of its own. */

#include "api-fixture.h"
#include "base/list.h"

TEST(introspection_names_every_signal_with_its_arguments) {
        static const char arguments[] = "\">\n   <arg type=\"s\" name=\"path\"/>\n"
                                        "   <arg type=\"u\" name=\"mask\"/>\n"
                                        "   <arg type=\"u\" name=\"cookie\"/>\n"
                                        "   <arg type=\"t\" name=\"sequence\"/>\n"
                                        "   <arg type=\"t\" name=\"usec\"/>\n"
                                        "   <arg type=\"a{sv}\" name=\"details\"/>\n";
        _cleanup_(fixture_done) Fixture f;
        const char *xml = "";
        char begin[64];

        fixture_init(&f, TWO_WATCHES);
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = call(&f,
                        "/org/inotifier1/watch/in_2ea",
                        "org.freedesktop.DBus.Introspectable",
                        "Introspect",
                        NULL,
                        NULL);
        EXPECT_OK(sd_bus_message_read(reply, "s", &xml));
        for (Member m = 0; m < _MEMBER_MAX; m++) {
                (void) snprintf(begin, sizeof(begin), "<signal name=\"%s", member_names[m].signal);
                const char *p = strstr(xml, begin);
                EXPECT(p);
                EXPECT(p && strncmp(p + strlen(begin), arguments, strlen(arguments)) == 0);
        }
}

TEST(watches_are_listed_and_found_by_name) {
        _cleanup_(fixture_done) Fixture f;
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        const char *name = "", *object = "", *state = "", *path = "";

        fixture_init(&f, TWO_WATCHES);
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *list =
                        call_manager(&f, "ListWatches", NULL, NULL);
        EXPECT_INT(sd_bus_message_enter_container(list, 'a', "(sosas)"), >, 0);
        EXPECT_INT(sd_bus_message_enter_container(list, 'r', "sosas"), >, 0);
        EXPECT_OK(sd_bus_message_read(list, "sos", &name, &object, &state));
        EXPECT_OK(sd_bus_message_read(list, "as", 1, &path));
        EXPECT_STREQ(name, "in.a");
        EXPECT_STREQ(object, "/org/inotifier1/watch/in_2ea");
        EXPECT_STREQ(state, "watching");
        EXPECT_STREQ(path, f.watched);

        _cleanup_(sd_bus_message_unrefp) sd_bus_message *found =
                        call_manager(&f, "GetWatch", "b", NULL);
        EXPECT_OK(sd_bus_message_read(found, "o", &object));
        EXPECT_STREQ(object, "/org/inotifier1/watch/b");

        EXPECT(!call_manager(&f, "GetWatch", "c", &error));
        EXPECT_STREQ(error.name, "org.inotifier1.Error.NoSuchWatch");
}

static void expect_strings(
                Fixture *f, const char *property, const char *first, const char *second) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        const char *s = "";

        EXPECT_OK(sd_bus_get_property(f->bus,
                        "org.inotifier1",
                        "/org/inotifier1/watch/in_2ea",
                        "org.inotifier1.Watch",
                        property,
                        NULL,
                        &reply,
                        "as"));
        EXPECT_INT(sd_bus_message_enter_container(reply, 'a', "s"), >, 0);
        EXPECT_INT(sd_bus_message_read(reply, "s", &s), >, 0);
        EXPECT_STREQ(s, first);
        if (second) {
                EXPECT_INT(sd_bus_message_read(reply, "s", &s), >, 0);
                EXPECT_STREQ(s, second);
        }
        EXPECT_EQ(sd_bus_message_read(reply, "s", &s), 0);
}

TEST(properties_say_what_is_configured) {
        _cleanup_(fixture_done) Fixture f;

        fixture_init(&f, "[Watch in.a]\nPath=@\nEvents=create delete\nPublish=bus journal\n");
        expect_strings(&f, "Paths", f.watched, NULL);
        expect_strings(&f, "Events", "in_create", "in_delete");
        expect_strings(&f, "Processors", "all", NULL);
        expect_strings(&f, "Publishers", "bus", "journal");
}

static uint64_t get_number(Fixture *f, const char *property) {
        uint64_t value = UINT64_MAX;

        EXPECT_OK(sd_bus_get_property_trivial(f->bus,
                        "org.inotifier1",
                        "/org/inotifier1",
                        "org.inotifier1.Manager",
                        property,
                        NULL,
                        't',
                        &value));
        return value;
}

TEST(numbers_of_the_manager_are_sums) {
        _cleanup_(fixture_done) Fixture f;

        fixture_init(&f, TWO_WATCHES);
        EXPECT_EQ(get_number(&f, "OldestSequence"), 1);
        make_file(&f, "a");
        WAIT_FOR(&f, get_number(&f, "NNotices") == 2); /* one of each watch */
        EXPECT_EQ(get_number(&f, "Sequence"), 2);
        EXPECT_EQ(get_number(&f, "NOverflows"), 0);
        WAIT_FOR(&f, f.n_notices == 1); /* one is published to nobody */
}

TEST(objects_come_and_go_with_a_reload) {
        _cleanup_(fixture_done) Fixture f;

        fixture_init(&f, TWO_WATCHES);
        write_config(&f, "[Watch in.a]\nPath=@\nEvents=create\n[Watch c]\nPath=@\n");
        sd_bus_message_unref(call_manager(&f, "Reload", NULL, NULL));
        WAIT_FOR(&f, f.n_removed == 1 && f.n_added == 1);
        EXPECT_STREQ(f.path, "/org/inotifier1/watch/c");

        /* Other settings make another object. */
        write_config(&f, "[Watch in.a]\nPath=@\nEvents=delete\n[Watch c]\nPath=@\n");
        sd_bus_message_unref(call_manager(&f, "Reload", NULL, NULL));
        WAIT_FOR(&f, f.n_removed == 2 && f.n_added == 2);
        EXPECT_STREQ(f.path, "/org/inotifier1/watch/in_2ea");
}

TEST(numbers_of_the_manager_survive_the_watches_that_a_reload_ends) {
        _cleanup_(fixture_done) Fixture f;

        fixture_init(&f, TWO_WATCHES);
        make_file(&f, "a");
        WAIT_FOR(&f, get_number(&f, "NNotices") == 2);
        write_config(&f, "[Watch in.a]\nPath=@\nEvents=delete\n");
        sd_bus_message_unref(call_manager(&f, "Reload", NULL, NULL));
        EXPECT_INT(get_number(&f, "NNotices"), >=, 2);
        EXPECT_EQ(get_number(&f, "Sequence"), get_number(&f, "NNotices"));
}

TEST(invalid_configuration_is_refused_with_its_place) {
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        _cleanup_(fixture_done) Fixture f;
        char begin[96];

        fixture_init(&f, TWO_WATCHES);
        write_config(&f, "[Watch c]\nPath=@\nEvents=bogus\n");
        EXPECT(!call_manager(&f, "Reload", NULL, &error));
        EXPECT_STREQ(error.name, "org.inotifier1.Error.InvalidConfig");
        (void) snprintf(begin, sizeof(begin), "%s:3: ", f.config);
        EXPECT(error.message && strncmp(error.message, begin, strlen(begin)) == 0);
        sd_bus_message_unref(call_manager(&f, "GetWatch", "in.a", NULL));
        make_file(&f, "a");
        WAIT_FOR(&f, f.n_notices == 1);
}

TEST(change_of_state_is_told) {
        _cleanup_(fixture_done) Fixture f;

        fixture_init(&f, TWO_WATCHES);
        EXPECT_OK(rmdir(f.watched) < 0 ? -errno : 0);
        WAIT_FOR(&f, f.n_state_changes >= 2); /* of both watches */
        EXPECT_OK(mkdir(f.watched, 0700) < 0 ? -errno : 0);
        WAIT_FOR(&f, f.n_state_changes >= 4);
}

TEST(second_server_of_one_name_ends) {
        _cleanup_(fixture_done) Fixture f;
        int status = 0;

        fixture_init(&f, TWO_WATCHES);
        pid_t second = start_server(&f, "inotifier");
        (void) waitpid(second, &status, 0);
        EXPECT(WIFEXITED(status));
        EXPECT_EQ(WEXITSTATUS(status), EXIT_FAILURE);
        EXPECT(is_owned(&f, "org.inotifier1"));
}

TEST(instances_have_names_of_their_own_and_one_of_the_group) {
        _cleanup_(fixture_done) Fixture f;

        fixture_init(&f, TWO_WATCHES);
        pid_t second = start_server(&f, "1-x");
        WAIT_FOR(&f, is_owned(&f, "org.inotifier1._31_2dx"));
        EXPECT(is_owned(&f, "org.inotifier1._instances"));
        EXPECT_EQ(stop_server(second), 0);
}

TEST(configuration_files_are_told_absolute) {
        _cleanup_(fixture_done) Fixture f;
        char **files = NULL, config[64];

        fixture_init(&f, TWO_WATCHES);
        memcpy(config, f.config, sizeof(config));
        (void) snprintf(f.config, sizeof(f.config), "./config");
        EXPECT_OK(chdir(f.daemon.directory));
        pid_t second = start_server(&f, "relative");
        EXPECT_OK(chdir("/"));
        memcpy(f.config, config, sizeof(config));
        WAIT_FOR(&f, is_owned(&f, "org.inotifier1.relative"));
        EXPECT_OK(sd_bus_get_property_strv(f.bus,
                        "org.inotifier1.relative",
                        "/org/inotifier1",
                        "org.inotifier1.Manager",
                        "ConfigFiles",
                        NULL,
                        &files));
        EXPECT(files && files[0] && !files[1]);
        if (files && files[0])
                EXPECT_STREQ(files[0], config);
        list_free(files);
        EXPECT_EQ(stop_server(second), 0);
}

TEST(bus_that_comes_back_gets_what_happened_meanwhile) {
        _cleanup_(fixture_done) Fixture f;

        fixture_init(&f, TWO_WATCHES);
        private_bus_kill(&f.daemon);
        f.bus = sd_bus_close_unref(f.bus);
        make_file(&f, "meanwhile");
        private_bus_start(&f.daemon);
        connect_client(&f);
        WAIT_FOR(&f, f.n_notices == 1);
        EXPECT(strstr(f.path, "/watched/meanwhile"));
        WAIT_FOR(&f, is_owned(&f, "org.inotifier1"));
        EXPECT_EQ(get_number(&f, "NNotices"), 2);
}

TEST(bus_that_comes_later_is_found) {
        _cleanup_(fixture_done) Fixture f;

        fixture_init(&f, TWO_WATCHES);
        EXPECT_EQ(stop_server(f.pid), 0);
        private_bus_kill(&f.daemon);
        f.bus = sd_bus_close_unref(f.bus);
        f.pid = start_server(&f, "inotifier");
        private_bus_start(&f.daemon);
        connect_client(&f);
        WAIT_FOR(&f, is_owned(&f, "org.inotifier1"));
}
