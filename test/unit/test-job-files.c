/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The files of jobs: what is there, for whom, and what is left. */

#include <dirent.h>
#include <sys/stat.h>

#include "publishers/job-files.h"
#include "test.h"

typedef struct Fixture {
        char top[64], directory[128];
        JobFiles *files;
} Fixture;

static void fixture_init(Fixture *f) {
        *f = (Fixture){ .top = "/tmp/inotifier-files-XXXXXX" };
        assert(mkdtemp(f->top));
        (void) snprintf(f->directory, sizeof(f->directory), "%s/inotifier/night", f->top);
        (void) umask(0077);
        EXPECT_OK(job_files_new(f->directory, "night", &f->files));
}

static void fixture_done(Fixture *f) {
        char command[256];

        job_files_free(f->files);
        (void) snprintf(command, sizeof(command), "rm -rf '%s'", f->top);
        EXPECT_EQ(system(command), 0);
}

static mode_t mode_of(const Fixture *f, const char *name) {
        struct stat st = {};
        char path[512];

        (void) snprintf(path, sizeof(path), "%s/%s", f->directory, name);
        EXPECT_OK(stat(path, &st));
        return st.st_mode & 07777;
}

/* Entries of a directory below it, hidden ones as well. */
static unsigned n_entries(const Fixture *f, const char *name) {
        char path[512];
        unsigned n = 0;

        (void) snprintf(path, sizeof(path), "%s/%s", f->directory, name);
        DIR *d = opendir(path);
        for (struct dirent *e = d ? readdir(d) : NULL; e; e = readdir(d))
                n += !streq(e->d_name, ".") && !streq(e->d_name, "..");
        EXPECT_EQ(d ? closedir(d) : -1, 0);
        return n;
}

static bool exists(const Fixture *f, const char *name) {
        char path[512];

        (void) snprintf(path, sizeof(path), "%s/%s", f->directory, name);
        return access(path, F_OK) >= 0;
}

static void write_one(Fixture *f, uint64_t sequence, const char *unit) {
        Notice n = {
                .member = MEMBER_IN_CREATE,
                .sequence = sequence,
                .path = "/srv/a",
                .path_len = 6,
                .watch = "w",
        };

        EXPECT_OK(job_files_write(f->files, &n, unit, false));
}

TEST(directories_and_files_are_for_the_group_whatever_the_umask) {
        Fixture f;

        fixture_init(&f);
        write_one(&f, 7, "x@srv-a.service");
        EXPECT_EQ(mode_of(&f, ".."), 0755);
        EXPECT_EQ(mode_of(&f, "."), 0750);
        EXPECT_EQ(mode_of(&f, "jobs"), 0750);
        EXPECT_EQ(mode_of(&f, "units"), 0750);
        EXPECT_EQ(mode_of(&f, "jobs/7"), 0640);
        EXPECT_EQ(mode_of(&f, "units/x@srv-a.service"), 0640);
        EXPECT_EQ(n_entries(&f, "jobs"), 1);
        fixture_done(&f);
}

TEST(link_is_of_the_latest_and_goes_with_it_alone) {
        Fixture f;

        fixture_init(&f);
        write_one(&f, 7, "x@srv-a.service");
        write_one(&f, 8, "x@srv-a.service");
        job_files_remove(f.files, 7, "x@srv-a.service");
        EXPECT(exists(&f, "units/x@srv-a.service"));
        EXPECT(!exists(&f, "jobs/7"));
        job_files_remove(f.files, 8, "x@srv-a.service");
        EXPECT_EQ(n_entries(&f, "jobs") + n_entries(&f, "units"), 0);
        job_files_remove(f.files, 8, "x@srv-a.service");
        fixture_done(&f);
}

TEST(unit_is_found_by_its_name_and_by_what_environment_file_makes_of_it) {
        Fixture f;

        fixture_init(&f);
        write_one(&f, 7, "x@srv-a\\x20b.service");
        EXPECT(exists(&f, "units/x@srv-a\\x20b.service"));
        EXPECT(exists(&f, "units/x@srv-ax20b.service"));
        EXPECT_EQ(n_entries(&f, "units"), 2);
        job_files_remove(f.files, 7, "x@srv-a\\x20b.service");
        EXPECT_EQ(n_entries(&f, "jobs") + n_entries(&f, "units"), 0);
        fixture_done(&f);
}

static bool is_seven(uint64_t sequence, void *userdata) {
        return sequence == 7;
}

TEST(what_nobody_uses_is_removed) {
        char path[512];
        Fixture f;

        fixture_init(&f);
        write_one(&f, 7, "x@srv-a.service");
        write_one(&f, 8, "x@srv-b.service");
        (void) snprintf(path, sizeof(path), "%s/jobs/.new", f.directory);
        EXPECT_OK(symlink("/nowhere", path));
        (void) snprintf(path, sizeof(path), "%s/units/odd", f.directory);
        EXPECT_OK(symlink("/etc/passwd", path));
        job_files_clean(f.files, is_seven, NULL);
        EXPECT(exists(&f, "jobs/7") && exists(&f, "units/x@srv-a.service"));
        EXPECT_EQ(n_entries(&f, "jobs"), 1);
        EXPECT_EQ(n_entries(&f, "units"), 1);
        fixture_done(&f);
}

TEST(longest_unit_name_is_a_link) {
        char unit[256];
        Fixture f;

        memset(unit, 'a', 255);
        unit[255] = '\0';
        fixture_init(&f);
        write_one(&f, UINT64_MAX, unit);
        EXPECT_EQ(n_entries(&f, "units"), 1);
        job_files_remove(f.files, UINT64_MAX, unit);
        EXPECT_EQ(n_entries(&f, "jobs") + n_entries(&f, "units"), 0);
        fixture_done(&f);
}
