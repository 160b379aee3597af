/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* One hash by directory and name. The list of a directory's files hangs on an entry without a name,
 * so that a directory costs nothing here until a file is known in it. */

#include "tree/known.h"
#include "base/hash.h"
#include "base/text.h"
#include "tree/image.h"

void known_done(KnownFiles *k) {
        for (uint32_t i = 0; i < k->n_slots; i++)
                free(k->slots[i]);
        free(k->slots);
        *k = (KnownFiles){};
}

uint64_t known_print(const struct stat *st) {
        uint64_t print = (uint64_t) st->st_size * UINT64_C(0x9e3779b97f4a7c15);

        print ^= (uint64_t) st->st_mtim.tv_sec * UINT64_C(1000000000) +
                 (uint64_t) st->st_mtim.tv_nsec;
        print *= UINT64_C(0xff51afd7ed558ccd);
        print ^= print >> 32;
        return print ?: 1;
}

static uint32_t find_slot(const KnownFiles *k, int wd, const char *name, size_t name_len) {
        uint32_t i = hash_name(wd, name, name_len) & (k->n_slots - 1);
        const Known *known;

        while ((known = k->slots[i]) && (known->wd != wd || known->name_len != name_len ||
                                                        memcmp(known->name, name, name_len) != 0))
                i = (i + 1) & (k->n_slots - 1);
        return i;
}

Known *known_get(const KnownFiles *k, int wd, const char *name, size_t name_len) {
        return k->n_used > 0 ? k->slots[find_slot(k, wd, name, name_len)] : NULL;
}

int known_reserve(KnownFiles *k, uint32_t n) {
        KnownFiles grown = { .n_slots = MAX_OF(k->n_slots, 64U) };

        while (grown.n_slots < UINT32_C(1) << 31 && n > grown.n_slots / 4 * 3)
                grown.n_slots *= 2;
        if (grown.n_slots == k->n_slots)
                return 0;
        grown.slots = calloc(grown.n_slots, sizeof(Known *));
        if (!grown.slots)
                return -ENOMEM;
        for (uint32_t i = 0; i < k->n_slots; i++) {
                Known *known = k->slots[i];
                if (known)
                        grown.slots[find_slot(&grown, known->wd, known->name, known->name_len)] =
                                        known;
        }
        free(k->slots);
        k->slots = grown.slots;
        k->n_slots = grown.n_slots;
        return 0;
}

/* An entry of that name, made if it is not there. */
static int entry(KnownFiles *k, int wd, const char *name, size_t name_len, Known **ret) {
        Known *known;
        uint32_t slot;
        int r;

        r = known_reserve(k, k->n_used + 1);
        if (r < 0)
                return r;
        slot = find_slot(k, wd, name, name_len);
        if (k->slots[slot]) {
                *ret = k->slots[slot];
                return 0;
        }
        known = malloc(sizeof(Known) + name_len + 1);
        if (!known)
                return -ENOMEM;
        *known = (Known){ .wd = wd, .name_len = (uint8_t) name_len };
        memcpy(known->name, name, name_len);
        known->name[name_len] = '\0';
        k->slots[slot] = known;
        k->n_used++;
        *ret = known;
        return 1;
}

int known_put(KnownFiles *k,
                int wd,
                const char *name,
                size_t name_len,
                uint64_t inode,
                uint64_t print,
                bool is_dir) {
        Known *known, *head;
        int r;

        assert(name_len > 0 && name_len <= UINT8_MAX);
        r = entry(k, wd, "", 0, &head);
        if (r < 0)
                return r;
        r = entry(k, wd, name, name_len, &known);
        if (r < 0)
                return r;
        if (r > 0) {
                known->next = head->next;
                known->previous = &head->next;
                if (known->next)
                        known->next->previous = &known->next;
                head->next = known;
                k->n_files++;
        }
        bool is_same = r == 0 && known->inode == inode && known->print == print &&
                       known->is_dir == is_dir;
        known->inode = inode;
        known->print = print;
        known->is_dir = is_dir;
        known->round = k->round;
        if (!is_same)
                image_file(k->ledger, known);
        return 0;
}

/* Takes the entry out of the hash and frees it; followers move up. */
static void remove_entry(KnownFiles *k, Known *known) {
        uint32_t hole = find_slot(k, known->wd, known->name, known->name_len);
        uint32_t mask = k->n_slots - 1;

        for (uint32_t i = (hole + 1) & mask; k->slots[i]; i = (i + 1) & mask) {
                const Known *other = k->slots[i];
                uint32_t home = hash_name(other->wd, other->name, other->name_len) & mask;

                if (((i - home) & mask) >= ((i - hole) & mask)) {
                        k->slots[hole] = k->slots[i];
                        hole = i;
                }
        }
        k->slots[hole] = NULL;
        k->n_used--;
        free(known);
}

static void unlink_file(KnownFiles *k, Known *known) {
        *known->previous = known->next;
        if (known->next)
                known->next->previous = known->previous;
        k->n_files--;
        remove_entry(k, known);
}

void known_remove(KnownFiles *k, Known *known) {
        image_file_gone(k->ledger, known);
        unlink_file(k, known);
}

Known *known_first(const KnownFiles *k, int wd) {
        Known *head = known_get(k, wd, "", 0);

        return head ? head->next : NULL;
}

void known_drop(KnownFiles *k, int wd) {
        Known *head = known_get(k, wd, "", 0);

        if (!head)
                return;
        while (head->next)
                unlink_file(k, head->next);
        remove_entry(k, head);
}

int known_renumber(KnownFiles *k, int from, int to) {
        struct Ledger *ledger = TAKE_PTR(k->ledger);
        int r = 0;

        for (Known *known = known_first(k, from); known && r >= 0; known = known->next) {
                uint8_t round = known->round;

                r = known_put(k,
                                to,
                                known->name,
                                known->name_len,
                                known->inode,
                                known->print,
                                known->is_dir);
                if (r < 0)
                        break;
                known_get(k, to, known->name, known->name_len)->round = round;
        }
        known_drop(k, r < 0 ? to : from);
        k->ledger = ledger;
        return r;
}

void known_touch(KnownFiles *k, int wd) {
        for (Known *known = known_first(k, wd); known; known = known->next)
                known->round = k->round;
}

Known *known_next(const KnownFiles *k, uint32_t *position) {
        while (*position < k->n_slots) {
                Known *known = k->slots[(*position)++];
                if (known && known->name_len > 0)
                        return known;
        }
        return NULL;
}
