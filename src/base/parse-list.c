/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Values that add up: words, globs, paths, events. An assignment is taken whole or not at all. */

#include <limits.h>

#include "base/glob.h"
#include "base/list.h"
#include "base/names.h"
#include "base/parse.h"
#include "base/text.h"

static const char blanks[] = " \t";

static const char too_many[] = "a list has at most 1024 items";

static int word_done(Buffer *word, char **ret) {
        if (word->failed) {
                buffer_done(word);
                return -ENOMEM;
        }
        *ret = word->data;
        return 1;
}

int parse_word(const char **value, bool keep_backslash, char **ret) {
        const char *s = *value + strspn(*value, blanks);
        Buffer word = {};
        char quote = '\0';

        if (*s == '\0') {
                *value = s;
                return 0;
        }
        buffer_add(&word, "", 0);
        for (; *s != '\0' && (quote || !strchr(blanks, *s)); s++) {
                if (keep_backslash && *s == '\\' && s[1] != '\0') {
                        buffer_add(&word, s++, 2);
                        continue;
                }
                if (*s == quote)
                        quote = '\0';
                else if (!quote && (*s == '"' || *s == '\''))
                        quote = *s;
                else
                        buffer_add_char(&word, *s);
        }
        if (quote) {
                buffer_done(&word);
                return -EINVAL;
        }
        *value = s;
        return word_done(&word, ret);
}

/* Moves what is in `more` to the end of *l. */
static int list_move(List *l, List *more, const char **ret_why) {
        size_t n = list_length(*l), n_more = list_length(*more);
        List grown;

        if (n + n_more > LIST_ITEMS_MAX) {
                *ret_why = too_many;
                return -E2BIG;
        }
        grown = reallocarray(*l, n + n_more + 1, sizeof(*grown));
        if (!grown)
                return -ENOMEM;
        for (size_t i = 0; i < n_more; i++)
                grown[n + i] = (*more)[i];
        grown[n + n_more] = NULL;
        *l = grown;
        free(*more);
        *more = NULL;
        return 0;
}

typedef int (*WordCheck)(const char *word, const char **ret_why);

static int parse_words(const char *value,
                bool keep_backslash,
                WordCheck check,
                List *target,
                const char **ret_why) {
        _cleanup_(list_freep) List words = NULL;
        int r;

        for (size_t n = 0;; n++) {
                _cleanup_free_ char *word = NULL;

                r = parse_word(&value, keep_backslash, &word);
                if (r == 0)
                        break;
                if (r == -EINVAL)
                        *ret_why = "a quote is not closed (';' after a space begins a comment, "
                                   "also within quotes)";
                if (r < 0)
                        return r;
                if (n == LIST_ITEMS_MAX) {
                        *ret_why = too_many;
                        return -E2BIG;
                }
                r = check(word, ret_why);
                if (r < 0)
                        return r;
                r = list_add(&words, word, strlen(word));
                if (r < 0)
                        return r;
        }
        return words ? list_move(target, &words, ret_why) : 0;
}

static int check_name(const char *word, const char **ret_why) {
        if (word[0] != '\0')
                return 0;
        *ret_why = "a name is not empty";
        return -EINVAL;
}

static int parse_names(
                const Setting *setting, const char *value, void *target, const char **ret_why) {
        return parse_words(value, false, check_name, target, ret_why);
}

static int parse_globs(
                const Setting *setting, const char *value, void *target, const char **ret_why) {
        return parse_words(value, true, glob_check, target, ret_why);
}

/* Whether the path has a component that is exactly "..". */
static bool has_parent_component(const char *path) {
        for (const char *s = path; (s = strstr(s, "/..")); s += 3)
                if (s[3] == '/' || s[3] == '\0')
                        return true;
        return false;
}

/* Takes out double slashes, "." components and the slash at the end, in place. */
static void path_normalise(char *path) {
        char *to = path;

        for (const char *s = path; *s != '\0';) {
                size_t n;

                s += strspn(s, "/");
                n = strcspn(s, "/");
                if (n > 0 && !(n == 1 && s[0] == '.')) {
                        *to++ = '/';
                        memmove(to, s, n);
                        to += n;
                }
                s += n;
        }
        if (to == path)
                *to++ = '/';
        *to = '\0';
}

static int parse_path(
                const Setting *setting, const char *value, void *target, const char **ret_why) {
        _cleanup_(list_freep) List one = NULL;
        int r;

        if (value[0] != '/') {
                *ret_why = "a path is absolute, it begins with '/' (and stands without quotes)";
                return -EINVAL;
        }
        if (strlen(value) >= PATH_MAX) {
                *ret_why = "a path has at most 4095 bytes";
                return -ENAMETOOLONG;
        }
        if (has_parent_component(value)) {
                *ret_why = "where '..' leads changes with symbolic links; "
                           "write the path without it";
                return -EINVAL;
        }
        r = list_add(&one, value, strlen(value));
        if (r < 0)
                return r;
        path_normalise(one[0]);
        return list_move(target, &one, ret_why);
}

static void list_reset(void *target) {
        list_freep(target);
}

static bool lists_equal(const void *a, const void *b) {
        return list_equal(*(const List *) a, *(const List *) b);
}

static int parse_events(
                const Setting *setting, const char *value, void *target, const char **ret_why) {
        uint32_t mask = 0, bits;
        int r;

        for (;;) {
                _cleanup_free_ char *word = NULL;

                r = parse_word(&value, false, &word);
                if (r == 0)
                        break;
                if (r >= 0)
                        r = event_mask_from_name(word, &bits);
                if (r == -EINVAL)
                        *ret_why = "write names of inotify(7), such as create or moved_to, or all, "
                                   "close or move, separated by spaces";
                if (r < 0)
                        return r;
                mask |= bits;
        }
        *(uint32_t *) target |= mask;
        return 0;
}

static bool events_equal(const void *a, const void *b) {
        return *(const uint32_t *) a == *(const uint32_t *) b;
}

const SettingKind setting_kind_names = {
        .name = "names",
        .size = sizeof(List),
        .parse = parse_names,
        .reset = list_reset,
        .equal = lists_equal,
        .repeatable = true,
};

const SettingKind setting_kind_globs = {
        .name = "globs",
        .size = sizeof(List),
        .parse = parse_globs,
        .reset = list_reset,
        .equal = lists_equal,
        .repeatable = true,
};

const SettingKind setting_kind_paths = {
        .name = "path",
        .size = sizeof(List),
        .parse = parse_path,
        .reset = list_reset,
        .equal = lists_equal,
        .repeatable = true,
};

const SettingKind setting_kind_events = {
        .name = "events",
        .size = sizeof(uint32_t),
        .parse = parse_events,
        .equal = events_equal,
        .repeatable = true,
};
