/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Lists are short and made once, so they are counted when asked for and grown one by one. */

#include "base/list.h"

List list_free(List l) {
        for (size_t i = 0; l && l[i]; i++)
                free(l[i]);
        free(l);
        return NULL;
}

size_t list_length(char *const *l) {
        size_t n = 0;

        while (l && l[n])
                n++;
        return n;
}

int list_add(List *l, const char *s, size_t n) {
        size_t length = list_length(*l);
        _cleanup_free_ char *copy = strndup(s, n);
        List grown;

        if (!copy)
                return -ENOMEM;
        grown = reallocarray(*l, length + 2, sizeof(*grown));
        if (!grown)
                return -ENOMEM;
        grown[length] = TAKE_PTR(copy);
        grown[length + 1] = NULL;
        *l = grown;
        return 0;
}

bool list_contains(char *const *l, const char *s) {
        for (size_t i = 0; l && l[i]; i++)
                if (streq(l[i], s))
                        return true;
        return false;
}

bool list_equal(char *const *a, char *const *b) {
        size_t n = list_length(a);

        if (n != list_length(b))
                return false;
        for (size_t i = 0; i < n; i++)
                if (!streq(a[i], b[i]))
                        return false;
        return true;
}
