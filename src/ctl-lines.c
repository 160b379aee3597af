/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Reads once per turn of the loop, so that a flood leaves room for all else. */

#include <sys/epoll.h>

#include "ctl-line.h"
#include "ctl-lines.h"

#define READ_SIZE (64U * 1024U)

struct Lines {
        LinesOwner owner;
        int fd;
        sd_event_source *io;
        Buffer input; /* read, and not yet a whole line */
};

Lines *lines_free(Lines *l) {
        if (!l)
                return NULL;
        sd_event_source_disable_unref(l->io);
        safe_close(l->fd);
        buffer_done(&l->input);
        free(l);
        return NULL;
}

/* Hands out whole lines; the rest stays. */
static int hand_out(Lines *l) {
        Buffer *b = &l->input;
        char *newline, *at = b->data, *end = b->data + b->length;

        while ((newline = memchr(at, '\n', (size_t) (end - at)))) {
                int r = l->owner.line(at, (size_t) (newline - at) + 1, l->owner.userdata);

                if (r < 0)
                        return r;
                at = newline + 1;
        }
        b->length = (size_t) (end - at);
        memmove(b->data, at, b->length);
        return b->length > LINE_LENGTH_MAX ? -EBADMSG : 0;
}

static int on_io(sd_event_source *source, int fd, uint32_t revents, void *userdata) {
        Lines *l = userdata;
        ssize_t n = -1;
        int r = -ENOMEM;

        if (buffer_reserve(&l->input, READ_SIZE)) {
                n = read(fd, l->input.data + l->input.length, READ_SIZE);
                if (n < 0 && (errno == EAGAIN || errno == EINTR))
                        return 0;
                if (n <= 0) {
                        (void) sd_event_source_set_enabled(source, SD_EVENT_OFF);
                        l->owner.ended(l->owner.userdata);
                        return 0;
                }
                l->input.length += (size_t) n;
                r = hand_out(l);
        }
        if (r < 0)
                (void) sd_event_exit(sd_event_source_get_event(source), r);
        return 0;
}

int lines_new(sd_event *event, int fd, const LinesOwner *owner, Lines **ret) {
        _cleanup_(lines_freep) Lines *l = calloc(1, sizeof(Lines));
        int r;

        if (!l) {
                safe_close(fd);
                return -ENOMEM;
        }
        l->owner = *owner;
        l->fd = fd;
        r = sd_event_add_io(event, &l->io, fd, EPOLLIN, on_io, l);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(l);
        return 0;
}
