/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Writes the records. Nodes, known files and finds write theirs where they change; the rest is compared
 * with what was last written. */

#include "tree/image.h"
#include "tree/filter.h"
#include "tree/tree-internal.h"

static void write_node(Ledger *l, const Node *n, unsigned flags) {
        ImageNode node = { .wd = n->wd, .parent = n->parent->wd };

        node.flags = (uint8_t) (flags | (n->is_fresh ? IMAGE_FRESH : 0) |
                                (n->is_dir ? 0 : IMAGE_NO_DIRECTORY) |
                                (n->is_moved_in ? IMAGE_MOVED_IN : 0));

        (void) ledger_append_parts(
                        l, IMAGE_NODE, &node, offsetof(ImageNode, name), node_name(n), n->name_len);
}

void image_node(Ledger *l, const Node *n) {
        if (l)
                write_node(l, n, 0);
}

static void add_wd(Ledger *l, ImageType type, int wd, const char *name, size_t name_len) {
        ImageWd record = { .wd = wd };

        if (l)
                (void) ledger_append_parts(l, type, &record, sizeof(record), name, name_len);
}

void image_node_gone(Ledger *l, int wd) {
        add_wd(l, IMAGE_NODE_GONE, wd, NULL, 0);
}

void image_node_is(Ledger *l, int from, int to) {
        ImageRenumber record = { from, to };

        if (l)
                (void) ledger_append(l, IMAGE_NODE_IS, &record, sizeof(record));
}

void image_file(Ledger *l, const Known *known) {
        ImageFile file = { known->inode, known->print, known->wd, known->is_dir };

        if (l)
                (void) ledger_append_parts(l,
                                IMAGE_FILE,
                                &file,
                                offsetof(ImageFile, name),
                                known->name,
                                known->name_len);
}

void image_file_gone(Ledger *l, const Known *known) {
        add_wd(l, IMAGE_FILE_GONE, known->wd, known->name, known->name_len);
}

static bool is_kept(const Find *find) {
        return find->kind == FIND_LEFT || find->kind == FIND_CHECK ||
               (find->kind == FIND_NEW && find->is_dir && find->key != 0);
}

void image_find(Ledger *l, const Find *find, bool is_told) {
        ImageFind record = {
                .begin = find->begin,
                .end = find->end,
                .key = find->key,
                .wd = find->wd,
                .kind = (uint8_t) find->kind,
                .origin = (uint8_t) find->origin,
                .is_told = is_told,
                .is_announced = find->is_announced,
        };

        if (l && is_kept(find))
                (void) ledger_append_parts(l,
                                IMAGE_FIND,
                                &record,
                                offsetof(ImageFind, name),
                                find->name,
                                find->name_len);
}

void image_arrival(Ledger *l, const Arrival *arrival) {
        ImageArrival record = { arrival->wd, arrival->is_dir };

        if (l && arrival->wd != 0)
                (void) ledger_append_parts(l,
                                IMAGE_ARRIVAL,
                                &record,
                                offsetof(ImageArrival, name),
                                arrival->name,
                                strlen(arrival->name));
}

void image_missed(Ledger *l, uint32_t cookie, bool is_taken) {
        ImageMissed record = { cookie, is_taken };

        if (l && cookie != 0)
                (void) ledger_append(l, IMAGE_MISSED, &record, sizeof(record));
}

void image_early(Ledger *l, const Early *early, bool is_over) {
        ImageEarly record = {
                .cookie = early->cookie,
                .is_second = early->is_second,
                .is_over = is_over,
        };

        if (l && early->cookie != 0)
                (void) ledger_append(l, IMAGE_EARLY, &record, sizeof(record));
}

/* An item of a record that has many: fills it up to a multiple of 8 bytes. */
static void add_item(Buffer *b, const void *head, size_t n_head, const char *text, size_t n) {
        static const char zeroes[8];

        buffer_add(b, head, n_head);
        buffer_add(b, text, n);
        buffer_add(b, zeroes, (8 - (n_head + n) % 8) % 8);
}

static void add_record(Ledger *l, ImageType type, const Buffer *b) {
        if (b->failed || b->length > LEDGER_RECORD_MAX)
                ledger_invalidate(l, b->failed ? -ENOMEM : -EMSGSIZE);
        else
                (void) ledger_append(l, type, b->data, b->length);
}

static void add_root(const Tree *t, const Root *root, bool with_steps, Buffer *b) {
        ImageRoot record = {
                .device = root->device,
                .mount = root->mount,
                .index = (uint32_t) (root - t->roots),
                .wd = root->node ? root->node->wd : 0,
                .real_path_len = root->real_path ? (uint32_t) strlen(root->real_path) : 0,
                .n_steps = with_steps ? (uint32_t) root->n_steps : 0,
                .is_dir = root->node && root->node->is_dir,
                .state = (uint8_t) root->state,
        };

        buffer_clear(b);
        add_item(b, &record, sizeof(record), root->real_path ?: "", record.real_path_len);
        for (size_t i = 0; i < record.n_steps; i++) {
                const Node *n = nodes_get(&t->nodes, root->steps[i].wd);
                const char *name = root->steps[i].name;
                ImageStep step = {
                        .wd = root->steps[i].wd,
                        .name_len = name ? (uint16_t) strlen(name) : 0,
                        .has_name = name != NULL,
                        .is_dir = n && n->is_dir,
                };

                add_item(b, &step, sizeof(step), name ?: "", step.name_len);
        }
}

static void write_root(Tree *t, Root *root, bool is_forced) {
        _cleanup_(buffer_done) Buffer b = {};
        uint64_t print;

        add_root(t, root, true, &b);
        if (b.length > LEDGER_RECORD_MAX) /* then the way is walked again */
                add_root(t, root, false, &b);
        print = (uint64_t) text_hash(1, b.data, b.length) << 32 | text_hash(2, b.data, b.length);
        if (is_forced || print != root->written)
                add_record(t->ledger, IMAGE_ROOT, &b);
        root->written = print;
}

void image_root(Tree *t, Root *root) {
        if (t->ledger)
                write_root(t, root, false);
}

/* Only those below a root are looked at. */
static bool mount_matters(const Tree *t, const char *path) {
        for (size_t i = 0; i < t->n_roots; i++) {
                const char *root = t->roots[i].real_path;

                if (root && strncmp(path, root, strlen(root)) == 0)
                        return true;
        }
        return false;
}

void image_mounts(Tree *t) {
        _cleanup_(buffer_done) Buffer b = {};

        if (!t->ledger)
                return;
        buffer_add(&b, "", 0);
        for (size_t i = 0; i < t->mounts.n; i++) {
                ImageMount mount = { t->mounts.items[i].id, strlen(t->mounts.items[i].path) };

                if (mount_matters(t, t->mounts.items[i].path) && mount.n <= LEDGER_RECORD_MAX / 2)
                        add_item(&b, &mount, sizeof(mount), t->mounts.items[i].path, mount.n);
        }
        add_record(t->ledger, IMAGE_MOUNTS, &b);
}

/* Whether something is under way that is not in the image. */
static bool is_busy(const Tree *t) {
        return scan_is_under_way(t) || t->finds.n > 0 || t->parked.n > 0 || t->is_rescanning ||
               t->rescan_deadline != USEC_INFINITY || t->check_mark != UINT64_MAX ||
               t->mounts_changed || t->is_rescan_due;
}

bool tree_is_quiet(const Tree *t) {
        return !is_busy(t);
}

static void write_status(Tree *t, uint32_t flags) {
        ImageStatus status = { flags, t->unwatched.n, t->unwatched.error };
        const char *path = t->unwatched.path ?: "";

        t->image.flags = flags;
        t->image.n_unwatched = t->unwatched.n;
        t->image.error = t->unwatched.error;
        (void) ledger_append_parts(t->ledger,
                        IMAGE_STATUS,
                        &status,
                        offsetof(ImageStatus, path),
                        path,
                        MIN_OF(strlen(path), (size_t) TREE_PATH_MAX + NAME_MAX));
}

static uint32_t status_flags(Tree *t) {
        bool is_scanned = t->is_started && !scan_is_under_way(t) && t->finds.n == 0;

        t->image.is_initial &= !is_scanned;
        return (is_busy(t) ? IMAGE_BUSY : 0U) | (t->image.is_initial ? IMAGE_INITIAL : 0U) |
               (t->is_past ? IMAGE_PAST : 0U) |
               (t->is_rescan_told || t->is_this_rescan_told ? IMAGE_IS_TOLD : 0U);
}

void image_status(Tree *t) {
        uint32_t flags = status_flags(t);

        if (flags != t->image.flags || t->unwatched.n != t->image.n_unwatched ||
                        t->unwatched.error != t->image.error)
                write_status(t, flags);
}

static void write_sources(Tree *t) {
        _cleanup_(buffer_done) Buffer b = {};
        const Source *source;
        size_t position = 0;

        buffer_add(&b, "", 0);
        while ((source = moves_next_source(t->moves, &position))) {
                ImageSource record = {
                        .inode = source->inode,
                        .print = source->print,
                        .cookie = source->cookie,
                        .wd = source->is_missed ? SOURCE_MISSED : source->wd,
                        .from_wd = source->from_wd,
                        .path_len = source->path.length,
                };

                add_item(&b, &record, sizeof(record), source->path.data, record.path_len);
                if (b.length > LEDGER_RECORD_MAX /
                                                2) /* as many as fit; of the rest, one half each */
                        break;
        }
        t->image.has_sources = b.length > 0;
        add_record(t->ledger, IMAGE_SOURCES, &b);
}

void image_sources(Tree *t) {
        if (t->image.has_sources || moves_n_sources(t->moves) > 0)
                write_sources(t);
}

static void save_children(const Tree *t, const Node *n, bool are_shadowed) {
        for (const Node *child = n->children; child; child = child->next)
                if (child->is_shadowed == are_shadowed)
                        write_node(t->ledger,
                                        child,
                                        (are_shadowed ? IMAGE_SHADOWED : 0U) |
                                                        (child->is_unscanned ? IMAGE_UNSCANNED
                                                                             : 0U));
}

/* Whether the root is not at a directory of another. */
static bool is_of_its_own(const Root *root) {
        return root->node && root->node->is_root && root->node->root == root;
}

static void save_nodes(Tree *t, bool is_quiet) {
        for (size_t i = 0; i < t->n_roots; i++) {
                Root *root = &t->roots[i];

                if (!is_of_its_own(root))
                        continue;
                for (Node *n = root->node; n; n = node_walk_next(root->node, n))
                        n->is_unscanned &= !is_quiet;
                for (Node *n = root->node; n; n = node_walk_next(root->node, n)) {
                        if (t->n_shadowed > 0) /* they came before those that have their names */
                                save_children(t, n, true);
                        save_children(t, n, false);
                }
        }
}

void image_tree(Tree *t) {
        ImageTree tree = {
                .intake = intake_id(t->intake),
                .fingerprint = image_fingerprint(t),
                .mask = t->options.mask,
        };

        t->image.mask = tree.mask;
        if (t->ledger)
                (void) ledger_append(t->ledger, IMAGE_TREE, &tree, sizeof(tree));
}

int image_save(Tree *t) {
        uint32_t position = 0;
        const Known *known;

        if (!t->ledger)
                return 0;
        image_tree(t);
        image_reach(t);
        image_mounts(t);
        for (size_t i = 0; i < t->n_roots; i++)
                if (is_of_its_own(&t->roots[i]))
                        write_root(t, &t->roots[i], true);
        save_nodes(t, !is_busy(t));
        for (size_t i = 0; i < t->n_roots; i++)
                if (!is_of_its_own(&t->roots[i]))
                        write_root(t, &t->roots[i], true);
        while ((known = known_next(&t->known, &position)))
                image_file(t->ledger, known);
        for (const Find *find = t->finds.first; find; find = find->next)
                image_find(t->ledger, find, find->is_told);
        for (unsigned i = 0; i < ARRIVALS_MAX; i++) /* the oldest first */
                image_arrival(t->ledger, &t->arrivals[(t->n_arrivals + i) % ARRIVALS_MAX]);
        for (unsigned i = 0; i < MISSED_MAX; i++)
                image_missed(t->ledger, t->missed_cookies[(t->n_missed + i) % MISSED_MAX], false);
        for (unsigned i = 0; i < EARLY_MAX; i++)
                image_early(t->ledger, &t->early[i], false);
        write_sources(t);
        write_status(t, status_flags(t));
        return 0;
}

int tree_save(Tree *t) {
        return image_save(t);
}

void tree_set_ledger(Tree *t, Ledger *ledger) {
        if (ledger && ledger != t->ledger)
                ledger_suspend(ledger);
        if (ledger && t->is_started) /* what was there is not told any more */
                t->image.is_initial = false;
        t->ledger = t->nodes.ledger = t->known.ledger = t->finds.ledger = ledger;
        if (ledger)
                ledger_set_stamp(ledger, t->step);
}

bool tree_wants_compaction(const Tree *t) {
        unsigned growth = t->ledger ? ledger_growth(t->ledger) : 0;

        return growth >= 4 || (growth >= 2 && !is_busy(t));
}

uint64_t image_fingerprint(const Tree *t) {
        const TreeOptions *o = &t->options;
        uint64_t print = (o->recursive ? 1U : 0U) | (o->recover ? 8U : 0U);

        for (size_t i = 0; i < t->n_roots; i++) {
                const Root *root = &t->roots[i];

                print = (print ^ text_hash(1, root->path, root->path_len)) *
                        UINT64_C(0x9e3779b97f4a7c15);
                print ^= (uint64_t) text_hash(2, root->path, root->path_len) << 32;
        }
        return print;
}
