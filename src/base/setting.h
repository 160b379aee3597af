/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A setting is a row of a table: its key, the parser of its kind of value, where the value goes and
 * what it is when nobody sets it. Everything that has settings (the manager, a watch, a processor)
 * has a table of such rows; --check, the manual's test and the client read the same tables. */

#pragma once

#include "base/macros.h"

typedef struct Setting Setting;

/* Parses `value` (never empty) into `target`, a field of the type that the kind's header names; a
 * repeatable kind adds to what is there. Returns 0, or < 0 with *ret_why set to a text in words
 * (borrowed, static) that tells what is wrong and what would be right; -ENOMEM needs no text. The
 * field is untouched on failure. */
typedef int (*SettingParser)(
                const Setting *setting, const char *value, void *target, const char **ret_why);

/* Releases what the parser put into the field, and zeroes it. */
typedef void (*SettingReset)(void *target);

/* A kind of value. `reset` may be NULL where nothing is held. `repeatable`: each assignment adds. */
typedef struct SettingKind {
        const char *name; /* as the manual calls it: "boolean", "size", "time span", "globs", ... */
        size_t size;      /* of the field, at most SETTING_SIZE_MAX */
        SettingParser parse;
        SettingReset reset;
        /* Whether two fields hold the same. */
        bool (*equal)(const void *a, const void *b);
        bool repeatable;
} SettingKind;

struct Setting {
        const char *key;
        const SettingKind *kind;
        size_t offset;      /* of the field in the struct of whoever owns the table */
        const char *preset; /* the default, as one would write it in the file; NULL for none */
};

/* Tables end with a row whose key is NULL. */
#define SETTINGS_MAX 64U
#define SETTING_SIZE_MAX 16U

/* The row of `key` (case-sensitive, as systemd's), or NULL. */
const Setting *setting_find(const Setting *table, const char *key);

/* Puts each preset into `object`. The object is zeroed memory. Returns 0 or -ENOMEM; a preset that
 * does not parse is a mistake of ours (assert). */
int settings_init(const Setting *table, void *object);

/* Releases every field of `object` (the object itself stays the caller's). */
void settings_done(const Setting *table, void *object);

/* Whether two objects of one table hold the same values. */
bool settings_equal(const Setting *table, const void *a, const void *b);

/* Takes one assignment. The first one to a repeatable key replaces the preset, as in systemd an
 * explicit list does; an empty value makes a list empty and puts anything else back to its preset.
 * `seen` is a bit per row that the caller zeroes before the first assignment (rows of a table: at most
 * SETTINGS_MAX). Returns 0, or as the parser; the object is unchanged on failure. */
int setting_assign(const Setting *table,
                const Setting *row,
                void *object,
                uint64_t *seen,
                const char *value,
                const char **ret_why);
