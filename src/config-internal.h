/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* How a Config is put together; for the files config*.c alone. */

#pragma once

#include "config.h"
#include "places.h"

extern const SettingKind kind_unit_template; /* char *: unit-name.h checks it */
extern const SettingKind kind_max_units;     /* uint64_t */

int config_new(Config **ret);

int watch_config_new(const char *name, WatchConfig **ret);
WatchConfig *watch_config_free(WatchConfig *w);
DEFINE_CLEANUP(WatchConfig, watch_config_free);

int processor_config_new(const char *name, ProcessorConfig **ret);
ProcessorConfig *processor_config_free(ProcessorConfig *p);
DEFINE_CLEANUP(ProcessorConfig, processor_config_free);

/* Gives it its type, once, and the presets of the type's settings. */
int processor_config_set_type(ProcessorConfig *p, const ProcessorType *type);

/* Adds an assignment to the text of a watch or a processor. */
void config_text_add(Buffer *text, const char *key, const char *value);

/* What is added is taken over if that works. */
int config_add_watch(Config *c, WatchConfig *w);
int config_add_processor(Config *c, ProcessorConfig *p);

/* The processor of that name, or the built-in type of that name with its presets, which is added
 * when it is asked for first. Returns 0, -ENOENT, or another < 0. */
int config_find_processor(Config *c, const char *name, ProcessorConfig **ret);

/* `p` is borrowed. */
int watch_config_add_processor(WatchConfig *w, ProcessorConfig *p);

/* A Config in the making: files go in one after the other, what is wrong goes to `problems`. Each
 * value is judged where it stands, so that its place can be told; what belongs together (a watch and
 * its path, a name and its processor) is judged when all files were read, since a drop-in may amend
 * any section. */
typedef struct Place {
        const char *file; /* in Config.files */
        unsigned line;
} Place;

/* What a watch needs while it is being made. */
typedef struct WatchDraft {
        WatchConfig *config; /* owned by Config */
        uint64_t seen;
        Place first, latest; /* section headers */
        Place events;        /* last assignment */
        Place publish;       /* ... */
        Place unit;          /* ... */
        bool has_bad_unit;
        bool has_bad_path;
        Place *processors; /* where each of processor_names was written */
        size_t n_processors;
} WatchDraft;

/* An assignment to a setting of a type that may be named later. */
typedef struct Pending {
        Place place;
        char *key;
        char *value;
} Pending;

typedef struct ProcessorDraft {
        ProcessorConfig *config; /* owned by Config */
        uint64_t seen;
        Place first, latest; /* section headers */
        Place type;          /* last assignment */
        Pending *pending;
        size_t n_pending;
} ProcessorDraft;

typedef struct SectionType SectionType;

typedef struct ConfigBuild {
        const Places *places;
        const char *instance;
        Problems *problems;

        Config *config;
        uint64_t manager_seen;
        WatchDraft *watches;
        size_t n_watches;
        ProcessorDraft *processors;
        size_t n_processors;

        const char *file;           /* that is being read, in config->files */
        const SectionType *section; /* NULL: one that is ignored */
        char title[128];            /* of the section, for messages: [Watch a] */
        size_t draft;               /* of the section: which of its kind */
} ConfigBuild;

struct SectionType {
        const char *name;
        bool has_name;
        /* Finds or makes the draft of that name. Returns false if there can be none. */
        bool (*begin)(ConfigBuild *b, const char *name, Place place);
        void (*assign)(ConfigBuild *b, const char *key, const char *value, Place place);
};

/* All is borrowed and outlives it. */
int config_build_new(
                const Places *places, const char *instance, Problems *problems, ConfigBuild **ret);
ConfigBuild *config_build_free(ConfigBuild *b);
DEFINE_CLEANUP(ConfigBuild, config_build_free);

/* What is wrong, a file that cannot be read as well, is a problem. */
void config_build_read_file(ConfigBuild *b, const char *path);
void config_build_read_memory(ConfigBuild *b, const char *path, const void *data, size_t n);

/* Checks what belongs together; no files may follow. Returns 0 with *ret, or -EBADMSG if there are
 * errors, -ENOMEM if there is no memory. */
int config_build_finish(ConfigBuild *b, Config **ret);

/* For the kinds of sections. */
void config_build_out_of_memory(ConfigBuild *b);
void config_build_unknown_key(ConfigBuild *b, const char *title, const char *key, Place place);
void config_build_bad_value(
                ConfigBuild *b, const char *key, const char *value, Place place, const char *why);

/* Assigns and tells what is wrong. Returns whether the value was taken. */
bool config_build_assign(ConfigBuild *b,
                const Setting *table,
                const Setting *row,
                void *object,
                uint64_t *seen,
                const char *value,
                Place place);

/* A section that is there again: in the same file that is an error, in another one it amends. */
void config_build_section_again(ConfigBuild *b, Place *latest, Place place);

/* The names of all processor types, as "a, b and c". Returns a new string or NULL. */
char *config_build_list_types(void);

bool watch_section_begin(ConfigBuild *b, const char *name, Place place);
void watch_section_assign(ConfigBuild *b, const char *key, const char *value, Place place);
void watch_drafts_finish(ConfigBuild *b); /* after those of the processors */
void watch_drafts_done(ConfigBuild *b);

bool processor_section_begin(ConfigBuild *b, const char *name, Place place);
void processor_section_assign(ConfigBuild *b, const char *key, const char *value, Place place);
void processor_drafts_finish(ConfigBuild *b);
void processor_drafts_done(ConfigBuild *b);
