/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* SipHash-1-3 (Aumasson, Bernstein: SipHash, a fast short-input PRF): good enough against choice, and
 * for a short name not slower than a loop over its bytes. */

#include <sys/random.h>

#include "base/hash.h"

typedef struct Sip {
        uint64_t a, b, c, d;
} Sip;

static uint64_t rotate(uint64_t x, unsigned n) {
        return x << n | x >> (64 - n);
}

static void mix(Sip *s) {
        s->a += s->b;
        s->b = rotate(s->b, 13) ^ s->a;
        s->a = rotate(s->a, 32);
        s->c += s->d;
        s->d = rotate(s->d, 16) ^ s->c;
        s->a += s->d;
        s->d = rotate(s->d, 21) ^ s->a;
        s->c += s->b;
        s->b = rotate(s->b, 17) ^ s->c;
        s->c = rotate(s->c, 32);
}

static void take(Sip *s, uint64_t word) {
        s->d ^= word;
        mix(s);
        s->a ^= word;
}

/* Without the kernel's randomness (there is none so early at boot) the place of the stack has some. */
static void make_key(uint64_t key[2]) {
        if (getrandom(key, 2 * sizeof(uint64_t), GRND_NONBLOCK) != 2 * sizeof(uint64_t)) {
                key[0] = (uint64_t) (uintptr_t) key;
                key[1] = ~key[0] * UINT64_C(0x9e3779b97f4a7c15);
        }
}

uint32_t hash_name(int directory, const char *name, size_t n) {
        static uint64_t key[2];
        static bool has_key;
        uint64_t word;

        if (!has_key) {
                make_key(key);
                has_key = true;
        }
        Sip s = {
                key[0] ^ UINT64_C(0x736f6d6570736575),
                key[1] ^ UINT64_C(0x646f72616e646f6d),
                key[0] ^ UINT64_C(0x6c7967656e657261),
                key[1] ^ UINT64_C(0x7465646279746573),
        };
        take(&s, (uint64_t) (uint32_t) directory << 32 | (uint32_t) n);
        for (; n >= sizeof(word); n -= sizeof(word), name += sizeof(word)) {
                memcpy(&word, name, sizeof(word));
                take(&s, word);
        }
        word = 0;
        memcpy(&word, name, n);
        take(&s, word);
        s.c ^= 0xff;
        mix(&s);
        mix(&s);
        mix(&s);
        word = s.a ^ s.b ^ s.c ^ s.d;
        return (uint32_t) (word ^ word >> 32);
}
