/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The tree hands out what the kernel says, in its order. A record leaves the intake when it was handed
 * out; a first half of a move waits at the head until its second half is in the intake too, or until
 * it has waited long enough: so a move is told as one, and nothing overtakes it. What came between its
 * halves is told after both, for it happened when all had moved. While a scan is under way all records
 * wait: each is understood against what was seen before it. */

#include "tree/reach.h"

uint32_t tree_root_mask(const Tree *t, bool is_dir) {
        uint32_t mask = t->options.mask | IN_DELETE_SELF | IN_MOVE_SELF;

        if (t->options.recover && is_dir)
                mask |= IN_CREATE | IN_MOVE | IN_DELETE | IN_CLOSE_WRITE;
        if (mask & IN_MOVE) /* source-path wants both ends */
                mask |= IN_MOVE;
        if (t->options.recursive && is_dir)
                mask |= tree_member_mask(t);
        if (!is_dir)
                mask |= IN_ATTRIB; /* a removed file that is held open says only this */
        return mask;
}

uint32_t tree_member_mask(const Tree *t) {
        return t->options.mask | IN_CREATE | IN_MOVE | IN_MOVE_SELF | IN_DELETE | IN_EXCL_UNLINK |
               (t->options.recover ? IN_CLOSE_WRITE : 0);
}

Tree *tree_free(Tree *t) {
        if (!t)
                return NULL;
        listings_end(t);
        scan_done(t);
        backlog_done(&t->backlog);
        backlog_done(&t->parked);
        nodes_done(&t->nodes);
        for (size_t i = 0; i < t->n_roots; i++)
                root_done(&t->roots[i]);
        free(t->roots);
        free(t->steps);
        unwatched_free(t);
        reach_end(t);
        intake_free(t->intake);
        moves_free(t->moves);
        finds_done(&t->finds);
        known_done(&t->known);
        mounts_done(&t->mounts);
        buffer_done(&t->path);
        buffer_done(&t->other);
        safe_close(t->dir_fd);
        safe_close(t->fd);
        safe_close(t->options.intake_fd > 0 ? t->options.intake_fd : -EBADF);
        free(t);
        return NULL;
}

/* Shorter paths first: of nested roots the outer one is walked to before the inner. */
static int compare_roots(const void *a, const void *b) {
        const Root *x = a, *y = b;

        return (x->path_len > y->path_len) - (x->path_len < y->path_len);
}

int tree_new(const TreeOptions *options, EventSink sink, void *userdata, Tree **ret) {
        _cleanup_(tree_freep) Tree *t = NULL;
        size_t n = 0;
        int r;

        t = malloc(sizeof(Tree));
        if (!t) {
                safe_close(options->fd > 0 ? options->fd : -EBADF);
                safe_close(options->intake_fd > 0 ? options->intake_fd : -EBADF);
                return -ENOMEM;
        }
        *t = (Tree){
                .fd = options->fd > 0 ? options->fd : -EBADF,
                .home_fd = -EBADF,
                .at_fd = -EBADF,
                .options = *options,
                .sink = sink,
                .userdata = userdata,
                .ledger = options->ledger,
                .move_deadline = USEC_INFINITY,
                .retry_deadline = USEC_INFINITY,
                .rescan_deadline = USEC_INFINITY,
                .retry_pause = TREE_RETRY_USEC,
                .rescan_mark = UINT64_MAX,
                .due_mark = UINT64_MAX,
                .check_mark = UINT64_MAX,
                .parked_mark = UINT64_MAX,
                .ghost_wd = -1, /* of an overflow */
                .dir_fd = -EBADF,
        };
        while (options->roots[n])
                n++;
        t->roots = calloc(n, sizeof(Root));
        if (!t->roots)
                return -ENOMEM;
        for (; t->n_roots < n; t->n_roots++) {
                Root *root = &t->roots[t->n_roots];

                root->path = strdup(options->roots[t->n_roots]);
                if (!root->path)
                        return -ENOMEM;
                root->path_len = strlen(root->path);
                root->state = TREE_WAITING;
        }
        if (options->recursive)
                qsort(t->roots, n, sizeof(Root), compare_roots);
        r = moves_new(&t->moves);
        if (r >= 0)
                r = adopt_open(t);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(t);
        return 0;
}

static int ask(Tree *t, const char *path, uint32_t mask) {
        int wd = inotify_add_watch(t->fd, path, mask | IN_MASK_ADD);

        return wd < 0 ? -errno : wd;
}

int tree_ask(Tree *t, int fd, uint32_t mask) {
        char path[sizeof("/proc/self/fd/") + 3 * sizeof(int)];

        (void) snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
        return ask(t, path, mask);
}

int tree_ask_at(Tree *t, int fd, const char *name, uint32_t mask) {
        char path[sizeof("/proc/self/fd//") + 3 * sizeof(int) + NAME_MAX];

        if (t->home_fd < 0) {
                (void) snprintf(path, sizeof(path), "/proc/self/fd/%d/%s", fd, name);
                return ask(t, path, mask);
        }
        /* There is no inotify_add_watchat(2). To go there costs a fraction of the way through /proc. */
        if (t->at_fd != fd && fchdir(fd) < 0)
                return -errno;
        t->at_fd = fd;
        return ask(t, name, mask);
}

static int get_node(Tree *t, int wd, bool is_dir, const char *name, Node **ret) {
        int r;

        if (wd < 0)
                return wd;
        *ret = nodes_get(&t->nodes, wd);
        if (*ret)
                return 0;
        r = nodes_add(&t->nodes, wd, is_dir, name, ret);
        if (r < 0)
                (void) inotify_rm_watch(t->fd, wd);
        return r;
}

int tree_watch(Tree *t, int fd, bool is_dir, uint32_t mask, Node **ret) {
        return get_node(t, tree_ask(t, fd, mask), is_dir, "", ret);
}

int tree_watch_at(Tree *t, int fd, const char *path, const char *name, uint32_t mask, Node **ret) {
        return get_node(t, tree_ask_at(t, fd, path, mask), true, name, ret);
}

/* Makes the path of `n` the beginning of t->path. */
static void set_prefix(Tree *t, const Node *n) {
        if (t->path_node == n && t->path_shape == t->nodes.shape)
                return;
        buffer_clear(&t->path);
        node_add_path(n, &t->path);
        t->path_node = n;
        t->path_shape = t->nodes.shape;
        t->path_prefix = t->path.length == 1 ? 0 : t->path.length; /* of "/" nothing */
}

int tree_tell(Tree *t, const Node *n, const char *name, size_t name_len, const Event *e) {
        return tree_tell_to(t, n, name, name_len, e, t->sink, t->userdata);
}

int tree_tell_to(Tree *t,
                const Node *n,
                const char *name,
                size_t name_len,
                const Event *e,
                EventSink sink,
                void *userdata) {
        Event event = *e;

        set_prefix(t, n);
        t->path.length = t->path_prefix;
        if (name_len > 0 || t->path_prefix == 0)
                buffer_add_char(&t->path, '/');
        buffer_add(&t->path, name, name_len);
        if (t->path.failed) {
                t->path_node = NULL;
                return -ENOMEM;
        }
        event.path = t->path.data;
        event.path_len = t->path.length;
        return sink(&event, userdata);
}

int tree_tell_deleted(Tree *t, const Node *n, const char *name) {
        Event e = { .mask = IN_DELETE | IN_ISDIR, .origin = ORIGIN_RESCAN, .usec = t->usec };

        return tree_tell(t, n, name, strlen(name), &e);
}

/* The end of a call from outside: a directory that is held open keeps its file system from being
 * unmounted. */
static int leave(Tree *t, int r) {
        t->dir_fd = safe_close(t->dir_fd);
        tree_commit(t);
        return r;
}

int tree_start(Tree *t, usec_t now, usec_t usec) {
        int r;

        t->now = now;
        t->usec = usec;
        intake_refresh(t->intake, now);
        r = adopt_start(t, now);
        return leave(t, r);
}

bool tree_is_scanning(const Tree *t) {
        return scan_is_under_way(t);
}

bool tree_is_busy(const Tree *t) {
        return scan_is_under_way(t) || t->is_behind;
}

int tree_fd(const Tree *t) {
        return t->fd;
}

int tree_intake_fd(const Tree *t) {
        return intake_fd(t->intake);
}

bool tree_is_adopted(const Tree *t) {
        return t->is_adopted;
}

bool tree_is_orphaned(const Tree *t) {
        return t->orphan_wd > 0;
}

uint64_t tree_step(const Tree *t) {
        return t->step;
}

int tree_scan(Tree *t, usec_t now, usec_t usec) {
        t->now = now;
        t->usec = usec;
        return leave(t, scan_work(t, now));
}

int tree_work(Tree *t, usec_t now, usec_t usec) {
        int r;

        r = tree_scan(t, now, usec);
        if (r == 0)
                r = tree_hand_out(t, now);
        return leave(t, r < 0 ? r : tree_is_busy(t));
}

int tree_read(Tree *t, usec_t now, usec_t usec) {
        int n, r;

        t->now = now;
        t->usec = usec;
        n = tree_take_in(t);
        if (n < 0)
                return n;
        r = tree_hand_out(t, now);
        return leave(t, r < 0 ? r : n);
}

int tree_feed(Tree *t, const void *data, size_t n, usec_t now, usec_t usec) {
        int r = intake_put(t->intake, data, n, now, usec);

        t->now = now;
        t->usec = usec;
        return leave(t, r < 0 ? r : tree_hand_out(t, now));
}

usec_t tree_deadline(const Tree *t) {
        usec_t deadline = MIN_OF(t->move_deadline, t->retry_deadline);

        return MIN_OF(deadline, scan_is_under_way(t) ? USEC_INFINITY : t->rescan_deadline);
}

int tree_elapse(Tree *t, usec_t now) {
        int r;

        t->usec += now - MIN_OF(t->now, now);
        t->now = now;
        if (t->move_deadline <= now) {
                r = tree_take_in(t);
                if (r < 0)
                        return r;
        }
        if (t->retry_deadline <= now) {
                t->retry_deadline = USEC_INFINITY;
                unwatched_retry(t);
                r = roots_check(t, now);
                if (r < 0)
                        return r;
        }
        if (t->rescan_deadline <= now && !scan_is_under_way(t)) {
                r = rescan_start(t);
                if (r < 0)
                        return r;
        }
        return leave(t, tree_hand_out(t, now));
}

void tree_rescan(Tree *t, usec_t now) {
        rescan_want(t, now, true);
}

int tree_check_roots(Tree *t, usec_t now, usec_t usec) {
        int r;

        t->now = now;
        t->usec = usec;
        t->mounts_changed = true;
        t->n_remounts = 0;
        r = roots_check_later(t);
        return leave(t, r < 0 ? r : tree_hand_out(t, now));
}

int tree_set_mask(Tree *t, uint32_t mask) {
        t->options.mask = mask;
        image_tree(t);
        return leave(t, remask_all(t));
}

bool tree_is_settled(const Tree *t) {
        return intake_is_empty(t->intake);
}

TreeState tree_state(const Tree *t) {
        TreeState state = t->unwatched.n > 0 ? TREE_DEGRADED : TREE_WATCHING;

        for (size_t i = 0; i < t->n_roots; i++)
                state = MAX_OF(state, t->roots[i].state);
        return state;
}

const char *tree_state_reason(Tree *t) {
        TreeState state = tree_state(t);

        for (size_t i = 0; i < t->n_roots; i++)
                if (t->roots[i].state == state && t->roots[i].reason)
                        return t->roots[i].reason;
        buffer_clear(&t->other);
        buffer_add_string(&t->other, "");
        unwatched_add_reason(&t->unwatched, &t->other);
        return t->other.failed ? "" : t->other.data;
}

unsigned tree_n_directories(const Tree *t) {
        return t->n_directories;
}

uint64_t tree_generation(const Tree *t) {
        return t->generation;
}

const char *tree_below(const Tree *t, const char *path, size_t path_len) {
        const Root *best = NULL;

        for (size_t i = 0; i < t->n_roots; i++) {
                const Root *root = &t->roots[i];

                if (path_len < root->path_len || memcmp(path, root->path, root->path_len) != 0 ||
                                (best && best->path_len >= root->path_len))
                        continue;
                if (path_len == root->path_len || path[root->path_len] == '/' ||
                                root->path_len == 1)
                        best = root;
        }
        if (!best)
                return NULL;
        const char *below = path + best->path_len;
        return *below == '/' ? below + 1 : below;
}
