/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Text for people: when, whose, what, where; and whatever else the line has, by its own name, so that
 * what a later daemon adds is shown. Paths are shown by their exact bytes. */

#include <sys/inotify.h>

#include "ctl-print.h"
#include "ctl-time.h"

/* What has its own place. */
static const char *const placed[] = {
        "sequence",
        "usec",
        "watch",
        "event",
        "path",
        "mask",
        "raw_path",
        "raw_source_path",
};

static bool is_placed(const LineField *field) {
        for (size_t i = 0; i < ELEMENTSOF(placed); i++)
                if (streq(placed[i], field->key))
                        return true;
        /* Pairs the halves of a move, and is 0 in all that are none. */
        return streq(field->key, "cookie") && streq(field->value, "0");
}

static const char *string_of(const Line *l, const char *key) {
        const LineField *field = line_find(l, key);

        return field ? field->value : "";
}

/* The value, or the exact bytes where the line has them. */
static void add_exact(const Terminal *t, const Line *l, const LineField *field, Buffer *out) {
        char raw_key[64];
        Buffer bytes = {};
        const LineField *raw;

        (void) snprintf(raw_key, sizeof(raw_key), "raw_%s", field->key);
        raw = line_find(l, raw_key);
        if (raw && line_add_bytes(&bytes, raw) && !bytes.failed)
                terminal_add(t, out, bytes.data ?: "", bytes.length);
        else
                terminal_add(t, out, field->value, field->value_len);
        buffer_done(&bytes);
}

static void add_details(const Terminal *t, const Line *l, Buffer *out) {
        const char *between = " (";

        for (size_t i = 0; i < l->n_fields; i++) {
                if (is_placed(&l->fields[i]))
                        continue;
                buffer_add_string(out, between);
                terminal_add_string(t, out, l->fields[i].key);
                buffer_add_char(out, '=');
                add_exact(t, l, &l->fields[i], out);
                between = ", ";
        }
        if (between[0] == ',')
                buffer_add_char(out, ')');
}

static void add_gap(const Terminal *t, const Line *l, Buffer *out) {
        terminal_begin(t, out, COLOUR_YELLOW);
        buffer_add_string(out, "Notices ");
        buffer_add_u64(out, line_number(l, "from"));
        buffer_add_string(out, " to ");
        buffer_add_u64(out, line_number(l, "to"));
        buffer_add_string(out, " were not told");
        terminal_end(t, out, COLOUR_YELLOW);
        buffer_add_char(out, '\n');
}

void print_text(const Terminal *t, const Line *l, Buffer *out) {
        const LineField *path = line_find(l, "path");
        const char *event = string_of(l, "event");

        if (streq(event, "gap")) {
                add_gap(t, l, out);
                return;
        }
        terminal_begin(t, out, COLOUR_GREY);
        time_add_precise(out, line_number(l, "usec"));
        terminal_end(t, out, COLOUR_GREY);
        buffer_add_char(out, ' ');
        terminal_add_string(t, out, string_of(l, "watch"));
        buffer_add_char(out, '[');
        buffer_add_u64(out, line_number(l, "sequence"));
        buffer_add_string(out, "]: ");
        terminal_begin(t, out, COLOUR_BOLD);
        terminal_add_string(t, out, event);
        terminal_end(t, out, COLOUR_BOLD);
        buffer_add_char(out, ' ');
        if (path)
                add_exact(t, l, path, out);
        if (line_number(l, "mask") & IN_ISDIR)
                buffer_add_char(out, '/');
        add_details(t, l, out);
        buffer_add_char(out, '\n');
}

void print_pretty(const Line *l, Buffer *out) {
        JsonWriter w = { .out = out, .mode = JSON_PRETTY };

        json_open(&w, '{');
        for (size_t i = 0; i < l->n_fields; i++) {
                const LineField *field = &l->fields[i];

                json_key_string(&w, field->key);
                if (field->is_string)
                        json_string(&w, field->value, field->value_len);
                else
                        json_literal(&w, field->value, field->value_len);
        }
        json_close(&w, '}');
        json_end(&w);
}
