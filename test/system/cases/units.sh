# SPDX-License-Identifier: LGPL-2.1-or-later
# The units are what systemd thinks units are.

. /test/lib.sh

expect_eq 'what systemd says of the units' \
        "$(systemd-analyze verify --man=no inotifier{,@x}.{service,socket} 2>&1)" ''
expect_eq "what systemd says of the user's units" \
        "$(XDG_RUNTIME_DIR=/run systemd-analyze --user verify --man=no inotifier{,@x}.{service,socket} 2>&1)" ''
expect_eq 'the activation file' \
        "$(sed -n 's/^SystemdService=//p' /usr/share/dbus-1/system-services/org.inotifier1.service)" inotifier.service

# Enabled by its name, as README tells.
systemctl enable --quiet inotifier
expect_eq 'the state' "$(systemctl is-enabled inotifier inotifier.socket)" $'enabled\nenabled'
systemctl disable --quiet inotifier
expect_eq 'the state after' "$(systemctl is-enabled inotifier.socket || true)" disabled
