/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A pair of descriptors is kept under one of two pairs of names. One watch that takes over from another
 * has its own kept under the other pair first; then the ledger says which of them goes on, in one; and
 * then the first is let go of. Of a pair, the intake is removed first and put last: whoever finds it
 * finds its inotify descriptor, too. */

#include "keeper.h"
#include "base/crash.h"
#include "base/log.h"
#include "ledgers.h"

#define KEEPER_KIND UINT32_C(0x04435457) /* "WTC", layout 4 */
#define LEDGER_PREFIX "watch-"
#define LEDGER_SUFFIX ".ledger"
#define RELEASE_USEC USEC_PER_SEC
#define PAUSE_USEC (5 * USEC_PER_SEC)
#define PAUSE_USEC_MAX (300 * USEC_PER_SEC)

static char *join(const char *prefix, const char *watch, const char *suffix) {
        char *name;

        return asprintf(&name, "%s%s%s", prefix, watch, suffix) < 0 ? NULL : name;
}

/* Of names that no other watch can have. */
static const char *const pair_suffixes[KEEPER_PAIRS] = { "", "+" };

char *keeper_watch_name(const char *watch, unsigned pair) {
        return join("watch-", watch, pair_suffixes[pair]);
}

char *keeper_intake_name(const char *watch, unsigned pair) {
        return join("intake-", watch, pair_suffixes[pair]);
}

char *keeper_ledger_name(const char *watch) {
        return join(LEDGER_PREFIX, watch, LEDGER_SUFFIX);
}

bool keeper_is_ledger_name(const char *name) {
        size_t n = strlen(name), n_suffix = strlen(LEDGER_SUFFIX);

        return n > n_suffix && strncmp(name, LEDGER_PREFIX, strlen(LEDGER_PREFIX)) == 0 &&
               streq(name + n - n_suffix, LEDGER_SUFFIX);
}

/* Until it can be opened the state says so. */
static void note_missing(Keeper *k, int error, usec_t now) {
        bool was_missing = k->retry_at != USEC_INFINITY;

        k->retry_pause = was_missing ? MIN_OF(2 * k->retry_pause, PAUSE_USEC_MAX) : PAUSE_USEC;
        k->retry_at = usec_add(now, k->retry_pause);
        (void) snprintf(k->reason,
                        sizeof(k->reason),
                        "The ledger cannot be opened, a restart would look at everything anew: %s",
                        strerror(-error));
}

static int open_ledger(Keeper *k, usec_t now) {
        _cleanup_free_ char *name = keeper_ledger_name(k->watch), *what = NULL;
        int r;

        what = join("watch '", k->watch, "'");
        if (!name || !what)
                return -ENOMEM;
        if (k->retry_at == USEC_INFINITY)
                r = ledgers_open(k->state_fd, name, KEEPER_KIND, what, &k->ledger);
        else /* it was said */
                r = ledger_open(k->state_fd, name, KEEPER_KIND, &k->ledger);
        if (r < 0 && r != -ENOMEM)
                note_missing(k, r, now);
        return r;
}

int keeper_init(Keeper *k, int state_fd, const char *watch, usec_t now) {
        *k = (Keeper){
                .watch = watch,
                .state_fd = state_fd,
                .retry_at = USEC_INFINITY,
        };
        return state_fd < 0 || open_ledger(k, now) != -ENOMEM ? 0 : -ENOMEM;
}

int keeper_reopen(Keeper *k, usec_t now) {
        int r;

        if (k->ledger || k->retry_at > now)
                return 0;
        r = open_ledger(k, now);
        return r < 0 ? 0 : 1;
}

void keeper_done(Keeper *k) {
        k->ledger = ledger_free(k->ledger);
}

static int take(Store *store, char *name) {
        int fd = store && name ? store_take(store, name) : -EBADF;

        free(name);
        return fd < 0 ? -EBADF : fd;
}

static void remove_pair(const Keeper *k, unsigned pair) {
        _cleanup_free_ char *watch = keeper_watch_name(k->watch, pair),
                            *intake = keeper_intake_name(k->watch, pair);

        if (watch && intake) {
                store_remove(intake);
                store_remove(watch);
        }
}

static void put_pair(Keeper *k, unsigned pair, const Tree *tree) {
        _cleanup_free_ char *watch = keeper_watch_name(k->watch, pair),
                            *intake = keeper_intake_name(k->watch, pair);

        if (watch && intake) {
                store_put(watch, tree_fd(tree));
                crash_point("store-put");
                store_put(intake, tree_intake_fd(tree));
        }
}

/* What else there may be at a start, whoever has the store lets go of. */
static void remove_kept(Keeper *k) {
        if (TAKE(k->is_kept, false))
                remove_pair(k, k->pair);
        crash_point("store-remove");
}

/* Whether there is one under those names, and whether it is the one that the ledger is about. */
static bool has_intake(const Keeper *k, const Store *store, unsigned pair, bool *ret_is_ours) {
        _cleanup_free_ char *name = keeper_intake_name(k->watch, pair);
        int fd = store && name ? store_find(store, name) : -EBADF;

        *ret_is_ours = fd >= 0 && k->ledger && tree_is_kept_in(k->ledger, fd);
        return fd >= 0;
}

bool keeper_find(Keeper *k, const Store *store) {
        bool is_ours = false;

        for (unsigned pair = 0; pair < KEEPER_PAIRS && !is_ours; pair++)
                if (has_intake(k, store, pair, &is_ours))
                        k->pair = pair;
        return is_ours;
}

void keeper_take(Keeper *k, Store *store, int *ret_fd, int *ret_intake_fd) {
        *ret_fd = take(store, keeper_watch_name(k->watch, k->pair));
        *ret_intake_fd = take(store, keeper_intake_name(k->watch, k->pair));
        k->is_kept = *ret_fd >= 0 || *ret_intake_fd >= 0;
}

void keeper_put(Keeper *k, const Tree *tree) {
        remove_kept(k);
        if (!k->ledger) /* whoever opens it again must not take what it says for what they are */
                return;
        k->pair = 0;
        put_pair(k, k->pair, tree);
        k->is_kept = true;
}

void keeper_put_beside(Keeper *k, const Tree *tree) {
        unsigned other = (k->pair + 1) % KEEPER_PAIRS;

        if (!k->ledger)
                return;
        put_pair(k, other, tree);
        crash_point("store-beside");
}

void keeper_turn_over(Keeper *k) {
        if (!k->ledger)
                return;
        remove_kept(k);
        k->pair = (k->pair + 1) % KEEPER_PAIRS;
        k->is_kept = true;
        crash_point("store-turned");
}

void keeper_inherit(Keeper *k, Keeper *from) {
        k->state_fd = from->state_fd;
        k->ledger = TAKE_PTR(from->ledger);
        k->retry_at = from->retry_at;
        k->retry_pause = from->retry_pause;
        memcpy(k->reason, from->reason, sizeof(k->reason));
        k->pair = from->pair;
        k->is_kept = from->is_kept;
}

void keeper_release(Keeper *k) {
        if (!k->ledger)
                return;
        remove_kept(k);
        (void) sd_notify_barrier(false, RELEASE_USEC);
}

void keeper_forget(Keeper *k) {
        remove_kept(k);
        if (!k->ledger)
                return;
        ledger_remove(k->ledger);
        k->ledger = ledger_free(k->ledger);
        k->state_fd = -EBADF;
}

void keeper_append(
                Keeper *k, WatchRecord type, const void *a, size_t n_a, const void *b, size_t n_b) {
        if (k->ledger)
                (void) ledger_append_parts(k->ledger, (uint8_t) type, a, n_a, b, n_b);
}

/* The ledger is whole again, or still is not (`error`). */
static int note(Keeper *k, int error, usec_t now) {
        bool was_failing = k->retry_at != USEC_INFINITY;

        if (error == 0) {
                k->retry_at = USEC_INFINITY;
                k->reason[0] = '\0';
                if (was_failing)
                        log_info("Watch '%s': its ledger is written again", k->watch);
                return was_failing;
        }
        k->retry_pause = was_failing ? MIN_OF(2 * k->retry_pause, PAUSE_USEC_MAX) : PAUSE_USEC;
        k->retry_at = usec_add(now, k->retry_pause);
        if (was_failing)
                return 0;
        (void) snprintf(k->reason,
                        sizeof(k->reason),
                        "The ledger cannot be written, a restart would look at everything anew: %s",
                        strerror(-error));
        log_warning(error, "Watch '%s': cannot write its ledger, trying again", k->watch);
        return 1;
}

int keeper_check(Keeper *k, usec_t now) {
        int error = k->ledger ? ledger_error(k->ledger) : 0;

        if (error == 0)
                return 0;
        if (k->retry_at == USEC_INFINITY)
                return note(k, error, now);
        return now < k->retry_at ? 0 : -EAGAIN;
}

int keeper_renew(Keeper *k,
                uint64_t step,
                int (*write)(Ledger *l, void *userdata),
                void *userdata,
                usec_t now) {
        return k->ledger ? note(k, ledger_compact(k->ledger, step, write, userdata), now) : 0;
}
