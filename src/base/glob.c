/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Most globs in the field are `*.dcm` or `.*`: they cost one comparison. The others are bounded
 * when they are taken, so that no pattern and no name together can make fnmatch(3) take long. */

#include <fnmatch.h>

#include "base/glob.h"

typedef enum GlobClass {
        GLOB_LITERAL, /* name */
        GLOB_SUFFIX,  /* *.x */
        GLOB_PREFIX,  /* x* */
        GLOB_PATTERN,
} GlobClass;

typedef struct Glob {
        GlobClass class;
        const char *text; /* what is compared, or the whole pattern; in Globs.storage */
        size_t length;
} Glob;

struct Globs {
        char *storage;
        size_t n_globs;
        Glob globs[];
};

static const char special_characters[] = "*?[\\";

int glob_check(const char *pattern, const char **ret_why) {
        size_t n_stars = 0, n_backslashes = 0, length = strlen(pattern);

        if (length == 0) {
                *ret_why = "an empty pattern matches nothing";
                return -EINVAL;
        }
        if (length > GLOB_LENGTH_MAX) {
                *ret_why = "a pattern has at most 1024 bytes";
                return -EINVAL;
        }
        for (size_t i = 0; i < length; i++)
                n_stars += pattern[i] == '*';
        if (n_stars > GLOB_STARS_MAX) {
                *ret_why = "a pattern has at most 16 '*'";
                return -EINVAL;
        }
        while (n_backslashes < length && pattern[length - 1 - n_backslashes] == '\\')
                n_backslashes++;
        if (n_backslashes % 2 != 0) {
                *ret_why = "there is nothing after the last '\\'; write '\\\\' for a backslash";
                return -EINVAL;
        }
        return 0;
}

static Glob glob_classify(const char *pattern) {
        size_t length = strlen(pattern), plain = strcspn(pattern, special_characters);

        if (plain == length)
                return (Glob){ GLOB_LITERAL, pattern, length };
        if (plain == length - 1 && pattern[plain] == '*')
                return (Glob){ GLOB_PREFIX, pattern, plain };
        if (pattern[0] == '*' && strcspn(pattern + 1, special_characters) == length - 1)
                return (Glob){ GLOB_SUFFIX, pattern + 1, length - 1 };
        return (Glob){ GLOB_PATTERN, pattern, length };
}

static bool glob_match(const Glob *g, const char *name, size_t n) {
        size_t rest = n - g->length; /* of no use where the name is shorter */

        switch (g->class) {
        case GLOB_LITERAL:
                return n == g->length && memcmp(name, g->text, n) == 0;
        case GLOB_SUFFIX:
                return n >= g->length && memcmp(name + rest, g->text, g->length) == 0 &&
                       !memchr(name, '/', rest);
        case GLOB_PREFIX:
                return n >= g->length && memcmp(name, g->text, g->length) == 0 &&
                       !memchr(name + g->length, '/', rest);
        case GLOB_PATTERN:
                return fnmatch(g->text, name, FNM_PATHNAME) == 0;
        }
        return false;
}

Globs *globs_free(Globs *g) {
        if (g)
                free(g->storage);
        free(g);
        return NULL;
}

int globs_new(char *const *patterns, Globs **ret) {
        _cleanup_(globs_freep) Globs *g = NULL;
        size_t n = 0, size = 0;
        const char *why;
        char *storage;
        int r;

        for (; patterns && patterns[n]; n++) {
                r = glob_check(patterns[n], &why);
                if (r < 0)
                        return r;
                size += strlen(patterns[n]) + 1;
        }

        g = calloc(1, sizeof(*g) + n * sizeof(g->globs[0]));
        if (!g)
                return -ENOMEM;
        g->storage = storage = malloc(MAX_OF(size, 1U));
        if (!storage)
                return -ENOMEM;
        for (size_t i = 0; i < n; i++) {
                strcpy(storage, patterns[i]);
                g->globs[g->n_globs++] = glob_classify(storage);
                storage += strlen(storage) + 1;
        }
        *ret = TAKE_PTR(g);
        return 0;
}

size_t globs_n(const Globs *g) {
        return g->n_globs;
}

bool globs_match(const Globs *g, const char *name, size_t n) {
        for (size_t i = 0; i < g->n_globs; i++)
                if (glob_match(&g->globs[i], name, n))
                        return true;
        return false;
}
