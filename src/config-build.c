/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Files become sections and assignments, and these go to whoever knows their kind of section. */

#include "base/ini.h"
#include "base/list.h"
#include "base/text.h"
#include "config-internal.h"

void config_build_out_of_memory(ConfigBuild *b) {
        b->problems->out_of_memory = true;
}

void config_build_unknown_key(ConfigBuild *b, const char *title, const char *key, Place place) {
        /* As in units: for others to use. */
        if (strncmp(key, "X-", 2) != 0)
                problem_warning(b->problems,
                                place.file,
                                place.line,
                                "Unknown key '%s' in section %s, ignoring",
                                key,
                                title);
}

void config_build_bad_value(
                ConfigBuild *b, const char *key, const char *value, Place place, const char *why) {
        problem_error(b->problems,
                        place.file,
                        place.line,
                        "Bad value " QUOTE " for %s=: %s",
                        QUOTED(value),
                        key,
                        why);
}

bool config_build_assign(ConfigBuild *b,
                const Setting *table,
                const Setting *row,
                void *object,
                uint64_t *seen,
                const char *value,
                Place place) {
        const char *why = "it is not understood";
        int r;

        r = setting_assign(table, row, object, seen, value, &why);
        if (r == -ENOMEM)
                config_build_out_of_memory(b);
        else if (r < 0)
                config_build_bad_value(b, row->key, value, place, why);
        return r >= 0;
}

void config_build_section_again(ConfigBuild *b, Place *latest, Place place) {
        if (latest->file == place.file)
                problem_error(b->problems,
                                place.file,
                                place.line,
                                "The name is used twice: %s began in line %u already",
                                b->title,
                                latest->line);
        *latest = place;
}

char *config_build_list_types(void) {
        Buffer list = {};

        for (size_t i = 0; processor_types[i]; i++) {
                if (i > 0)
                        buffer_add_string(&list, processor_types[i + 1] ? ", " : " and ");
                buffer_add_string(&list, processor_types[i]->name);
        }
        if (list.failed)
                buffer_done(&list);
        return list.data;
}

static bool manager_section_begin(ConfigBuild *b, const char *name, Place place) {
        return true;
}

static void manager_section_assign(
                ConfigBuild *b, const char *key, const char *value, Place place) {
        const Setting *row = setting_find(manager_settings, key);

        if (row)
                (void) config_build_assign(b,
                                manager_settings,
                                row,
                                &b->config->manager,
                                &b->manager_seen,
                                value,
                                place);
        else
                config_build_unknown_key(b, b->title, key, place);
}

static const SectionType section_types[] = {
        { "Manager", false, manager_section_begin, manager_section_assign },
        { "Watch", true, watch_section_begin, watch_section_assign },
        { "Processor", true, processor_section_begin, processor_section_assign },
};

static const SectionType *find_section_type(const char *name) {
        for (size_t i = 0; i < ELEMENTSOF(section_types); i++)
                if (streq(section_types[i].name, name))
                        return &section_types[i];
        return NULL;
}

/* Returns false if it has no name although it needs one. */
static bool check_name(ConfigBuild *b, const char *name, unsigned line) {
        const SectionType *t = b->section;

        if (!t->has_name && *name)
                problem_error(b->problems,
                                b->file,
                                line,
                                "This section has no name of its own: write [%s]",
                                t->name);
        else if (t->has_name && !*name)
                problem_error(b->problems,
                                b->file,
                                line,
                                "This section needs a name: write [%s NAME]",
                                t->name);
        else if (t->has_name && !instance_name_is_valid(name))
                problem_error(b->problems,
                                b->file,
                                line,
                                QUOTE " is no name: write letters, digits, '_', '-' and '.', "
                                      "at most %u",
                                QUOTED(name),
                                WATCH_NAME_MAX);
        return !t->has_name || *name;
}

static void on_section(void *userdata, const char *type, const char *name, unsigned line) {
        ConfigBuild *b = userdata;

        (void) snprintf(b->title, sizeof(b->title), "[%.40s%s%.70s]", type, *name ? " " : "", name);
        b->section = find_section_type(type);
        if (b->section) {
                if (!check_name(b, name, line) ||
                                !b->section->begin(b, name, (Place){ b->file, line }))
                        b->section = NULL;
        } else if (*type && strncmp(type, "X-", 2) != 0) /* an empty header has been told */
                problem_warning(b->problems,
                                b->file,
                                line,
                                "Unknown section %s, ignoring",
                                b->title);
}

static void on_assignment(void *userdata, const char *key, const char *value, unsigned line) {
        ConfigBuild *b = userdata;

        if (b->section)
                b->section->assign(b, key, value, (Place){ b->file, line });
}

/* Begins a file. Returns whether it can be read into. */
static bool begin_file(ConfigBuild *b, const char *path) {
        if (list_add(&b->config->files, path, strlen(path)) < 0) {
                config_build_out_of_memory(b);
                return false;
        }
        b->file = b->config->files[list_length(b->config->files) - 1];
        b->section = NULL;
        return true;
}

void config_build_read_file(ConfigBuild *b, const char *path) {
        const IniHandler handler = { on_section, on_assignment, b };
        int r;

        if (!begin_file(b, path))
                return;
        r = ini_read_file(b->file, &handler, b->problems);
        if (r < 0)
                problem_error(b->problems, b->file, 0, "Cannot read the file: %s", strerror(-r));
}

void config_build_read_memory(ConfigBuild *b, const char *path, const void *data, size_t n) {
        const IniHandler handler = { on_section, on_assignment, b };

        if (begin_file(b, path))
                (void) ini_read_memory(b->file, data, n, &handler, b->problems);
}

ConfigBuild *config_build_free(ConfigBuild *b) {
        if (!b)
                return NULL;
        watch_drafts_done(b);
        processor_drafts_done(b);
        config_free(b->config);
        free(b);
        return NULL;
}

int config_build_new(
                const Places *places, const char *instance, Problems *problems, ConfigBuild **ret) {
        _cleanup_(config_build_freep) ConfigBuild *b = calloc(1, sizeof(*b));
        int r;

        if (!b)
                return -ENOMEM;
        b->places = places;
        b->instance = instance;
        b->problems = problems;
        r = config_new(&b->config);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(b);
        return 0;
}

int config_build_finish(ConfigBuild *b, Config **ret) {
        processor_drafts_finish(b);
        watch_drafts_finish(b);
        if (b->problems->out_of_memory)
                return -ENOMEM;
        if (problems_has_errors(b->problems))
                return -EBADMSG;
        *ret = TAKE_PTR(b->config);
        return 0;
}
