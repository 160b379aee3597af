/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What is longer than the kernel takes a path is gone along directory by directory. */

#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>

#include "look.h"

#define NSEC_PER_SEC UINT64_C(1000000000)

/* Opens the directory that the last component of *path is in, and moves *path to that. */
static int open_parent(const char **path) {
        const char *slash;
        int at = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);

        *path += strspn(*path, "/");
        while (at >= 0 && (slash = strchr(*path, '/'))) {
                char name[NAME_MAX + 1];
                size_t n = (size_t) (slash - *path);
                int next;

                if (n >= sizeof(name)) {
                        safe_close(at);
                        return -ENAMETOOLONG;
                }
                memcpy(name, *path, n);
                name[n] = '\0';
                next = openat(at, name, O_PATH | O_DIRECTORY | O_CLOEXEC);
                safe_close(at);
                at = next;
                *path = slash + strspn(slash, "/");
        }
        return at < 0 ? -errno : at;
}

int look_at_file(const char *path, FileStat *ret, void *userdata) {
        struct stat st;

        if (fstatat(AT_FDCWD, path, &st, AT_SYMLINK_NOFOLLOW) < 0) {
                if (errno != ENAMETOOLONG)
                        return -errno;
                _cleanup_close_ int parent = open_parent(&path);
                if (parent < 0)
                        return parent;
                if (fstatat(parent, path, &st, AT_SYMLINK_NOFOLLOW) < 0)
                        return -errno;
        }
        *ret = (FileStat){
                .inode = st.st_ino,
                .size = (uint64_t) st.st_size,
                .ctime_nsec = (uint64_t) st.st_ctim.tv_sec * NSEC_PER_SEC +
                              (uint64_t) st.st_ctim.tv_nsec,
                .n_links = (uint32_t) st.st_nlink,
                .is_regular = S_ISREG(st.st_mode),
        };
        return 0;
}
