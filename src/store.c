/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What comes in by sd_listen_fds_with_names(3) is kept by name until it is taken. */

#include <systemd/sd-daemon.h>

#include "base/list.h"
#include "base/log.h"
#include "store.h"

struct Store {
        char **names; /* NULL-terminated, of fds[] */
        int *fds;     /* -EBADF where taken */
        size_t n;
};

Store *store_free(Store *s) {
        if (!s)
                return NULL;
        for (size_t i = 0; i < s->n; i++)
                safe_close(s->fds[i]);
        list_free(s->names);
        free(s->fds);
        free(s);
        return NULL;
}

int store_new(Store **ret) {
        _cleanup_(store_freep) Store *s = calloc(1, sizeof(Store));
        int n;

        if (!s)
                return -ENOMEM;
        n = sd_listen_fds_with_names(true, &s->names);
        if (n < 0)
                log_warning(n, "Cannot take over stored descriptors, ignoring");
        s->fds = calloc((size_t) MAX_OF(n, 1), sizeof(int));
        if (!s->fds)
                return -ENOMEM;
        for (; (int) s->n < n; s->n++)
                s->fds[s->n] = SD_LISTEN_FDS_START + (int) s->n; /* O_CLOEXEC is set already */
        *ret = TAKE_PTR(s);
        return 0;
}

static int *find(const Store *s, const char *name) {
        for (size_t i = 0; i < s->n; i++)
                if (s->fds[i] >= 0 && streq(s->names[i], name))
                        return &s->fds[i];
        return NULL;
}

int store_find(const Store *s, const char *name) {
        const int *fd = find(s, name);

        return fd ? *fd : -ENOENT;
}

int store_take(Store *s, const char *name) {
        int *fd = find(s, name);

        return fd ? TAKE_FD(*fd) : -ENOENT;
}

void store_drop_rest(const Store *s) {
        for (size_t i = 0; i < s->n; i++)
                if (s->fds[i] >= 0) {
                        log_debug("Nothing is known of stored descriptor '%s', removing",
                                        s->names[i]);
                        store_remove(s->names[i]);
                }
}

void store_put(const char *name, int fd) {
        char state[256];

        /* Polled, an inotify descriptor would wake the service manager for each event. */
        (void) snprintf(state, sizeof(state), "FDSTORE=1\nFDPOLL=0\nFDNAME=%s", name);
        (void) sd_pid_notify_with_fds(0, false, state, &fd, 1);
}

void store_remove(const char *name) {
        (void) sd_notifyf(false, "FDSTOREREMOVE=1\nFDNAME=%s", name);
}
