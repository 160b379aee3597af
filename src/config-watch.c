/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* [Watch NAME]: what it says, and whether it can be meant. */

#include "base/list.h"
#include "config-internal.h"
#include "publishers/history.h"

bool watch_section_begin(ConfigBuild *b, const char *name, Place place) {
        _cleanup_(watch_config_freep) WatchConfig *w = NULL;
        WatchDraft *grown;

        for (b->draft = 0; b->draft < b->n_watches; b->draft++)
                if (streq(b->watches[b->draft].config->name, name)) {
                        config_build_section_again(b, &b->watches[b->draft].latest, place);
                        return true;
                }
        if (b->n_watches == N_WATCHES_MAX) {
                problem_error(b->problems,
                                place.file,
                                place.line,
                                "There are at most %u watches",
                                N_WATCHES_MAX);
                return false;
        }
        grown = reallocarray(b->watches, b->n_watches + 1, sizeof(*grown));
        if (grown)
                b->watches = grown;
        if (!grown || watch_config_new(name, &w) < 0 || config_add_watch(b->config, w) < 0) {
                config_build_out_of_memory(b);
                return false;
        }
        b->watches[b->n_watches++] = (WatchDraft){
                .config = TAKE_PTR(w),
                .first = place,
                .latest = place,
        };
        return true;
}

static void assign(
                ConfigBuild *b, WatchDraft *d, const Setting *row, const char *value, Place place) {
        (void) config_build_assign(b, watch_settings, row, d->config, &d->seen, value, place);
}

static void assign_events(
                ConfigBuild *b, WatchDraft *d, const Setting *row, const char *value, Place place) {
        d->events = place;
        assign(b, d, row, value, place);
}

static void assign_publish(
                ConfigBuild *b, WatchDraft *d, const Setting *row, const char *value, Place place) {
        d->publish = place;
        assign(b, d, row, value, place);
}

static void assign_unit(
                ConfigBuild *b, WatchDraft *d, const Setting *row, const char *value, Place place) {
        d->unit = place;
        d->has_bad_unit |= !config_build_assign(
                        b, watch_settings, row, d->config, &d->seen, value, place);
}

/* Takes the last path out again if it is there already: one directory cannot be watched twice
 * through one descriptor. */
static void drop_same_path(ConfigBuild *b, List paths, Place place) {
        size_t n = list_length(paths);

        for (size_t i = 0; i + 1 < n; i++)
                if (streq(paths[i], paths[n - 1])) {
                        problem_warning(b->problems,
                                        place.file,
                                        place.line,
                                        "Path=%s is in %s already, ignoring",
                                        paths[i],
                                        b->title);
                        free(paths[n - 1]);
                        paths[n - 1] = NULL;
                        return;
                }
}

/* Why a path is refused before it is looked at as one; NULL if it is not. */
static const char *why_not_expanded(int r, const char *value, const char *path) {
        if (r == -EINVAL)
                return "the specifiers are %i, %h, %t and %S; write %% for a '%'";
        if (r < 0)
                return "nobody knows what a specifier in it stands for; "
                       "set $HOME or $XDG_RUNTIME_DIR, or write the path itself";
        /* Nothing at all would reset the list. */
        if (*value && !*path)
                return "nothing is left of it once its specifiers are replaced";
        return NULL;
}

static void assign_path(
                ConfigBuild *b, WatchDraft *d, const Setting *row, const char *value, Place place) {
        _cleanup_free_ char *path = NULL;
        const char *why;
        int r;

        r = places_expand(b->places, b->instance, value, &path);
        if (r == -ENOMEM) {
                config_build_out_of_memory(b);
                return;
        }
        why = why_not_expanded(r, value, path);
        if (why)
                config_build_bad_value(b, row->key, value, place, why);
        if (why || !config_build_assign(b, watch_settings, row, d->config, &d->seen, path, place))
                d->has_bad_path = true;
        else
                drop_same_path(b, d->config->paths, place);
}

/* Remembers where each name was written. */
static void assign_processor(
                ConfigBuild *b, WatchDraft *d, const Setting *row, const char *value, Place place) {
        Place *grown;
        size_t n;

        if (!config_build_assign(b, watch_settings, row, d->config, &d->seen, value, place))
                return;
        n = list_length(d->config->processor_names);
        d->n_processors = MIN_OF(d->n_processors, n);
        grown = reallocarray(d->processors, MAX_OF(n, (size_t) 1), sizeof(*grown));
        if (!grown) {
                config_build_out_of_memory(b);
                return;
        }
        d->processors = grown;
        while (d->n_processors < n)
                d->processors[d->n_processors++] = place;
}

/* Keys that are more than a value to be put into its field. */
static const struct {
        const char *key;
        void (*assign)(ConfigBuild *b,
                        WatchDraft *d,
                        const Setting *row,
                        const char *value,
                        Place place);
} special_keys[] = {
        { "Events", assign_events },
        { "Path", assign_path },
        { "Processor", assign_processor },
        { "Publish", assign_publish },
        { "Unit", assign_unit },
};

void watch_section_assign(ConfigBuild *b, const char *key, const char *value, Place place) {
        WatchDraft *d = &b->watches[b->draft];
        const Setting *row = setting_find(watch_settings, key);

        if (!row) {
                config_build_unknown_key(b, b->title, key, place);
                return;
        }
        config_text_add(&d->config->text, key, value);
        for (size_t i = 0; i < ELEMENTSOF(special_keys); i++)
                if (streq(special_keys[i].key, key)) {
                        special_keys[i].assign(b, d, row, value, place);
                        return;
                }
        assign(b, d, row, value, place);
}

static void unknown_processor(ConfigBuild *b, const char *name, Place place) {
        _cleanup_free_ char *types = config_build_list_types();

        if (types)
                problem_error(b->problems,
                                place.file,
                                place.line,
                                "Unknown processor " QUOTE ": there are %s, and what a [Processor] "
                                "section names",
                                QUOTED(name),
                                types);
        else
                config_build_out_of_memory(b);
}

static bool has_processor(const WatchConfig *w, const ProcessorConfig *p) {
        for (size_t i = 0; i < w->n_processors; i++)
                if (w->processors[i] == p)
                        return true;
        return false;
}

/* Finds the processors that the watch names; keeps each name once. */
static void resolve_processors(ConfigBuild *b, WatchDraft *d) {
        WatchConfig *w = d->config;
        size_t n_kept = 0;
        int r;

        for (size_t i = 0; w->processor_names && w->processor_names[i]; i++) {
                char *name = TAKE_PTR(w->processor_names[i]);
                Place place = i < d->n_processors ? d->processors[i] : d->first;
                ProcessorConfig *p;

                w->processor_names[n_kept++] = name;
                r = config_find_processor(b->config, name, &p);
                if (r == -ENOENT)
                        unknown_processor(b, name, place);
                else if (r >= 0 && has_processor(w, p)) {
                        problem_warning(b->problems,
                                        place.file,
                                        place.line,
                                        "Processor=%s is in [Watch %s] already, ignoring",
                                        name,
                                        w->name);
                        free(name);
                        w->processor_names[--n_kept] = NULL;
                } else if (r < 0 || watch_config_add_processor(w, p) < 0)
                        config_build_out_of_memory(b);
        }
}

/* Whether every processor tells only events that Events= leaves out. */
static bool tells_nothing(const WatchConfig *w) {
        for (size_t i = 0; i < w->n_processors; i++) {
                const ProcessorType *type = w->processors[i]->type;

                if (!type || type->tells == 0 || (type->tells & w->events) != 0)
                        return false;
        }
        return w->n_processors > 0;
}

static void check_unit(ConfigBuild *b, const WatchDraft *d) {
        const WatchConfig *w = d->config;
        bool is_told = w->publish & 1U << PUBLISHER_UNIT;

        if (is_told && !w->unit && !d->has_bad_unit)
                problem_error(b->problems,
                                d->publish.file,
                                d->publish.line,
                                "[Watch %s] has Publish=unit and no Unit=: write which template is "
                                "to be started",
                                w->name);
        else if (w->unit && !is_told)
                problem_warning(b->problems,
                                d->unit.file,
                                d->unit.line,
                                "Unit= of [Watch %s] is of no use without Publish=unit",
                                w->name);
        else if (is_told && b->config->manager.bus == BUS_NONE)
                problem_warning(b->problems,
                                d->publish.file,
                                d->publish.line,
                                "No unit of [Watch %s] will be started: Bus=none has no way to "
                                "systemd",
                                w->name);
}

static void watch_draft_finish(ConfigBuild *b, WatchDraft *d) {
        WatchConfig *w = d->config;

        if (!w->paths || !w->paths[0]) {
                if (!d->has_bad_path)
                        problem_error(b->problems,
                                        d->first.file,
                                        d->first.line,
                                        "[Watch %s] has no Path=: write which file or directory "
                                        "it watches",
                                        w->name);
        }
        if (w->events == 0)
                problem_error(b->problems,
                                d->events.file,
                                d->events.line,
                                "Events= of [Watch %s] is empty: name an event, or leave it out "
                                "for all",
                                w->name);
        if (!w->processor_names)
                problem_error(b->problems,
                                d->latest.file,
                                d->latest.line,
                                "Processor= of [Watch %s] is empty: name one, or leave it out "
                                "for all",
                                w->name);
        check_unit(b, d);
        resolve_processors(b, d);
        if (w->events != 0 && tells_nothing(w))
                problem_warning(b->problems,
                                d->events.file,
                                d->events.line,
                                "[Watch %s] will tell of no file: its processors tell only events "
                                "that Events= leaves out",
                                w->name);
}

void watch_drafts_finish(ConfigBuild *b) {
        for (size_t i = 0; i < b->n_watches; i++)
                watch_draft_finish(b, &b->watches[i]);
}

void watch_drafts_done(ConfigBuild *b) {
        for (size_t i = 0; i < b->n_watches; i++)
                free(b->watches[i].processors);
        free(b->watches);
}
