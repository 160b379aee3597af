/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* All system calls are made by their bare names at the kernel, so that a caller who is called from
 * within a system call of the tree does not meet itself. */

#include <dirent.h>
#include <err.h>
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "operations.h"

static const struct {
        const char *name;
        bool takes_two;
        unsigned weight;
} kinds[_OPERATION_MAX] = {
        [OPERATION_CREATE] = { "create", false, 16 },
        [OPERATION_WRITE] = { "write", false, 4 },
        [OPERATION_MKDIR] = { "mkdir", false, 20 },
        [OPERATION_MKDIR_ALL] = { "mkdir -p", false, 6 },
        [OPERATION_RENAME] = { "rename", true, 24 },
        [OPERATION_RENAME_NEW] = { "rename -n", true, 8 },
        [OPERATION_EXCHANGE] = { "exchange", true, 2 },
        [OPERATION_LINK] = { "link", true, 4 },
        [OPERATION_SYMLINK] = { "symlink", false, 2 },
        [OPERATION_UNLINK] = { "unlink", false, 6 },
        [OPERATION_RMDIR] = { "rmdir", false, 8 },
        [OPERATION_REMOVE_ALL] = { "rm -rf", false, 6 },
        [OPERATION_CHMOD] = { "chmod", false, 2 },
        [OPERATION_MOUNT] = { "mount", false, 2 },
        [OPERATION_UNMOUNT] = { "umount", false, 4 },
};

void habit_choose(uint64_t *state, bool mounts, Habit *ret) {
        *ret = (Habit){
                .n_names = 2 + random_below(state, 4),
                .depth_max = 1 + random_below(state, 4),
                .out_percent = random_below(state, 3) == 0 ? 0 : 10 + random_below(state, 30),
                .mounts = mounts && random_below(state, 3) == 0,
        };
        for (size_t i = 0; i < _OPERATION_MAX; i++)
                ret->weights[i] = kinds[i].weight * random_below(state, 4);
        ret->weights[OPERATION_MKDIR] += 8;
        ret->weights[OPERATION_CREATE] += 4;
        if (!ret->mounts)
                ret->weights[OPERATION_MOUNT] = ret->weights[OPERATION_UNMOUNT] = 0;
}

static void choose_path(uint64_t *state, const Habit *habit, char *ret) {
        unsigned depth = 1 + random_below(state, habit->depth_max);
        char *end = stpcpy(ret, random_below(state, 100) < habit->out_percent ? "out" : "in");

        while (depth-- > 0) {
                *end++ = '/';
                *end++ = (char) ('a' + random_below(state, habit->n_names));
        }
        *end = '\0';
}

void operation_choose(uint64_t *state, const Habit *habit, Operation *ret) {
        unsigned sum = 0, n;

        *ret = (Operation){};
        for (size_t i = 0; i < _OPERATION_MAX; i++)
                sum += habit->weights[i];
        n = random_below(state, sum);
        while (n >= habit->weights[ret->kind])
                n -= habit->weights[ret->kind++];
        choose_path(state, habit, ret->path);
        choose_path(state, habit, ret->other);
        if (ret->kind == OPERATION_MOUNT || ret->kind == OPERATION_UNMOUNT)
                memcpy(ret->path, "in/", 3); /* of "out/" nobody would unmount it */
}

void operation_print(const Operation *o, FILE *f) {
        fprintf(f, "%s %s", kinds[o->kind].name, o->path);
        if (kinds[o->kind].takes_two)
                fprintf(f, " %s", o->other);
}

static long openat_bare(int at, const char *path, int flags) {
        return syscall(SYS_openat, at, path, flags | O_CLOEXEC | O_NOFOLLOW, 0644);
}

static int write_to(const char *path, int flags) {
        int fd = (int) openat_bare(AT_FDCWD, path, flags | O_WRONLY | O_NONBLOCK);

        if (fd < 0)
                return -1;
        ssize_t n = write(fd, "data", 4);
        (void) close(fd);
        return n < 0 ? -1 : 0;
}

static int make_all(const char *path) {
        char piece[OPERATION_PATH_MAX];
        const char *slash = strchr(path, '/');

        while ((slash = strchr(slash + 1, '/'))) {
                (void) snprintf(piece, sizeof(piece), "%.*s", (int) (slash - path), path);
                (void) mkdir(piece, 0755);
        }
        return write_to(path, O_CREAT);
}

static int remove_below(int at, const char *name) {
        char buffer[4096] __attribute__((aligned(8)));
        int fd;
        long n;

        if (unlinkat(at, name, 0) == 0)
                return 0;
        fd = (int) openat_bare(at, name, O_RDONLY | O_DIRECTORY);
        if (fd < 0)
                return -1;
        while ((n = syscall(SYS_getdents64, fd, buffer, sizeof(buffer))) > 0)
                for (long i = 0; i < n;) {
                        const struct dirent64 *d = (const void *) (buffer + i);

                        if (!streq(d->d_name, ".") && !streq(d->d_name, ".."))
                                (void) remove_below(fd, d->d_name);
                        i += d->d_reclen;
                }
        (void) close(fd);
        return unlinkat(at, name, AT_REMOVEDIR);
}

/* Unmounts what can be of that below `path`: some may be covered by others. Returns whether there was
 * any. */
static bool unmount_below(const char *path) {
        _cleanup_fclose_ FILE *f = fopen("/proc/self/mounts", "re");
        _cleanup_free_ char *whole = realpath(path, NULL), *line = NULL;
        bool any = false;
        size_t size = 0;
        char at[4096];

        while (whole && f && getline(&line, &size, f) >= 0)
                if (sscanf(line, "%*s %4095s", at) == 1 && strncmp(at, whole, strlen(whole)) == 0 &&
                                at[strlen(whole)] == '/')
                        any |= umount2(at, MNT_DETACH) >= 0;
        return any;
}

void remove_all(const char *path) {
        while (unmount_below(path))
                ;
        if (remove_below(AT_FDCWD, path) < 0)
                err(EXIT_FAILURE, "cannot remove %s", path);
}

/* Not where a symlink leads. */
static int mount_on(const char *path) {
        char at[64];
        int fd = (int) openat_bare(AT_FDCWD, path, O_PATH | O_DIRECTORY), r;

        if (fd < 0)
                return -1;
        (void) snprintf(at, sizeof(at), "/proc/self/fd/%d", fd);
        r = mount("tmpfs", at, "tmpfs", 0, "size=1m");
        (void) close(fd);
        return r;
}

int operation_do(const Operation *o) {
        const char *path = o->path, *other = o->other;
        int r = -1;

        errno = 0;
        switch (o->kind) {
        case OPERATION_CREATE:
                r = write_to(path, O_CREAT);
                break;
        case OPERATION_WRITE:
                r = write_to(path, O_TRUNC);
                break;
        case OPERATION_MKDIR:
                r = mkdir(path, 0755);
                break;
        case OPERATION_MKDIR_ALL:
                r = make_all(path);
                break;
        case OPERATION_RENAME:
                r = renameat2(AT_FDCWD, path, AT_FDCWD, other, 0);
                break;
        case OPERATION_RENAME_NEW:
                r = renameat2(AT_FDCWD, path, AT_FDCWD, other, RENAME_NOREPLACE);
                break;
        case OPERATION_EXCHANGE:
                r = renameat2(AT_FDCWD, path, AT_FDCWD, other, RENAME_EXCHANGE);
                break;
        case OPERATION_LINK:
                r = link(path, other);
                break;
        case OPERATION_SYMLINK:
                r = symlink(".", path);
                break;
        case OPERATION_UNLINK:
                r = unlink(path);
                break;
        case OPERATION_RMDIR:
                r = rmdir(path);
                break;
        case OPERATION_REMOVE_ALL:
                r = remove_below(AT_FDCWD, path);
                break;
        case OPERATION_CHMOD:
                r = fchmodat(AT_FDCWD, path, 0700, 0);
                break;
        case OPERATION_MOUNT:
                r = mount_on(path);
                break;
        case OPERATION_UNMOUNT:
                r = umount2(path, MNT_DETACH | UMOUNT_NOFOLLOW);
                break;
        case _OPERATION_MAX:
        case _OPERATION_INVALID:
                errno = EINVAL;
        }
        return r < 0 ? -errno : 0;
}
