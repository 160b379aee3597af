/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Any bytes as a ledger. The first byte says as what: as the file itself; or as records in a file that is
 * whole, each a type, a length and as many bytes, which a tree takes for its image: it goes on with it,
 * is told something, and what it writes of itself then must make the same tree again. The kernel's
 * inotify is left out. */

#include <fcntl.h>
#include <sys/inotify.h>
#include <sys/stat.h>

#include "tree/tree-internal.h"

#define KIND 1U
#define NAME "ledger"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

/* Has nothing to say, ever: a pipe that nobody writes to. */
static int new_pipe(void) {
        static int ends[2];

        if (ends[1] > 0)
                (void) close(ends[1]);
        return pipe2(ends, O_CLOEXEC | O_NONBLOCK) < 0 ? -1 : ends[0];
}

int inotify_init1(int flags) {
        return new_pipe();
}

int inotify_add_watch(int fd, const char *path, uint32_t mask) {
        struct stat st;

        return stat(path, &st) < 0 ? -1 : (int) (st.st_ino % 61) + 1;
}

int inotify_rm_watch(int fd, int wd) {
        return 0;
}

/* Each descriptor is one of inotify. */
ssize_t readlink(const char *path, char *to, size_t size) {
        static const char name[] = "anon_inode:inotify";

        memcpy(to, name, MIN_OF(size, sizeof(name) - 1));
        return (ssize_t) MIN_OF(size, sizeof(name) - 1);
}

static int take_event(const Event *e, void *userdata) {
        assert(e->path && e->path_len == strlen(e->path));
        return 0;
}

static char base[] = "/tmp/fuzz-ledger-XXXXXX";
static int base_fd = -EBADF;

static void remove_base(void) {
        (void) unlinkat(base_fd, NAME, 0);
        (void) unlinkat(base_fd, "root", AT_REMOVEDIR);
        (void) rmdir(base);
}

static void set_up(void) {
        if (base_fd >= 0)
                return;
        if (!mkdtemp(base))
                abort();
        base_fd = open(base, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (base_fd < 0 || mkdirat(base_fd, "root", 0755) < 0)
                abort();
        (void) atexit(remove_base);
}

static int write_something(Ledger *l, void *userdata) {
        return ledger_append(l, LEDGER_TYPES_OWNER, "anew", 4);
}

static void as_file(const uint8_t *data, size_t n) {
        _cleanup_close_ int fd =
                        openat(base_fd, NAME, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
        uint64_t position = 0, sum = 0;
        LedgerRecord record;
        Ledger *l = NULL;

        if (write(fd, data, n) != (ssize_t) n || ledger_open(base_fd, NAME, KIND, &l) < 0)
                abort();
        while (ledger_next(l, &position, &record) > 0)
                for (size_t i = 0; i < record.n; i++)
                        sum += ((const uint8_t *) record.data)[i];
        (void) ledger_cut(l, sum);
        (void) ledger_append(l, LEDGER_TYPES_OWNER, "something", 9);
        ledger_free(l);
        if (ledger_open(base_fd, NAME, KIND, &l) < 0)
                abort();
        assert(ledger_state(l) == LEDGER_WHOLE || ledger_state(l) == LEDGER_INCOMPLETE);
        if (ledger_compact(l, 1, write_something, NULL) < 0 || ledger_error(l) < 0)
                abort();
        ledger_free(l);
}

static char *roots[] = { base, NULL, NULL };
static char root[sizeof(base) + sizeof("/root")];

/* A tree that goes on with an intake and the ledger. */
static Tree *new_tree(Ledger *l, int intake_fd, bool recover) {
        Tree *t = NULL;
        TreeOptions options = {
                .roots = roots,
                .mask = IN_ALL_EVENTS,
                .recursive = true,
                .recover = recover,
                .fd = new_pipe(),
                .intake_fd = fcntl(intake_fd, F_DUPFD_CLOEXEC, 3),
                .ledger = l,
        };

        (void) snprintf(root, sizeof(root), "%s/root", base);
        roots[0] = root;
        if (tree_new(&options, take_event, NULL, &t) < 0)
                abort();
        return t;
}

/* Writes the bytes as records, after the one that says whose they are. */
static void write_records(const uint8_t *data, size_t n, uint64_t intake, bool recover) {
        Tree *t = new_tree(NULL, -1, recover);
        ImageTree tree = { intake, image_fingerprint(t), IN_ALL_EVENTS, 0 };
        ImageReach reach = { .has_globs = true };
        Ledger *l = NULL;

        tree_free(t);
        (void) unlinkat(base_fd, NAME, 0);
        if (ledger_open(base_fd, NAME, KIND, &l) < 0 ||
                        ledger_append(l, IMAGE_TREE, &tree, sizeof(tree)) < 0 ||
                        ledger_append(l, IMAGE_REACH, &reach, sizeof(reach)) < 0)
                abort();
        while (n >= 2) {
                uint8_t type = data[0] % 16;
                size_t length = MIN_OF((size_t) data[1], n - 2);

                if (ledger_append(l, type == 0 ? IMAGE_NODE : type, data + 2, length) < 0)
                        abort();
                data += length + 2;
                n -= length + 2;
        }
        ledger_free(l);
}

static int save(Ledger *l, void *userdata) {
        return tree_save(userdata);
}

/* Tells it that each of the first wds had something made, moved and removed in it. */
static void feed(Tree *t, usec_t now) {
        char name[16] = "x";

        for (int wd = 1; wd < 8; wd++) {
                static const uint32_t masks[] = {
                        IN_CREATE | IN_ISDIR, IN_MOVED_FROM | IN_ISDIR, IN_DELETE, IN_IGNORED
                };

                for (size_t i = 0; i < ELEMENTSOF(masks); i++) {
                        char bytes[sizeof(struct inotify_event) + sizeof(name)];
                        struct inotify_event event = {
                                .wd = wd,
                                .mask = masks[i],
                                .cookie = 1,
                                .len = masks[i] & IN_IGNORED ? 0 : sizeof(name),
                        };

                        memcpy(bytes, &event, sizeof(event));
                        memcpy(bytes + sizeof(event), name, sizeof(name));
                        (void) tree_feed(t, bytes, sizeof(event) + event.len, now, 1);
                }
        }
}

static void as_image(const uint8_t *data, size_t n, bool recover) {
        Intake *intake = NULL;
        Ledger *l = NULL;
        usec_t now = USEC_PER_SEC;

        if (intake_new(&intake) < 0)
                abort();
        write_records(data, n, intake_id(intake), recover);
        for (unsigned i = 0; i < 2; i++) {
                if (ledger_open(base_fd, NAME, KIND, &l) < 0)
                        abort();
                assert(ledger_state(l) == LEDGER_WHOLE);
                Tree *t = new_tree(l, intake_fd(intake), recover);
                unsigned n_directories = tree_n_directories(t);
                bool is_adopted = tree_is_adopted(t);
                if (i == 0) {
                        /* As it is, then it must be so again. */
                        if (is_adopted && ledger_compact(l, 0, save, t) < 0)
                                abort();
                        tree_free(t);
                        ledger_free(l);
                        if (!is_adopted)
                                break;
                        if (ledger_open(base_fd, NAME, KIND, &l) < 0)
                                abort();
                        t = new_tree(l, intake_fd(intake), recover);
                        assert(tree_is_adopted(t) && tree_n_directories(t) == n_directories);
                }
                if (!is_adopted && ledger_compact(l, 0, save, t) < 0)
                        abort();
                (void) tree_start(t, now, 1);
                for (unsigned j = 0; j < 50; j++) {
                        (void) tree_work(t, now, 1);
                        (void) tree_elapse(t, now);
                        if (j == 10)
                                feed(t, now);
                        if (j == 20)
                                tree_rescan(t, now);
                        now += 10 * USEC_PER_MSEC;
                }
                tree_commit(t);
                if (ledger_compact(l, tree_step(t) - 1, save, t) < 0)
                        abort();
                tree_free(t);
                ledger_free(l);
        }
        intake_free(intake);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n) {
        set_up();
        if (n == 0)
                return 0;
        if (data[0] % 3 == 0)
                as_file(data + 1, n - 1);
        else
                as_image(data + 1, n - 1, data[0] % 3 == 1);
        return 0;
}
