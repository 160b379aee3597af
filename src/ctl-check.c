/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* `check`: reads the configuration as the daemon would, or the files named, each by itself. What is wrong
 * is told as `inotifier --check` tells it. */

#include "base/log.h"
#include "ctl.h"

static void add_json(const Problems *problems, JsonWriter *w) {
        for (size_t i = 0; i < problems->n_items; i++) {
                const Problem *p = &problems->items[i];

                json_open(w, '{');
                json_key_string(w, "error");
                json_boolean(w, p->is_error);
                json_key_string(w, "text");
                json_string(w, p->text, strlen(p->text));
                json_close(w, '}');
        }
}

/* Returns 0, or < 0 if it is wrong (said). */
static int check(const Ctl *c, const char *file, JsonWriter *w) {
        _cleanup_(problems_done) Problems problems = {};
        _cleanup_(config_freep) Config *config = NULL;
        ConfigSource source = { .scope = c->scope, .instance = c->instance, .file = file };
        int r;

        r = config_load(&source, &problems, &config);
        if (c->json != JSON_OFF)
                add_json(&problems, w);
        else
                log_problems(&problems);
        if (r < 0 && r != -EBADMSG)
                log_error(r, "Cannot read the configuration");
        return r;
}

int ctl_check(Ctl *c, char *const *arguments) {
        _cleanup_(buffer_done) Buffer out = {};
        JsonWriter w = { .out = &out, .mode = c->json };
        int result = 0, r;

        json_open(&w, '[');
        if (!*arguments)
                result = check(c, NULL, &w);
        for (; *arguments; arguments++) {
                r = check(c, *arguments, &w);
                if (r < 0)
                        result = r;
        }
        json_close(&w, ']');
        json_end(&w);
        if (c->json == JSON_OFF)
                return result;
        r = ctl_show(c, &out);
        return result < 0 ? result : r;
}
