/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* When events were lost, or may have been, everything below the roots is looked at again and compared
 * with what is known. What is not there any more is found last: it is what the scan did not come by,
 * and what no event has explained when all that was queued during the scan is handed out. */

#include <fcntl.h>

#include "tree/looks.h"
#include "tree/reach.h"

/* If events are lost again soon after, the next rescan waits, longer each time. */
#define PAUSE_MIN_USEC (100 * USEC_PER_MSEC)
#define PAUSE_MAX_USEC (5 * USEC_PER_SEC)
#define QUIET_USEC (10 * USEC_PER_SEC)

/* What cannot be watched costs a rescan each time it is tried again. */
#define RETRY_PAUSE_MAX_USEC (300 * USEC_PER_SEC)

void rescan_want(Tree *t, usec_t now, bool is_told) {
        now = MAX_OF(now, t->now);
        t->is_rescan_told |= is_told;
        if (t->rescan_deadline != USEC_INFINITY)
                return;
        if (!t->is_rescanning &&
                        (t->rescan_ended == 0 ||
                                        now >= t->rescan_ended + MAX_OF(QUIET_USEC,
                                                                                 t->rescan_took))) {
                t->rescan_pause = PAUSE_MIN_USEC;
                t->rescan_deadline = now;
                return;
        }
        t->rescan_deadline = usec_add(now, MAX_OF(t->rescan_pause, t->rescan_took));
        t->rescan_pause = MIN_OF(t->rescan_pause * 2, PAUSE_MAX_USEC);
}

bool tree_owes_rescan(const Tree *t) {
        return t->is_rescanning || t->is_rescan_due || t->rescan_deadline != USEC_INFINITY;
}

int tree_begin_rescan(Tree *t) {
        return t->rescan_deadline == USEC_INFINITY || scan_is_under_way(t) ? 0 : rescan_start(t);
}

int rescan_start(Tree *t) {
        uint32_t position = 0;
        Node *n;
        int r;

        t->rescan_deadline = USEC_INFINITY;
        t->is_rescanning = true;
        t->is_rescan_reaching = t->is_reaching;
        t->rescan_mark = UINT64_MAX;
        /* One that was under way ends with this one. */
        t->is_this_rescan_told |= TAKE(t->is_rescan_told, false);
        t->known.round++;
        t->rescan_began = t->now;
        unwatched_begin(t);
        while ((n = wds_next(&t->nodes.wds, &position)))
                n->is_visited = false;
        for (size_t i = 0; i < t->n_roots; i++) {
                _cleanup_close_ int fd = -EBADF;

                n = t->roots[i].node;
                if (!n || !n->is_dir || !n->is_root || n->root != &t->roots[i])
                        continue;
                n->is_visited = true;
                fd = open(t->roots[i].path, O_PATH | O_DIRECTORY | O_CLOEXEC);
                r = fd < 0 ? -errno : scan_push(t, fd, ".", n->wd, ORIGIN_RESCAN, true);
                if (r < 0)
                        known_touch(&t->known, n->wd);
                if (r == -ENOMEM)
                        return r;
        }
        /* Without a root there is no scan whose end would set it. */
        return scan_is_under_way(t) ? 0 : tree_mark(t, &t->rescan_mark);
}

/* Returns > 0 if it is to be looked into after all; -ESTALE if nothing can be said yet: another rescan will. */
static int tell_gone(Tree *t, Node *n) {
        int r;

        if (n->is_shadowed) { /* nobody knows it any more */
                follow_release(t, n, false);
                return 0;
        }
        if (node_is_ghost(n))
                return MIN_OF(look_again(t, n), 0);
        if (reach_has_left(t, n)) {
                follow_release(t, n, false);
                return 0;
        }
        r = follow_leads_to(t, n->parent, node_name(n), n);
        if (r == -ENOMEM)
                return r;
        /* Its parent is on its way to somewhere. What is watched tells of itself meanwhile. */
        if (past_is(t, n) && (r == -ENOENT || r == -ENOTDIR || r == -ELOOP))
                r = -ESTALE;
        if (r == -ESTALE)
                rescan_want(t, t->now, false);
        if (r > 0) { /* it was moved, from where the scan was not yet to where it had been */
                n->is_visited = true;
                r = backlog_add(&t->backlog, (BacklogItem){ n->wd, ORIGIN_RESCAN, true });
                return r < 0 ? r : 1;
        }
        if (r < 0)
                return r == -ESTALE ? r : 0;
        r = tree_tell_deleted(t, n->parent, node_name(n));
        if (r < 0)
                return r;
        follow_release(t, n, false);
        return 0;
}

/* The directories that were not come by, as wds: telling one may take others along. */
static int find_unvisited(Tree *t, int **ret, size_t *ret_n) {
        _cleanup_free_ int *wds = NULL;
        uint32_t position = 0;
        size_t n = 0;
        Node *node;

        wds = calloc(t->nodes.wds.n_used + 1, sizeof(int));
        if (!wds)
                return -ENOMEM;
        while ((node = wds_next(&t->nodes.wds, &position)))
                if (!node->is_visited && node_is_member(node) && !node->is_root &&
                                node->parent->is_visited)
                        wds[n++] = node->wd;
        *ret = TAKE_PTR(wds);
        *ret_n = n;
        return 0;
}

int rescan_finish(Tree *t, usec_t now) {
        _cleanup_free_ int *wds = NULL;
        bool is_through = true, is_clear = true;
        size_t n = 0;
        int r;

        r = find_unvisited(t, &wds, &n);
        if (r < 0)
                return r;
        for (size_t i = 0; i < n; i++) {
                Node *node = nodes_get(&t->nodes, wds[i]);

                r = node && node_is_member(node) && !node->is_root ? tell_gone(t, node) : 0;
                if (r < 0 && r != -ESTALE)
                        return r;
                is_through &= r <= 0;
                is_clear &= r >= 0;
        }
        t->rescan_mark = UINT64_MAX;
        if (!is_through)
                return 0;
        if (t->options.recover) {
                r = files_tell_gone(t);
                if (r < 0)
                        return r;
        }
        if (t->is_past && is_clear) {
                r = past_end(t);
                if (r < 0)
                        return r;
        }
        t->is_rescanning = false;
        if (t->is_rescan_reaching) {
                reach_end(t);
                image_reach(t);
        }
        t->rescan_ended = now;
        /* Who makes us lose events all the time has us look again half of the time, and no more. */
        t->rescan_took = now - t->rescan_began;
        if (t->rescan_deadline != USEC_INFINITY)
                t->rescan_deadline = MAX_OF(t->rescan_deadline, usec_add(now, t->rescan_took));
        t->generation++;
        unwatched_end(t);
        if (t->unwatched.n > 0) {
                t->retry_deadline = usec_add(now, t->retry_pause);
                t->retry_pause = MIN_OF(t->retry_pause * 2, RETRY_PAUSE_MAX_USEC);
        } else
                t->retry_pause = TREE_RETRY_USEC;
        bool is_told = TAKE(t->is_this_rescan_told, false);
        for (size_t i = 0; is_told && i < t->n_roots; i++) {
                Event e = {
                        .usec = t->usec,
                        .path = t->roots[i].path,
                        .path_len = t->roots[i].path_len,
                };

                r = t->sink(&e, t->userdata);
                if (r < 0)
                        return r;
        }
        return 0;
}
