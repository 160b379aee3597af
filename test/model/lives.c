/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* All is one process in truth: who dies jumps out of where he is. What outlives him has the descriptors
 * from here on, and all others go, as all that he had mapped; what he had allocated is lost to us. */

#include <err.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "lives.h"

#define KIND UINT32_C(0x54525402)
#define NAME "model.ledger"

#define STATE_FD 100
#define TREE_FD 101
#define INTAKE_FD 102

static int keep(int fd, int as) {
        int r = fd < 0 ? -1 : dup3(fd, as, O_CLOEXEC);

        if (r < 0)
                err(EXIT_FAILURE, "dup3");
        return r;
}

void lives_init(Lives *l, const char *state, const TreeOptions *options) {
        _cleanup_close_ int fd = -EBADF;

        *l = (Lives){ .options = *options, .state_fd = -EBADF, .fd = -EBADF, .intake_fd = -EBADF };
        if (!state)
                return;
        (void) mkdir(state, 0700);
        fd = open(state, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        l->state_fd = keep(fd, STATE_FD);
        (void) unlinkat(l->state_fd, NAME, 0);
}

static void forget_lines(Lives *l) {
        for (size_t i = 0; i < l->n_lines; i++) {
                free((char *) l->lines[i].told.path);
                free((char *) l->lines[i].told.source);
        }
        l->n_lines = 0;
}

void lives_done(Lives *l) {
        l->tree = tree_free(l->tree);
        l->ledger = ledger_free(l->ledger);
        forget_lines(l);
        free(l->lines);
        if (l->state_fd >= 0)
                (void) unlinkat(l->state_fd, NAME, 0);
        safe_close(l->fd);
        safe_close(l->intake_fd);
        safe_close(l->state_fd);
}

static int write_all(Ledger *ledger, void *userdata) {
        return tree_save(userdata);
}

int lives_compact(Lives *l) {
        tree_commit(l->tree);
        return ledger_compact(l->ledger, tree_step(l->tree) - 1, write_all, l->tree);
}

int lives_begin(Lives *l, usec_t now) {
        TreeOptions options = l->options;
        int r;

        options.fd = l->fd >= 0 ? fcntl(l->fd, F_DUPFD_CLOEXEC, 3) : -EBADF;
        options.intake_fd = l->intake_fd >= 0 ? fcntl(l->intake_fd, F_DUPFD_CLOEXEC, 3) : -EBADF;
        options.kept = l->kept;
        r = l->state_fd >= 0 ? ledger_open(l->state_fd, NAME, KIND, &l->ledger) : 0;
        if (r < 0)
                return r;
        options.ledger = l->ledger;
        r = tree_new(&options, l->sink, l->userdata, &l->tree);
        if (r >= 0 && l->ledger && !tree_is_adopted(l->tree)) {
                r = lives_compact(l);
                l->fd = keep(tree_fd(l->tree), TREE_FD);
                l->intake_fd = keep(tree_intake_fd(l->tree), INTAKE_FD);
        }
        return r < 0 ? r : tree_start(l->tree, now, 1);
}

static void unmap(void) {
        char line[512];
        void *from, *to;
        _cleanup_fclose_ FILE *f = fopen("/proc/self/maps", "re");

        while (f && fgets(line, sizeof(line), f))
                if ((strstr(line, "/memfd:") || strstr(line, "/" NAME)) &&
                                sscanf(line, "%p-%p", &from, &to) == 2)
                        (void) munmap(from, (size_t) ((char *) to - (char *) from));
}

/* Lines of a step that will be done again. */
static void cut(Lives *l) {
        uint64_t id, step = 0;

        if (l->intake_fd >= 0 && intake_peek(l->intake_fd, &id, &step) < 0)
                errx(EXIT_FAILURE, "the intake is damaged");
        for (; l->n_lines > 0 && l->lines[l->n_lines - 1].step > step; l->n_lines--) {
                free((char *) l->lines[l->n_lines - 1].told.path);
                free((char *) l->lines[l->n_lines - 1].told.source);
        }
}

void lives_bury(Lives *l, bool all) {
        unmap();
        if (!all) /* or nobody knows what was committed, and what was told was heard */
                cut(l);
        (void) close_range(STDERR_FILENO + 1, STATE_FD - 1, 0);
        (void) close_range(INTAKE_FD + 1, ~0U, 0);
        l->tree = NULL;
        l->ledger = NULL;
        if (all) {
                l->fd = safe_close(l->fd);
                l->intake_fd = safe_close(l->intake_fd);
        }
}

void lives_tell(Lives *l, const Told *told) {
        Line line = {
                .step = l->tree ? tree_step(l->tree) : 0,
                .told = {
                        .member = told->member,
                        .is_dir = told->is_dir,
                        .path = strdup(told->path),
                        .source = told->source ? strdup(told->source) : NULL,
                },
        };

        if (l->n_lines == l->n_allocated) {
                l->n_allocated = MAX_OF(l->n_allocated * 2, (size_t) 64);
                l->lines = reallocarray(l->lines, l->n_allocated, sizeof(Line));
                if (!l->lines)
                        err(EXIT_FAILURE, "reallocarray");
        }
        l->lines[l->n_lines++] = line;
}

void lives_hear(Lives *l, Picture *p) {
        for (size_t i = 0; i < l->n_lines; i++)
                picture_apply(p, &l->lines[i].told);
        forget_lines(l);
}
