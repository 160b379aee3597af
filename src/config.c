/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What can be configured, as tables, and what was, as data. How the one becomes the other is in
 * config-build.c. */

#include "base/list.h"
#include "base/names.h"
#include "base/parse.h"
#include "config-internal.h"
#include "publishers/publisher.h"

static_assert(N_PATHS_MAX == LIST_ITEMS_MAX, "the parser of paths holds the limit");

static const char *const bus_names[_BUS_MAX] = {
        [BUS_AUTO] = "auto",
        [BUS_SYSTEM] = "system",
        [BUS_USER] = "user",
        [BUS_NONE] = "none",
};

DEFINE_ENUM_KIND(kind_bus, BusKind, "name", bus_names, "write auto, system, user or none");

static int parse_history_size(
                const Setting *setting, const char *value, void *target, const char **ret_why) {
        uint64_t size;
        int r;

        r = setting_kind_size.parse(setting, value, &size, ret_why);
        if (r < 0)
                return r;
        if (size < HISTORY_SIZE_MIN || size > HISTORY_SIZE_MAX) {
                *ret_why = "write a size from 64K to 4G";
                return -ERANGE;
        }
        *(uint64_t *) target = size;
        return 0;
}

static bool history_size_equal(const void *a, const void *b) {
        return setting_kind_size.equal(a, b);
}

static const SettingKind kind_history_size = {
        .name = "size",
        .size = sizeof(uint64_t),
        .parse = parse_history_size,
        .equal = history_size_equal,
};

/* Publishers by their name; each is a bit. `none` is all there is to say. */
static int parse_publish(
                const Setting *setting, const char *value, void *target, const char **ret_why) {
        unsigned bits = 0, n_words = 0, n_none = 0;
        int r;

        for (;; n_words++) {
                _cleanup_free_ char *word = NULL;
                PublisherKind kind;

                r = parse_word(&value, false, &word);
                if (r == 0)
                        break;
                if (r == -ENOMEM)
                        return r;
                if (r > 0 && streq(word, "none")) {
                        n_none++;
                        continue;
                }
                if (r > 0)
                        r = publisher_kind_from_name(word, &kind);
                if (r < 0) {
                        *ret_why = "this version has no such publisher; write bus, stream, journal, unit or none";
                        return r;
                }
                bits |= 1U << kind;
        }
        if (n_none > 0 && n_words > 1) {
                *ret_why = "none goes with nothing else";
                return -EINVAL;
        }
        *(unsigned *) target = n_none > 0 ? 0 : *(unsigned *) target | bits;
        return 0;
}

static bool publish_equal(const void *a, const void *b) {
        return *(const unsigned *) a == *(const unsigned *) b;
}

static const SettingKind kind_publish = {
        .name = "names",
        .size = sizeof(unsigned),
        .parse = parse_publish,
        .equal = publish_equal,
        .repeatable = true,
};

static int parse_recover(
                const Setting *setting, const char *value, void *target, const char **ret_why) {
        bool yes;
        int r;

        r = setting_kind_boolean.parse(setting, value, &yes, ret_why);
        if (r < 0)
                return r;
        *(Recover *) target = yes ? RECOVER_YES : RECOVER_NO;
        return 0;
}

static bool recover_equal(const void *a, const void *b) {
        return *(const Recover *) a == *(const Recover *) b;
}

static const SettingKind kind_recover = {
        .name = "boolean",
        .size = sizeof(Recover),
        .parse = parse_recover,
        .equal = recover_equal,
};

const Setting manager_settings[] = {
        { "Bus", &kind_bus, offsetof(ManagerConfig, bus), "auto" },
        { "HistorySize", &kind_history_size, offsetof(ManagerConfig, history_size), "16M" },
        {},
};

const Setting watch_settings[] = {
        { "Path", &setting_kind_paths, offsetof(WatchConfig, paths), NULL },
        { "Events", &setting_kind_events, offsetof(WatchConfig, events), "all" },
        { "Recursive", &setting_kind_boolean, offsetof(WatchConfig, recursive), "no" },
        { "Include", &setting_kind_globs, offsetof(WatchConfig, include), NULL },
        { "Exclude", &setting_kind_globs, offsetof(WatchConfig, exclude), NULL },
        { "CrossMounts", &setting_kind_boolean, offsetof(WatchConfig, cross_mounts), "yes" },
        { "FollowSymlinks", &setting_kind_boolean, offsetof(WatchConfig, follow_symlinks), "no" },
        { "InitialScan", &setting_kind_boolean, offsetof(WatchConfig, initial_scan), "no" },
        { "Processor", &setting_kind_names, offsetof(WatchConfig, processor_names), "all" },
        { "Recover", &kind_recover, offsetof(WatchConfig, recover), NULL },
        { "Publish", &kind_publish, offsetof(WatchConfig, publish), "bus stream" },
        { "Unit", &kind_unit_template, offsetof(WatchConfig, unit), NULL },
        { "MaxUnits", &kind_max_units, offsetof(WatchConfig, max_units), "8" },
        {},
};

const Setting processor_settings[] = {
        { "Type", &setting_kind_string, offsetof(ProcessorConfig, type_name), NULL },
        {},
};

bool instance_name_is_valid(const char *name) {
        size_t n = strspn(
                        name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-.");

        return n > 0 && n <= WATCH_NAME_MAX && name[n] == '\0' && !streq(name, ".") &&
               !streq(name, "..");
}

ProcessorConfig *processor_config_free(ProcessorConfig *p) {
        if (!p)
                return NULL;
        if (p->settings)
                settings_done(p->type->settings, p->settings);
        free(p->settings);
        settings_done(processor_settings, p);
        buffer_done(&p->text);
        free(p->name);
        free(p);
        return NULL;
}

int processor_config_new(const char *name, ProcessorConfig **ret) {
        _cleanup_(processor_config_freep) ProcessorConfig *p = calloc(1, sizeof(*p));
        int r;

        if (!p || !(p->name = strdup(name)))
                return -ENOMEM;
        r = settings_init(processor_settings, p);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(p);
        return 0;
}

int processor_config_set_type(ProcessorConfig *p, const ProcessorType *type) {
        p->type = type;
        if (type->settings_size == 0)
                return 0;
        p->settings = calloc(1, type->settings_size);
        if (!p->settings)
                return -ENOMEM;
        return settings_init(type->settings, p->settings);
}

WatchConfig *watch_config_free(WatchConfig *w) {
        if (!w)
                return NULL;
        settings_done(watch_settings, w);
        free(w->processors);
        buffer_done(&w->text);
        free(w->name);
        free(w);
        return NULL;
}

int watch_config_new(const char *name, WatchConfig **ret) {
        _cleanup_(watch_config_freep) WatchConfig *w = calloc(1, sizeof(*w));
        int r;

        if (!w || !(w->name = strdup(name)))
                return -ENOMEM;
        r = settings_init(watch_settings, w);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(w);
        return 0;
}

Config *config_free(Config *c) {
        if (!c)
                return NULL;
        for (size_t i = 0; i < c->n_watches; i++)
                watch_config_free(c->watches[i]);
        for (size_t i = 0; i < c->n_processors; i++)
                processor_config_free(c->processors[i]);
        settings_done(manager_settings, &c->manager);
        list_free(c->files);
        free(c->watches);
        free(c->processors);
        free(c);
        return NULL;
}

int config_new(Config **ret) {
        _cleanup_(config_freep) Config *c = calloc(1, sizeof(*c));
        int r;

        if (!c)
                return -ENOMEM;
        r = settings_init(manager_settings, &c->manager);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(c);
        return 0;
}

int config_add_watch(Config *c, WatchConfig *w) {
        WatchConfig **grown = reallocarray(c->watches, c->n_watches + 1, sizeof(WatchConfig *));

        if (!grown)
                return -ENOMEM;
        c->watches = grown;
        c->watches[c->n_watches++] = w;
        return 0;
}

int config_add_processor(Config *c, ProcessorConfig *p) {
        ProcessorConfig **grown =
                        reallocarray(c->processors, c->n_processors + 1, sizeof(ProcessorConfig *));

        if (!grown)
                return -ENOMEM;
        c->processors = grown;
        c->processors[c->n_processors++] = p;
        return 0;
}

int config_find_processor(Config *c, const char *name, ProcessorConfig **ret) {
        _cleanup_(processor_config_freep) ProcessorConfig *p = NULL;
        const ProcessorType *type;
        int r;

        for (size_t i = 0; i < c->n_processors; i++)
                if (streq(c->processors[i]->name, name)) {
                        *ret = c->processors[i];
                        return 0;
                }
        type = processor_type_find(name);
        if (!type)
                return -ENOENT;
        r = processor_config_new(name, &p);
        if (r < 0)
                return r;
        r = processor_config_set_type(p, type);
        if (r < 0)
                return r;
        r = config_add_processor(c, p);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(p);
        return 0;
}

int watch_config_add_processor(WatchConfig *w, ProcessorConfig *p) {
        ProcessorConfig **grown =
                        reallocarray(w->processors, w->n_processors + 1, sizeof(ProcessorConfig *));

        if (!grown)
                return -ENOMEM;
        w->processors = grown;
        w->processors[w->n_processors++] = p;
        return 0;
}

int config_new_foreground(char *const *paths,
                uint32_t events,
                bool recursive,
                const char *processor,
                Config **ret) {
        _cleanup_(config_freep) Config *c = NULL;
        _cleanup_(watch_config_freep) WatchConfig *w = NULL;
        ProcessorConfig *p;
        WatchConfig *watch;
        int r;

        r = config_new(&c);
        if (r < 0)
                return r;
        r = watch_config_new("foreground", &w);
        if (r < 0)
                return r;
        r = config_add_watch(c, w);
        if (r < 0)
                return r;
        watch = TAKE_PTR(w);
        watch->events = events;
        watch->recursive = recursive;
        watch->publish = 0;
        for (size_t i = 0; paths[i]; i++) {
                r = list_add(&watch->paths, paths[i], strlen(paths[i]));
                if (r < 0)
                        return r;
        }
        watch->processor_names = list_free(watch->processor_names);
        r = list_add(&watch->processor_names, processor ?: "all", strlen(processor ?: "all"));
        if (r < 0)
                return r;
        r = config_find_processor(c, processor ?: "all", &p);
        if (r < 0)
                return r;
        r = watch_config_add_processor(watch, p);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(c);
        return 0;
}

bool watch_config_recovers(const WatchConfig *w) {
        if (w->recover != RECOVER_DEFAULT)
                return w->recover == RECOVER_YES;
        for (size_t i = 0; i < w->n_processors; i++)
                if (w->processors[i]->type->tells != 0 || w->processors[i]->type->needs != 0)
                        return true;
        return false;
}

bool processor_config_equal(const ProcessorConfig *a, const ProcessorConfig *b) {
        return streq(a->name, b->name) && a->type == b->type &&
               settings_equal(a->type->settings, a->settings, b->settings);
}

bool watch_config_equal(const WatchConfig *a, const WatchConfig *b) {
        if (!streq(a->name, b->name) || a->n_processors != b->n_processors ||
                        !settings_equal(watch_settings, a, b))
                return false;
        for (size_t i = 0; i < a->n_processors; i++)
                if (!processor_config_equal(a->processors[i], b->processors[i]))
                        return false;
        return true;
}

bool watch_config_same_tree(const WatchConfig *a, const WatchConfig *b) {
        return list_equal(a->paths, b->paths) && a->recursive == b->recursive &&
               watch_config_recovers(a) == watch_config_recovers(b);
}
