/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* `list`: the watches, a row each. */

#include "base/log.h"
#include "ctl-instance.h"
#include "ctl-table.h"
#include "ctl-time.h"

static const Column columns[] = {
        { "WATCH" },
        { "STATE" },
        { "DIRECTORIES", true },
        { "NOTICES", true },
        { "LAST" },
        { "PATHS" },
};

static void add_json(const InstanceInfo *info, JsonWriter *w) {
        json_open(w, '[');
        for (size_t i = 0; i < info->n_infos; i++) {
                const WatchInfo *watch = &info->watches[i];

                json_open(w, '{');
                json_key_string(w, "name");
                json_string(w, watch->name, strlen(watch->name));
                json_key_string(w, "object");
                json_string(w, watch->object, strlen(watch->object));
                json_key_string(w, "state");
                json_string(w, watch->state, strlen(watch->state));
                json_key_string(w, "paths");
                json_strings(w, watch->paths);
                json_key_string(w, "n_directories");
                json_number(w, watch->n_directories);
                json_key_string(w, "n_notices");
                json_number(w, watch->n_notices);
                json_key_string(w, "last_event");
                json_number(w, watch->last_event);
                json_close(w, '}');
        }
        json_close(w, ']');
        json_end(w);
}

static int add_row(const Ctl *c, const WatchInfo *watch, usec_t now, Table *table) {
        Buffer text = {};
        bool failed;

        table_add(table, watch->name, COLOUR_BOLD);
        table_add(table, watch->state, watch_info_colour(watch));
        table_add_number(table, watch->n_directories);
        table_add_number(table, watch->n_notices);
        if (watch->last_event > 0)
                time_add_relative(&text, watch->last_event, now);
        table_add(table, text.data ?: "", COLOUR_NONE);
        buffer_clear(&text);
        buffer_add(&text, "", 0);
        for (char *const *path = watch->paths; path && *path; path++) {
                if (path != watch->paths)
                        buffer_add_char(&text, ' ');
                terminal_add_string(&c->terminal, &text, *path);
        }
        failed = text.failed;
        if (!failed)
                table_add(table, text.data, COLOUR_NONE);
        buffer_done(&text);
        return failed ? -ENOMEM : 0;
}

static int add_table(const Ctl *c, const InstanceInfo *info, Buffer *out) {
        _cleanup_(table_freep) Table *table = NULL;
        usec_t now = time_now();
        int r;

        r = table_new(columns, ELEMENTSOF(columns), &table);
        if (r < 0)
                return r;
        for (size_t i = 0; i < info->n_infos; i++) {
                r = add_row(c, &info->watches[i], now, table);
                if (r < 0)
                        return r;
        }
        r = table_print(table, &c->terminal, !c->no_legend, out);
        if (!c->no_legend)
                table_print_count(info->n_infos, "watch", "watches", out);
        return r;
}

int ctl_list(Ctl *c, char *const *arguments) {
        _cleanup_(instance_info_done) InstanceInfo info = {};
        _cleanup_(buffer_done) Buffer out = {};
        JsonWriter w = { .out = &out, .mode = c->json };
        int r;

        r = instance_info_get_watches(&info, c);
        if (r < 0)
                return r;
        if (c->json != JSON_OFF)
                add_json(&info, &w);
        else {
                r = add_table(c, &info, &out);
                if (r < 0)
                        return log_oom();
        }
        return ctl_show(c, &out);
}
