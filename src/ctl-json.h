/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Writes JSON, on one line or laid out as systemd's tools do it. Commas and layout are the writer's. */

#pragma once

#include "base/text.h"

typedef enum JsonMode {
        JSON_OFF,
        JSON_SHORT,
        JSON_PRETTY,
        _JSON_MODE_MAX,
        _JSON_MODE_INVALID = -EINVAL,
} JsonMode;

extern const char *const json_mode_names[_JSON_MODE_MAX];

/* A zeroed one with its mode is ready for a value. */
typedef struct JsonWriter {
        Buffer *out; /* borrowed */
        JsonMode mode;
        unsigned depth;
        bool has_sibling; /* there is a value before, in the same array or object */
        bool has_key;     /* the value that follows belongs to it */
} JsonWriter;

/* `bracket` is '[' or '{', and ']' or '}'. */
void json_open(JsonWriter *w, char bracket);
void json_close(JsonWriter *w, char bracket);

void json_key(JsonWriter *w, const char *key, size_t n);
static inline void json_key_string(JsonWriter *w, const char *key) {
        json_key(w, key, strlen(key));
}
void json_string(JsonWriter *w, const char *s, size_t n);
void json_number(JsonWriter *w, uint64_t value);
void json_boolean(JsonWriter *w, bool value);

/* A value as it is to be written: a number, true, false. */
void json_literal(JsonWriter *w, const char *s, size_t n);

/* An array of strings, NULL-terminated; NULL is an empty one. */
void json_strings(JsonWriter *w, char *const *list);

/* The end of the outermost value. */
void json_end(JsonWriter *w);
