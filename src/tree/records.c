/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What a record says is told, then the directories and the files follow. */

#include "tree/looks.h"

/* Finds looked through for the one that a file without a known inode can be. */
#define CANDIDATES_MAX 1024U

/* Of a directory below a root its parent tells the same, by name. */
#define TOLD_BY_PARENT_MASK (MASK_LOOKING | IN_ATTRIB)

/* The only file found in directories that were made a moment ago, of which no event has told. */
static Find *only_find(const Tree *t) {
        Find *only = NULL;
        unsigned n = 0;

        for (Find *find = t->finds.first; find; find = find->next) {
                const Node *n_in = nodes_get(&t->nodes, find->wd);

                if (++n > CANDIDATES_MAX)
                        return NULL;
                if (find->is_dir || find->is_told || !n_in || !n_in->is_fresh)
                        continue;
                if (only)
                        return NULL;
                only = find;
        }
        return only;
}

static Find *get_key(Tree *t, bool is_dir, uint64_t key) {
        Find *find;

        while ((find = finds_get_key(&t->finds, is_dir, key)) && !tree_is_member(t, find->wd))
                finds_set_told(&t->finds, find); /* its directory is gone */
        return find;
}

/* Whether another directory was seen in its place, and the story has not come to that either: of mounts it
 * says nothing. */
static bool is_one_of_many(const Tree *t, const Node *fresh) {
        Find *find = finds_get(&t->finds, fresh->parent->wd, node_name(fresh), fresh->name_len);
        const Node *other;

        for (; find; find = finds_get_next(find)) {
                other = find->is_dir ? nodes_get(&t->nodes, (int) find->key) : NULL;
                if (other && other != fresh && other->is_fresh)
                        return true;
        }
        return false;
}

/* Whether it was found in a directory that was not watched yet, and nothing that is to come says that
 * it, or the directory, is not what it seems. */
static bool is_still_there(const Tree *t, const Find *find) {
        const Node *n = nodes_get(&t->nodes, find->wd);

        if (!n || !n->is_fresh || exchange_is_to_come(t, find->wd, find->name, true))
                return false;
        for (; !n->is_root && n->is_fresh; n = n->parent)
                if (exchange_is_to_come(t, n->parent->wd, node_name(n), true) ||
                                is_one_of_many(t, n))
                        return false;
        return true;
}

/* A second half that is not in the intake: the file was seen at its new place, in a directory that
 * was not watched when it got there. It is known by its inode, or, if it was gone before anyone could
 * ask for that, by being the only one that it can be. */
Find *record_find_second(Tree *t, const Raw *raw) {
        Node *n = nodes_get(&t->nodes, raw->wd), *leaving;
        Find *find = NULL;
        const Known *known;

        if (t->finds.n == 0)
                return NULL;
        if (raw_is_dir(raw)) {
                leaving = follow_leaving(t, n, raw);
                if (leaving && !node_is_ghost(leaving))
                        find = get_key(t, true, (uint64_t) leaving->wd);
        } else if ((known = known_get(&t->known, n->wd, raw->name, raw->name_len)))
                find = known->inode != 0 ? get_key(t, false, known->inode) : only_find(t);
        return find && is_still_there(t, find) ? find : NULL;
}

/* Makes the source of a second half out of a first half. */
static int keep_source(Tree *t, Node *n, const Raw *raw) {
        Known *known = raw_is_dir(raw) ? NULL
                                       : known_get(&t->known, n->wd, raw->name, raw->name_len);
        Node *leaving = raw_is_dir(raw) ? follow_leaving(t, n, raw) : NULL;
        Source *source;
        int r;

        buffer_clear(&t->other);
        node_add_path(n, &t->other);
        if (t->other.length > 1)
                buffer_add_char(&t->other, '/');
        buffer_add(&t->other, raw->name, raw->name_len);
        if (t->other.failed)
                return -ENOMEM;
        r = moves_add_source(t->moves, raw->cookie, t->other.data, t->other.length, &source);
        if (r < 0)
                return r;
        source->from_wd = raw->wd;
        source->wd = leaving ? leaving->wd : 0;
        source->inode = known ? known->inode : 0;
        source->print = known ? known->print : 0;
        source->is_missed = !known && !raw_is_dir(raw) && files_are_known(t, false);
        return 0;
}

/* Told in place of the second half that will not come. */
static int tell_second(Tree *t, Find *find, const IntakeRecord *record) {
        Node *n = nodes_get(&t->nodes, find->wd);
        const Source *source = moves_take_source(t->moves, record->raw.cookie);
        Event e = {
                .mask = IN_MOVED_TO | (find->is_dir ? IN_ISDIR : 0),
                .cookie = record->raw.cookie,
                .origin = ORIGIN_KERNEL,
                .usec = record->usec,
                .source = source ? source->path.data : NULL,
                .source_len = source ? source->path.length : 0,
        };
        int r;

        finds_set_told(&t->finds, find);
        r = look_settle_directory(t, n);
        if (r >= 0)
                r = tree_tell(t, n, find->name, find->name_len, &e);
        if (r < 0)
                return r;
        if (!find->is_dir)
                return known_put(&t->known,
                                find->wd,
                                find->name,
                                find->name_len,
                                source ? source->inode : 0,
                                source ? source->print : 0,
                                false);
        Node *moved = nodes_get(&t->nodes, (int) find->key);
        return moved ? follow_move(t, moved, n, find->name, find->name_len) : 0;
}

/* Something has a name that is longer than names can be: as FUSE lets them be. */
static int leave_out(Tree *t, const Node *n, const Raw *raw, const Source *source) {
        Node *moved = source && source->wd > 0 ? nodes_get(&t->nodes, source->wd) : NULL;

        if (moved && node_is_member(moved) && !moved->is_root)
                follow_release(t, moved, false);
        return raw_is_arrival(raw) ? unwatched_note(t, n, raw->name, -ENAMETOOLONG) : 0;
}

/* What a record, that was told, makes of the directories and the files. */
static int apply(Tree *t, Node *n, const Raw *raw, bool paired, const Source *source) {
        int r = 0;

        if (raw->name_len == 0)
                return 0;
        if (raw->name_len > NAME_MAX)
                return leave_out(t, n, raw, source);
        if (files_are_known(t, raw_is_dir(raw)) && !raw_is_arrival(raw))
                r = files_record(t, n, raw, source);
        if (t->options.recursive && r >= 0)
                r = follow_record(t, n, raw, paired, source);
        return r;
}

/* What comes is known before it is told, and what goes is afterwards: should only one of the two outlive us,
 * a rescan still tells that it is gone. */
static int know_arrival(Tree *t, const Node *n, const Raw *raw, const Source *source) {
        return raw_is_arrival(raw) && raw->name_len <= NAME_MAX &&
                                               files_are_known(t, raw_is_dir(raw))
                               ? files_record(t, n, raw, source)
                               : 0;
}

/* A first half that is part of what was found in its directory, or that was let go. */
static void note_missed(Tree *t, const Raw *raw) {
        if (!raw_is_moved_from(raw) || raw_is_dir(raw))
                return;
        t->missed_cookies[t->n_missed++ % MISSED_MAX] = raw->cookie;
        image_missed(t->ledger, raw->cookie, false);
}

static bool take_missed(Tree *t, uint32_t cookie) {
        for (unsigned i = 0; i < MISSED_MAX; i++)
                if (cookie != 0 && t->missed_cookies[i] == cookie) {
                        t->missed_cookies[i] = 0;
                        image_missed(t->ledger, cookie, true);
                        return true;
                }
        return false;
}

/* A record of a member. `paired`: of a first half, its second half will be told. */
static int member_record(Tree *t, Node *n, const IntakeRecord *record, bool paired) {
        const Raw *raw = &record->raw;
        const Source *source = NULL;
        Find *second = NULL;
        int r;
        Event e = {
                .mask = raw->mask,
                .cookie = raw->cookie,
                .origin = ORIGIN_KERNEL,
                .usec = record->usec,
        };

        if (t->finds.n > 0) {
                r = look_settle_directory(t, n);
                if (r >= 0 && raw->name_len > 0)
                        r = look_settle(t, raw);
                if (r < 0)
                        return r;
        }
        if (t->options.recursive && raw_is_arrival(raw)) {
                r = follow_coming(t, n, raw);
                if (r < 0)
                        return r;
        }
        if (t->options.recursive && raw_is_departure(raw) && raw_is_dir(raw)) {
                r = remount_depart(t, n, raw->name);
                if (r < 0)
                        return r;
        }
        if (raw_is_moved_from(raw) && !paired)
                second = record_find_second(t, raw);
        e.unpaired = raw_is_moved_from(raw) && !paired && !second;
        if (e.unpaired)
                note_missed(t, raw);
        if (raw_is_moved_from(raw) && !e.unpaired) {
                r = keep_source(t, n, raw);
                if (r < 0)
                        return r;
        }
        if (raw_is_moved_to(raw) && (source = moves_take_source(t->moves, raw->cookie))) {
                e.source = source->path.data;
                e.source_len = source->path.length;
                e.is_missed = source->is_missed;
        } else if (raw_is_moved_to(raw))
                e.is_missed = take_missed(t, raw->cookie) || t->is_rescan_told ||
                              t->is_this_rescan_told;
        r = know_arrival(t, n, raw, source);
        if (r >= 0)
                r = tree_tell(t, n, raw->name, raw->name_len, &e);
        if (r >= 0 && second)
                r = tell_second(t, second, record);
        if (r >= 0)
                n->is_unmounted |= (raw->mask & IN_UNMOUNT) != 0;
        if (r >= 0 && raw_is_moved_to(raw))
                r = exchange_arrived(t, raw, source);
        if (r >= 0)
                r = apply(t, n, raw, paired || second, source);
        if (r >= 0 && raw_is_moved_from(raw))
                r = exchange_departed(t, raw);
        return r;
}

/* Events were dropped: nobody knows which. */
static int tell_overflow(Tree *t, const IntakeRecord *record) {
        Event e = {
                .mask = IN_Q_OVERFLOW,
                .usec = record->usec,
                .path = t->roots[0].path,
                .path_len = t->roots[0].path_len,
        };
        int r;

        /* Whoever is told waits for its end: that outlives us even where the step does not. */
        rescan_want(t, record->now, true);
        if (t->ledger)
                image_status(t);
        r = t->sink(&e, t->userdata);
        return r < 0 ? r : roots_check(t, record->now);
}

static bool is_untold(const Tree *t, const Node *n, const Raw *raw) {
        /* A node that is a step as well gets events that only steps are watched for. */
        uint32_t asked = n->is_root ? tree_root_mask(t, n->is_dir) : tree_member_mask(t);

        if (!(raw->mask & (asked | MASK_UNASKED)))
                return true;
        /* Of a directory below a root it is asked for to tell exchanges from moves. */
        if (!n->is_root && raw->mask & IN_MOVE_SELF && !(t->options.mask & IN_MOVE_SELF))
                return true;
        if (!n->is_root && raw->name_len == 0 && raw->mask & TOLD_BY_PARENT_MASK)
                return true;
        /* What lost its name is on its way out, or, if events were lost, anywhere. */
        if (n->is_shadowed && (raw->name_len == 0 || t->is_rescanning ||
                                              t->rescan_deadline != USEC_INFINITY))
                return true;
        return raw_is_looking(raw) && t->n_handed_out < t->noise_mark;
}

/* The kernel has let go of it. If nothing says that its name went with it, another directory has that by
 * now: of two moves to one name the kernel tells the first alone. */
static int let_go(Tree *t, int wd) {
        Node *n = nodes_get(&t->nodes, wd), *parent;
        _cleanup_free_ char *name = NULL;

        if (!n)
                return 0;
        parent = n->is_root || n->is_shadowed || n->is_fresh ? NULL : n->parent;
        name = parent ? strdup(node_name(n)) : NULL;
        if (parent && !name)
                return -ENOMEM;
        follow_release(t, n, true);
        if (!name)
                return 0;
        if (exchange_is_to_come(t, parent->wd, name, false)) /* until then it is what was told */
                return look_add_ghost(t, parent, name, true, ORIGIN_SCAN);
        return look_arrival(t, parent, name, true, ORIGIN_SCAN);
}

int record_hand_out(Tree *t, const IntakeRecord *record, bool paired) {
        const Raw *raw = &record->raw;
        Node *n;
        int r;

        if (raw_is_overflow(raw))
                return tell_overflow(t, record);
        n = nodes_get(&t->nodes, raw->wd);
        if (!n) { /* one that we let go of, or that a process asked for in the step that it died in */
                if (!raw_is_ignored(raw))
                        (void) inotify_rm_watch(t->fd, raw->wd);
                return 0;
        }
        /* What happened in a directory before it was looked into is part of what is found there. */
        r = look_age(t, n);
        if (r < 0)
                return r;
        bool is_step = n->is_step, is_root = n->is_root, is_fresh = r == 0;
        bool concerns_roots =
                        (is_root && raw_unsettles_self(raw)) || (is_step && roots_concern(t, raw));
        if (is_fresh)
                note_missed(t, raw);
        if (node_is_member(n) && !is_fresh && !is_untold(t, n, raw)) {
                r = member_record(t, n, record, paired);
                if (r < 0)
                        return r;
        }
        if ((is_root || is_step) && raw_is_gone(raw))
                roots_unsettle(t, n);
        if (raw_is_ignored(raw)) {
                r = let_go(t, raw->wd);
                if (r < 0)
                        return r;
        }
        if ((is_root || is_step) && raw_is_gone(raw))
                return roots_check_unsettled(t, record->now);
        return concerns_roots ? roots_check_later(t) : 0;
}
