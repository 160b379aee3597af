/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Into the array and each entry of it, and out again. */

#include "entries.h"
#include "base/macros.h"

int entries_read(sd_bus_message *m, const char *contents, EntryReader read, void *userdata) {
        char type[32];
        int r;

        (void) snprintf(type, sizeof(type), "{%s}", contents);
        r = sd_bus_message_enter_container(m, 'a', type);
        if (r < 0)
                return r;
        while ((r = sd_bus_message_enter_container(m, 'e', contents)) > 0) {
                r = read(m, userdata);
                if (r < 0)
                        return r;
                r = sd_bus_message_exit_container(m);
                if (r < 0)
                        return r;
        }
        return r < 0 ? r : sd_bus_message_exit_container(m);
}
