/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <ctype.h>

#include "base/names.h"
#include "test.h"

TEST(event_names_are_taken_with_and_without_in_and_in_any_case) {
        static const char *const spellings[] = {
                "create",
                "in_create",
                "IN_CREATE",
                "Create",
                "In_Create",
                "CREATE",
        };
        uint32_t mask;

        for (size_t i = 0; i < ELEMENTSOF(spellings); i++) {
                mask = 0;
                EXPECT_OK(event_mask_from_name(spellings[i], &mask));
                EXPECT_EQ(mask, IN_CREATE);
        }
}

TEST(every_inotify_event_has_its_name) {
        static const struct {
                const char *name;
                uint32_t mask;
        } rows[] = {
                { "access", IN_ACCESS },
                { "attrib", IN_ATTRIB },
                { "close_nowrite", IN_CLOSE_NOWRITE },
                { "close_write", IN_CLOSE_WRITE },
                { "create", IN_CREATE },
                { "delete", IN_DELETE },
                { "delete_self", IN_DELETE_SELF },
                { "ignored", IN_IGNORED },
                { "modify", IN_MODIFY },
                { "move_self", IN_MOVE_SELF },
                { "moved_from", IN_MOVED_FROM },
                { "moved_to", IN_MOVED_TO },
                { "open", IN_OPEN },
                { "q_overflow", IN_Q_OVERFLOW },
                { "unmount", IN_UNMOUNT },
                { "close", IN_CLOSE },
                { "move", IN_MOVE },
                { "in_close", IN_CLOSE },
                { "all", IN_ALL_EVENTS | IN_IGNORED | IN_UNMOUNT | IN_Q_OVERFLOW },
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                uint32_t mask = 0;

                EXPECT_OK(event_mask_from_name(rows[i].name, &mask));
                EXPECT_EQ(mask, rows[i].mask);
        }
}

TEST(other_names_are_refused) {
        static const char *const names[] = {
                "",
                "in_",
                "creat",
                "creates",
                "isdir",
                "transfer_started",
                "rescanned",
                "in_in_create",
        };
        uint32_t mask = 7;

        for (size_t i = 0; i < ELEMENTSOF(names); i++)
                EXPECT_EQ(event_mask_from_name(names[i], &mask), -EINVAL);
        EXPECT_EQ(mask, 7);
}

TEST(members_are_found_by_their_mask) {
        for (Member m = 0; m < _MEMBER_MAX; m++)
                if (member_names[m].mask != 0) {
                        EXPECT_EQ(member_from_mask(member_names[m].mask), m);
                        EXPECT_EQ(member_from_mask(member_names[m].mask | IN_ISDIR), m);
                }
        EXPECT_EQ(member_from_mask(0), _MEMBER_INVALID);
        EXPECT_EQ(member_from_mask(IN_ISDIR), _MEMBER_INVALID);
        EXPECT_EQ(member_from_mask(IN_CREATE | IN_DELETE), _MEMBER_INVALID);
        EXPECT_EQ(member_from_mask(0x1000), _MEMBER_INVALID);
}

/* InMovedTo and in_moved_to are one name in two spellings. */
static void expect_same_words(const char *signal, const char *event) {
        char made[64];
        size_t n = 0;

        for (const char *s = signal; *s != '\0' && n < sizeof(made) - 2; s++) {
                if (isupper((unsigned char) *s) && s > signal)
                        made[n++] = '_';
                made[n++] = (char) tolower((unsigned char) *s);
        }
        made[n] = '\0';
        EXPECT_STREQ(made, event);
}

TEST(signals_and_events_are_spellings_of_one_name) {
        for (Member m = 0; m < _MEMBER_MAX; m++)
                expect_same_words(member_names[m].signal, member_names[m].event);
}

TEST(details_differ_by_dash_and_underscore_only) {
        for (Detail d = 0; d < _DETAIL_MAX; d++) {
                char json[64];

                (void) snprintf(json, sizeof(json), "%s", detail_names[d].dbus);
                for (char *s = json; *s != '\0'; s++)
                        if (*s == '-')
                                *s = '_';
                EXPECT_STREQ(detail_names[d].json, json);
                EXPECT(detail_names[d].type && detail_names[d].type[0] != '\0');
        }
}

TEST(every_table_is_whole) {
        for (Reason r = 0; r < _REASON_MAX; r++)
                EXPECT(reason_names[r]);
        for (WatchState s = 0; s < _WATCH_STATE_MAX; s++)
                EXPECT(watch_state_names[s]);
}
