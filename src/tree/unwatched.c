/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What cannot be watched: how many directories, and the first of them with the reason. A rescan counts
 * anew, and until it is through the old count holds: what was tried again is not watched yet. */

#include "tree/tree-internal.h"

static void unwatched_done(Unwatched *u) {
        free(u->path);
        *u = (Unwatched){};
}

void unwatched_free(Tree *t) {
        unwatched_done(&t->unwatched);
        unwatched_done(&t->unwatched_anew);
}

static Unwatched *counting(Tree *t) {
        return t->is_rescanning ? &t->unwatched_anew : &t->unwatched;
}

void unwatched_count(Tree *t) {
        counting(t)->n++;
}

int unwatched_note(Tree *t, const Node *parent, const char *name, int error) {
        Unwatched *u = counting(t);

        u->n++;
        if (u->path)
                return 0;
        buffer_clear(&t->other);
        node_add_path(parent, &t->other);
        buffer_add_char(&t->other, '/');
        buffer_add_string(&t->other, name);
        if (t->other.failed)
                return -ENOMEM;
        u->path = strdup(t->other.data);
        if (!u->path)
                return -ENOMEM;
        u->error = error;
        if (!t->is_rescanning)
                t->retry_deadline = MIN_OF(t->retry_deadline, usec_add(t->now, TREE_RETRY_USEC));
        t->generation++;
        return 0;
}

void unwatched_begin(Tree *t) {
        unwatched_done(&t->unwatched_anew);
}

void unwatched_end(Tree *t) {
        unwatched_done(&t->unwatched);
        t->unwatched = TAKE(t->unwatched_anew, (Unwatched){});
}

/* Whether the user has room for another inotify watch: asks with a file that nobody watches. */
static bool has_room(const Tree *t) {
        int wd = inotify_add_watch(t->fd, "/proc/self/stat", IN_DELETE_SELF);

        if (wd >= 0)
                (void) inotify_rm_watch(t->fd, wd);
        return wd >= 0;
}

void unwatched_retry(Tree *t) {
        if (t->unwatched.n == 0 || t->is_rescanning)
                return;
        if (t->unwatched.error != -ENOSPC || has_room(t))
                rescan_want(t, t->now, false);
        else
                t->retry_deadline = usec_add(t->now, TREE_RETRY_USEC);
}

void unwatched_add_reason(const Unwatched *u, Buffer *b) {
        if (u->n == 0 || !u->path)
                return;
        buffer_add_string(b, "Cannot watch ");
        buffer_add_u64(b, u->n);
        buffer_add_string(b, " directories, '");
        buffer_add_string(b, u->path);
        buffer_add_string(b, "' first: ");
        if (u->error == -ENOSPC) {
                buffer_add_string(b,
                                "the user's inotify watches are used up; raise "
                                "fs.inotify.max_user_watches by at least ");
                buffer_add_u64(b, u->n);
        } else
                buffer_add_string(b, strerror(-u->error));
}
