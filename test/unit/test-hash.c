/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "base/hash.h"
#include "test.h"

TEST(hash_goes_by_all_that_it_is_given) {
        const char name[] = "a name of some length";

        for (size_t n = 0; n < sizeof(name); n++) {
                EXPECT_EQ(hash_name(1, name, n), hash_name(1, name, n));
                EXPECT(hash_name(1, name, n) != hash_name(2, name, n));
                EXPECT(hash_name(1, name, n) != hash_name(1, name, n + 1) || n == sizeof(name) - 1);
                for (size_t i = 0; i < n; i++) {
                        char other[sizeof(name)];
                        memcpy(other, name, sizeof(name));
                        other[i] ^= 1;
                        EXPECT(hash_name(1, name, n) != hash_name(1, other, n));
                }
        }
}

/* Names that an unkeyed FNV-1a puts into one of 4,096 slots, as anybody can choose them. */
TEST(names_chosen_to_collide_do_not) {
        unsigned n = 0, n_in_slot[4096] = {}, max = 0;

        for (unsigned i = 0; n < 4096; i++) {
                char name[16];
                int length = snprintf(name, sizeof(name), "%u", i);
                uint32_t h = UINT32_C(2166136261) ^ 1;

                for (int k = 0; k < length; k++)
                        h = (h ^ (uint8_t) name[k]) * UINT32_C(16777619);
                h ^= h >> 15;
                if (h % 4096 != 0)
                        continue;
                n++;
                max = MAX_OF(max, ++n_in_slot[hash_name(1, name, (size_t) length) % 4096]);
        }
        EXPECT_INT(max, <, 20);
}
