/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The tables of names and settings, a row a line with tabs between, for whoever has to agree with
 * them:
 *
 *     setting  OWNER  KEY  KIND  repeatable|once  PRESET
 *     TABLE    NAME   [SIGNATURE] */

#include "base/names.h"
#include "config.h"
#include "publishers/publisher.h"

static void print_settings(const char *owner, const Setting *table) {
        for (const Setting *row = table; row && row->key; row++)
                printf("setting\t%s\t%s\t%s\t%s\t%s\n",
                                owner,
                                row->key,
                                row->kind->name,
                                row->kind->repeatable ? "repeatable" : "once",
                                row->preset ?: "");
}

int main(void) {
        print_settings("Manager", manager_settings);
        print_settings("Watch", watch_settings);
        print_settings("Processor", processor_settings);
        for (size_t i = 0; processor_types[i]; i++) {
                printf("processor\t%s\n", processor_types[i]->name);
                print_settings(processor_types[i]->name, processor_types[i]->settings);
        }
        for (PublisherKind kind = 0; kind < _PUBLISHER_MAX; kind++)
                if (kind != PUBLISHER_STDOUT) /* the foreground's own */
                        printf("publisher\t%s\n", publisher_kind_name(kind));
        for (Member m = 0; m < _MEMBER_MAX; m++)
                printf("%s\t%s\n",
                                member_names[m].mask != 0 ? "event" : "member",
                                member_names[m].event);
        for (Detail d = 0; d < _DETAIL_MAX; d++)
                printf("detail\t%s\t%s\n", detail_names[d].dbus, detail_names[d].type);
        for (WatchState s = 0; s < _WATCH_STATE_MAX; s++)
                printf("state\t%s\n", watch_state_names[s]);
        return EXIT_SUCCESS;
}
