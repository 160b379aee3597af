# SPDX-License-Identifier: LGPL-2.1-or-later
# A full disk under the ledger: watching goes on, the state says what is lost by it, and it is made good when
# there is room again; from then on a crash loses nothing again.

. /test/lib.sh

mkdir -p /srv/in /var/lib/inotifier/inotifier
chown -R inotifier: /var/lib/inotifier
mount -t tmpfs -o "size=4M,uid=$(id -u inotifier),mode=0700" tmpfs /var/lib/inotifier/inotifier
at_leave() {
        systemctl stop inotifier
        umount --lazy /var/lib/inotifier/inotifier
}
config <<'X'
[Watch in]
Path=/srv/in
Recursive=yes
Events=create
Recover=yes
X
systemctl start inotifier
subscribe member
touch /srv/in/a
wait_heard member '.path == "/srv/in/a"'
state_is in watching

dd if=/dev/zero of=/var/lib/inotifier/inotifier/full bs=4k 2>/dev/null || true
many() { seq -f "/srv/in/$1-%05.0f" 20000 | xargs touch; }
many b
wait_until 'the state' state_is in degraded
expect_match 'the reason' "$(property /org/inotifier1/watch/in Watch StateReason)" 'ledger.*No space left'
# All of it, be it after an overflow; and nothing twice.
wait_until 'all to be told' n_heard 20000 member '.path | startswith("/srv/in/b-")'
settle member /srv/in
expect_eq 'what was told meanwhile' "$(heard member '.path | startswith("/srv/in/b-")' | wc -l)" 20000

rm /var/lib/inotifier/inotifier/full
wait_until 'the state to be well again' state_is in watching
pid=$(main_pid)
kill -STOP "$pid"
touch /srv/in/c
kill -KILL "$pid"
wait_heard member '.path == "/srv/in/c" and (.details | has("rescan") | not)'
expect_eq 'how often' "$(heard member '.path == "/srv/in/c"' | wc -l)" 1
expect_eq 'what else was told again' "$(heard member | jq -s 'map(.sequence) | length - (unique | length)')" 0
