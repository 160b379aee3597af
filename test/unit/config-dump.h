/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A configuration as text: per section the fields that differ from their presets. */

#pragma once

#include "base/list.h"
#include "base/parse.h"
#include "base/text.h"
#include "config-internal.h"

static void dump_list(Buffer *b, const char *key, char *const *l) {
        for (size_t i = 0; l && l[i]; i++) {
                buffer_add_string(b, key);
                buffer_add_char(b, '=');
                buffer_add_escaped(b, l[i], strlen(l[i]));
                buffer_add_char(b, '\n');
        }
        if (list_length(l) == 0) {
                buffer_add_string(b, key);
                buffer_add_string(b, "=\n");
        }
}

static void dump_field(Buffer *b, const Setting *row, const void *field) {
        uint64_t number = 0;

        if (row->kind == &setting_kind_names || row->kind == &setting_kind_globs ||
                        row->kind == &setting_kind_paths) {
                dump_list(b, row->key, *(char *const *const *) field);
                return;
        }
        buffer_add_string(b, row->key);
        buffer_add_char(b, '=');
        if (streq(row->kind->name, setting_kind_string.name) || row->kind == &kind_unit_template)
                buffer_add_string(b, *(const char *const *) field);
        else {
                memcpy(&number, field, row->kind->size);
                buffer_add_u64(b, number);
        }
        buffer_add_char(b, '\n');
}

static void dump_settings(Buffer *b, const Setting *table, size_t size, const void *object) {
        void *presets = calloc(1, MAX_OF(size, (size_t) 1));

        assert(presets && settings_init(table, presets) >= 0);
        for (const Setting *row = table; row && row->key; row++)
                if (!row->kind->equal((char *) presets + row->offset,
                                    (const char *) object + row->offset))
                        dump_field(b, row, (const char *) object + row->offset);
        settings_done(table, presets);
        free(presets);
}

static void dump_config(Buffer *b, const Config *c) {
        buffer_add(b, "", 0);
        dump_settings(b, manager_settings, sizeof(c->manager), &c->manager);
        for (size_t i = 0; i < c->n_watches; i++) {
                const WatchConfig *w = c->watches[i];

                buffer_add_string(b, "[Watch ");
                buffer_add_string(b, w->name);
                buffer_add_string(b, "]\n");
                dump_settings(b, watch_settings, sizeof(*w), w);
                for (size_t k = 0; k < w->n_processors; k++) {
                        const ProcessorConfig *p = w->processors[k];

                        buffer_add_string(b, "uses ");
                        buffer_add_string(b, p->name);
                        buffer_add_string(b, " of type ");
                        buffer_add_string(b, p->type->name);
                        buffer_add_char(b, '\n');
                        dump_settings(b, p->type->settings, p->type->settings_size, p->settings);
                }
        }
}
