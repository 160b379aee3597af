# SPDX-License-Identifier: LGPL-2.1-or-later
from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class InotifierConfig(AppConfig):
    name = 'inotifier'

    def ready(self):
        autodiscover_modules('receivers')
