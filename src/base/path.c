/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Paths as text: no disk is asked what is there. */

#include "base/path.h"

char *path_absolute(const char *path) {
        _cleanup_free_ char *cwd = path[0] == '/' ? strdup("") : getcwd(NULL, 0);
        char *joined, *to;

        if (!cwd || asprintf(&joined, "%s/%s", cwd, path) < 0)
                return NULL;
        to = joined;
        for (const char *from = joined; *from;) {
                size_t n = strcspn(from, "/");

                if (n > 0 && !(n == 1 && from[0] == '.')) {
                        *to++ = '/';
                        memmove(to, from, n);
                        to += n;
                }
                from += n + (from[n] == '/');
        }
        if (to == joined)
                *to++ = '/';
        *to = '\0';
        return joined;
}
