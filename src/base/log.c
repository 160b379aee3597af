/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* One message is one line and one write(2), so that lines of several processes never mix. */

#include <stdarg.h>
#include <sys/stat.h>

#include "base/log.h"
#include "base/text.h"

static struct {
        const char *program;
        int level_max;
        bool is_journal;
} state = {
        .program = "inotifier",
        .level_max = 6,
};

static const char *const level_names[] = {
        "emerg",
        "alert",
        "crit",
        "err",
        "warning",
        "notice",
        "info",
        "debug",
};

/* systemd sets $JOURNAL_STREAM to the device and inode of the stream it made; it counts only if
 * stderr still is that stream. */
static bool stderr_is_journal(void) {
        const char *stream = getenv("JOURNAL_STREAM");
        char own[64];
        struct stat st;

        if (!stream || fstat(STDERR_FILENO, &st) < 0)
                return false;
        (void) snprintf(own,
                        sizeof(own),
                        "%llu:%llu",
                        (unsigned long long) st.st_dev,
                        (unsigned long long) st.st_ino);
        return streq(stream, own);
}

void log_setup(const char *program) {
        const char *level = getenv("SYSTEMD_LOG_LEVEL");

        state.program = program;
        state.is_journal = stderr_is_journal();
        for (int i = 0; level && i < (int) ELEMENTSOF(level_names); i++)
                if (streq(level, level_names[i]) || (level[0] == '0' + i && level[1] == '\0'))
                        state.level_max = i;
}

/* There is nobody to tell if telling fails. */
static void write_line(int level, bool is_named, const char *message, int error) {
        Buffer line = {};

        if (state.is_journal) {
                buffer_add_char(&line, '<');
                buffer_add_u64(&line, (uint64_t) level);
                buffer_add_char(&line, '>');
        } else if (is_named) {
                buffer_add_string(&line, state.program);
                buffer_add_string(&line, ": ");
        }
        if (message)
                buffer_add_printable(&line, message, strlen(message));
        if (error != 0) {
                buffer_add_string(&line, ": ");
                buffer_add_string(&line, strerror(abs(error)));
        }
        buffer_add_char(&line, '\n');
        if (!message || line.failed)
                (void) !write(STDERR_FILENO, "<3>Out of memory\n", strlen("<3>Out of memory\n"));
        else
                (void) !write(STDERR_FILENO, line.data, line.length);
        buffer_done(&line);
}

int log_full(int level, int error, const char *format, ...) {
        _cleanup_free_ char *message = NULL;
        va_list ap;

        if (level > state.level_max)
                return error;
        va_start(ap, format);
        if (vasprintf(&message, format, ap) < 0)
                message = NULL;
        va_end(ap);
        write_line(level, true, message, error);
        return error;
}

void log_problems(const Problems *problems) {
        for (size_t i = 0; i < problems->n_items; i++) {
                int level = problems->items[i].is_error ? 3 : 4;

                if (level <= state.level_max)
                        write_line(level, false, problems->items[i].text, 0);
        }
}
