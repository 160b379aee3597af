/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* How long a tree takes to go on where another process stopped, which it does without a system call per
 * directory; and what its ledger holds for each directory and file. The directories are in the ledger
 * only: no more is looked at. */

#include <fcntl.h>
#include <sys/inotify.h>
#include <sys/stat.h>

#include "bench.h"
#include "scratch.h"
#include "tree/tree-internal.h"

#define KIND 1U
#define NAME "bench.ledger"
#define IN_EACH 10U

static int dir_fd;
static char *roots[] = { NULL, NULL };

static int ignore(const Event *e, void *userdata) {
        return 0;
}

static Tree *new_tree(Ledger *l, int fd, int intake_fd) {
        TreeOptions options = {
                .roots = roots,
                .mask = IN_CREATE,
                .recursive = true,
                .recover = true,
                .ledger = l,
                .fd = fd,
                .intake_fd = intake_fd,
        };
        Tree *t;

        MUST(tree_new(&options, ignore, NULL, &t));
        return t;
}

/* Writes an image of `n` directories, with `n_files` files in each. Returns its size. */
static double write_image(uint64_t intake, unsigned n, unsigned n_files) {
        Tree *t = new_tree(NULL, -1, -1);
        ImageTree tree = { intake, image_fingerprint(t), IN_CREATE, 0 };
        ImageReach reach = { .has_globs = true };
        ImageRoot root = { .wd = 1, .is_dir = true };
        ImageStatus status = {};
        Ledger *l;
        char name[32];

        tree_free(t);
        (void) unlinkat(dir_fd, NAME, 0);
        MUST(ledger_open(dir_fd, NAME, KIND, &l));
        MUST(ledger_append(l, IMAGE_TREE, &tree, sizeof(tree)));
        MUST(ledger_append(l, IMAGE_REACH, &reach, sizeof(reach)));
        MUST(ledger_append(l, IMAGE_ROOT, &root, sizeof(root)));
        for (unsigned i = 0; i < n; i++) {
                ImageNode node = { .wd = (int) i + 2, .parent = (int) (i / IN_EACH) + 1 };

                (void) snprintf(name, sizeof(name), "dir-%08u", i % 100000000);
                MUST(ledger_append_parts(
                                l, IMAGE_NODE, &node, offsetof(ImageNode, name), name, 12));
                for (unsigned j = 0; j < n_files; j++) {
                        ImageFile file = { .inode = j + 1, .print = i + 1, .wd = node.wd };

                        (void) snprintf(name, sizeof(name), "file-%09u", j);
                        MUST(ledger_append_parts(
                                        l, IMAGE_FILE, &file, offsetof(ImageFile, name), name, 14));
                }
        }
        MUST(ledger_append(l, IMAGE_STATUS, &status, offsetof(ImageStatus, path)));
        double size = (double) ledger_size(l);
        ledger_free(l);
        return size;
}

static int save(Ledger *l, void *userdata) {
        return tree_save(userdata);
}

/* Adds the CPU seconds until the tree of that image is there, and until it is written anew. */
static void replay(int intake_fd, unsigned n, Samples *seconds, Samples *compaction) {
        int fd = (int) MUST_ERRNO(inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
        int copy = (int) MUST_ERRNO(fcntl(intake_fd, F_DUPFD_CLOEXEC, 3));
        double began = bench_cpu();
        Ledger *l;

        MUST(ledger_open(dir_fd, NAME, KIND, &l));
        Tree *t = new_tree(l, fd, copy);
        double replayed = bench_cpu();
        samples_add(seconds, (replayed - began) * 1e6 / n);
        if (!tree_is_adopted(t) || tree_n_directories(t) != n + 1)
                errx(EXIT_FAILURE, "The tree is not what was written");
        MUST(ledger_compact(l, tree_step(t) - 1, save, t));
        samples_add(compaction, (bench_cpu() - replayed) * 1e6 / n);
        tree_free(t);
        ledger_free(l);
}

int main(int argc, char *argv[]) {
        Samples seconds = {}, compaction = {}, directory = {}, file = {};
        Intake *intake;

        bench_start(argc, argv, "replay");
        roots[0] = (char *) scratch();
        dir_fd = (int) MUST_ERRNO(open(scratch(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
        unsigned n = bench_n(1000000, 10000), n_files = 10;
        MUST(intake_new(&intake));
        double with_files = write_image(intake_id(intake), n / n_files, n_files);
        double size = write_image(intake_id(intake), n, 0);
        samples_add(&directory, size / n);
        samples_add(&file, (with_files - size / n_files) / n);
        for (unsigned i = 0; i < bench_n(5, 1); i++)
                replay(intake_fd(intake), n, &seconds, &compaction);
        bench_row(&seconds, "µs", 0.7, "a directory in a restart", "replayed, %u directories", n);
        bench_row(&compaction, "µs", 0.15, "a directory in a compaction", "written, %u records", n);
        bench_row(&directory, "bytes", 48, "a directory in the ledger", "a name of 12 bytes");
        bench_row(&file, "bytes", 64, "a known file in the ledger", "a name of 14 bytes");
        intake_free(intake);
        return EXIT_SUCCESS;
}
