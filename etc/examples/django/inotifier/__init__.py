# SPDX-License-Identifier: LGPL-2.1-or-later
"""File events as Django signals: what inotifier tells on D-Bus, told to the receivers of a site.

Add 'inotifier' to INSTALLED_APPS, connect receivers to the signals of inotifier.signals, in a module
`receivers` of any installed app, and run `manage.py inotifier_listen`."""
