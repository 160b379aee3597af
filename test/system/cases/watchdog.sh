# SPDX-License-Identifier: LGPL-2.1-or-later
# A loop that hangs is killed and started again.

. /test/lib.sh

mkdir -p /srv/a
config <<'X'
[Watch a]
Path=/srv/a
Processor=create
X
mkdir -p /run/systemd/system/inotifier.service.d
printf '[Service]\nWatchdogSec=2s\n' >/run/systemd/system/inotifier.service.d/watchdog.conf
systemctl daemon-reload
systemctl start inotifier
subscribe member
first=$(main_pid)

# In good health it stays for longer than the watchdog waits: four of its own pings.
patience=20
began=$(systemctl show --property=WatchdogTimestampMonotonic --value inotifier)
pinged() {
        local now
        now=$(systemctl show --property=WatchdogTimestampMonotonic --value inotifier)
        ((now > began + 3000000))
}
wait_until 'the pings of three seconds' pinged
expect_eq 'the process' "$(main_pid)" "$first"

kill -STOP "$first"
restarted() { [[ $(main_pid) != "$first" && $(main_pid) != 0 ]] && systemctl is-active --quiet inotifier; }
wait_until 'another process' restarted
expect_eq 'how often it was started again' \
        "$(systemctl show --property=NRestarts --value inotifier)" 1
touch /srv/a/after
wait_heard member '.path == "/srv/a/after"'
