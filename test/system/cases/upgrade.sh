# SPDX-License-Identifier: LGPL-2.1-or-later
# What an older version has stored, and written, in another layout is recognised: said, let go of, and all
# begins anew, in order; the sequence never goes back.

. /test/lib.sh

mkdir -p /srv/in
config <<'X'
[Watch in]
Path=/srv/in
Events=create
Recover=yes
X
systemctl start inotifier
subscribe member
touch /srv/in/{a,b,c}
wait_heard member '.path == "/srv/in/c"'
systemctl stop inotifier
touch /srv/in/while-stopped

# The ledger of another version: its kind and layout are in the first page.
ledger=/var/lib/inotifier/inotifier/watch-in.ledger
[[ -s $ledger ]] || fail "there is no ledger: $(ls -l /var/lib/inotifier/inotifier)"
dd if=/dev/zero of="$ledger" bs=4096 count=1 conv=notrunc 2>/dev/null

mkdir -p /run/systemd/system/inotifier.service.d
cat >/run/systemd/system/inotifier.service.d/older.conf <<'X'
[Service]
ExecStart=
ExecStart=/usr/local/bin/older history=iHistoy1=16781312 intake-in=iIntake1=593920 watch-in=whatever=4096
X
systemctl daemon-reload
systemctl start inotifier
old=$(main_pid)
rm /run/systemd/system/inotifier.service.d/older.conf
systemctl daemon-reload
kill -KILL "$old"
upgraded() { systemctl is-active --quiet inotifier && (($(main_pid) != 0 && $(main_pid) != old)); }
wait_until 'the new version' upgraded

touch /srv/in/d
wait_heard member '.path == "/srv/in/d"'
first=$(heard member '.path == "/srv/in/d"' | jq .sequence)
((first > 3)) || fail "the sequence went back to $first"
said=$(journal_of inotifier)
expect_match 'what is said of the history' "$said" 'stored history is of no use'
expect_match 'what is said of the ledger' "$said" "'watch-in.ledger' is of another version"
stored() { (($(systemctl show --property=NFileDescriptorStore --value inotifier) == 3)); }
wait_until 'the store to hold what it should' stored

# And then all is as ever.
pid=$(main_pid)
kill -STOP "$pid"
touch /srv/in/e
kill -KILL "$pid"
wait_heard member '.path == "/srv/in/e" and (.details | has("rescan") | not)'
