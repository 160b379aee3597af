# SPDX-License-Identifier: LGPL-2.1-or-later
# Packages: openssh-server openssh-client
# inotifierctl -H, by a real ssh to this machine: it asks, and listens to the signals on the bus.

. /test/lib.sh

mkdir -p /srv/a
config <<'X'
[Watch a]
Path=/srv/a
Processor=create
X
systemctl start inotifier
mkdir -p /root/.ssh
rm -f /root/.ssh/id_ed25519*
ssh-keygen -q -t ed25519 -N '' -f /root/.ssh/id_ed25519
cp /root/.ssh/id_ed25519.pub /root/.ssh/authorized_keys
systemctl start ssh
answers() { ssh -o BatchMode=yes -o StrictHostKeyChecking=accept-new 127.0.0.1 true; }
wait_until 'ssh' answers

expect_eq 'the watches of a host' "$(inotifierctl -H 127.0.0.1 --json=short list | jq -r '.[].name')" a
expect_match 'the status of a host' "$(inotifierctl -H root@127.0.0.1)" 'a - watching'
inotifierctl -H 127.0.0.1 reload

inotifierctl -H 127.0.0.1 --json=short monitor a >"$work/far" 2>"$work/far.err" &
listener=$!
wait_until 'it to listen' grep -q Listening "$work/far.err"
: >$'/srv/a/bad\xff'
wait_until 'the notice' grep -q in_create "$work/far"
expect_eq 'the notice' "$(jq -c '[.sequence, .watch, .event, .path, .raw_path]' "$work/far")" \
        '[1,"a","in_create","/srv/a/bad�","2f7372762f612f626164ff"]'
systemctl restart inotifier
wait_until 'it to be back' grep -q 'is back' "$work/far.err"
touch /srv/a/after
wait_until 'a notice after a restart' grep -q /srv/a/after "$work/far"
expect_match 'since over ssh' "$(expect_failure inotifierctl -H 127.0.0.1 --since=0 monitor)" 'need a stream'
# The connection ends: that is said, and no good end.
pkill -x systemd-stdio-b
status=0
wait "$listener" || status=$?
expect_eq 'the status' "$status" 1
expect_match 'the end' "$(tail -n 1 "$work/far.err")" "^inotifierctl: Cannot reach '127.0.0.1': "
systemctl stop ssh
