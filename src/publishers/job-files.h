/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The files that units find their notice in: DIRECTORY/jobs/SEQUENCE, an environment file, and
 * DIRECTORY/units/UNIT, a link to the one of the unit that runs, under its name and under its stripped
 * name (unit-name.h). For root, the daemon's user and its group alone. */

#pragma once

#include "base/text.h"
#include "processors/notice.h"

typedef struct JobFiles JobFiles;

/* Makes the directories that are not there. Returns 0 or -errno. */
int job_files_new(const char *directory, const char *instance, JobFiles **ret);
JobFiles *job_files_free(JobFiles *f);
DEFINE_CLEANUP(JobFiles, job_files_free);

/* Writes the file of a notice and links it to the unit; what was there is replaced. Returns 0 or
 * -errno. */
int job_files_write(JobFiles *f, const Notice *n, const char *unit, bool is_repeat);

/* Removes all of it; links only if they are that notice's. */
void job_files_remove(JobFiles *f, uint64_t sequence, const char *unit);

/* Removes every file but those whose sequence is in use, and the links to them. */
void job_files_clean(
                JobFiles *f, bool (*is_used)(uint64_t sequence, void *userdata), void *userdata);
