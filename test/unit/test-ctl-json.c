/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "ctl-json.h"
#include "test.h"

static void write_all(JsonWriter *w) {
        char *list[] = { (char *) "x", (char *) "\x1b\xff", NULL };

        json_open(w, '[');
        json_open(w, '{');
        json_key_string(w, "name");
        json_string(w, "a\"b", 3);
        json_key_string(w, "list");
        json_strings(w, list);
        json_key_string(w, "none");
        json_strings(w, NULL);
        json_key_string(w, "n");
        json_number(w, UINT64_MAX);
        json_close(w, '}');
        json_open(w, '{');
        json_close(w, '}');
        json_boolean(w, true);
        json_literal(w, "1.5", 3);
        json_close(w, ']');
        json_end(w);
}

TEST(short_json_is_one_line) {
        Buffer b = {};
        JsonWriter w = { .out = &b, .mode = JSON_SHORT };

        write_all(&w);
        EXPECT_STREQ(b.data,
                        "[{\"name\":\"a\\\"b\",\"list\":[\"x\",\"\\u001b\xef\xbf\xbd\"],\"none\":[],"
                        "\"n\":18446744073709551615},{},true,1.5]\n");
        buffer_done(&b);
}

TEST(pretty_json_is_laid_out_as_systemd_does) {
        Buffer b = {};
        JsonWriter w = { .out = &b, .mode = JSON_PRETTY };

        write_all(&w);
        EXPECT_STREQ(b.data,
                        "[\n"
                        "\t{\n"
                        "\t\t\"name\" : \"a\\\"b\",\n"
                        "\t\t\"list\" : [\n"
                        "\t\t\t\"x\",\n"
                        "\t\t\t\"\\u001b\xef\xbf\xbd\"\n"
                        "\t\t],\n"
                        "\t\t\"none\" : [],\n"
                        "\t\t\"n\" : 18446744073709551615\n"
                        "\t},\n"
                        "\t{},\n"
                        "\ttrue,\n"
                        "\t1.5\n"
                        "]\n");
        buffer_done(&b);
}

TEST(one_value_follows_another) {
        Buffer b = {};
        JsonWriter w = { .out = &b, .mode = JSON_PRETTY };

        for (int i = 0; i < 2; i++) {
                json_open(&w, '{');
                json_close(&w, '}');
                json_end(&w);
        }
        EXPECT_STREQ(b.data, "{}\n{}\n");
        buffer_done(&b);
}
