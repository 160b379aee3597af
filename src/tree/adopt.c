/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What an earlier process has left: its inotify descriptor, its intake, and the image in its ledger. If
 * all three are there and belong together the tree goes on where it was: no system call is made for a
 * directory, and what is in the queue is told as it was when it happened. With the image alone a rescan
 * tells what happened meanwhile. */

#include <limits.h>
#include <time.h>

#include "tree/looks.h"
#include "tree/reach.h"
#include "tree/replay.h"

static usec_t now_of(clockid_t clock) {
        struct timespec ts;

        (void) clock_gettime(clock, &ts);
        return (usec_t) ts.tv_sec * USEC_PER_SEC + (usec_t) ts.tv_nsec / 1000;
}

static bool is_inotify(int fd) {
        char target[PATH_MAX];

        return fd > 0 && follow_real_path(fd, target) && streq(target, "anon_inode:inotify");
}

/* Looks through the image: who it belongs to, its last status, where it last was quiet, and how many
 * records there are. Returns > 0, or 0 if there is none. */
static int look_through(Replay *p, ImageTree *ret) {
        LedgerRecord record;
        uint64_t position = 0;
        bool has_tree = false;

        while (ledger_next(p->t->ledger, &position, &record) > 0) {
                p->n_of[record.type]++;
                if (record.type == IMAGE_TREE && record.n == sizeof(ImageTree)) {
                        memcpy(ret, record.data, sizeof(*ret));
                        has_tree = true;
                }
                if (record.type == IMAGE_REACH)
                        p->reach = record;
                if (record.type != IMAGE_STATUS || record.n < offsetof(ImageStatus, path))
                        continue;
                memcpy(&p->status, record.data, offsetof(ImageStatus, path));
                if (!(p->status.flags & IMAGE_BUSY))
                        p->quiet = position;
        }
        return has_tree;
}

/* Makes the tree empty again. */
static void clear(Tree *t) {
        nodes_done(&t->nodes);
        known_done(&t->known);
        finds_done(&t->finds);
        mounts_done(&t->mounts);
        moves_restart(t->moves);
        unwatched_free(t);
        memset(t->missed_cookies, 0, sizeof(t->missed_cookies));
        t->n_steps = 0;
        t->n_directories = t->n_shadowed = 0;
        memset(t->early, 0, sizeof(t->early));
        t->n_early = 0;
        t->ghost_wd = -1;
        t->is_past = false;
        reach_end(t);
        for (size_t i = 0; i < t->n_roots; i++) {
                Root *root = &t->roots[i];

                steps_free(root->steps, root->n_steps);
                free(root->real_path);
                root->steps = NULL;
                root->n_steps = 0;
                root->real_path = NULL;
                root->node = NULL;
                root->state = TREE_WAITING;
                root->device = root->mount = 0;
        }
}

/* Calls `f` for each directory below the roots, parents first. */
static int for_each(
                Tree *t, bool (*wants)(const Tree *t, const Node *n), int (*f)(Tree *t, Node *n)) {
        _cleanup_free_ int *wds = calloc((size_t) t->nodes.wds.n_used + 1, sizeof(int));
        size_t n_wds = 0;
        int r = 0;

        if (!wds)
                return -ENOMEM;
        for (size_t i = 0; i < t->n_roots; i++) {
                Node *top = t->roots[i].node;

                if (!top || !top->is_root || top->root != &t->roots[i])
                        continue;
                for (const Node *n = top; n; n = node_walk_next(top, n))
                        if (!n->is_root && wants(t, n))
                                wds[n_wds++] = n->wd;
        }
        for (size_t i = 0; i < n_wds && r >= 0; i++) {
                Node *n = nodes_get(&t->nodes, wds[i]);

                r = n ? f(t, n) : 0;
        }
        return r;
}

static bool is_ghost(const Tree *t, const Node *n) {
        return node_is_ghost(n);
}

/* What it stands for is looked for again. */
static int add_missed(Tree *t, Node *n) {
        Find missed = {
                .mark = UINT64_MAX,
                .wd = n->parent->wd,
                .key = (uint64_t) n->wd,
                .kind = FIND_MISSED,
                .is_dir = true,
        };
        char name[NAME_MAX + 1];

        memcpy(name, node_name(n), n->name_len + 1U);
        return finds_add(&t->finds, &missed, name);
}

/* What is in it may not have been told. */
static bool is_unscanned(const Tree *t, const Node *n) {
        return n->is_unscanned;
}

static int doubt(Tree *t, Node *n) {
        n->is_doubtful = true;
        return 0;
}

/* What nobody knows of: it was seen and not told, or another has taken its name, or it may be a link. */
static bool is_nobodys(const Tree *t, const Node *n) {
        const Find *find = look_find_of(t, n);

        return n->is_shadowed || !n->is_dir || (find && !find->is_told && !find->is_announced);
}

static int forget(Tree *t, Node *n) {
        follow_release(t, n, false);
        return 0;
}

/* The tree goes on with the descriptor. */
static int go_on(Tree *t, Replay *p, uint32_t mask) {
        int r = 0;

        for (size_t i = 0; i < t->n_roots && r >= 0; i++)
                r = replay_steps(p, &t->roots[i]);
        if (r >= 0)
                r = replay_sources(p);
        if (r >= 0 && t->ghost_wd < -1)
                r = for_each(t, is_ghost, add_missed);
        if (r >= 0 && p->status.flags & IMAGE_BUSY && !t->options.recover)
                r = for_each(t, is_unscanned, doubt);
        t->image = (Image){
                .flags = p->status.flags,
                .n_unwatched = p->status.n_unwatched,
                .error = p->status.error,
                .mask = mask,
                .has_sources = p->sources.n > 0,
        };
        t->is_adopted = r >= 0;
        return r;
}

static bool is_fresh(const Tree *t, const Node *n) {
        return n->is_fresh;
}

/* There is no more story to come: what was told is as it was seen, and the rest was not. */
static int end_story(Tree *t, Node *n) {
        return look_ghost(t, n->parent, node_name(n)) ? look_come(t, n) : forget(t, n);
}

/* A directory of the past as any other. */
static int count_ghost(Tree *t, Node *n) {
        t->n_directories++;
        return 0;
}

/* The image is what the disk will be compared with. */
static int begin_past(Tree *t, const Replay *p) {
        Ledger *ledger = TAKE_PTR(t->ledger); /* it is to be read again */
        int r = for_each(t, is_nobodys, forget);

        if (r >= 0)
                r = for_each(t, is_fresh, end_story);
        if (r >= 0)
                r = for_each(t, is_ghost, count_ghost);
        if (r >= 0 && !t->options.recover)
                r = for_each(t, is_unscanned, doubt);
        finds_done(&t->finds);
        memset(t->missed_cookies, 0, sizeof(t->missed_cookies)); /* of moves that nobody hears of */
        t->ledger = ledger;
        t->is_rescan_told = p->status.flags & IMAGE_IS_TOLD;
        if (r >= 0)
                r = past_begin(t);
        mounts_done(&t->mounts);
        unwatched_free(t);
        for (size_t i = 0; i < t->n_roots; i++) {
                t->roots[i].state = TREE_WAITING;
                t->roots[i].mount = 0; /* numbers of mounts are used again */
        }
        return r;
}

/* Replays the ledger. `has_descriptor`: what it is about may be there. */
static int take_image(Tree *t, bool has_descriptor) {
        _cleanup_free_ LedgerRecord *roots = calloc(t->n_roots, sizeof(LedgerRecord));
        Replay p = { .t = t, .roots = roots };
        ImageTree tree;
        int r;

        if (!roots)
                return -ENOMEM;
        if (look_through(&p, &tree) == 0 || tree.fingerprint != image_fingerprint(t) ||
                        p.status.flags & IMAGE_INITIAL)
                return 0;
        r = reach_take_former(t, &p.reach);
        if (r < 0)
                return r == -ENOMEM ? r : 0;
        r = nodes_reserve(&t->nodes, p.n_of[IMAGE_NODE]);
        if (r >= 0)
                r = known_reserve(&t->known, p.n_of[IMAGE_FILE]);
        if (r >= 0)
                r = replay_all(&p);
        bool can_go_on = has_descriptor && ledger_state(t->ledger) == LEDGER_WHOLE &&
                         tree.intake == intake_id(t->intake) && !(p.status.flags & IMAGE_PAST);
        if (r >= 0)
                r = can_go_on ? go_on(t, &p, tree.mask) : begin_past(t, &p);
        if (r < 0) {
                t->is_adopted = false;
                clear(t);
        }
        return r == -ENOMEM ? r : 0;
}

/* The intake and the descriptor of an earlier process are not to be had. */
static int open_anew(Tree *t) {
        int r;

        t->intake = intake_free(t->intake);
        safe_close(t->fd);
        t->fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
        if (t->fd < 0)
                return -errno;
        r = intake_new(&t->intake);
        if (r < 0)
                return r;
        t->step = intake_step(t->intake);
        if (t->ledger) {
                t->step = MAX_OF(t->step, ledger_stamp(t->ledger));
                ledger_invalidate(t->ledger, -ESTALE);
        }
        return 0;
}

/* Finds out what the ledger is about. Returns whether there is an image in it at all. */
static bool find_tree(const Ledger *l, ImageTree *ret) {
        LedgerRecord record;
        uint64_t position = 0;

        while (l && ledger_next(l, &position, &record) > 0)
                if (record.type == IMAGE_TREE && record.n == sizeof(ImageTree)) {
                        memcpy(ret, record.data, sizeof(*ret));
                        return true;
                }
        return false;
}

bool tree_is_kept_in(const Ledger *l, int intake_fd) {
        uint64_t id, step;
        ImageTree tree;

        return intake_peek(intake_fd, &id, &step) >= 0 && find_tree(l, &tree) && tree.intake == id;
}

/* What there is of an earlier process: an image of what the descriptor watches, that descriptor without
 * an image, an image alone. */
static int go_on_with(Tree *t, bool has_intake) {
        bool has_descriptor = has_intake && is_inotify(t->fd);
        ImageTree tree;
        bool has_image = find_tree(t->ledger, &tree);

        if (has_intake && has_image && tree.intake == intake_id(t->intake)) /* its steps as well */
                (void) ledger_cut(t->ledger, intake_step(t->intake));
        else if (has_descriptor && (!has_image || intake_is_disowned(t->intake)))
                return orphan_begin(t);
        return has_image ? take_image(t, has_descriptor) : 0;
}

int adopt_open(Tree *t) {
        const uint64_t *kept = t->options.kept;
        bool has_intake = false;
        int r;

        t->image.is_initial = true;
        if (t->options.intake_fd > 0) {
                r = intake_adopt(TAKE_FD(t->options.intake_fd),
                                now_of(CLOCK_MONOTONIC),
                                now_of(CLOCK_REALTIME),
                                &t->intake);
                if (r < 0)
                        return r;
                has_intake = r > 0;
        }
        if (has_intake && kept)
                memcpy(t->options.kept, intake_kept(t->intake), INTAKE_N_KEPT * sizeof(*kept));
        r = go_on_with(t, has_intake);
        if (r < 0)
                return r;
        if (t->is_adopted || t->orphan_wd > 0) {
                t->step = intake_step(t->intake);
                t->n_handed_out = intake_n_handed_out(t->intake);
        } else {
                r = open_anew(t);
                if (r < 0)
                        return r;
        }
        if (t->orphan_wd > 0 && t->ledger)
                ledger_invalidate(t->ledger, -ESTALE);
        intake_set_kept(t->intake, kept);
        t->step++;
        tree_set_ledger(t, t->ledger);
        return 0;
}

/* Goes on in the queue; what the roots and mounts are now counts when it is handed out. */
static int start_adopted(Tree *t, usec_t now) {
        uint32_t flags = t->image.flags;
        uint64_t mark;
        int r;

        t->is_rescan_due = t->is_reaching;
        if (flags & IMAGE_BUSY) {
                t->is_rescan_due = true;
                t->is_rescan_told = flags & IMAGE_IS_TOLD;
                /* Of the last process's looking there may be something in the queue. */
                r = tree_mark(t, &t->noise_mark);
                if (r < 0)
                        return r;
        }
        if (t->image.mask != t->options.mask) {
                r = tree_set_mask(t, t->options.mask);
                if (r < 0)
                        return r;
        }
        if (t->unwatched.n > 0)
                t->retry_deadline = usec_add(now, TREE_RETRY_USEC);
        t->mounts_changed = true;
        r = roots_check_later(t);
        if (r >= 0 && t->finds.first)
                r = tree_mark(t, &mark);
        for (Find *find = t->finds.first; find && r >= 0; find = find->next)
                find->mark = mark;
        return r < 0 ? r : tree_hand_out(t, now);
}

int adopt_start(Tree *t, usec_t now) {
        int r;

        t->image.is_initial = !t->is_adopted && !t->is_past;
        t->is_started = !t->image.is_initial;
        if (t->is_adopted)
                return start_adopted(t, now);
        r = roots_check(t, now);
        if (r >= 0)
                r = remount_check(t);
        t->is_started = true;
        if (r < 0 || !t->is_past)
                return r;
        if (!scan_is_under_way(t))
                return rescan_start(t);
        rescan_want(t, now, false);
        return 0;
}
