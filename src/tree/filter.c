/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Two lists of globs, each sorted at the start by what its globs are held against. */

#include "tree/filter.h"
#include "base/glob.h"
#include "base/list.h"
#include "base/text.h"

/* Globs of one key. */
typedef struct Rule {
        Globs *names; /* without '/': against the last component */
        Globs *paths; /* with '/': against the path below the root */
} Rule;

struct Filter {
        Rule include, exclude;
        char **excluded;
        uint64_t exclusions;
};

static void rule_done(Rule *rule) {
        rule->names = globs_free(rule->names);
        rule->paths = globs_free(rule->paths);
}

/* Makes the Globs of those patterns that have, or have not, a '/'. */
static int select_globs(char *const *patterns, size_t n, bool with_slash, Globs **ret) {
        _cleanup_free_ char **selected = calloc(n + 1, sizeof(char *));
        size_t n_selected = 0;

        if (!selected)
                return -ENOMEM;
        for (size_t i = 0; i < n; i++)
                if (!!strchr(patterns[i], '/') == with_slash)
                        selected[n_selected++] = patterns[i];
        return globs_new(selected, ret);
}

static int rule_init(Rule *rule, char *const *patterns) {
        size_t n = 0;
        int r;

        while (patterns && patterns[n])
                n++;
        r = select_globs(patterns, n, false, &rule->names);
        if (r < 0)
                return r;
        return select_globs(patterns, n, true, &rule->paths);
}

static bool rule_is_empty(const Rule *rule) {
        return globs_n(rule->names) + globs_n(rule->paths) == 0;
}

static bool rule_matches(const Rule *rule, const char *below, size_t n) {
        const char *slash = memrchr(below, '/', n), *name = slash ? slash + 1 : below;

        return globs_match(rule->names, name, n - (size_t) (name - below)) ||
               globs_match(rule->paths, below, n);
}

Filter *filter_free(Filter *f) {
        if (!f)
                return NULL;
        rule_done(&f->include);
        rule_done(&f->exclude);
        list_free(f->excluded);
        free(f);
        return NULL;
}

int filter_new(char *const *include, char *const *exclude, Filter **ret) {
        _cleanup_(filter_freep) Filter *f = calloc(1, sizeof(*f));
        int r;

        if (!f)
                return -ENOMEM;
        r = rule_init(&f->include, include);
        if (r < 0)
                return r;
        r = rule_init(&f->exclude, exclude);
        if (r < 0)
                return r;
        for (; exclude && *exclude && r >= 0; exclude++) {
                f->exclusions = (f->exclusions ^ text_hash(1, *exclude, strlen(*exclude))) *
                                UINT64_C(0x9e3779b97f4a7c15);
                r = list_add(&f->excluded, *exclude, strlen(*exclude));
        }
        if (r < 0)
                return r;
        *ret = TAKE_PTR(f);
        return 0;
}

char *const *filter_exclude(const Filter *f) {
        return f ? f->excluded : NULL;
}

uint64_t filter_exclusions(const Filter *f) {
        return f ? f->exclusions : 0;
}

bool filter_passes(const Filter *f, const char *below) {
        size_t n = strlen(below);

        if (n == 0)
                return true;
        if (!rule_is_empty(&f->exclude) && rule_matches(&f->exclude, below, n))
                return false;
        return rule_is_empty(&f->include) || rule_matches(&f->include, below, n);
}

bool filter_excludes(const Filter *f, const char *below) {
        return !rule_is_empty(&f->exclude) && rule_matches(&f->exclude, below, strlen(below));
}
