/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* `processors`: those that are compiled in, with their settings, out of the tables that the daemon itself
 * reads. */

#include "base/log.h"
#include "ctl-table.h"
#include "ctl.h"

static const Column columns[] = {
        { "NAME" },
        { "KIND" },
        { "DEFAULT" },
        { "DESCRIPTION" },
};

static void add_json_key(JsonWriter *w, const char *key, const char *value) {
        json_key_string(w, key);
        json_string(w, value, strlen(value));
}

static void add_json_setting(const Setting *setting, JsonWriter *w) {
        json_open(w, '{');
        add_json_key(w, "key", setting->key);
        add_json_key(w, "kind", setting->kind->name);
        json_key_string(w, "repeatable");
        json_boolean(w, setting->kind->repeatable);
        add_json_key(w, "default", setting->preset ?: "");
        json_close(w, '}');
}

static void add_json(JsonWriter *w) {
        json_open(w, '[');
        for (size_t i = 0; processor_types[i]; i++) {
                const ProcessorType *type = processor_types[i];

                json_open(w, '{');
                add_json_key(w, "name", type->name);
                add_json_key(w, "description", type->text);
                json_key_string(w, "settings");
                json_open(w, '[');
                for (const Setting *s = type->settings; s && s->key; s++)
                        add_json_setting(s, w);
                json_close(w, ']');
                json_close(w, '}');
        }
        json_close(w, ']');
        json_end(w);
}

static void add_setting(Table *table, const Setting *setting) {
        char text[128];

        (void) snprintf(text, sizeof(text), "  %s=", setting->key);
        table_add(table, text, COLOUR_NONE);
        (void) snprintf(text,
                        sizeof(text),
                        "%s%s",
                        setting->kind->name,
                        setting->kind->repeatable ? ", repeatable" : "");
        table_add(table, text, COLOUR_NONE);
        table_add(table, setting->preset ?: "", COLOUR_NONE);
        table_add(table, "", COLOUR_NONE);
}

static void add_processor(Table *table, const ProcessorType *type) {
        table_add(table, type->name, COLOUR_BOLD);
        table_add(table, "", COLOUR_NONE);
        table_add(table, "", COLOUR_NONE);
        table_add(table, type->text, COLOUR_NONE);
        for (const Setting *s = type->settings; s && s->key; s++)
                add_setting(table, s);
}

static int add_table(const Ctl *c, Buffer *out) {
        _cleanup_(table_freep) Table *table = NULL;
        int r;

        r = table_new(columns, ELEMENTSOF(columns), &table);
        if (r < 0)
                return r;
        for (size_t i = 0; processor_types[i]; i++)
                add_processor(table, processor_types[i]);
        return table_print(table, &c->terminal, !c->no_legend, out);
}

int ctl_processors(Ctl *c, char *const *arguments) {
        _cleanup_(buffer_done) Buffer out = {};
        JsonWriter w = { .out = &out, .mode = c->json };

        if (c->json != JSON_OFF)
                add_json(&w);
        else if (add_table(c, &out) < 0)
                return log_oom();
        return ctl_show(c, &out);
}
