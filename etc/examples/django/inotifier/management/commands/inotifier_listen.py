# SPDX-License-Identifier: LGPL-2.1-or-later
"""Tells the receivers of this site what inotifier tells on the bus. Ends when the bus does."""

import logging

import dbus
from dbus.mainloop.glib import DBusGMainLoop
from django.core.management.base import BaseCommand, CommandError
from django.db import close_old_connections
from gi.repository import GLib

from inotifier import signals

MANAGER = 'org.inotifier1.Manager'
WATCH = 'org.inotifier1.Watch'

logger = logging.getLogger(__name__)


def encode(name):
    """A name as a label of the bus, as sd_bus_path_encode(3) has it."""
    return ''.join(c if c.isalpha() or c.isdigit() and i > 0 else f'_{ord(c):02x}'
                   for i, c in enumerate(name))


def decode(label):
    first, *parts = label.split('_')
    return first + ''.join(chr(int(part[:2], 16)) + part[2:] for part in parts)


def send(signal, **arguments):
    close_old_connections()
    for receiver, error in signal.send_robust('inotifier', **arguments):
        if isinstance(error, Exception):
            logger.error('%r failed', receiver, exc_info=error)


def on_notice(*arguments, member, path):
    signal = getattr(signals, signals.name_of(member), None)
    if isinstance(signal, signals.Signal):
        watch = decode(path.rpartition('/')[2])
        send(signal, event=signals.Event.from_signal(watch, member, *arguments))


def on_gap(first, last):
    send(signals.gap, first=int(first), last=int(last))


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser):
        parser.add_argument('--instance', help='listen to this instance, not to the main one')
        parser.add_argument('--user', action='store_true', help="listen on the user's own bus")

    def handle(self, *args, instance, user, **options):
        service = 'org.inotifier1' + (f'.{encode(instance)}' if instance else '')
        DBusGMainLoop(set_as_default=True)
        try:
            bus = dbus.SessionBus() if user else dbus.SystemBus()
            bus.add_signal_receiver(on_notice, dbus_interface=WATCH, bus_name=service,
                                    member_keyword='member', path_keyword='path')
            bus.add_signal_receiver(on_gap, 'Gap', MANAGER, service)
            # It answers after the bus has heard what is wanted here; a stranger it does not answer.
            manager = bus.get_object(service, '/org/inotifier1', introspect=False)
            version = manager.Get(MANAGER, 'Version', dbus_interface=dbus.PROPERTIES_IFACE)
        except dbus.DBusException as error:
            raise CommandError(f'{error} (Members of the group inotifier may listen.)') from error
        self.stdout.write(f'Listening to inotifier {version}.')
        self.stdout.flush()
        GLib.MainLoop().run()
