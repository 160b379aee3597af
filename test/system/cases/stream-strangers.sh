# SPDX-License-Identifier: LGPL-2.1-or-later
# The stream is for root and the group: a stranger can neither connect nor subscribe.

. /test/lib.sh

mkdir -p /srv/a
config <<'Y'
[Watch secret]
Path=/srv/a
Y
config other <<'Y'
[Watch other]
Path=/srv/a
Y
systemctl start inotifier inotifier@other
for socket in inotifier other; do
        expect_match "what a stranger is told by $socket.sock" \
                "$(expect_failure as stranger listener /run/inotifier/$socket.sock)" 'Permission denied'
done
for service in org.inotifier1 org.inotifier1.other; do
        access_denied stranger gdbus call --system --dest $service --object-path /org/inotifier1 \
                --method org.inotifier1.Manager.Subscribe '{}'
        access_denied stranger gdbus call --system --dest $service --object-path /org/inotifier1 \
                --method org.freedesktop.DBus.Properties.Get org.inotifier1.Manager NSubscribers
done
listen member
listen root root
listen inotifier daemon
touch /srv/a/1
for name in stream root daemon; do
        wait_told $name '.path == "/srv/a/1"'
done
