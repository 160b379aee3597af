/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A subscriber for the system tests: `subscriber [--user] [MATCH]` says "subscribed" once the bus has its
 * match, and then each signal as a line of JSON, {"object","interface","member","args"}, arrays of
 * bytes as hex. It ends when the bus does. */

#include <systemd/sd-bus.h>

#include "base/macros.h"

static void print_string(const char *s) {
        putchar('"');
        for (const char *c = s; *c; c++)
                if (*c == '"' || *c == '\\')
                        printf("\\%c", *c);
                else if ((unsigned char) *c < 0x20 || *c == 0x7f)
                        printf("\\u%04x", (unsigned) *c);
                else
                        putchar(*c);
        putchar('"');
}

static int print_basic(sd_bus_message *m, char type) {
        union {
                const char *s;
                uint8_t y;
                uint16_t q;
                int16_t n;
                uint32_t u;
                int32_t i;
                uint64_t t;
                int64_t x;
                double d;
                int b;
        } v;
        int r;

        r = sd_bus_message_read_basic(m, type, &v);
        if (r < 0)
                return r;
        switch (type) {
        case SD_BUS_TYPE_STRING:
        case SD_BUS_TYPE_OBJECT_PATH:
        case SD_BUS_TYPE_SIGNATURE:
                print_string(v.s);
                return 0;
        case SD_BUS_TYPE_BOOLEAN:
                return printf("%s", v.b ? "true" : "false");
        case SD_BUS_TYPE_BYTE:
                return printf("%u", (unsigned) v.y);
        case SD_BUS_TYPE_UINT16:
                return printf("%u", (unsigned) v.q);
        case SD_BUS_TYPE_INT16:
                return printf("%d", (int) v.n);
        case SD_BUS_TYPE_UINT32:
                return printf("%" PRIu32, v.u);
        case SD_BUS_TYPE_INT32:
                return printf("%" PRIi32, v.i);
        case SD_BUS_TYPE_UINT64:
                return printf("%" PRIu64, v.t);
        case SD_BUS_TYPE_INT64:
                return printf("%" PRIi64, v.x);
        case SD_BUS_TYPE_DOUBLE:
                return printf("%.17g", v.d);
        default:
                return -EOPNOTSUPP;
        }
}

static int print_bytes(sd_bus_message *m) {
        const uint8_t *bytes;
        size_t n;
        int r;

        r = sd_bus_message_read_array(m, SD_BUS_TYPE_BYTE, (const void **) &bytes, &n);
        if (r < 0)
                return r;
        putchar('"');
        for (size_t i = 0; i < n; i++)
                printf("%02x", (unsigned) bytes[i]);
        putchar('"');
        return 0;
}

static int print_values(sd_bus_message *m, char separator);

/* What is within a container, between its brackets. */
static int print_container(
                sd_bus_message *m, char type, const char *contents, const char *brackets) {
        int r;

        r = sd_bus_message_enter_container(m, type, contents);
        if (r < 0)
                return r;
        if (brackets)
                putchar(brackets[0]);
        r = print_values(m, type == SD_BUS_TYPE_DICT_ENTRY ? ':' : ',');
        if (r < 0)
                return r;
        if (brackets)
                putchar(brackets[1]);
        return sd_bus_message_exit_container(m);
}

static int print_value(sd_bus_message *m, char type, const char *contents) {
        switch (type) {
        case SD_BUS_TYPE_ARRAY:
                if (streq(contents, "y"))
                        return print_bytes(m);
                return print_container(m, type, contents, contents[0] == '{' ? "{}" : "[]");
        case SD_BUS_TYPE_STRUCT:
                return print_container(m, type, contents, "[]");
        case SD_BUS_TYPE_VARIANT:
        case SD_BUS_TYPE_DICT_ENTRY:
                return print_container(m, type, contents, NULL);
        default:
                return print_basic(m, type);
        }
}

static int print_values(sd_bus_message *m, char separator) {
        const char *contents;
        char type;
        int r;

        for (bool first = true;; first = false) {
                r = sd_bus_message_peek_type(m, &type, &contents);
                if (r <= 0)
                        return r;
                if (!first)
                        putchar(separator);
                r = print_value(m, type, contents);
                if (r < 0)
                        return r;
        }
}

static int on_signal(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        int r;

        printf("{\"object\":");
        print_string(sd_bus_message_get_path(m));
        printf(",\"interface\":");
        print_string(sd_bus_message_get_interface(m));
        printf(",\"member\":");
        print_string(sd_bus_message_get_member(m));
        printf(",\"args\":[");
        r = print_values(m, ',');
        printf("]}\n");
        (void) fflush(stdout);
        return r;
}

static int run(bool user, const char *match) {
        sd_bus *bus;
        int r;

        r = user ? sd_bus_default_user(&bus) : sd_bus_default_system(&bus);
        if (r < 0)
                return r;
        r = sd_bus_add_match(bus, NULL, match, on_signal, NULL);
        if (r < 0)
                return r;
        puts("subscribed");
        (void) fflush(stdout);
        for (;;) {
                r = sd_bus_process(bus, NULL);
                if (r == 0)
                        r = sd_bus_wait(bus, UINT64_MAX);
                if (r < 0)
                        return r;
        }
}

int main(int argc, char *argv[]) {
        bool user = argc > 1 && streq(argv[1], "--user");
        const char *match = argc > 1 + user ? argv[1 + user] : "type='signal'";
        int r;

        r = run(user, match);
        fprintf(stderr, "%s\n", strerror(-r));
        return EXIT_FAILURE;
}
