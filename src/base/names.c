/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Every outward name, once. The order of the rows is the order of the enumerations. */

#include <strings.h>

#include "base/names.h"

const MemberName member_names[_MEMBER_MAX] = {
        [MEMBER_IN_ACCESS] = { "InAccess", "in_access", IN_ACCESS },
        [MEMBER_IN_ATTRIB] = { "InAttrib", "in_attrib", IN_ATTRIB },
        [MEMBER_IN_CLOSE_NOWRITE] = { "InCloseNowrite", "in_close_nowrite", IN_CLOSE_NOWRITE },
        [MEMBER_IN_CLOSE_WRITE] = { "InCloseWrite", "in_close_write", IN_CLOSE_WRITE },
        [MEMBER_IN_CREATE] = { "InCreate", "in_create", IN_CREATE },
        [MEMBER_IN_DELETE] = { "InDelete", "in_delete", IN_DELETE },
        [MEMBER_IN_DELETE_SELF] = { "InDeleteSelf", "in_delete_self", IN_DELETE_SELF },
        [MEMBER_IN_IGNORED] = { "InIgnored", "in_ignored", IN_IGNORED },
        [MEMBER_IN_MODIFY] = { "InModify", "in_modify", IN_MODIFY },
        [MEMBER_IN_MOVE_SELF] = { "InMoveSelf", "in_move_self", IN_MOVE_SELF },
        [MEMBER_IN_MOVED_FROM] = { "InMovedFrom", "in_moved_from", IN_MOVED_FROM },
        [MEMBER_IN_MOVED_TO] = { "InMovedTo", "in_moved_to", IN_MOVED_TO },
        [MEMBER_IN_OPEN] = { "InOpen", "in_open", IN_OPEN },
        [MEMBER_IN_Q_OVERFLOW] = { "InQOverflow", "in_q_overflow", IN_Q_OVERFLOW },
        [MEMBER_IN_UNMOUNT] = { "InUnmount", "in_unmount", IN_UNMOUNT },
        [MEMBER_TRANSFER_STARTED] = { "TransferStarted", "transfer_started", 0 },
        [MEMBER_TRANSFER_COMPLETED] = { "TransferCompleted", "transfer_completed", 0 },
        [MEMBER_TRANSFER_ABANDONED] = { "TransferAbandoned", "transfer_abandoned", 0 },
        [MEMBER_RESCANNED] = { "Rescanned", "rescanned", 0 },
};

static const struct {
        const char *name;
        uint32_t mask;
} event_groups[] = {
        { "all", IN_ALL_EVENTS | MASK_ALWAYS },
        { "close", IN_CLOSE },
        { "move", IN_MOVE },
};

const char *const reason_names[_REASON_MAX] = {
        [REASON_NONE] = "",
        [REASON_DELETED] = "deleted",
        [REASON_AGE] = "age",
};

const DetailName detail_names[_DETAIL_MAX] = {
        [DETAIL_SOURCE_PATH] = { "source-path", "source_path", "s" },
        [DETAIL_SIZE] = { "size", "size", "t" },
        [DETAIL_DURATION_USEC] = { "duration-usec", "duration_usec", "t" },
        [DETAIL_CHUNKS] = { "chunks", "chunks", "u" },
        [DETAIL_INITIAL] = { "initial", "initial", "b" },
        [DETAIL_RESCAN] = { "rescan", "rescan", "b" },
        [DETAIL_REASON] = { "reason", "reason", "s" },
        [DETAIL_RAW_PATH] = { "raw-path", "raw_path", "ay" },
        [DETAIL_RAW_SOURCE_PATH] = { "raw-source-path", "raw_source_path", "ay" },
};

const char *const watch_state_names[_WATCH_STATE_MAX] = {
        [WATCH_WATCHING] = "watching",
        [WATCH_WAITING] = "waiting",
        [WATCH_DEGRADED] = "degraded",
        [WATCH_FAILED] = "failed",
};

/* One past the last member that stands for an inotify event. */
#define N_INOTIFY_MEMBERS (MEMBER_IN_UNMOUNT + 1)

Member member_from_mask(uint32_t mask) {
        /* The members by the number of their bit. */
        static const int8_t by_bit[] = {
                MEMBER_IN_ACCESS,
                MEMBER_IN_MODIFY,
                MEMBER_IN_ATTRIB,
                MEMBER_IN_CLOSE_WRITE,
                MEMBER_IN_CLOSE_NOWRITE,
                MEMBER_IN_OPEN,
                MEMBER_IN_MOVED_FROM,
                MEMBER_IN_MOVED_TO,
                MEMBER_IN_CREATE,
                MEMBER_IN_DELETE,
                MEMBER_IN_DELETE_SELF,
                MEMBER_IN_MOVE_SELF,
                -1,
                MEMBER_IN_UNMOUNT,
                MEMBER_IN_Q_OVERFLOW,
                MEMBER_IN_IGNORED,
        };
        uint32_t bits = mask & UINT32_C(0xffff);

        if (bits == 0 || (bits & (bits - 1)) != 0)
                return _MEMBER_INVALID;
        int8_t member = by_bit[__builtin_ctz(bits)];
        return member < 0 ? _MEMBER_INVALID : (Member) member;
}

int event_mask_from_name(const char *name, uint32_t *ret) {
        for (size_t i = 0; i < ELEMENTSOF(event_groups); i++)
                if (strcasecmp(name, event_groups[i].name) == 0 ||
                                (strncasecmp(name, "in_", 3) == 0 &&
                                                strcasecmp(name + 3, event_groups[i].name) == 0)) {
                        *ret = event_groups[i].mask;
                        return 0;
                }
        for (size_t i = 0; i < N_INOTIFY_MEMBERS; i++)
                if (strcasecmp(name, member_names[i].event) == 0 ||
                                strcasecmp(name, member_names[i].event + 3) == 0) {
                        *ret = member_names[i].mask;
                        return 0;
                }
        return -EINVAL;
}

int members_from_name(const char *name, uint32_t *ret) {
        uint32_t mask, members = 0;
        int r;

        r = event_mask_from_name(name, &mask);
        for (Member m = 0; m < _MEMBER_MAX; m++)
                if (r >= 0 ? member_names[m].mask & mask
                           : strcasecmp(name, member_names[m].event) == 0)
                        members |= UINT32_C(1) << m;
        if (members == 0)
                return -EINVAL;
        *ret = members;
        return 0;
}
