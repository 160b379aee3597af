/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Which files make up the configuration of an instance: the first NAME.conf of the search path, and
 * of the NAME.conf.d/ of all its directories each drop-in that is not hidden by an earlier one. */

#include <dirent.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "base/list.h"
#include "base/text.h"
#include "config-internal.h"

#define N_DROPINS_MAX 1024U

typedef struct Dropin {
        char *name;
        char *path;
} Dropin;

typedef struct Dropins {
        Dropin *items;
        size_t n_items;
} Dropins;

static void dropins_done(Dropins *d) {
        for (size_t i = 0; i < d->n_items; i++) {
                free(d->items[i].name);
                free(d->items[i].path);
        }
        free(d->items);
}

static bool dropins_has(const Dropins *d, const char *name) {
        for (size_t i = 0; i < d->n_items; i++)
                if (streq(d->items[i].name, name))
                        return true;
        return false;
}

static int dropins_add(Dropins *d, const char *directory, const char *name) {
        Dropin *grown = reallocarray(d->items, d->n_items + 1, sizeof(*grown));
        Dropin item = {};

        if (!grown)
                return -ENOMEM;
        d->items = grown;
        if (asprintf(&item.path, "%s/%s", directory, name) < 0)
                return -ENOMEM;
        item.name = strdup(name);
        if (!item.name) {
                free(item.path);
                return -ENOMEM;
        }
        d->items[d->n_items++] = item;
        return 0;
}

static int dropin_compare(const void *a, const void *b) {
        return strcmp(((const Dropin *) a)->name, ((const Dropin *) b)->name);
}

static bool is_dropin_name(const char *name) {
        size_t n = strlen(name);

        return name[0] != '.' && n > strlen(".conf") && streq(name + n - strlen(".conf"), ".conf");
}

/* Whether it is empty or a link to /dev/null: such a file says nothing, and hides the others. */
static bool is_mask(const struct stat *st) {
        return (S_ISREG(st->st_mode) && st->st_size == 0) ||
               (S_ISCHR(st->st_mode) && st->st_rdev == makedev(1, 3));
}

static bool is_missing(int error) {
        return error == -ENOENT || error == -ENOTDIR;
}

static void cannot_look(ConfigBuild *b, const char *path, int error) {
        if (error == -ENOMEM)
                config_build_out_of_memory(b);
        else
                problem_error(b->problems, path, 0, "Cannot look into it: %s", strerror(-error));
}

/* Adds the drop-ins of one directory that no earlier one has. */
static int collect_dropins(ConfigBuild *b, const char *directory, Dropins *dropins) {
        DIR *dir = opendir(directory);
        const struct dirent *entry;
        int r = 0;

        if (!dir)
                return -errno;
        while (r >= 0 && (errno = 0, entry = readdir(dir))) {
                if (!is_dropin_name(entry->d_name) || dropins_has(dropins, entry->d_name))
                        continue;
                if (dropins->n_items == N_DROPINS_MAX) {
                        problem_error(b->problems,
                                        directory,
                                        0,
                                        "There are at most %u drop-ins",
                                        N_DROPINS_MAX);
                        break;
                }
                r = dropins_add(dropins, directory, entry->d_name);
        }
        if (r >= 0 && !entry && errno != 0)
                r = -errno;
        (void) closedir(dir);
        return r;
}

static void read_dropins(ConfigBuild *b) {
        _cleanup_(dropins_done) Dropins dropins = {};
        struct stat st;
        int r;

        for (size_t i = 0; b->places->config[i]; i++) {
                _cleanup_free_ char *directory = NULL;

                if (asprintf(&directory, "%s/%s.conf.d", b->places->config[i], b->instance) < 0) {
                        directory = NULL;
                        config_build_out_of_memory(b);
                        return;
                }
                r = collect_dropins(b, directory, &dropins);
                if (r < 0 && !is_missing(r))
                        cannot_look(b, directory, r);
        }
        if (dropins.n_items > 0)
                qsort(dropins.items, dropins.n_items, sizeof(dropins.items[0]), dropin_compare);
        for (size_t i = 0; i < dropins.n_items; i++)
                if (stat(dropins.items[i].path, &st) < 0 || !is_mask(&st))
                        config_build_read_file(b, dropins.items[i].path);
}

static void tell_no_file(ConfigBuild *b) {
        Buffer list = {};

        for (size_t i = 0; b->places->config[i]; i++) {
                buffer_add_string(&list, i > 0 ? ", " : "");
                buffer_add_string(&list, b->places->config[i]);
        }
        if (list.failed)
                config_build_out_of_memory(b);
        else
                problem_error(b->problems,
                                NULL,
                                0,
                                "There is no configuration for this instance: none of %s has a "
                                "file %s.conf",
                                list.data,
                                b->instance);
        buffer_done(&list);
}

/* Reads the main file and what amends it. */
static void read_search_path(ConfigBuild *b) {
        for (size_t i = 0; b->places->config[i]; i++) {
                _cleanup_free_ char *path = NULL;
                struct stat st;

                if (asprintf(&path, "%s/%s.conf", b->places->config[i], b->instance) < 0) {
                        path = NULL;
                        config_build_out_of_memory(b);
                        return;
                }
                if (stat(path, &st) < 0) {
                        if (is_missing(-errno))
                                continue;
                        cannot_look(b, path, -errno);
                        return;
                }
                if (is_mask(&st)) {
                        problem_warning(b->problems,
                                        path,
                                        0,
                                        "The configuration is masked: nothing is watched");
                        return;
                }
                config_build_read_file(b, path);
                read_dropins(b);
                return;
        }
        tell_no_file(b);
}

static int finish(ConfigBuild *b, Config **ret) {
        if (b->config->n_watches == 0 && b->config->files && !problems_has_errors(b->problems))
                problem_warning(b->problems,
                                b->config->files[0],
                                0,
                                "There is no [Watch NAME] section: nothing is watched");
        return config_build_finish(b, ret);
}

/* Sets up what reading needs. `b` borrows `places`. */
static int begin(
                const ConfigSource *source, Problems *problems, Places *places, ConfigBuild **ret) {
        int r;

        r = places_init(places, source->scope, source->root);
        if (r < 0)
                return r;
        return config_build_new(places, source->instance, problems, ret);
}

int config_load(const ConfigSource *source, Problems *problems, Config **ret) {
        _cleanup_(places_done) Places places = {};
        _cleanup_(config_build_freep) ConfigBuild *b = NULL;
        int r;

        if (!instance_name_is_valid(source->instance)) {
                problem_error(problems,
                                NULL,
                                0,
                                QUOTE " is no name for an instance",
                                QUOTED(source->instance));
                return -EBADMSG;
        }
        r = begin(source, problems, &places, &b);
        if (r < 0)
                return r;
        if (source->file)
                config_build_read_file(b, source->file);
        else
                read_search_path(b);
        return finish(b, ret);
}

int config_load_memory(const ConfigSource *source,
                const char *name,
                const void *data,
                size_t n,
                Problems *problems,
                Config **ret) {
        _cleanup_(places_done) Places places = {};
        _cleanup_(config_build_freep) ConfigBuild *b = NULL;
        int r;

        r = begin(source, problems, &places, &b);
        if (r < 0)
                return r;
        config_build_read_memory(b, name, data, n);
        return finish(b, ret);
}
