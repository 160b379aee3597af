/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A list in order of finding and two hashes, by directory and name and by what it is. As a rule the
 * kernel has nothing queued, and a find does not stay. */

#include "tree/finds.h"
#include "base/hash.h"
#include "base/text.h"
#include "tree/image.h"

static uint32_t hash_key(bool is_dir, uint64_t key) {
        return (uint32_t) ((key + is_dir) * UINT64_C(0x9e3779b97f4a7c15) >> 32);
}

static Find **name_slot(const Finds *f, const Find *find) {
        return &f->by_name[hash_name(find->wd, find->name, find->name_len) & (f->n_slots - 1)];
}

static Find **key_slot(const Finds *f, const Find *find) {
        return &f->by_key[hash_key(find->is_dir, find->key) & (f->n_slots - 1)];
}

static void put_in_slots(Finds *f, Find *find) {
        Find **slot = name_slot(f, find);

        find->name_next = *slot;
        *slot = find;
        /* Links to one file are many finds with one key, so these are linked both ways. */
        find->key_previous = NULL;
        if (find->key == 0 || find->is_told)
                return;
        slot = key_slot(f, find);
        find->key_next = *slot;
        find->key_previous = slot;
        if (*slot)
                (*slot)->key_previous = &find->key_next;
        *slot = find;
}

void finds_done(Finds *f) {
        while (f->first) {
                Find *find = f->first;

                f->first = find->next;
                free(find);
        }
        free(f->by_name);
        free(f->by_key);
        *f = (Finds){};
}

static int grow(Finds *f) {
        uint32_t n_slots = MAX_OF(f->n_slots * 2, 64U);
        Find **by_name = calloc(n_slots, sizeof(Find *));
        Find **by_key = calloc(n_slots, sizeof(Find *));

        if (!by_name || !by_key) {
                free(by_name);
                free(by_key);
                return -ENOMEM;
        }
        free(f->by_name);
        free(f->by_key);
        f->by_name = by_name;
        f->by_key = by_key;
        f->n_slots = n_slots;
        for (Find *find = f->first; find; find = find->next)
                put_in_slots(f, find);
        return 0;
}

/* Where the next one added will be pointed at from. */
static Find **end_of(Finds *f) {
        return f->first ? f->last : &f->first;
}

int finds_add(Finds *f, const Find *find, const char *name) {
        size_t n = strlen(name);
        Find *copy;
        int r;

        if (n > UINT8_MAX)
                return -ENAMETOOLONG;
        if (f->n >= f->n_slots) {
                r = grow(f);
                if (r < 0)
                        return r;
        }
        copy = malloc(sizeof(Find) + n + 1);
        if (!copy)
                return -ENOMEM;
        *copy = *find;
        copy->name_len = (uint8_t) n;
        memcpy(copy->name, name, n + 1);
        copy->next = NULL;
        copy->previous = end_of(f);
        *copy->previous = copy;
        f->last = &copy->next;
        put_in_slots(f, copy);
        f->n++;
        if (!copy->is_told && copy->end != UINT64_MAX)
                image_find(f->ledger, copy, false);
        return 0;
}

void finds_begin(Finds *f) {
        f->fresh = end_of(f);
}

void finds_settle(Finds *f, uint64_t mark) {
        for (Find *find = *f->fresh; find; find = find->next) {
                find->mark = mark;
                if (find->end != UINT64_MAX)
                        continue;
                find->end = mark;
                if (!find->is_told)
                        image_find(f->ledger, find, false);
        }
        finds_begin(f);
}

Find *finds_get(const Finds *f, int wd, const char *name, size_t name_len) {
        if (f->n == 0)
                return NULL;
        Find *find = f->by_name[hash_name(wd, name, name_len) & (f->n_slots - 1)];
        while (find && (find->wd != wd || find->name_len != name_len ||
                                       memcmp(find->name, name, name_len) != 0))
                find = find->name_next;
        return find;
}

Find *finds_get_next(const Find *find) {
        Find *next = find->name_next;

        while (next && (next->wd != find->wd || next->name_len != find->name_len ||
                                       memcmp(next->name, find->name, find->name_len) != 0))
                next = next->name_next;
        return next;
}

Find *finds_get_key(const Finds *f, bool is_dir, uint64_t key) {
        if (f->n == 0 || key == 0)
                return NULL;
        Find *find = f->by_key[hash_key(is_dir, key) & (f->n_slots - 1)];
        while (find && (find->key != key || find->is_dir != is_dir))
                find = find->key_next;
        return find;
}

static void unlink_key(Find *find) {
        if (!find->key_previous)
                return;
        *find->key_previous = find->key_next;
        if (find->key_next)
                find->key_next->key_previous = find->key_previous;
        find->key_previous = NULL;
}

void finds_set_told(Finds *f, Find *find) {
        bool was_told = TAKE(find->is_told, true);

        if (!was_told)
                image_find(f->ledger, find, true);
        unlink_key(find);
}

void finds_take(Finds *f, Find *find) {
        Find **slot = name_slot(f, find);

        while (*slot != find)
                slot = &(*slot)->name_next;
        *slot = find->name_next;
        unlink_key(find);
        if (!find->is_told)
                image_find(f->ledger, find, true);
        *find->previous = find->next;
        if (find->next)
                find->next->previous = find->previous;
        else
                f->last = find->previous;
        if (f->fresh == &find->next)
                f->fresh = find->previous;
        find->previous = NULL;
        f->n--;
}

void finds_drop(Finds *f, int wd) {
        Find *next;

        for (Find *find = f->first; find; find = next) {
                next = find->next;
                if (find->wd == wd) {
                        finds_take(f, find);
                        free(find);
                }
        }
}
