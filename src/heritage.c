/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The history is taken over first, without what was said in a step that was not done to its end. */

#include <dirent.h>
#include <fcntl.h>

#include "base/crash.h"
#include "base/log.h"
#include "config.h"
#include "heritage.h"
#include "keeper.h"
#include "tree/intake.h"

static int open_state_directory(void) {
        _cleanup_free_ char *path = NULL;
        const char *value = secure_getenv("STATE_DIRECTORY");
        int fd;

        if (!value)
                return -EBADF;
        path = strndup(value, strcspn(value, ":"));
        if (!path)
                return log_oom();
        fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (fd < 0) {
                log_warning(-errno, "Cannot open '%s', nothing will outlive a stop", path);
                return -EBADF;
        }
        return fd;
}

/* Whether that step was under way when the process of one of the watch's stored intakes ended. */
static bool was_under_way(const Heritage *h, const char *watch, uint64_t step) {
        for (unsigned pair = 0; pair < KEEPER_PAIRS; pair++) {
                _cleanup_free_ char *name = keeper_intake_name(watch, pair);
                int fd = name ? store_find(h->store, name) : -EBADF;
                uint64_t id, done;

                if (fd >= 0 && intake_peek(fd, &id, &done) >= 0 && step == done + 1)
                        return true;
        }
        return false;
}

static int adopt_history(Heritage *h, int fd, uint64_t size) {
        const char *watch;
        uint64_t step;
        int r;

        r = history_adopt(fd, size, &h->history);
        if (r < 0)
                return r;
        if (r == 0)
                log_notice("The stored history is of no use, beginning anew");
        else if ((watch = history_last_step(h->history, &step)) && was_under_way(h, watch, step))
                history_cut_last_step(h->history);
        return r;
}

/* Has the history kept in the place of the one that is. In between a copy is kept, for whoever begins
 * there. The service manager keeps a file once: one that came as the copy goes on as a copy itself. */
static int replace_history(Heritage *h, uint64_t size, bool is_spare) {
        _cleanup_(history_freep) History *other = NULL;
        int r;

        r = history_copy(h->history, size, &other);
        if (r < 0)
                return r;
        if (is_spare) {
                History *stored = TAKE_PTR(h->history);

                h->history = TAKE_PTR(other);
                other = stored;
        } else
                store_put(STORE_HISTORY_SPARE, history_fd(other));
        crash_point("store-history-spare");
        store_remove(STORE_HISTORY);
        crash_point("store-history-removed");
        store_put(STORE_HISTORY, history_fd(h->history));
        crash_point("store-history-put");
        store_remove(STORE_HISTORY_SPARE);
        return 0;
}

static int set_up_history(Heritage *h, uint64_t size, bool is_service) {
        int fd = store_take(h->store, STORE_HISTORY), r;
        bool is_spare = fd < 0 && store_find(h->store, STORE_HISTORY_SPARE) >= 0;

        if (is_spare)
                fd = store_take(h->store, STORE_HISTORY_SPARE);
        r = fd >= 0 ? adopt_history(h, fd, size) : history_new(size, &h->history);
        if (r < 0)
                return r;
        if (r == 0)
                history_begin_after(h->history, tally_sequence(h->tally));
        if (is_service && fd < 0)
                store_put(STORE_HISTORY, history_fd(h->history));
        else if (is_service && (is_spare || history_fd(h->history) != fd))
                return replace_history(h, size, is_spare);
        return 0;
}

int heritage_init(Heritage *h, uint64_t history_size, bool is_service) {
        int r;

        *h = (Heritage){ .state_fd = -EBADF };
        r = store_new(&h->store);
        if (r < 0)
                return log_oom();
        if (is_service) {
                h->state_fd = open_state_directory();
                if (h->state_fd == -ENOMEM)
                        return -ENOMEM;
        }
        r = tally_new(h->state_fd, &h->tally);
        if (r < 0)
                return log_oom();
        r = set_up_history(h, history_size, is_service);
        if (r < 0)
                return log_error(r, "Cannot make the history");
        tally_reserve(h->tally, history_newest(h->history));
        return 0;
}

void heritage_done(Heritage *h) {
        h->store = store_free(h->store);
        h->tally = tally_free(h->tally);
        h->history = history_free(h->history);
        h->state_fd = safe_close(h->state_fd);
}

static bool is_configured(const Config *config, const char *ledger_name) {
        for (size_t i = 0; i < config->n_watches; i++) {
                _cleanup_free_ char *name = keeper_ledger_name(config->watches[i]->name);

                if (!name || streq(name, ledger_name))
                        return true;
        }
        return false;
}

void heritage_drop_rest(Heritage *h, const Config *config) {
        const struct dirent *entry;
        DIR *dir;
        int fd;

        store_drop_rest(h->store);
        h->store = store_free(h->store);
        fd = h->state_fd < 0 ? -EBADF
                             : openat(h->state_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (fd < 0)
                return;
        dir = fdopendir(fd);
        if (!dir) {
                safe_close(fd);
                return;
        }
        while ((entry = readdir(dir)))
                if (keeper_is_ledger_name(entry->d_name) && !is_configured(config, entry->d_name) &&
                                unlinkat(h->state_fd, entry->d_name, 0) >= 0)
                        log_info("Removed '%s' of a watch that is no longer configured",
                                        entry->d_name);
        (void) closedir(dir);
}
