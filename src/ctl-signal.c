/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Back from a signal to the notice that it was made of; then the stream's own writer takes it. */

#include "ctl-signal.h"
#include "entries.h"
#include "publishers/json.h"

Member signal_member(sd_bus_message *m) {
        const char *name = sd_bus_message_get_member(m);

        for (Member i = 0; name && i < _MEMBER_MAX; i++)
                if (streq(member_names[i].signal, name))
                        return i;
        return _MEMBER_INVALID;
}

int signal_watch(sd_bus_message *m, char **ret) {
        const char *path = sd_bus_message_get_path(m);
        int r = path ? sd_bus_path_decode(path, OBJECT_WATCH_PREFIX, ret) : 0;

        return r < 0 ? r : r == 0 ? -EBADMSG : 0;
}

static Detail detail_of(const char *name) {
        for (Detail d = 0; d < _DETAIL_MAX; d++)
                if (streq(detail_names[d].dbus, name))
                        return d;
        return _DETAIL_INVALID;
}

static Reason reason_of(const char *name) {
        for (Reason i = 0; i < _REASON_MAX; i++)
                if (streq(reason_names[i], name))
                        return i;
        return REASON_NONE;
}

/* The exact bytes take the place of what could be shown; they are followed by no NUL. */
static int read_bytes(sd_bus_message *m, const char **ret, size_t *ret_len) {
        const void *bytes;
        int r;

        r = sd_bus_message_read_array(m, 'y', &bytes, ret_len);
        if (r > 0)
                *ret = bytes;
        return r;
}

static int read_path(sd_bus_message *m, const char **ret, size_t *ret_len) {
        int r;

        r = sd_bus_message_read_basic(m, 's', ret);
        if (r > 0)
                *ret_len = strlen(*ret);
        return r;
}

static int read_flag(sd_bus_message *m, Notice *n, NoticeFlags flag) {
        int value, r;

        r = sd_bus_message_read_basic(m, 'b', &value);
        if (r > 0 && value)
                n->flags |= flag;
        return r;
}

static int read_value(sd_bus_message *m, Detail detail, Notice *n) {
        const char *reason;
        int r;

        switch (detail) {
        case DETAIL_SOURCE_PATH:
                return n->source ? sd_bus_message_skip(m, "s")
                                 : read_path(m, &n->source, &n->source_len);
        case DETAIL_SIZE:
                n->flags |= NOTICE_HAS_SIZE;
                return sd_bus_message_read_basic(m, 't', &n->size);
        case DETAIL_DURATION_USEC:
                n->flags |= NOTICE_HAS_DURATION;
                return sd_bus_message_read_basic(m, 't', &n->duration_usec);
        case DETAIL_CHUNKS:
                n->flags |= NOTICE_HAS_CHUNKS;
                return sd_bus_message_read_basic(m, 'u', &n->chunks);
        case DETAIL_INITIAL:
                return read_flag(m, n, NOTICE_INITIAL);
        case DETAIL_RESCAN:
                return read_flag(m, n, NOTICE_RESCAN);
        case DETAIL_REASON:
                r = sd_bus_message_read_basic(m, 's', &reason);
                if (r > 0)
                        n->reason = reason_of(reason);
                return r;
        case DETAIL_RAW_PATH:
                return read_bytes(m, &n->path, &n->path_len);
        case DETAIL_RAW_SOURCE_PATH:
                return read_bytes(m, &n->source, &n->source_len);
        default:
                return -EBADMSG;
        }
}

/* One {sv}; unknown ones, and those of another type, are of a later daemon. */
static int read_detail(sd_bus_message *m, void *userdata) {
        const char *name, *contents;
        Detail detail;
        char kind;
        int r;

        r = sd_bus_message_read_basic(m, 's', &name);
        if (r < 0)
                return r;
        r = sd_bus_message_peek_type(m, &kind, &contents);
        if (r < 0)
                return r;
        detail = detail_of(name);
        if (detail < 0 || !streq(contents, detail_names[detail].type))
                return sd_bus_message_skip(m, "v");
        r = sd_bus_message_enter_container(m, 'v', contents);
        if (r < 0)
                return r;
        r = read_value(m, detail, userdata);
        if (r < 0)
                return r;
        return sd_bus_message_exit_container(m);
}

int signal_add_line(sd_bus_message *m, Buffer *line) {
        Notice n = { .member = signal_member(m) };
        _cleanup_free_ char *watch = NULL;
        int r;

        if (n.member < 0)
                return -EBADMSG;
        r = signal_watch(m, &watch);
        if (r < 0)
                return r;
        n.watch = watch;
        r = sd_bus_message_read(m, "suutt", &n.path, &n.mask, &n.cookie, &n.sequence, &n.usec);
        if (r < 0)
                return r;
        n.path_len = strlen(n.path);
        r = entries_read(m, "sv", read_detail, &n);
        if (r < 0)
                return r;
        json_add_notice(line, &n);
        return line->failed ? -ENOMEM : 0;
}
