/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Looks into directories that are watched already, a slice at a time, depth first. What is found is
 * told when all that the kernel had queued at that moment was handed out, unless an event tells of it
 * first. Our own reading is among the events, as opening, reading and closing of directories: none of
 * these is told until what we caused is through. */

#include <fcntl.h>

#include "tree/entry.h"
#include "tree/looks.h"

#define SLICE_ENTRIES 1024U
#define OPENED_MAX 8U /* of some six events each; a queue may be as short as 64 */
#define ENTERED_MAX 64U
#define TRIES_MAX 8U /* to find where a directory is now */

int scan_push_opened(Tree *t, int dir_fd, int wd, Origin origin, bool is_known) {
        Frame *f = &t->frames[t->n_frames];
        int r = reader_open(&f->dir, dir_fd);

        if (r < 0)
                return r;
        *f = (Frame){ .dir = f->dir, .wd = wd, .origin = origin, .is_known = is_known };
        t->n_frames++;
        t->noise_mark = UINT64_MAX;
        t->n_opened++;
        return 0;
}

int scan_push(Tree *t, int fd, const char *name, int wd, Origin origin, bool is_known) {
        _cleanup_close_ int dir_fd = -EBADF;
        int there;

        if (t->n_frames == SCAN_FRAMES_MAX) /* what is not watched is not counted any deeper */
                return wd < 0 ? 0 : backlog_add(&t->backlog, (BacklogItem){ wd, origin, is_known });
        dir_fd = follow_read(t, fd, name, t->options.reach.follow_symlinks && wd >= 0);
        if (dir_fd < 0)
                return dir_fd;
        there = wd >= 0 ? follow_wd_at(t, dir_fd, ".") : wd;
        if (there == -EACCES)
                return there; /* its names can be read, and nothing else */
        if (there != wd)
                return -ESTALE; /* another has its name by now, and will tell */
        return scan_push_opened(t, TAKE_FD(dir_fd), wd, origin, is_known);
}

int scan_park(Tree *t, BacklogItem item) {
        int r;

        if (item.n_tries++ ==
                        TRIES_MAX) { /* events were lost, or somebody does nothing but move it */
                rescan_want(t, 0, false);
                return 0;
        }
        r = backlog_add(&t->parked, item);
        return r < 0 ? r : tree_mark(t, &t->parked_mark);
}

int scan_unpark(Tree *t) {
        t->parked_mark = UINT64_MAX;
        return backlog_move(&t->backlog, &t->parked);
}

void scan_forget(Tree *t, int wd) {
        for (size_t i = 0; i < t->n_frames; i++)
                if (t->frames[i].wd == wd)
                        t->frames[i].wd = 0; /* no wd is 0: what is left of it is passed over */
}

int scan_member(Tree *t, int fd, const char *name, Node *node, BacklogItem item) {
        int r;

        r = fd < 0 ? fd : scan_push(t, fd, name, item.wd, item.origin, item.is_known);
        if (r >= 0 || r == -ENOMEM)
                return r;
        if (item.is_known)
                known_touch(&t->known, item.wd);
        if (r == -ENOENT || r == -ENOTDIR || r == -ELOOP || r == -ESTALE)
                return scan_park(t, item);
        return item.is_known || node->is_root ? 0
                                              : unwatched_note(t, node->parent, node_name(node), r);
}

int scan_new(Tree *t, Node *n, int fd, const char *name, Node *node, Origin origin) {
        int r = scan_push(t, fd, name, node->wd, origin, false);

        if (r >= 0 || r == -ENOMEM)
                return r;
        if (r == -ENOENT || r == -ENOTDIR || r == -ELOOP || r == -ESTALE) {
                follow_release(t, node, false);
                return -ENOENT;
        }
        return unwatched_note(t, n, name, r);
}

/* Goes on with one that was put off. */
static int resume(Tree *t) {
        BacklogItem item = backlog_take(&t->backlog);
        Node *node = nodes_get(&t->nodes, item.wd);

        if (!node || !node_is_member(node))
                return 0;
        return scan_member(t, follow_open(t, node), ".", node, item);
}

static int take_in(Tree *t) {
        int r = INTAKE_READ_MAX;

        t->n_opened = 0;
        while (r > (int) INTAKE_READ_MAX / 2 && intake_has_room(t->intake))
                r = intake_read(t->intake, t->fd, true, t->now, t->usec);
        if (intake_is_empty(t->intake))
                t->n_handed_out = intake_n_read(t->intake);
        return r;
}

int scan_make_room(Tree *t) {
        return t->n_opened >= OPENED_MAX ? take_in(t) : 0;
}

/* Ends the looks that go on, together: it costs as much for one. */
static int end_looks(Tree *t) {
        uint64_t mark;
        int r;

        t->n_entered = 0;
        for (size_t i = 0; i < t->n_frames; i++)
                if (TAKE(t->frames[i].has_looks, false))
                        follow_writers(t->frames[i].dir.fd);
        r = tree_mark(t, &mark);
        for (Find *next, *find = finds_unsettled(&t->finds); find && r >= 0; find = next) {
                next = find->next;
                if (find->kind == FIND_NEW && find->end == UINT64_MAX)
                        r = entry_look_into(t, find);
        }
        if (r >= 0)
                finds_settle(&t->finds, mark);
        return r;
}

static void end_frame(Tree *t) {
        Frame *f = &t->frames[--t->n_frames];
        Node *n = f->wd > 0 ? nodes_get(&t->nodes, f->wd) : NULL;

        if (n)
                n->is_doubtful = false;
        reader_close(&f->dir);
}

void scan_done(Tree *t) {
        while (t->n_frames > 0)
                reader_close(&t->frames[--t->n_frames].dir);
        for (size_t i = 0; i < SCAN_FRAMES_MAX; i++)
                reader_done(&t->frames[i].dir);
}

static int take_slice(Tree *t) {
        int r = 0;

        t->home_fd = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
        for (unsigned i = 0; i < SLICE_ENTRIES && scan_is_under_way(t) && r >= 0; i++) {
                if (t->n_frames == 0) {
                        r = resume(t);
                        continue;
                }
                if (t->n_entered >= ENTERED_MAX && (r = end_looks(t)) < 0)
                        break;
                if ((r = scan_make_room(t)) < 0)
                        break;
                const struct dirent64 *entry = reader_next(&t->frames[t->n_frames - 1].dir);

                if (entry)
                        r = entry_take(t, entry);
                else if (t->n_entered > 0)
                        r = end_looks(t); /* with more to read, perhaps, before this one ends */
                else
                        end_frame(t);
        }
        if (t->home_fd >= 0 && fchdir(t->home_fd) < 0 && r >= 0)
                r = -errno;
        t->home_fd = safe_close(t->home_fd);
        t->at_fd = -EBADF;
        return r;
}

int scan_work(Tree *t, usec_t now) {
        uint64_t mark;
        int r;

        if (!scan_is_under_way(t))
                return 0;
        t->n_spent = 0;
        finds_begin(&t->finds);
        r = tree_position(t);
        if (r >= 0)
                r = take_slice(t);
        if (r >= 0)
                r = end_looks(t);
        if (r >= 0)
                r = take_in(t);
        if (r >= 0)
                r = tree_mark(t, &mark);
        if (r < 0)
                return r;
        if (!scan_is_under_way(t)) {
                scan_done(t);
                t->noise_mark = mark;
                t->generation++;
                /* What is scanned after the rescan's own end is no part of it: whoever makes
                 * directories without a pause must not put off its end for ever. */
                if (t->is_rescanning && t->rescan_mark == UINT64_MAX)
                        t->rescan_mark = mark;
        }
        r = scan_tell_due(t);
        return r < 0 ? r : scan_is_under_way(t);
}

int scan_tell_due(Tree *t) {
        while (t->finds.first && t->finds.first->mark <= t->n_handed_out && !tree_is_spent(t)) {
                _cleanup_free_ Find *find = t->finds.first;

                finds_take(&t->finds, find);
                int r = look_tell(t, find);
                if (r < 0)
                        return r;
        }
        return 0;
}
