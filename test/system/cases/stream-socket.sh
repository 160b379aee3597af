# SPDX-License-Identifier: LGPL-2.1-or-later
# A connection to the socket starts the daemon; the socket outlives it; instances have their own.

. /test/lib.sh

mkdir -p /srv/a /srv/b
config <<'Y'
[Watch a]
Path=/srv/a
Processor=create
Y
config other <<'Y'
[Watch b]
Path=/srv/b
Processor=create
Y
systemctl start inotifier.socket
expect_eq 'what runs before' "$(main_pid)" 0
expect_eq 'the socket' "$(stat --format=%U:%G:%a /run/inotifier/inotifier.sock)" root:inotifier:660
listen member
settled() { systemctl is-active --quiet inotifier; }
wait_until 'the daemon to be started' settled
touch /srv/a/1
wait_told stream '.path == "/srv/a/1" and .event == "in_create" and .watch == "a" and .sequence == 1'

# Started by its name the service has its socket as well.
systemctl start inotifier@other
expect_eq 'its socket' "$(systemctl is-active inotifier@other.socket)" active
listen member other other
touch /srv/b/1
wait_told other '.path == "/srv/b/1" and .watch == "b"'
expect_eq 'NSubscribers' "$(property /org/inotifier1 Manager NSubscribers)" 1

# Stopped, the socket is still there, and the next connection starts it again.
systemctl stop inotifier 2>/dev/null
gone() { ! kill -0 "$1" 2>/dev/null; }
wait_until 'the stream to end' gone "$(pgrep -f 'listener /run/inotifier/inotifier.sock')"
[[ -S /run/inotifier/inotifier.sock ]]
listen member again
wait_until 'the daemon to be started again' settled
touch /srv/a/2
wait_told again '.path == "/srv/a/2"'

# A restart serves the same socket: who connects meanwhile is taken when it is back.
systemctl restart inotifier
listen member later
touch /srv/a/3
wait_told later '.path == "/srv/a/3"'

systemctl stop inotifier.socket inotifier
[[ ! -e /run/inotifier/inotifier.sock ]]

# Without its socket it serves all the same.
systemctl mask --runtime --quiet inotifier.socket
systemctl start inotifier
subscribe member
touch /srv/a/4
wait_heard member '.path == "/srv/a/4"'
systemctl stop inotifier
systemctl unmask --runtime --quiet inotifier.socket
