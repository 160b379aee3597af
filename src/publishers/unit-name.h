/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Names of units, made of a template and a path, as systemd-escape(1) --path --template= makes them. */

#pragma once

#include "base/macros.h"

#define UNIT_NAME_MAX 255U /* bytes, as systemd has it */

/* Whether it is the template of a service (ingest@.service) that has room for the longest sequence
 * number. Returns 0, or -EINVAL with *ret_why (static text). */
int unit_template_check(const char *name, const char **ret_why);

/* The instance of `template` (a checked one) for an absolute path: the escaped path, or `sequence` in
 * decimal if that makes too long a name. */
void unit_name_make(const char *template,
                const char *path,
                size_t path_len,
                uint64_t sequence,
                char ret[static UNIT_NAME_MAX + 1]);

/* The name of a unit as EnvironmentFile= reads it, where a path is a wildcard expression: without its
 * backslashes. Two units may have one such name, if only hardly. */
void unit_name_strip(const char *name, char ret[static UNIT_NAME_MAX + 1]);
