/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* An instance is encoded as a label of an object path is, so that any name of one fits into a bus name. */

#include <systemd/sd-bus.h>

#include "base/names.h"
#include "service.h"

int service_name(const char *instance, char **ret) {
        _cleanup_free_ char *path = NULL;
        int r;

        if (streq(instance, MAIN_INSTANCE)) {
                *ret = strdup(SERVICE_NAME);
                return *ret ? 0 : -ENOMEM;
        }
        r = sd_bus_path_encode(OBJECT_MANAGER, instance, &path);
        if (r < 0)
                return r;
        return asprintf(ret, SERVICE_NAME ".%s", path + strlen(OBJECT_MANAGER "/")) < 0 ? -ENOMEM
                                                                                        : 0;
}
