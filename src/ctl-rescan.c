/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* `rescan` and `reload`: the two that change something. They return when it is under way, or done. */

#include "base/names.h"
#include "ctl-bus.h"

#define RELOAD_USEC (600 * USEC_PER_SEC)

static int rescan_watch(Ctl *c, const char *name) {
        _cleanup_free_ char *path = NULL;
        int r;

        r = sd_bus_path_encode(OBJECT_WATCH_PREFIX, name, &path);
        if (r < 0)
                return ctl_explain(c, NULL, r);
        return ctl_call(c, path, INTERFACE_WATCH, "Rescan", NULL, NULL);
}

/* All of them are looked for before anything is done. */
static int find_watches(Ctl *c, char *const *names) {
        for (; *names; names++) {
                int r;

                if (!instance_name_is_valid(*names))
                        return ctl_no_such_watch(*names);
                r = ctl_call(c, OBJECT_MANAGER, INTERFACE_MANAGER, "GetWatch", NULL, "s", *names);
                if (r < 0)
                        return r;
        }
        return 0;
}

int ctl_rescan(Ctl *c, char *const *arguments) {
        int r;

        if (!*arguments)
                return ctl_call(c, OBJECT_MANAGER, INTERFACE_MANAGER, "Rescan", NULL, NULL);
        r = find_watches(c, arguments);
        for (; r >= 0 && *arguments; arguments++)
                r = rescan_watch(c, *arguments);
        return r;
}

/* What is configured anew may be a large tree. */
int ctl_reload(Ctl *c, char *const *arguments) {
        int r;

        r = ctl_connect(c);
        if (r < 0)
                return r;
        r = sd_bus_set_method_call_timeout(c->bus, RELOAD_USEC);
        if (r < 0)
                return ctl_explain(c, NULL, r);
        return ctl_call(c, OBJECT_MANAGER, INTERFACE_MANAGER, "Reload", NULL, NULL);
}
