/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* One watch after the other, by its name: a reload may put another in its place, which is listed from its
 * beginning then. All that the kernel has queued is read first, so that what is told afterwards as having
 * happened is not in the listing, short of what happens meanwhile. */

#include "snapshot.h"
#include "tree/listing.h"
#include "watch-internal.h"

typedef struct Snapshot {
        Manager *manager;
        List watches; /* their names */
        size_t at;
        bool is_begun;
        Listing *listing; /* of watches[at] */
} Snapshot;

/* Where a listing says what it comes by. */
typedef struct Telling {
        const Watch *watch;
        int (*say)(const Notice *n, void *userdata);
        void *userdata;
} Telling;

static void snapshot_free(void *userdata) {
        Snapshot *s = userdata;

        listing_free(s->listing);
        list_free(s->watches);
        free(s);
}

static int take_event(const Event *e, void *userdata) {
        const Telling *t = userdata;
        const Watch *w = t->watch;
        Notice n;

        if (w->gate.filter) {
                const char *below = tree_below(w->tree, e->path, e->path_len);

                if (below && !filter_passes(w->gate.filter, below))
                        return 0;
        }
        notice_from_event(e, &n);
        n.watch = w->config->name;
        return t->say(&n, t->userdata);
}

static bool is_busy(const Snapshot *s) {
        for (char *const *name = s->watches; name && *name; name++) {
                const Watch *w = manager_find_watch(s->manager, *name);

                if (w && watch_is_busy(w))
                        return true;
        }
        return false;
}

static void read_queued(const Snapshot *s) {
        for (char *const *name = s->watches; name && *name; name++) {
                Watch *w = manager_find_watch(s->manager, *name);

                if (w)
                        watch_read_queued(w, false);
        }
}

/* Goes on with the listing of a watch. Returns > 0 if there may be more of it. */
static int
list(Snapshot *s, Watch *w, int (*say)(const Notice *n, void *userdata), void *userdata) {
        Telling telling = { w, say, userdata };
        int r;

        if (!w || !watch_begin(w))
                return 0;
        if (!s->listing) {
                if (watch_is_busy(w))
                        return -EAGAIN;
                r = listing_new(w->tree, &s->listing);
                if (r < 0)
                        return r;
        }
        r = listing_work(s->listing, w->now, watch_realtime(w), take_event, &telling);
        if (r == -ESTALE) {
                s->listing = listing_free(s->listing);
                return 1;
        }
        return r;
}

static int snapshot_next(
                void *userdata, int (*say)(const Notice *n, void *userdata), void *say_userdata) {
        Snapshot *s = userdata;
        int r;

        if (!s->is_begun) {
                if (is_busy(s))
                        return -EAGAIN;
                read_queued(s);
                s->is_begun = true;
        }
        if (!s->watches || !s->watches[s->at])
                return 0;
        r = list(s, manager_find_watch(s->manager, s->watches[s->at]), say, say_userdata);
        if (r == 0) {
                s->listing = listing_free(s->listing);
                s->at++;
        }
        return r < 0 ? r : 1;
}

int snapshot_new(Manager *m, char *const *watches, Prelude *ret) {
        Snapshot *s = calloc(1, sizeof(Snapshot));
        int r = 0;

        if (!s)
                return -ENOMEM;
        s->manager = m;
        for (size_t i = 0; i < manager_n_watches(m) && r >= 0; i++) {
                const WatchConfig *config = watch_config(manager_watch(m, i));

                if (config->publish & 1U << PUBLISHER_STREAM &&
                                (list_length(watches) == 0 || list_contains(watches, config->name)))
                        r = list_add(&s->watches, config->name, strlen(config->name));
        }
        if (r < 0) {
                snapshot_free(s);
                return r;
        }
        *ret = (Prelude){ snapshot_next, snapshot_free, s };
        return 0;
}
