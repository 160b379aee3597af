/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A daemon, as the child of a test runs it. */

#pragma once

#include "base/log.h"
#include "manager.h"

/* '@' in `text` stands for `directory`. */
static inline void daemon_write_config(const char *file, const char *text, const char *directory) {
        FILE *f = fopen(file, "we");

        assert(f);
        for (; *text; text++)
                if (*text == '@')
                        (void) fputs(directory, f);
                else
                        (void) fputc(*text, f);
        (void) fclose(f);
}

/* Serves until it is told to stop. Returns the exit status. */
static inline int daemon_serve(const char *file, const char *instance) {
        ConfigSource source = { .scope = SCOPE_USER, .instance = instance, .file = file };
        ManagerOptions options = { .source = &source };
        _cleanup_(problems_done) Problems problems = {};
        _cleanup_(manager_freep) Manager *m = NULL;
        Config *config;
        int r;

        log_setup("daemon");
        r = config_load(&source, &problems, &config);
        if (r >= 0)
                r = manager_new(&options, config, &m);
        if (r >= 0)
                r = manager_run(m);
        return r < 0 ? EXIT_FAILURE : r;
}
