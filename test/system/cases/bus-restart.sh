# SPDX-License-Identifier: LGPL-2.1-or-later
# S25: the bus goes and comes back: the daemon goes on watching, owns its names again, and is heard.

. /test/lib.sh

mkdir -p /srv/a
config <<'X'
[Watch a]
Path=/srv/a
Processor=create
X
config dicom <<'X'
[Watch d]
Path=/srv/a
Processor=create
X
systemctl start inotifier inotifier@dicom
pid=$(main_pid)
owned() {
        busctl --auto-start=no status org.inotifier1 && busctl --auto-start=no status org.inotifier1.dicom
}

for i in {1..5}; do
        systemctl stop dbus.socket dbus.service
        touch "/srv/a/without-$i"
        systemctl reset-failed # or systemd thinks that it starts too often
        systemctl start dbus.service
        wait_until 'the names to be owned again' owned
        subscribe member "member-$i"
        touch "/srv/a/with-$i"
        wait_heard "member-$i" ".path == \"/srv/a/with-$i\" and .object == \"/org/inotifier1/watch/a\""
        wait_heard "member-$i" ".path == \"/srv/a/with-$i\" and .object == \"/org/inotifier1/watch/d\""
        access_denied stranger gdbus call --system --dest org.inotifier1.dicom \
                --object-path /org/inotifier1 --method org.inotifier1.Manager.ListWatches
done
expect_eq 'the process' "$(main_pid)" "$pid"
expect_eq 'the number of notices' "$(property /org/inotifier1/watch/a Watch NNotices)" 10
