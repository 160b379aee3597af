/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What a tree keeps on the heap for each directory and for each file that it knows. */

#include <malloc.h>
#include <sys/inotify.h>

#include "bench.h"
#include "scratch.h"
#include "tree/tree.h"

static int ignore(const Event *e, void *userdata) {
        return 0;
}

static double heap(void) {
        struct mallinfo2 info = mallinfo2();

        return (double) (info.uordblks + info.hblkhd);
}

/* Bytes of a tree of the whole scratch directory. */
static double bytes(bool recover) {
        char *roots[] = { (char *) scratch(), NULL };
        TreeOptions options = {
                .roots = roots,
                .mask = IN_CREATE | IN_DELETE | IN_MOVE,
                .recursive = true,
                .reach.cross_mounts = true,
                .recover = recover,
        };
        double before = heap();
        Tree *t;

        MUST(tree_new(&options, ignore, NULL, &t));
        MUST(tree_start(t, 0, 1));
        while (tree_is_busy(t))
                MUST(tree_work(t, 0, 1));
        double figure = heap() - before;
        tree_free(t);
        return figure;
}

int main(int argc, char *argv[]) {
        Samples directory = {}, file = {};

        bench_start(argc, argv, "memory");
        unsigned n = bench_n(100000, 1000), n_files = 10;
        scratch_grow(n, 0);
        samples_add(&directory, bytes(false) / n);
        scratch_grow(n + n / n_files, n_files);
        samples_add(&file, (bytes(true) - bytes(false)) / n);
        bench_row(&directory,
                        "bytes",
                        120,
                        "per watched directory",
                        "a name of 12 bytes, %u directories",
                        n);
        bench_row(&file,
                        "bytes",
                        100,
                        "per known file",
                        "a name of 14 bytes, %u in each directory",
                        n_files);
        return EXIT_SUCCESS;
}
