# SPDX-License-Identifier: LGPL-2.1-or-later
# Limit: 300
# Publish=unit under the user manager, which takes no rights; and over its end and new beginning, as over
# a reboot: what ran is run again, marked, and what waited is run.

. /test/lib.sh

uid=$(id -u member)
home=/home/member

rm -rf $home/incoming $home/log $home/.config/systemd
log_in
mine mkdir -p $home/.config/systemd/user $home/incoming
my_config <<'X'
[Watch mine]
Path=%h/incoming
Processor=create
Publish=unit
Unit=own@.service
MaxUnits=2
X
mine tee $home/.config/systemd/user/own@.service >/dev/null <<'X'
[Service]
Type=oneshot
EnvironmentFile=%t/inotifier/inotifier/units/%n
ExecStart=/bin/bash -eu %h/own
X
mine tee $home/own >/dev/null <<'X'
echo "begin ${INOTIFIER_PATH##*/} ${INOTIFIER_REPEAT-once}" >>~/log
until [[ -e ~/go ]]; do sleep 0.02; done
echo "end ${INOTIFIER_PATH##*/} ${INOTIFIER_REPEAT-once}" >>~/log
X
begun() { [[ $(grep -c ^begin $home/log) == "$1" ]]; }
mine systemctl --user daemon-reload
mine systemctl --user start inotifier
mine touch $home/incoming/{a,b,c}
wait_until 'two to run' begun 2
expect_eq 'the files of jobs' "$(ls /run/user/$uid/inotifier/inotifier/jobs | xargs)" '1 2'

# As at a shutdown: both are ended with all else of the user's.
systemctl stop "user@$uid.service"
begun 2 || fail 'more was begun at the end'
mine touch $home/go
systemctl start "user@$uid.service"
wait_until 'the session bus' test -S "/run/user/$uid/bus"
mine systemctl --user start inotifier
ended() { [[ $(grep -c ^end $home/log) == 3 ]]; }
wait_until 'all of them' ended
expect_eq 'what was run' "$(grep ^end $home/log | sort | xargs)" 'end a true end b true end c once'
mine systemctl --user stop inotifier
log_out
rm -rf $home/incoming $home/log $home/go $home/own $home/.config/systemd
