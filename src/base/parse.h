/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* One parser per kind of value, for the rows of settings tables. Behind each kind stands the type of
 * the field it goes to. No value is cut or guessed at: what is not wholly understood is refused. */

#pragma once

#include "base/setting.h"

/* What a list may hold. */
#define LIST_ITEMS_MAX 1024U

extern const SettingKind setting_kind_boolean; /* bool: as systemd takes them */
extern const SettingKind setting_kind_number;  /* uint64_t: decimal */
extern const SettingKind setting_kind_size;    /* uint64_t: bytes; K, M, G to the base of 1024 */
extern const SettingKind
                setting_kind_time_span;       /* usec_t: systemd.time(7); USEC_INFINITY: infinity */
extern const SettingKind setting_kind_string; /* char *: as it stands */

/* Lists, NULL-terminated or NULL; each assignment adds. Words are separated by whitespace, quotes
 * ("..." or '...') keep one together. */
extern const SettingKind setting_kind_names; /* char **: words */
extern const SettingKind setting_kind_globs; /* char **: words; a backslash takes the next character
                                                literally, as glob(7) has it */
extern const SettingKind
                setting_kind_paths; /* char **: the whole value is one path, absolute; double
                                                and trailing slashes are taken out */
extern const SettingKind setting_kind_events; /* uint32_t: bits of inotify, by their names */

/* Takes the next word of *value, as lists do, and moves *value past it. Returns > 0 with the word in
 * *ret, 0 at the end, -EINVAL for a quote that is not closed, -ENOMEM. */
int parse_word(const char **value, bool keep_backslash, char **ret);

/* The position of `value` in `names`, or -EINVAL. */
int parse_name(const char *const *names, size_t n_names, const char *value);

/* Defines `symbol`, the kind of an enumeration with a table of names; fields are of `type`. */
#define DEFINE_ENUM_KIND(symbol, type, kind_name, names, why)                                      \
        static int symbol##_parse(const Setting *setting,                                          \
                        const char *value,                                                         \
                        void *target,                                                              \
                        const char **ret_why) {                                                    \
                int i = parse_name(names, ELEMENTSOF(names), value);                               \
                if (i < 0) {                                                                       \
                        *ret_why = (why);                                                          \
                        return i;                                                                  \
                }                                                                                  \
                *(type *) target = (type) i;                                                       \
                return 0;                                                                          \
        }                                                                                          \
        static bool symbol##_equal(const void *a, const void *b) {                                 \
                return *(const type *) a == *(const type *) b;                                     \
        }                                                                                          \
        static const SettingKind symbol = {                                                        \
                .name = (kind_name),                                                               \
                .size = sizeof(type),                                                              \
                .parse = symbol##_parse,                                                           \
                .equal = symbol##_equal,                                                           \
        }
