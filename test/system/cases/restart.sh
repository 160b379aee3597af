# SPDX-License-Identifier: LGPL-2.1-or-later
# S24: the history outlives the process: after a restart and after a crash the sequence goes on, and what the
# bus was not told yet, it is told.

. /test/lib.sh

mkdir -p /srv/in
config <<'X'
[Watch in]
Path=/srv/in
Processor=create
X
systemctl start inotifier
subscribe member
touch /srv/in/first
wait_heard member '.sequence == 1 and .path == "/srv/in/first"'

systemctl restart inotifier
touch /srv/in/second
wait_heard member '.sequence == 2 and .path == "/srv/in/second"'
quiesce # or it may be told again, under its number

old=$(main_pid)
kill -KILL "$old"
restarted() { (($(main_pid) != 0 && $(main_pid) != old)) && systemctl is-active --quiet inotifier; }
wait_until 'systemd to start the next process' restarted
touch /srv/in/third
wait_heard member '.sequence == 3 and .path == "/srv/in/third"'
expect_eq 'the notices' "$(heard member '.event == "InCreate"' | jq -r .sequence | paste -sd ' ')" '1 2 3'
expect_eq 'the property' "$(property /org/inotifier1 Manager Sequence)" 3

