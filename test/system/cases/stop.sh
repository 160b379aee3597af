# SPDX-License-Identifier: LGPL-2.1-or-later
# A stop is clean: status 0, at once, with all told that was seen before.

. /test/lib.sh

mkdir -p /srv/a
config <<'X'
[Watch a]
Path=/srv/a
Processor=create
Publish=bus journal
X
systemctl start inotifier
subscribe member
expect_match 'the status' "$(systemctl show --property=StatusText --value inotifier)" '1 watch'
pid=$(main_pid)
kill -STOP "$pid"
seq -f '/srv/a/%.0f' 1000 | xargs touch
kill -CONT "$pid"
began=$SECONDS
systemctl stop inotifier
((SECONDS - began < 5)) || fail "it took $((SECONDS - began)) s to stop"
expect_eq 'how it ended' \
        "$(systemctl show --property=ActiveState,Result,ExecMainStatus inotifier | sort | paste -sd ' ')" \
        'ActiveState=inactive ExecMainStatus=0 Result=success'
wait_until 'all to be heard' n_heard 1000 member '.event == "InCreate"'
bus_barrier member
expect_eq 'the number of notices' "$(heard member '.event == "InCreate"' | wc -l)" 1000
journalctl --sync
expect_eq 'the number of entries' \
        "$(journalctl --output=cat --no-pager "_PID=$pid" INOTIFIER_EVENT=in_create | wc -l)" 1000
