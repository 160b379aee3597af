/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Every outward name, once: the bus, its objects, interfaces and errors, the notices' members and
 * details, as INTERFACE has them. */

#pragma once

#include <sys/inotify.h>

#include "base/macros.h"

#define SERVICE_NAME "org.inotifier1"
/* Queued for by every instance, never used as an address: bus policies know a sender by the names it
 * owns or waits for, and have no pattern for names such as org.inotifier1.LABEL. */
#define SERVICE_NAME_GROUP "org.inotifier1._instances"
#define OBJECT_MANAGER "/org/inotifier1"
#define OBJECT_WATCH_PREFIX "/org/inotifier1/watch"
#define INTERFACE_MANAGER "org.inotifier1.Manager"
#define INTERFACE_WATCH "org.inotifier1.Watch"
#define ERROR_INVALID_CONFIG "org.inotifier1.Error.InvalidConfig"
#define ERROR_NO_SUCH_WATCH "org.inotifier1.Error.NoSuchWatch"
#define ERROR_NO_SUCH_SEQUENCE "org.inotifier1.Error.NoSuchSequence"

#define MAIN_INSTANCE "inotifier"
#define EXIT_CONFIG 78 /* sysexits.h's EX_CONFIG; RestartPreventExitStatus= of the units */

/* The name of the journal's messages for notices (sd-id128, journalctl MESSAGE_ID=...). */
#define MESSAGE_ID_NOTICE "5c0ddf9a8b1c4c6f9d6a3d2a7e1b4f60"

/* What a notice says: the member of org.inotifier1.Watch that carries it. The first 15 are inotify's. */
typedef enum Member {
        MEMBER_IN_ACCESS,
        MEMBER_IN_ATTRIB,
        MEMBER_IN_CLOSE_NOWRITE,
        MEMBER_IN_CLOSE_WRITE,
        MEMBER_IN_CREATE,
        MEMBER_IN_DELETE,
        MEMBER_IN_DELETE_SELF,
        MEMBER_IN_IGNORED,
        MEMBER_IN_MODIFY,
        MEMBER_IN_MOVE_SELF,
        MEMBER_IN_MOVED_FROM,
        MEMBER_IN_MOVED_TO,
        MEMBER_IN_OPEN,
        MEMBER_IN_Q_OVERFLOW,
        MEMBER_IN_UNMOUNT,
        MEMBER_TRANSFER_STARTED,
        MEMBER_TRANSFER_COMPLETED,
        MEMBER_TRANSFER_ABANDONED,
        MEMBER_RESCANNED,
        _MEMBER_MAX,
        _MEMBER_INVALID = -EINVAL,
} Member;

typedef struct MemberName {
        const char *signal; /* D-Bus: InCreate */
        const char *event;  /* JSON, journal, Events=: in_create */
        uint32_t mask;      /* the inotify bit; 0 for what no inotify event stands for */
} MemberName;

extern const MemberName member_names[_MEMBER_MAX];

/* Told whatever Events= says: without them a subscriber's picture would be wrong silently. */
#define MASK_ALWAYS (IN_IGNORED | IN_UNMOUNT | IN_Q_OVERFLOW)

/* The member for an inotify mask (exactly one event bit, IN_ISDIR besides), or _MEMBER_INVALID. */
Member member_from_mask(uint32_t mask);

/* Takes create, in_create, IN_CREATE and the groups all, close, move in any case. Returns 0 with the
 * bits in *ret, or -EINVAL. */
int event_mask_from_name(const char *name, uint32_t *ret);

/* The same for all that is told: the names of inotify's events and groups, and those of the other
 * members (transfer_completed, rescanned). Returns 0 with a bit (1 << Member) each in *ret, or -EINVAL. */
int members_from_name(const char *name, uint32_t *ret);

/* Why a transfer was abandoned. */
typedef enum Reason {
        REASON_NONE,
        REASON_DELETED,
        REASON_AGE,
        _REASON_MAX,
        _REASON_INVALID = -EINVAL,
} Reason;

extern const char *const reason_names[_REASON_MAX];

/* Details of a notice, by their D-Bus names; JSON and the journal have `_` for `-`. */
typedef enum Detail {
        DETAIL_SOURCE_PATH,
        DETAIL_SIZE,
        DETAIL_DURATION_USEC,
        DETAIL_CHUNKS,
        DETAIL_INITIAL,
        DETAIL_RESCAN,
        DETAIL_REASON,
        DETAIL_RAW_PATH,
        DETAIL_RAW_SOURCE_PATH,
        _DETAIL_MAX,
        _DETAIL_INVALID = -EINVAL,
} Detail;

typedef struct DetailName {
        const char *dbus; /* source-path */
        const char *json; /* source_path */
        const char *type; /* D-Bus signature */
} DetailName;

extern const DetailName detail_names[_DETAIL_MAX];

/* The states of a watch. */
typedef enum WatchState {
        WATCH_WATCHING,
        WATCH_WAITING,
        WATCH_DEGRADED,
        WATCH_FAILED,
        _WATCH_STATE_MAX,
        _WATCH_STATE_INVALID = -EINVAL,
} WatchState;

extern const char *const watch_state_names[_WATCH_STATE_MAX];
