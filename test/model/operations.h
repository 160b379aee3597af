/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Random operations on files: on few names, so that they meet. A seed makes the same ones again. */

#pragma once

#include "base/macros.h"

typedef enum OperationKind {
        OPERATION_CREATE, /* and write */
        OPERATION_WRITE,
        OPERATION_MKDIR,
        OPERATION_MKDIR_ALL, /* mkdir -p, and a file at its end */
        OPERATION_RENAME,
        OPERATION_RENAME_NEW, /* never over something */
        OPERATION_EXCHANGE,
        OPERATION_LINK,
        OPERATION_SYMLINK,
        OPERATION_UNLINK,
        OPERATION_RMDIR,
        OPERATION_REMOVE_ALL, /* rm -rf */
        OPERATION_CHMOD,
        OPERATION_MOUNT, /* a tmpfs; as root */
        OPERATION_UNMOUNT,
        _OPERATION_MAX,
        _OPERATION_INVALID = -EINVAL,
} OperationKind;

#define OPERATION_PATH_MAX 40U

typedef struct Operation {
        OperationKind kind;
        char path[OPERATION_PATH_MAX];
        char other[OPERATION_PATH_MAX]; /* of those that take two */
} Operation;

/* What kind of day it is: the same seed makes the same. */
typedef struct Habit {
        unsigned n_names;   /* names in a directory */
        unsigned depth_max; /* components below "in" or "out" */
        unsigned out_percent;
        unsigned weights[_OPERATION_MAX];
        bool mounts;
} Habit;

/* splitmix64 */
static inline uint64_t random_next(uint64_t *state) {
        uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

        z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
        z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
        return z ^ z >> 31;
}
static inline unsigned random_below(uint64_t *state, unsigned n) {
        return (unsigned) (random_next(state) % n);
}

void habit_choose(uint64_t *state, bool mounts, Habit *ret);
void operation_choose(uint64_t *state, const Habit *habit, Operation *ret);

/* Does it, below the working directory: in "in", which is followed, and "out", which is not. Returns 0
 * or -errno; as a rule it fails for what is there, or is not. */
int operation_do(const Operation *o);

void operation_print(const Operation *o, FILE *f);

/* rm -rf, mounts included. */
void remove_all(const char *path);
