/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A file is there before its unit is started and until that is done, and whole at any moment: it is
 * written aside and renamed. */

#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sys/stat.h>

#include "publishers/environment.h"
#include "publishers/job-files.h"
#include "publishers/unit-name.h"

#define DIRECTORY_MODE 0750
#define FILE_MODE 0640
#define NEW_NAME ".new"
#define SEQUENCE_SIZE 21U /* of the longest, with its NUL */

struct JobFiles {
        int jobs_fd, units_fd;
        char *instance;
        Buffer text;
};

/* Makes a directory, and those above it. Modes do not depend on the umask. */
static int make_directory(const char *path, mode_t mode) {
        _cleanup_free_ char *copy = strdup(path);

        if (!copy)
                return -ENOMEM;
        for (char *p = copy + 1;; p++) {
                bool is_last = *p == '\0';

                if (*p != '/' && !is_last)
                        continue;
                *p = '\0';
                if (mkdir(copy, 0700) >= 0) {
                        if (chmod(copy, is_last ? mode : 0755) < 0)
                                return -errno;
                } else if (errno != EEXIST)
                        return -errno;
                if (is_last)
                        return 0;
                *p = '/';
        }
}

static int open_directory(const char *directory, const char *name, int *ret) {
        _cleanup_free_ char *path = NULL;
        int fd, r;

        if (asprintf(&path, "%s/%s", directory, name) < 0) {
                path = NULL;
                return -ENOMEM;
        }
        r = make_directory(path, DIRECTORY_MODE);
        if (r < 0)
                return r;
        fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (fd < 0)
                return -errno;
        *ret = fd;
        return 0;
}

JobFiles *job_files_free(JobFiles *f) {
        if (!f)
                return NULL;
        safe_close(f->jobs_fd);
        safe_close(f->units_fd);
        free(f->instance);
        buffer_done(&f->text);
        free(f);
        return NULL;
}

int job_files_new(const char *directory, const char *instance, JobFiles **ret) {
        _cleanup_(job_files_freep) JobFiles *f = malloc(sizeof(JobFiles));
        int r;

        if (!f)
                return -ENOMEM;
        *f = (JobFiles){ .jobs_fd = -EBADF, .units_fd = -EBADF, .instance = strdup(instance) };
        if (!f->instance)
                return -ENOMEM;
        r = make_directory(directory, DIRECTORY_MODE);
        if (r < 0)
                return r;
        r = open_directory(directory, "jobs", &f->jobs_fd);
        if (r < 0)
                return r;
        r = open_directory(directory, "units", &f->units_fd);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(f);
        return 0;
}

static int write_new(const JobFiles *f) {
        _cleanup_close_ int fd = -EBADF;

        (void) unlinkat(f->jobs_fd, NEW_NAME, 0);
        fd = openat(f->jobs_fd, NEW_NAME, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
        if (fd < 0 || fchmod(fd, FILE_MODE) < 0)
                return -errno;
        for (size_t written = 0; written < f->text.length;) {
                ssize_t n = write(fd, f->text.data + written, f->text.length - written);

                if (n < 0)
                        return -errno;
                written += (size_t) n;
        }
        return 0;
}

/* Puts the link in place of the one that is there, which somebody may be reading. */
static int put_link(const JobFiles *f, const char *name, const char *target) {
        (void) unlinkat(f->units_fd, NEW_NAME, 0);
        if (symlinkat(target, f->units_fd, NEW_NAME) < 0)
                return -errno;
        return renameat(f->units_fd, NEW_NAME, f->units_fd, name) < 0 ? -errno : 0;
}

/* Makes the links of a unit, or none. */
static int link_unit(const JobFiles *f, const char *unit, const char *target) {
        char stripped[UNIT_NAME_MAX + 1];
        int r;

        r = put_link(f, unit, target);
        if (r < 0)
                return r;
        unit_name_strip(unit, stripped);
        if (!streq(unit, stripped))
                r = put_link(f, stripped, target);
        if (r < 0)
                (void) unlinkat(f->units_fd, unit, 0);
        return r;
}

int job_files_write(JobFiles *f, const Notice *n, const char *unit, bool is_repeat) {
        char name[SEQUENCE_SIZE], target[sizeof("../jobs/") + SEQUENCE_SIZE];
        int r;

        buffer_clear(&f->text);
        environment_add_notice(&f->text, n, f->instance, is_repeat);
        if (f->text.failed)
                return -ENOMEM;
        (void) snprintf(name, sizeof(name), "%" PRIu64, n->sequence);
        (void) snprintf(target, sizeof(target), "../jobs/%s", name);
        r = write_new(f);
        if (r >= 0 && renameat(f->jobs_fd, NEW_NAME, f->jobs_fd, name) < 0)
                r = -errno;
        if (r >= 0)
                r = link_unit(f, unit, target);
        if (r < 0) {
                (void) unlinkat(f->jobs_fd, NEW_NAME, 0);
                (void) unlinkat(f->jobs_fd, name, 0);
        }
        return r;
}

/* Returns false for what is no decimal number as we write it. */
static bool sequence_from_name(const char *name, uint64_t *ret) {
        char *end, again[SEQUENCE_SIZE];

        *ret = strtoull(name, &end, 10);
        (void) snprintf(again, sizeof(again), "%" PRIu64, *ret);
        return streq(name, again);
}

/* The sequence that the link of a unit is of. */
static bool linked_sequence(const JobFiles *f, const char *unit, uint64_t *ret) {
        char target[sizeof("../jobs/") + SEQUENCE_SIZE + 1];
        ssize_t n = readlinkat(f->units_fd, unit, target, sizeof(target) - 1);

        if (n < (ssize_t) strlen("../jobs/"))
                return false;
        target[n] = '\0';
        return sequence_from_name(target + strlen("../jobs/"), ret);
}

static void unlink_unit(const JobFiles *f, uint64_t sequence, const char *unit) {
        uint64_t linked;

        if (linked_sequence(f, unit, &linked) && linked == sequence)
                (void) unlinkat(f->units_fd, unit, 0);
}

void job_files_remove(JobFiles *f, uint64_t sequence, const char *unit) {
        char name[SEQUENCE_SIZE], stripped[UNIT_NAME_MAX + 1];

        (void) snprintf(name, sizeof(name), "%" PRIu64, sequence);
        (void) unlinkat(f->jobs_fd, name, 0);
        unlink_unit(f, sequence, unit);
        unit_name_strip(unit, stripped);
        unlink_unit(f, sequence, stripped);
}

static void clean_directory(const JobFiles *f,
                int directory_fd,
                bool (*is_used)(uint64_t sequence, void *userdata),
                void *userdata) {
        int fd = openat(directory_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        DIR *d = fd >= 0 ? fdopendir(fd) : NULL;
        struct dirent *entry;

        if (!d) {
                safe_close(fd);
                return;
        }
        while ((entry = readdir(d))) {
                const char *name = entry->d_name;
                uint64_t sequence = 0;

                if (streq(name, ".") || streq(name, ".."))
                        continue;
                bool is_ours = directory_fd == f->jobs_fd ? sequence_from_name(name, &sequence)
                                                          : linked_sequence(f, name, &sequence);
                is_ours = is_ours && !streq(name, NEW_NAME);
                if (!is_ours || !is_used(sequence, userdata))
                        (void) unlinkat(directory_fd, name, 0);
        }
        (void) closedir(d);
}

void job_files_clean(
                JobFiles *f, bool (*is_used)(uint64_t sequence, void *userdata), void *userdata) {
        clean_directory(f, f->jobs_fd, is_used, userdata);
        clean_directory(f, f->units_fd, is_used, userdata);
}
