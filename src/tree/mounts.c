/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Mounts by their numbers, as /proc/self/mountinfo has them in its first column, and their places, as
 * it has them in its fifth, with blanks and backslashes in octal. */

#include <fcntl.h>
#include <inttypes.h>
#include <sys/stat.h>

#include "tree/mounts.h"

void mounts_done(Mounts *m) {
        for (size_t i = 0; i < m->n; i++)
                free(m->items[i].path);
        free(m->items);
        *m = (Mounts){};
}

static void unescape(char *s) {
        char *to = s;

        for (; *s; s++)
                if (s[0] == '\\' && s[1] >= '0' && s[1] <= '3' && s[2] >= '0' && s[2] <= '7' &&
                                s[3] >= '0' && s[3] <= '7') {
                        *to++ = (char) ((s[1] - '0') << 6 | (s[2] - '0') << 3 | (s[3] - '0'));
                        s += 3;
                } else
                        *to++ = *s;
        *to = '\0';
}

/* Adds what a line tells; one that tells nothing is passed over. */
static int add_line(Mounts *m, const char *line) {
        _cleanup_free_ char *path = NULL;
        uint64_t id;
        Mount *grown;

        if (sscanf(line, "%" SCNu64 " %*u %*s %*s %ms", &id, &path) != 2)
                return 0;
        unescape(path);
        grown = reallocarray(m->items, m->n + 1, sizeof(Mount));
        if (!grown)
                return -ENOMEM;
        m->items = grown;
        m->items[m->n++] = (Mount){ id, TAKE_PTR(path) };
        return 0;
}

int mounts_read(Mounts *ret) {
        _cleanup_fclose_ FILE *f = fopen("/proc/self/mountinfo", "re");
        _cleanup_(mounts_done) Mounts m = {};
        _cleanup_free_ char *line = NULL;
        size_t size = 0;

        if (!f)
                return -errno;
        while (getline(&line, &size, f) >= 0) {
                int r = add_line(&m, line);
                if (r < 0)
                        return r;
        }
        if (ferror(f))
                return -EIO;
        *ret = TAKE(m, (Mounts){});
        return 0;
}

bool mounts_have(const Mounts *m, const Mount *mount) {
        for (size_t i = 0; i < m->n; i++)
                if (m->items[i].id == mount->id && streq(m->items[i].path, mount->path))
                        return true;
        return false;
}

uint64_t mount_of(int fd) {
        struct statx sx;

        if (statx(fd, "", AT_EMPTY_PATH | AT_NO_AUTOMOUNT, STATX_MNT_ID, &sx) < 0)
                return 0;
        return sx.stx_mask & STATX_MNT_ID ? sx.stx_mnt_id : 0;
}

bool mount_is_there(uint64_t mount) {
        _cleanup_(mounts_done) Mounts m = {};

        if (mount == 0 || mounts_read(&m) < 0)
                return true;
        for (size_t i = 0; i < m.n; i++)
                if (m.items[i].id == mount)
                        return true;
        return false;
}
