/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A prefix, a name, a suffix. */

#include "processors/marker.h"

void marker_done(Marker *m) {
        free(m->text);
        *m = (Marker){};
}

/* Copies the pattern with its specifiers taken out. Returns where the name goes, or -EINVAL. */
static ssize_t take_specifiers(const char *pattern, char *text, bool *ret_is_of_base) {
        ssize_t at = -EINVAL;
        size_t n = 0;

        for (const char *s = pattern; *s; s++) {
                if (*s != '%' || *++s == '%') {
                        text[n++] = *s;
                        continue;
                }
                if ((*s != 'n' && *s != 'b') || at >= 0)
                        return -EINVAL;
                *ret_is_of_base = *s == 'b';
                at = (ssize_t) n;
        }
        text[n] = '\0';
        return at;
}

int marker_parse(Marker *m, const char *pattern, const char **ret_why) {
        _cleanup_free_ char *text = strdup(pattern);
        bool is_of_base = false;
        ssize_t at;

        if (!text)
                return -ENOMEM;
        at = take_specifiers(pattern, text, &is_of_base);
        if (at < 0)
                *ret_why = "one %n, the file's name, or %b, the same without its last suffix, and %% for %";
        else if (strchr(text, '/'))
                *ret_why = "a marker lies beside its file: no '/'";
        else if (!*text)
                *ret_why = "the name of a marker is not that of its file: add something, as in %n.done";
        else {
                *m = (Marker){
                        .prefix_len = (size_t) at,
                        .suffix_len = strlen(text) - (size_t) at,
                        .is_of_base = is_of_base,
                };
                m->text = TAKE_PTR(text);
                return 0;
        }
        return -EINVAL;
}

static size_t name_at(const char *path, size_t path_len) {
        const char *slash = memrchr(path, '/', path_len);

        return slash ? (size_t) (slash + 1 - path) : 0;
}

bool marker_is(const Marker *m,
                const char *path,
                size_t path_len,
                size_t *ret_at,
                size_t *ret_len) {
        size_t at = name_at(path, path_len), len = path_len - at;

        if (!m->text || len <= m->prefix_len + m->suffix_len ||
                        memcmp(path + at, m->text, m->prefix_len) != 0 ||
                        memcmp(path + path_len - m->suffix_len,
                                        m->text + m->prefix_len,
                                        m->suffix_len) != 0)
                return false;
        if (ret_at)
                *ret_at = at + m->prefix_len;
        if (ret_len)
                *ret_len = len - m->prefix_len - m->suffix_len;
        return true;
}

void marker_add_path(const Marker *m, const char *path, size_t path_len, Buffer *b) {
        size_t at = name_at(path, path_len), len = path_len - at;
        const char *dot = m->is_of_base ? memrchr(path + at, '.', len) : NULL;

        if (dot && dot > path + at) /* .profile has no suffix */
                len = (size_t) (dot - path) - at;
        buffer_add(b, path, at);
        buffer_add(b, m->text, m->prefix_len);
        buffer_add(b, path + at, len);
        buffer_add(b, m->text + m->prefix_len, m->suffix_len);
}
