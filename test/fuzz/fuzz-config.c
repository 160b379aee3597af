/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Any bytes as a configuration, or as several files of one, with a vertical tab between two. What is
 * told of them is printable, and what comes of them holds what others rely on. */

#include <limits.h>

#include "base/list.h"
#include "base/text.h"
#include "config-internal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void check_text(const char *text) {
        size_t n = strlen(text);

        assert(n > 0 && text_is_utf8(text, n));
        for (size_t i = 0; i < n; i++)
                assert((uint8_t) text[i] >= 0x20 && text[i] != 0x7f);
}

static void check_watch(const WatchConfig *w) {
        assert(instance_name_is_valid(w->name));
        assert(watch_config_equal(w, w));
        assert(w->events != 0);
        assert(w->paths && w->paths[0] && list_length(w->paths) <= N_PATHS_MAX);
        for (char **path = w->paths; *path; path++) {
                size_t n = strlen(*path);

                assert((*path)[0] == '/' && n < PATH_MAX && !strstr(*path, "//"));
                assert(n == 1 || (*path)[n - 1] != '/');
                assert(!strstr(*path, "/../"));
        }
        assert(w->n_processors > 0 && w->n_processors == list_length(w->processor_names));
        for (size_t i = 0; i < w->n_processors; i++) {
                const ProcessorConfig *p = w->processors[i];

                assert(streq(p->name, w->processor_names[i]));
                assert(p->type && !p->settings == !p->type->settings_size);
        }
}

static void load(const Places *places, const uint8_t *data, size_t n) {
        _cleanup_(problems_done) Problems problems = {};
        _cleanup_(config_build_freep) ConfigBuild *b = NULL;
        _cleanup_(config_freep) Config *c = NULL;
        int r;

        r = config_build_new(places, "fuzz", &problems, &b);
        assert(r >= 0);
        for (;;) {
                const uint8_t *end = n > 0 ? memchr(data, '\v', n) : NULL;
                size_t length = end ? (size_t) (end - data) : n;

                config_build_read_memory(b, "file", data, length);
                if (!end)
                        break;
                data += length + 1;
                n -= length + 1;
        }
        r = config_build_finish(b, &c);
        assert(r == 0 ? c != NULL : r == -EBADMSG && problems.n_errors > 0 && !c);
        for (size_t i = 0; i < problems.n_items; i++)
                check_text(problems.items[i].text);
        for (size_t i = 0; c && i < c->n_watches; i++)
                check_watch(c->watches[i]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n) {
        static Places places;
        int r;

        if (!places.config) {
                (void) setenv("HOME", "/home/ada", 1);
                r = places_init(&places, SCOPE_SYSTEM, NULL);
                assert(r >= 0);
        }
        load(&places, data, n);
        return 0;
}
