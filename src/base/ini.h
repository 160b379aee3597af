/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* INI files through inih, with its holes closed at our reader: it hands inih lines that fit, long ones
 * as continuation lines that are joined again here, so that no line is cut whatever its length (up to
 * INI_LINE_MAX), line numbers are known, and sections that are long, empty or named twice are told.
 *
 * A line is blank, a comment (# or ; comes first), [Type], [Type name] or Key=Value. Blanks around all
 * of them do not count, and lines are never continued. In a value a ';' after a blank begins a comment.
 * Bytes beyond ASCII stand for themselves; control characters other than tab are refused. */

#pragma once

#include "base/problem.h"

#define INI_KEY_MAX 64U
#define INI_LINE_MAX (64U * 1024U)
#define INI_FILE_MAX (16U * 1024U * 1024U)

typedef struct IniHandler {
        /* A section header: `type` and `name` of "[Type name]", name "" for "[Type]". */
        void (*section)(void *userdata, const char *type, const char *name, unsigned line);
        /* An assignment in the last section. */
        void (*assignment)(void *userdata, const char *key, const char *value, unsigned line);
        void *userdata;
} IniHandler;

/* Reads one file. What is wrong with its lines goes to `problems`. Returns 0, or < 0 if it could not be
 * read at all (-ENOENT and the like; nothing is added to `problems` then). */
int ini_read_file(const char *path, const IniHandler *handler, Problems *problems);

/* The same for bytes in memory; `path` is for messages. */
int ini_read_memory(const char *path,
                const void *data,
                size_t n,
                const IniHandler *handler,
                Problems *problems);
