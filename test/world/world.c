/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* No name is ever used twice, so that nothing can be taken for something else, and nothing the kernel
 * queues for flat/ is merged with another. */

#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <time.h>

#include "world.h"

const char world_watches[] =
                "[Watch flat]\nPath=@/flat\nEvents=create delete move\n"
                "[Watch deep]\nPath=@/deep\nRecursive=yes\nEvents=create delete move\nRecover=yes\n"
                "[Watch up]\nPath=@/up\nRecursive=yes\nEvents=create\nProcessor=chunked\n";

unsigned world_random(World *w, unsigned n) {
        w->random ^= w->random << 13;
        w->random ^= w->random >> 7;
        w->random ^= w->random << 17;
        return (unsigned) (w->random % n);
}

static void make_file(const char *path) {
        _cleanup_close_ int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

        assert(fd >= 0);
}

static void write_chunk(const char *path) {
        _cleanup_close_ int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);

        assert(fd >= 0 && write(fd, "chunk", 5) == 5);
}

static void add_line(Buffer *b, const char *what, const char *path, const char *source) {
        buffer_add_string(b, what);
        buffer_add_char(b, ' ');
        buffer_add_string(b, path);
        if (source) {
                buffer_add_string(b, " from ");
                buffer_add_string(b, source);
        }
        buffer_add_char(b, '\n');
}

static void act_flat(World *w) {
        char **file = &w->files[world_random(w, WORLD_FILES_MAX)], *other;

        assert(asprintf(&other, "flat/%u", w->n_flat) > 0);
        if (!*file) {
                w->n_flat++;
                make_file(other);
                add_line(&w->flat, "in_create", other, NULL);
                *file = TAKE_PTR(other);
        } else if (world_random(w, 2) == 0) {
                w->n_flat++;
                assert(rename(*file, other) >= 0);
                add_line(&w->flat, "in_moved_from", *file, NULL);
                add_line(&w->flat, "in_moved_to", other, *file);
                free(*file);
                *file = TAKE_PTR(other);
        } else {
                assert(unlink(*file) >= 0);
                add_line(&w->flat, "in_delete", *file, NULL);
                free(*file);
                *file = NULL;
        }
        free(other);
}

/* A directory moved: the paths of what is below. */
static void rebase(char **path, const char *from, const char *to) {
        size_t n = strlen(from);
        char *moved;

        if (!*path || strncmp(*path, from, n) != 0 || ((*path)[n] && (*path)[n] != '/'))
                return;
        assert(asprintf(&moved, "%s%s", to, *path + n) > 0);
        free(*path);
        *path = moved;
}

static void move_directory(World *w) {
        const char *to = w->directories[world_random(w, w->n_directories)];
        _cleanup_free_ char *from = strdup(w->directories[world_random(w, w->n_directories)]),
                            *other = NULL;

        assert(asprintf(&other, "%s/m%u", to, w->n_deep++) > 0);
        if (strlen(other) > 300 || rename(from, other) < 0)
                return; /* into itself */
        for (unsigned i = 0; i < WORLD_DIRECTORIES_MAX; i++)
                rebase(&w->directories[i], from, other);
        for (unsigned i = 0; i < WORLD_FILES_MAX; i++)
                rebase(&w->deep[i], from, other);
}

static void act_deep(World *w) {
        const char *dir = w->directories[world_random(w, w->n_directories)];
        char **file = &w->deep[world_random(w, WORLD_FILES_MAX)], *path;

        assert(asprintf(&path, "%s/%u", dir, w->n_deep++) > 0);
        if (world_random(w, 16) == 0 && w->n_directories > 1)
                move_directory(w);
        else if (world_random(w, 8) == 0 && w->n_directories < WORLD_DIRECTORIES_MAX) {
                assert(mkdir(path, 0700) >= 0);
                w->directories[w->n_directories++] = TAKE_PTR(path);
        } else if (!*file) {
                make_file(path);
                *file = TAKE_PTR(path);
        } else if (world_random(w, 2) == 0) {
                assert(rename(*file, path) >= 0);
                free(*file);
                *file = TAKE_PTR(path);
        } else {
                assert(unlink(*file) >= 0);
                free(*file);
                *file = NULL;
        }
        free(path);
}

/* Uploads, each for itself: three chunks, and the final name; some in a directory made for it. */
static void act_up(World *w) {
        char directory[64], part[128], final[128];

        (void) snprintf(directory, sizeof(directory), w->n_up % 32 == 0 ? "up/d%u" : "up", w->n_up);
        (void) snprintf(part, sizeof(part), "%s/%u.part", directory, w->n_up);
        (void) snprintf(final, sizeof(final), "%s/%u", directory, w->n_up);
        if (w->n_parts == 0 && w->n_up % 32 == 0)
                assert(mkdir(directory, 0700) >= 0);
        if (w->n_parts < 3) {
                write_chunk(part);
                w->n_parts++;
                return;
        }
        assert(rename(part, final) >= 0);
        w->n_parts = 0;
        w->n_up++;
}

static usec_t clock_usec(void) {
        struct timespec now;

        (void) clock_gettime(CLOCK_MONOTONIC, &now);
        return (usec_t) now.tv_sec * USEC_PER_SEC + (usec_t) now.tv_nsec / 1000;
}

void world_act(World *w, usec_t usec, unsigned n_max) {
        static void (*const acts[])(World *) = { act_flat, act_deep, act_up };
        usec_t end = clock_usec() + usec;

        while (clock_usec() < end && w->n_flat + w->n_deep + w->n_up < n_max) {
                for (unsigned n = 1 + world_random(w, 16); n > 0; n--)
                        acts[world_random(w, ELEMENTSOF(acts))](w);
                /* Between bursts, so that each seed has pauses in which all is told. */
                (void) nanosleep(&(struct timespec){ .tv_nsec = 1000L *
                                                                (100 + (long) world_random(
                                                                                       w, 1000)) },
                                NULL);
        }
}

void world_end(World *w) {
        while (w->n_parts > 0)
                act_up(w);
        make_file("flat/last");
        add_line(&w->flat, "in_create", "flat/last", NULL);
        make_file("deep/last");
        write_chunk("up/last.part");
        assert(rename("up/last.part", "up/last") >= 0);
}

bool world_is_last(const char *path) {
        const char *slash = strrchr(path, '/');

        return slash && streq(slash, "/last");
}

static void take_upload(World *w, const WorldNotice *n) {
        unsigned i;

        if (n->member != MEMBER_IN_CREATE || world_is_last(n->path))
                return;
        i = (unsigned) atoi(strrchr(n->path, '/') + 1);
        if (i >= w->n_told_up) {
                w->told_up = reallocarray(w->told_up, 2 * i + 64, sizeof(unsigned));
                assert(w->told_up);
                memset(w->told_up + w->n_told_up,
                                0,
                                (2 * i + 64 - w->n_told_up) * sizeof(unsigned));
                w->n_told_up = 2 * i + 64;
        }
        w->told_up[i]++;
}

static const char *below_deep(const char *path) {
        return !path ? NULL : strlen(path) > strlen("deep/") ? path + strlen("deep/") : "";
}

_printf_(2, 3) static void fail(World *w, const char *format, ...) {
        char line[1024];
        va_list ap;

        va_start(ap, format);
        (void) vsnprintf(line, sizeof(line), format, ap);
        va_end(ap);
        buffer_add_string(&w->failures, line);
        buffer_add_char(&w->failures, '\n');
}

void world_take(World *w, const WorldNotice *n) {
        Told told = { n->member, n->is_dir, below_deep(n->path), below_deep(n->source) };

        if (n->sequence != w->sequence + 1)
                fail(w, "%" PRIu64 " follows %" PRIu64, n->sequence, w->sequence);
        w->sequence = n->sequence;
        if (n->member == MEMBER_IN_Q_OVERFLOW)
                fail(w, "The kernel's queue overflowed for %s", n->watch);
        if (streq(n->watch, "flat"))
                add_line(&w->told_flat, member_names[n->member].event, n->path, n->source);
        else if (streq(n->watch, "deep"))
                picture_apply(&w->picture, &told);
        else
                take_upload(w, n);
}

static void verify_flat(World *w) {
        const char *expected, *told;
        size_t i = 0;

        buffer_add_string(&w->flat, "");
        buffer_add_string(&w->told_flat, "");
        expected = w->flat.data;
        told = w->told_flat.data;
        while (expected[i] && expected[i] == told[i])
                i++;
        if (!expected[i] && !told[i])
                return;
        while (i > 0 && expected[i - 1] != '\n')
                i--;
        fail(w,
                        "flat, from byte %zu: expected\n%.300s\nbut told\n%.300s",
                        i,
                        expected + i,
                        told + i);
}

static void verify_deep(World *w) {
        Picture disk;

        picture_init(&disk);
        picture_look(&disk, "deep");
        (void) picture_compare(&w->picture, &disk, false, &w->failures);
        if (w->picture.n_doubled > 0)
                fail(w,
                                "deep: %u told twice, the last: %s",
                                w->picture.n_doubled,
                                w->picture.doubled);
        picture_done(&disk);
}

void world_forget_told(World *w) {
        picture_done(&w->picture);
        picture_init(&w->picture);
        buffer_clear(&w->told_flat);
        buffer_clear(&w->failures);
        if (w->n_told_up > 0)
                memset(w->told_up, 0, w->n_told_up * sizeof(unsigned));
        w->sequence = 0;
}

bool world_verify(World *w) {
        verify_flat(w);
        verify_deep(w);
        for (unsigned i = 0; i < w->n_up; i++)
                if (i >= w->n_told_up || w->told_up[i] != 1)
                        fail(w,
                                        "upload %u of %u was told %u times",
                                        i,
                                        w->n_up,
                                        i < w->n_told_up ? w->told_up[i] : 0);
        buffer_add_string(&w->failures, "");
        return w->failures.length == 0;
}

void world_init(World *w, uint64_t seed) {
        *w = (World){ .random = seed * UINT64_C(0x9e3779b97f4a7c15) + 1, .n_directories = 1 };
        assert(mkdir("flat", 0755) >= 0 && mkdir("deep", 0755) >= 0 && mkdir("up", 0755) >= 0);
        w->directories[0] = strdup("deep");
        picture_init(&w->picture);
}

void world_done(World *w) {
        for (unsigned i = 0; i < WORLD_FILES_MAX; i++) {
                free(w->files[i]);
                free(w->deep[i]);
        }
        for (unsigned i = 0; i < WORLD_DIRECTORIES_MAX; i++)
                free(w->directories[i]);
        free(w->told_up);
        buffer_done(&w->flat);
        buffer_done(&w->told_flat);
        buffer_done(&w->failures);
        picture_done(&w->picture);
}
