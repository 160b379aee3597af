/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The records that are lists: each item a fixed part and a text, filled up to a multiple of 8 bytes. */

#include "tree/replay.h"

/* Takes an item off a record of many: a fixed part and `n` bytes of text. */
static int take_item(const char **at, size_t *left, size_t size, uint64_t n, const char **ret) {
        size_t whole = (size + (size_t) n + 7) / 8 * 8;

        if (n > LEDGER_RECORD_MAX || whole > *left)
                return -EBADMSG;
        *ret = *at + size;
        *at += whole;
        *left -= whole;
        return 0;
}

static int add_mount(Mounts *m, uint64_t id, const char *path, size_t n) {
        Mount *items = reallocarray(m->items, m->n + 1, sizeof(Mount));

        if (!items)
                return -ENOMEM;
        m->items = items;
        items[m->n] = (Mount){ id, strndup(path, n) };
        if (!items[m->n].path)
                return -ENOMEM;
        m->n++;
        return 0;
}

int replay_mounts(Replay *p, const LedgerRecord *record) {
        const char *at = record->data, *path;
        size_t left = record->n;
        ImageMount head;
        int r = 0;

        mounts_done(&p->t->mounts);
        while (left >= sizeof(head) && r >= 0) {
                memcpy(&head, at, sizeof(head));
                r = take_item(&at, &left, sizeof(head), head.n, &path);
                if (r >= 0)
                        r = add_mount(&p->t->mounts, head.id, path, (size_t) head.n);
        }
        p->t->n_mounts_below = p->t->mounts.n; /* there are no others */
        return r;
}

/* A step of the way to a root is watched as it was. */
static int add_step(Tree *t, Root *root, const ImageStep *step, const char *name) {
        Node *n = nodes_get(&t->nodes, step->wd);
        int r;

        if (step->wd <= 0)
                return -EBADMSG;
        if (!n) {
                r = nodes_add(&t->nodes, step->wd, step->is_dir, "", &n);
                if (r < 0)
                        return r;
        }
        return steps_add(t,
                        &root->steps,
                        &root->n_steps,
                        n,
                        step->has_name ? name : NULL,
                        step->name_len);
}

int replay_steps(Replay *p, Root *root) {
        const LedgerRecord *record = &p->roots[root - p->t->roots];
        const char *at = record->data, *text;
        size_t left = record->n;
        ImageStep step;
        ImageRoot head;
        int r;

        if (!at)
                return 0;
        memcpy(&head, at, sizeof(head));
        r = take_item(&at, &left, sizeof(head), head.real_path_len, &text);
        for (uint32_t i = 0; i < head.n_steps && r >= 0; i++) {
                if (left < sizeof(step))
                        return -EBADMSG;
                memcpy(&step, at, sizeof(step));
                r = take_item(&at, &left, sizeof(step), step.name_len, &text);
                if (r >= 0)
                        r = add_step(p->t, root, &step, text);
        }
        return r;
}

int replay_sources(Replay *p) {
        const char *at = p->sources.data, *path;
        size_t left = p->sources.n;
        ImageSource head;
        Source *source;
        int r = 0;

        while (left >= sizeof(head) && r >= 0) {
                memcpy(&head, at, sizeof(head));
                r = take_item(&at, &left, sizeof(head), head.path_len, &path);
                if (r >= 0)
                        r = moves_add_source(p->t->moves,
                                        head.cookie,
                                        path,
                                        (size_t) head.path_len,
                                        &source);
                if (r < 0)
                        break;
                source->is_missed = head.wd == SOURCE_MISSED;
                source->wd = source->is_missed ? 0 : head.wd;
                source->from_wd = head.from_wd;
                source->inode = head.inode;
                source->print = head.print;
        }
        return r;
}
