/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Runs a fuzz target over the files of directories, without libFuzzer: each file is a test. A target
 * that finds something wrong does not return. */

#include <dirent.h>

#include "base/macros.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

#define FILE_SIZE_MAX (1024U * 1024U)

static bool run_file(const char *path) {
        _cleanup_fclose_ FILE *f = fopen(path, "re");
        _cleanup_free_ uint8_t *data = malloc(FILE_SIZE_MAX);
        _cleanup_free_ uint8_t *exact = NULL;
        size_t n;

        if (!f || !data)
                return false;
        n = fread(data, 1, FILE_SIZE_MAX, f);
        if (ferror(f) || !feof(f))
                return false;
        /* Of the exact size, so that a sanitizer sees reads beyond it. */
        exact = malloc(MAX_OF(n, (size_t) 1));
        if (!exact)
                return false;
        memcpy(exact, data, n);
        fprintf(stderr, "%s\n", path);
        return LLVMFuzzerTestOneInput(exact, n) == 0;
}

int main(int argc, char *argv[]) {
        unsigned n_passed = 0, n_failed = 0;

        for (int i = 1; i < argc; i++) {
                struct dirent **entries;
                int n = scandir(argv[i], &entries, NULL, alphasort);

                if (n < 0) {
                        fprintf(stderr, "%s: %s\n", argv[i], strerror(errno));
                        n_failed++;
                        continue;
                }
                for (int k = 0; k < n; k++) {
                        char path[4096];

                        (void) snprintf(path, sizeof(path), "%s/%s", argv[i], entries[k]->d_name);
                        if (entries[k]->d_name[0] != '.')
                                *(run_file(path) ? &n_passed : &n_failed) += 1;
                        free(entries[k]);
                }
                free(entries);
        }
        printf("%u passed, %u failed\n", n_passed, n_failed);
        return n_failed > 0 || n_passed == 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
