# SPDX-License-Identifier: LGPL-2.1-or-later
"""One signal for each kind of notice; receivers are called with `event`, an Event.

`gap` is called with `first` and `last` instead: the sequences that the bus was too slow for."""

import os
import re
from dataclasses import dataclass
from datetime import datetime, timezone

from django.dispatch import Signal

in_access = Signal()
in_attrib = Signal()
in_close_nowrite = Signal()
in_close_write = Signal()
in_create = Signal()
in_delete = Signal()
in_delete_self = Signal()
in_ignored = Signal()
in_modify = Signal()
in_move_self = Signal()
in_moved_from = Signal()
in_moved_to = Signal()
in_open = Signal()
in_q_overflow = Signal()
in_unmount = Signal()
transfer_started = Signal()
transfer_completed = Signal()
transfer_abandoned = Signal()
rescanned = Signal()
gap = Signal()

IN_ISDIR = 0x40000000


def name_of(member):
    """The name of the signal for a member of org.inotifier1.Watch: in_create for InCreate."""
    return re.sub(r'(?<!^)(?=[A-Z])', '_', member).lower()


@dataclass(frozen=True)
class Event:
    """A notice, with the names that pyinotify gives to what an event has."""

    watch: str  # the name of the watch
    maskname: str  # IN_CREATE
    pathname: str
    src_pathname: str  # where it was before; None where it was not renamed
    mask: int
    cookie: int
    sequence: int  # a notice that is told again has the same
    time: datetime
    details: dict  # size, chunks and the like

    @property
    def path(self):
        return os.path.dirname(self.pathname)

    @property
    def name(self):
        return os.path.basename(self.pathname)

    @property
    def dir(self):
        return bool(self.mask & IN_ISDIR)

    @classmethod
    def from_signal(cls, watch, member, path, mask, cookie, sequence, usec, details):
        details = dict(details)
        return cls(watch, name_of(member).upper(),
                   exact(path, details.pop('raw-path', None)),
                   exact(details.pop('source-path', None), details.pop('raw-source-path', None)),
                   int(mask), int(cookie), int(sequence),
                   datetime.fromtimestamp(usec / 1e6, timezone.utc), details)


def exact(path, raw):
    """A name that is not UTF-8 comes as bytes, too; os.fsencode() makes them of the string again."""
    if raw is not None:
        return os.fsdecode(bytes(raw))
    return None if path is None else str(path)
