/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Markers are looked for when their file is whole, and files when their marker comes: no list of markers
 * is kept, so one from before the start counts as any other. */

#include "processors/transfer-internal.h"

/* Files looked at for one marker of a %b: those of one base. */
#define CANDIDATES_MAX 1024U

bool transfer_has_marker(Processor *p, const Transfer *x) {
        TransferState *s = p->state;
        FileStat st;

        buffer_clear(&s->path);
        marker_add_path(&s->marker, x->path, x->path_len, &s->path);
        return !s->path.failed && processor_look(p, s->path.data, &st) >= 0;
}

typedef struct Coming {
        Processor *processor;
        const Event *event;
        size_t base_len; /* of the path of the files: what they have in common */
} Coming;

/* One that waits for nothing else. */
static int take_marker(Transfer *x, void *userdata) {
        const Coming *coming = userdata;
        const char *suffix = x->path + coming->base_len;

        if (x->phase != PHASE_CLOSED || x->n_open > 0 || (*suffix && strpbrk(suffix + 1, "./")))
                return 0;
        return transfer_sign(coming->processor, x, coming->event, SIGN_CLOSED, NULL);
}

/* The marker of a file that nobody knows. */
static int unknown_came(Processor *p, const Event *e, const char *path, size_t path_len) {
        Event about = *e;
        FileStat st;

        about.path = path;
        about.path_len = path_len;
        if (transfer_is_temporary(p->state, path, path_len) || processor_look(p, path, &st) < 0)
                return 0;
        return transfer_found(p, NULL, &about, &st);
}

int transfer_marker_came(Processor *p, const Event *e) {
        TransferState *s = p->state;
        _cleanup_free_ char *path = NULL;
        Coming coming = { .processor = p, .event = e };
        size_t at, len, dir_len;
        int r = 0;

        if (!marker_is(&s->marker, e->path, e->path_len, &at, &len))
                return 0;
        dir_len = at - s->marker.prefix_len;
        path = malloc(dir_len + len + 2);
        if (!path)
                return -ENOMEM;
        memcpy(path, e->path, dir_len);
        memcpy(path + dir_len, e->path + at, len);
        coming.base_len = dir_len + len;
        path[coming.base_len] = '\0';
        Transfer *x = transfers_find(s->transfers, path, coming.base_len);
        if (x)
                r = take_marker(x, &coming);
        else if (!s->marker.is_of_base && e->origin == ORIGIN_KERNEL)
                r = unknown_came(p, e, path, coming.base_len);
        if (r < 0 || !s->marker.is_of_base)
                return r;
        path[coming.base_len] = '.';
        return transfers_visit(s->transfers,
                        path,
                        coming.base_len + 1,
                        CANDIDATES_MAX,
                        take_marker,
                        &coming);
}
