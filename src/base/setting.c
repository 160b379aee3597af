/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Tables are walked, values are put where the row says; what a value is, its kind knows. */

#include "base/setting.h"

static void *field_of(const Setting *row, void *object) {
        return (char *) object + row->offset;
}

static void field_reset(const Setting *row, void *field) {
        if (row->kind->reset)
                row->kind->reset(field);
        memset(field, 0, row->kind->size);
}

const Setting *setting_find(const Setting *table, const char *key) {
        for (const Setting *row = table; row && row->key; row++)
                if (streq(row->key, key))
                        return row;
        return NULL;
}

/* The field is zeroes when this is called. */
static int field_preset(const Setting *row, void *field) {
        const char *why = NULL;
        int r;

        if (!row->preset)
                return 0;
        r = row->kind->parse(row, row->preset, field, &why);
        assert(r >= 0 || r == -ENOMEM);
        return r;
}

int settings_init(const Setting *table, void *object) {
        int r;

        for (const Setting *row = table; row && row->key; row++) {
                r = field_preset(row, field_of(row, object));
                if (r < 0)
                        return r;
        }
        return 0;
}

void settings_done(const Setting *table, void *object) {
        for (const Setting *row = table; row && row->key; row++)
                field_reset(row, field_of(row, object));
}

bool settings_equal(const Setting *table, const void *a, const void *b) {
        for (const Setting *row = table; row && row->key; row++)
                if (!row->kind->equal(
                                    (const char *) a + row->offset, (const char *) b + row->offset))
                        return false;
        return true;
}

int setting_assign(const Setting *table,
                const Setting *row,
                void *object,
                uint64_t *seen,
                const char *value,
                const char **ret_why) {
        bool is_empty = value[0] == '\0', adds;
        uint64_t bit = UINT64_C(1) << (row - table);
        uint8_t old[SETTING_SIZE_MAX];
        void *field = field_of(row, object);
        int r = 0;

        assert(row - table < (ptrdiff_t) SETTINGS_MAX && row->kind->size <= sizeof(old));

        adds = row->kind->repeatable && !is_empty && (*seen & bit);
        memcpy(old, field, row->kind->size);
        if (!adds)
                memset(field, 0, row->kind->size);

        if (!is_empty)
                r = row->kind->parse(row, value, field, ret_why);
        else if (!row->kind->repeatable)
                r = field_preset(row, field);
        if (r < 0) {
                if (!adds)
                        memcpy(field, old, row->kind->size);
                return r;
        }
        if (!adds)
                field_reset(row, old);
        *seen |= bit;
        return 0;
}
