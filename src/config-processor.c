/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* [Processor NAME]: a type with settings of its own. Which settings there are the type says, and
 * Type= may come last or from a drop-in; so they wait until all files were read. */

#include "config-internal.h"

bool processor_section_begin(ConfigBuild *b, const char *name, Place place) {
        _cleanup_(processor_config_freep) ProcessorConfig *p = NULL;
        ProcessorDraft *grown;

        for (b->draft = 0; b->draft < b->n_processors; b->draft++)
                if (streq(b->processors[b->draft].config->name, name)) {
                        config_build_section_again(b, &b->processors[b->draft].latest, place);
                        return true;
                }
        if (processor_type_find(name))
                problem_error(b->problems,
                                place.file,
                                place.line,
                                "'%s' is built in: give this one a name of its own, "
                                "with Type=%s below it",
                                name,
                                name);
        if (b->n_processors == N_PROCESSORS_MAX) {
                problem_error(b->problems,
                                place.file,
                                place.line,
                                "There are at most %u processors",
                                N_PROCESSORS_MAX);
                return false;
        }
        grown = reallocarray(b->processors, b->n_processors + 1, sizeof(*grown));
        if (grown)
                b->processors = grown;
        if (!grown || processor_config_new(name, &p) < 0 ||
                        config_add_processor(b->config, p) < 0) {
                config_build_out_of_memory(b);
                return false;
        }
        b->processors[b->n_processors++] = (ProcessorDraft){
                .config = TAKE_PTR(p),
                .first = place,
                .latest = place,
        };
        return true;
}

static void pending_done(Pending *p) {
        free(p->key);
        free(p->value);
}

static int add_pending(ProcessorDraft *d, const char *key, const char *value, Place place) {
        Pending p = { place, strdup(key), strdup(value) };
        Pending *grown = d->pending;

        /* Powers of two: the count tells what is allocated. */
        if (d->n_pending == 0 || (d->n_pending & (d->n_pending - 1)) == 0) {
                grown = reallocarray(
                                d->pending, MAX_OF(d->n_pending * 2, (size_t) 1), sizeof(*grown));
                if (grown)
                        d->pending = grown;
        }
        if (!grown || !p.key || !p.value) {
                pending_done(&p);
                return -ENOMEM;
        }
        d->pending[d->n_pending++] = p;
        return 0;
}

void processor_section_assign(ConfigBuild *b, const char *key, const char *value, Place place) {
        ProcessorDraft *d = &b->processors[b->draft];
        const Setting *row = setting_find(processor_settings, key);

        config_text_add(&d->config->text, key, value);
        if (!row) {
                if (add_pending(d, key, value, place) < 0)
                        config_build_out_of_memory(b);
                return;
        }
        d->type = place;
        (void) config_build_assign(b, processor_settings, row, d->config, &d->seen, value, place);
}

static const ProcessorType *find_type(ConfigBuild *b, const ProcessorDraft *d) {
        const char *name = d->config->type_name;
        const ProcessorType *type = name ? processor_type_find(name) : NULL;
        Place place = name ? d->type : d->first;
        _cleanup_free_ char *types = NULL;

        if (type || (!name && processor_type_find(d->config->name))) /* which has been told */
                return type;
        types = config_build_list_types();
        if (!types)
                config_build_out_of_memory(b);
        else if (name)
                problem_error(b->problems,
                                place.file,
                                place.line,
                                "Unknown type " QUOTE ": write one of %s",
                                QUOTED(name),
                                types);
        else
                problem_error(b->problems,
                                place.file,
                                place.line,
                                "[Processor %s] has no Type=: write one of %s",
                                d->config->name,
                                types);
        return NULL;
}

static void processor_draft_finish(ConfigBuild *b, ProcessorDraft *d) {
        const ProcessorType *type = find_type(b, d);
        ProcessorConfig *p = d->config;
        size_t n_errors = b->problems->n_errors;
        uint64_t seen = 0;
        const char *why;
        char title[128];

        if (!type)
                return;
        if (processor_config_set_type(p, type) < 0) {
                config_build_out_of_memory(b);
                return;
        }
        (void) snprintf(title, sizeof(title), "[Processor %.70s]", p->name);
        for (size_t i = 0; i < d->n_pending; i++) {
                const Pending *a = &d->pending[i];
                const Setting *row = setting_find(type->settings, a->key);

                if (row)
                        (void) config_build_assign(b,
                                        type->settings,
                                        row,
                                        p->settings,
                                        &seen,
                                        a->value,
                                        a->place);
                else
                        config_build_unknown_key(b, title, a->key, a->place);
        }
        if (b->problems->n_errors == n_errors && type->check && type->check(p->settings, &why) < 0)
                problem_error(b->problems, d->first.file, d->first.line, "%s: %s", title, why);
}

void processor_drafts_finish(ConfigBuild *b) {
        for (size_t i = 0; i < b->n_processors; i++)
                processor_draft_finish(b, &b->processors[i]);
}

void processor_drafts_done(ConfigBuild *b) {
        for (size_t i = 0; i < b->n_processors; i++) {
                for (size_t k = 0; k < b->processors[i].n_pending; k++)
                        pending_done(&b->processors[i].pending[k]);
                free(b->processors[i].pending);
        }
        free(b->processors);
}
