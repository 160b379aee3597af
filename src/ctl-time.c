/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* How long ago, to two units at most: the rows are tried from the largest. */

#include <time.h>

#include "ctl-time.h"

#define MINUTE (60 * USEC_PER_SEC)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)
#define WEEK (7 * DAY)
#define MONTH ((usec_t) 2629800 * USEC_PER_SEC)
#define YEAR ((usec_t) 31557600 * USEC_PER_SEC)

typedef struct Unit {
        usec_t usec;
        const char *one, *more;
} Unit;

static const struct {
        usec_t from; /* for spans that are at least so long */
        Unit large, small;
} rows[] = {
        { YEAR, { YEAR, " year", " years" }, { MONTH, " month", " months" } },
        { MONTH, { MONTH, " month", " months" }, { DAY, " day", " days" } },
        { WEEK, { WEEK, " week", " weeks" }, { DAY, " day", " days" } },
        { 2 * DAY, { DAY, " day", " days" } },
        { 25 * HOUR, { DAY, " day", " days" }, { HOUR, "h", "h" } },
        { 6 * HOUR, { HOUR, "h", "h" } },
        { HOUR, { HOUR, "h", "h" }, { MINUTE, "min", "min" } },
        { 5 * MINUTE, { MINUTE, "min", "min" } },
        { MINUTE, { MINUTE, "min", "min" }, { USEC_PER_SEC, "s", "s" } },
        { USEC_PER_SEC, { USEC_PER_SEC, "s", "s" } },
        { USEC_PER_MSEC, { USEC_PER_MSEC, "ms", "ms" } },
        { 1, { 1, "us", "us" } },
};

usec_t time_now(void) {
        struct timespec now;

        (void) clock_gettime(CLOCK_REALTIME, &now);
        return (usec_t) now.tv_sec * USEC_PER_SEC + (usec_t) now.tv_nsec / 1000;
}

static void add_number(Buffer *b, usec_t span, const Unit *unit) {
        uint64_t n = span / unit->usec;

        buffer_add_u64(b, n);
        buffer_add_string(b, n == 1 ? unit->one : unit->more);
        buffer_add_char(b, ' ');
}

void time_add_relative(Buffer *b, usec_t at, usec_t now) {
        usec_t span = at > now ? at - now : now - at;

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                if (span < rows[i].from)
                        continue;
                add_number(b, span, &rows[i].large);
                span %= rows[i].large.usec;
                if (rows[i].small.usec > 0 && span >= rows[i].small.usec)
                        add_number(b, span, &rows[i].small);
                buffer_add_string(b, at > now ? "left" : "ago");
                return;
        }
        buffer_add_string(b, "now");
}

/* Whether a calendar has it. */
static bool local_time(usec_t at, struct tm *ret) {
        time_t seconds = (time_t) (at / USEC_PER_SEC);

        return localtime_r(&seconds, ret);
}

void time_add_stamp(Buffer *b, usec_t at) {
        struct tm local;
        char text[64];

        if (local_time(at, &local) &&
                        strftime(text, sizeof(text), "%a %Y-%m-%d %H:%M:%S %Z", &local) > 0)
                buffer_add_string(b, text);
        else
                buffer_add_u64(b, at);
}

void time_add_precise(Buffer *b, usec_t at) {
        struct tm local;
        char text[64], fraction[16];

        if (!local_time(at, &local) ||
                        strftime(text, sizeof(text), "%b %d %H:%M:%S", &local) == 0) {
                buffer_add_u64(b, at);
                return;
        }
        (void) snprintf(fraction, sizeof(fraction), ".%06u", (unsigned) (at % USEC_PER_SEC));
        buffer_add_string(b, text);
        buffer_add_string(b, fraction);
}
