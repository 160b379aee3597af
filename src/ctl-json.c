/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* One place knows where commas, line breaks and tabs go: before each value. */

#include "ctl-json.h"

const char *const json_mode_names[_JSON_MODE_MAX] = {
        [JSON_OFF] = "off",
        [JSON_SHORT] = "short",
        [JSON_PRETTY] = "pretty",
};

static void new_line(JsonWriter *w) {
        if (w->mode != JSON_PRETTY)
                return;
        buffer_add_char(w->out, '\n');
        for (unsigned i = 0; i < w->depth; i++)
                buffer_add_char(w->out, '\t');
}

/* What stands before a key, or before a value that has none. */
static void next(JsonWriter *w) {
        if (w->has_key) {
                w->has_key = false;
                return;
        }
        if (w->has_sibling)
                buffer_add_char(w->out, ',');
        if (w->depth > 0)
                new_line(w);
        w->has_sibling = true;
}

void json_open(JsonWriter *w, char bracket) {
        next(w);
        buffer_add_char(w->out, bracket);
        w->depth++;
        w->has_sibling = false;
}

void json_close(JsonWriter *w, char bracket) {
        w->depth--;
        if (w->has_sibling)
                new_line(w);
        buffer_add_char(w->out, bracket);
        w->has_sibling = true;
}

void json_key(JsonWriter *w, const char *key, size_t n) {
        next(w);
        buffer_add_json(w->out, key, n);
        buffer_add_string(w->out, w->mode == JSON_PRETTY ? " : " : ":");
        w->has_key = true;
}

void json_string(JsonWriter *w, const char *s, size_t n) {
        next(w);
        buffer_add_json(w->out, s, n);
}

void json_number(JsonWriter *w, uint64_t value) {
        next(w);
        buffer_add_u64(w->out, value);
}

void json_boolean(JsonWriter *w, bool value) {
        next(w);
        buffer_add_string(w->out, value ? "true" : "false");
}

void json_literal(JsonWriter *w, const char *s, size_t n) {
        next(w);
        buffer_add(w->out, s, n);
}

void json_strings(JsonWriter *w, char *const *list) {
        json_open(w, '[');
        for (; list && *list; list++)
                json_string(w, *list, strlen(*list));
        json_close(w, ']');
}

void json_end(JsonWriter *w) {
        buffer_add_char(w->out, '\n');
        w->has_sibling = false;
}
