/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The configuration of one instance, as data: read aside from INI files and drop-ins, complete and
 * checked or not there at all. */

#pragma once

#include "base/problem.h"
#include "base/setting.h"
#include "base/text.h"
#include "processors/processor.h"

typedef enum BusKind {
        BUS_AUTO,
        BUS_SYSTEM,
        BUS_USER,
        BUS_NONE,
        _BUS_MAX,
        _BUS_INVALID = -EINVAL,
} BusKind;

/* Which manager we belong to: its directories, its bus. */
typedef enum Scope {
        SCOPE_SYSTEM,
        SCOPE_USER,
        _SCOPE_MAX,
        _SCOPE_INVALID = -EINVAL,
} Scope;

#define WATCH_NAME_MAX 40U
#define N_WATCHES_MAX 1024U
#define N_PROCESSORS_MAX 1024U
#define N_PATHS_MAX 1024U /* Path= of one watch */

typedef struct ManagerConfig {
        BusKind bus;
        uint64_t history_size;
} ManagerConfig;

/* A processor as a watch names it: a built-in type with its presets, or a [Processor NAME]. */
typedef struct ProcessorConfig {
        char *name;
        char *type_name; /* Type= as it was written; NULL for a built-in one */
        const ProcessorType *type;
        void *settings; /* of type->settings; NULL where the type has none */
        Buffer text;    /* its assignments, as they were written */
} ProcessorConfig;

/* Recover= has a default that depends on the processors. */
typedef enum Recover {
        RECOVER_DEFAULT,
        RECOVER_NO,
        RECOVER_YES,
} Recover;

typedef struct WatchConfig {
        char *name;
        char **paths; /* NULL-terminated lists; normalised (no //, no trailing /), specifiers expanded */
        uint32_t events;
        char **include;
        char **exclude;
        bool recursive;
        bool cross_mounts;
        bool follow_symlinks;
        bool initial_scan;
        Recover recover;
        char **processor_names;
        unsigned publish;             /* 1 << PublisherKind each */
        char *unit;                   /* the template to start; NULL: none */
        uint64_t max_units;           /* to run at one time */
        ProcessorConfig **processors; /* borrowed from Config, n_processors of them */
        size_t n_processors;
        Buffer text; /* its assignments, as they were written */
} WatchConfig;

typedef struct Config {
        ManagerConfig manager;
        WatchConfig **watches; /* in the order of their first appearance */
        size_t n_watches;
        ProcessorConfig **processors;
        size_t n_processors;
        char **files; /* read, in their order; NULL-terminated */
} Config;

/* The tables, for --check, the manual's test and the client. */
extern const Setting manager_settings[];
extern const Setting watch_settings[];
extern const Setting processor_settings[]; /* of every [Processor]: Type= */

/* Whether it may name an instance, a watch or a processor: letters, digits, '_', '-', '.', at most
 * WATCH_NAME_MAX, and neither "." nor "..". */
bool instance_name_is_valid(const char *name);

typedef struct ConfigSource {
        Scope scope;
        const char *instance; /* "inotifier" for the main one */
        const char *file;     /* --config=: this file and no drop-ins; NULL: the search path */
        const char *root;     /* prefix for all directories, for tests; NULL: none */
} ConfigSource;

/* Reads the configuration. Everything found wrong is in `problems`. Returns 0 with *ret, -EBADMSG if
 * there are errors, or another < 0 (memory). No configuration file at all is an error; one that is
 * masked, or has no [Watch] in it, is a warning. */
int config_load(const ConfigSource *source, Problems *problems, Config **ret);

/* The same from one file in memory, which messages call `name`. */
int config_load_memory(const ConfigSource *source,
                const char *name,
                const void *data,
                size_t n,
                Problems *problems,
                Config **ret);

/* Whether the watch knows each of its files: Recover=, or else whether a processor other than `all` is
 * there. */
bool watch_config_recovers(const WatchConfig *w);

/* A configuration of one watch with the presets, for the foreground: `paths` (made absolute by the
 * caller), `events` and `processor` (NULL: all). The watch is named "foreground" and publishes to
 * nothing that can be configured. Returns 0 or < 0. */
int config_new_foreground(char *const *paths,
                uint32_t events,
                bool recursive,
                const char *processor,
                Config **ret);

Config *config_free(Config *c);
DEFINE_CLEANUP(Config, config_free);

/* Whether two watches are configured alike, their processors' settings included; whether their trees
 * are: the roots and what is known below them, if not how far they go nor what for; and whether two
 * processors are. */
bool watch_config_equal(const WatchConfig *a, const WatchConfig *b);
bool watch_config_same_tree(const WatchConfig *a, const WatchConfig *b);

/* Whether a watch can go on under another configuration as it is: with the same tree, and no processor
 * that would have to be told first what is there. */
bool watch_config_can_become(const WatchConfig *a, const WatchConfig *b);

/* Adds the watch and its processors as they were written, for config_load_memory() to read again. */
void watch_config_add_text(const WatchConfig *w, Buffer *b);
bool processor_config_equal(const ProcessorConfig *a, const ProcessorConfig *b);
