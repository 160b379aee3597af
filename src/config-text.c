/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The configuration of a watch as text, as it was written: a later process, whose files say something
 * else by then, reads from it what the watch was like. */

#include "config-internal.h"

void config_text_add(Buffer *text, const char *key, const char *value) {
        buffer_add_string(text, key);
        buffer_add_char(text, '=');
        buffer_add_string(text, value);
        buffer_add_char(text, '\n');
}

static void add_section(Buffer *b, const char *type, const char *name, const Buffer *text) {
        buffer_add_char(b, '[');
        buffer_add_string(b, type);
        buffer_add_char(b, ' ');
        buffer_add_string(b, name);
        buffer_add_string(b, "]\n");
        buffer_add(b, text->data ?: "", text->length);
        b->failed |= text->failed;
}

void watch_config_add_text(const WatchConfig *w, Buffer *b) {
        add_section(b, "Watch", w->name, &w->text);
        for (size_t i = 0; i < w->n_processors; i++)
                if (w->processors[i]->type_name) /* else it is built in */
                        add_section(b,
                                        "Processor",
                                        w->processors[i]->name,
                                        &w->processors[i]->text);
}

bool watch_config_can_become(const WatchConfig *a, const WatchConfig *b) {
        if (!watch_config_same_tree(a, b))
                return false;
        for (size_t i = 0; i < b->n_processors; i++) {
                bool is_there = !b->processors[i]->type->needs_initial;

                for (size_t j = 0; j < a->n_processors; j++)
                        is_there |= processor_config_equal(a->processors[j], b->processors[i]);
                if (!is_there)
                        return false;
        }
        return true;
}
