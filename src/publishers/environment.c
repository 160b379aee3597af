/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Every text is in double quotes: there both readers take all bytes as they are but for four, and these
 * four they take after a backslash. Single quotes would not do: systemd ends the value at the second
 * one, a shell goes on. */

#include "publishers/environment.h"
#include "publishers/bus-string.h"

static void add_text(Buffer *b, const char *key, const char *s, size_t n) {
        buffer_add_string(b, key);
        buffer_add_char(b, '"');
        while (n > 0) {
                size_t plain = 0;

                while (plain < n && !strchr("\"\\`$", s[plain]))
                        plain++;
                buffer_add(b, s, plain);
                s += plain;
                n -= plain;
                if (n == 0)
                        break;
                buffer_add_char(b, '\\');
                buffer_add_char(b, *s++);
                n--;
        }
        buffer_add_string(b, "\"\n");
}

static void add_string(Buffer *b, const char *key, const char *s) {
        add_text(b, key, s, strlen(s));
}

static void add_number(Buffer *b, const char *key, uint64_t value) {
        buffer_add_string(b, key);
        buffer_add_u64(b, value);
        buffer_add_char(b, '\n');
}

/* What sd-bus takes as a string is what systemd takes in an environment. */
static void add_path(Buffer *b, const char *key, const char *raw_key, const char *path, size_t n) {
        Buffer shown = {};
        const char *s = bus_string(&shown, path, n);

        if (!s)
                b->failed = true;
        else if (s == path)
                add_text(b, key, path, n);
        else {
                add_text(b, key, s, shown.length);
                buffer_add_string(b, raw_key);
                buffer_add_hex(b, path, n);
                buffer_add_char(b, '\n');
        }
        buffer_done(&shown);
}

void environment_add_notice(Buffer *b, const Notice *n, const char *instance, bool is_repeat) {
        add_string(b, "INOTIFIER_INSTANCE=", instance);
        add_string(b, "INOTIFIER_WATCH=", n->watch);
        add_string(b, "INOTIFIER_EVENT=", member_names[n->member].event);
        add_path(b, "INOTIFIER_PATH=", "INOTIFIER_RAW_PATH=", n->path, n->path_len);
        add_number(b, "INOTIFIER_SEQUENCE=", n->sequence);
        add_number(b, "INOTIFIER_MASK=", n->mask);
        add_number(b, "INOTIFIER_COOKIE=", n->cookie);
        add_number(b, "INOTIFIER_USEC=", n->usec);
        if (n->source)
                add_path(b,
                                "INOTIFIER_SOURCE_PATH=",
                                "INOTIFIER_RAW_SOURCE_PATH=",
                                n->source,
                                n->source_len);
        if (n->flags & NOTICE_HAS_SIZE)
                add_number(b, "INOTIFIER_SIZE=", n->size);
        if (n->flags & NOTICE_HAS_DURATION)
                add_number(b, "INOTIFIER_DURATION_USEC=", n->duration_usec);
        if (n->flags & NOTICE_HAS_CHUNKS)
                add_number(b, "INOTIFIER_CHUNKS=", n->chunks);
        if (n->flags & NOTICE_INITIAL)
                add_string(b, "INOTIFIER_INITIAL=", "true");
        if (n->flags & NOTICE_RESCAN)
                add_string(b, "INOTIFIER_RESCAN=", "true");
        if (n->reason != REASON_NONE)
                add_string(b, "INOTIFIER_REASON=", reason_names[n->reason]);
        if (is_repeat)
                add_string(b, "INOTIFIER_REPEAT=", "true");
}
