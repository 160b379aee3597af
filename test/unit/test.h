/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Unit tests: a test's name is a sentence, its assertions print both sides and go on, and the program
 * ends with `N passed, N failed`. */

#pragma once

#include <inttypes.h>

#include "base/macros.h"

typedef struct TestCase {
        const char *name;
        void (*run)(void);
} TestCase;

#define TEST_CASES_MAX 256
static TestCase test_cases[TEST_CASES_MAX];
static size_t n_test_cases;
static const TestCase *test_case; /* the one that runs */
static unsigned n_test_failures;  /* of it */

#define TEST(name)                                                                                 \
        static void test_##name(void);                                                             \
        __attribute__((constructor)) static void register_##name(void) {                           \
                assert(n_test_cases < TEST_CASES_MAX);                                             \
                test_cases[n_test_cases++] = (TestCase){ #name, test_##name };                     \
        }                                                                                          \
        static void test_##name(void)

#define TEST_FAIL(...)                                                                             \
        ({                                                                                         \
                n_test_failures++;                                                                 \
                fprintf(stderr, "%s:%d: ", __FILE__, __LINE__);                                    \
                fprintf(stderr, __VA_ARGS__);                                                      \
                fputc('\n', stderr);                                                               \
        })

#define EXPECT(condition)                                                                          \
        ({                                                                                         \
                if (!(condition))                                                                  \
                        TEST_FAIL("expected %s", #condition);                                      \
        })

#define EXPECT_INT(a, op, b)                                                                       \
        ({                                                                                         \
                int64_t _a = (int64_t) (a), _b = (int64_t) (b);                                    \
                if (!(_a op _b))                                                                   \
                        TEST_FAIL("expected %s %s %s, but %" PRIi64 " and %" PRIi64,               \
                                        #a,                                                        \
                                        #op,                                                       \
                                        #b,                                                        \
                                        _a,                                                        \
                                        _b);                                                       \
        })
#define EXPECT_EQ(a, b) EXPECT_INT(a, ==, b)
/* 0, or an errno told by name. */
#define EXPECT_OK(call)                                                                            \
        ({                                                                                         \
                int64_t _r = (int64_t) (call);                                                     \
                if (_r < 0)                                                                        \
                        TEST_FAIL("expected %s to work, but %" PRIi64 ": %s",                      \
                                        #call,                                                     \
                                        _r,                                                        \
                                        strerror((int) -_r));                                      \
        })

#define EXPECT_STREQ(a, b)                                                                         \
        ({                                                                                         \
                const char *_a = (a), *_b = (b);                                                   \
                if (!_a || !_b ? _a != _b : strcmp(_a, _b) != 0)                                   \
                        TEST_FAIL("expected %s to be %s, but '%s' and '%s'",                       \
                                        #a,                                                        \
                                        #b,                                                        \
                                        _a ?: "(null)",                                            \
                                        _b ?: "(null)");                                           \
        })

int main(int argc, char *argv[]) {
        unsigned n_failed = 0, n_run = 0;

        /* With an argument: only the cases whose name contains it. */
        for (size_t i = 0; i < n_test_cases; i++) {
                if (argc > 1 && !strstr(test_cases[i].name, argv[1]))
                        continue;
                test_case = &test_cases[i];
                n_test_failures = 0;
                n_run++;
                test_cases[i].run();
                if (n_test_failures > 0) {
                        fprintf(stderr, "FAILED: %s\n", test_cases[i].name);
                        n_failed++;
                }
        }
        printf("%u passed, %u failed\n", n_run - n_failed, n_failed);
        return n_failed > 0 || n_run == 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
