# SPDX-License-Identifier: LGPL-2.1-or-later
# S24: at the limit of inotify instances a watch can be changed all the same, in place or with another tree:
# it does not need a second instance beside its own, and nothing is lost.

. /test/lib.sh

# In a user namespace of its own it has a limit of its own.
mkdir -p /run/systemd/system/inotifier.service.d "$work/.proc" /srv/a
printf '[Service]\nPrivateUsers=yes\n' >/run/systemd/system/inotifier.service.d/apart.conf
systemctl daemon-reload
settings() { printf '[Watch a]\nPath=/srv/a\nRecover=yes\n%s\n' "$1" | config; }
settings 'Events=create'
systemctl start inotifier
mount -t proc proc "$work/.proc"
at_leave() { umount "$work/.proc"; }
nsenter --user --target="$(main_pid)" --setuid=0 --setgid=0 -- \
        sh -c "echo 1 >$work/.proc/sys/user/max_inotify_instances"
subscribe member
touch /srv/a/1
wait_heard member '.path == "/srv/a/1"'

settings 'Events=create delete'
systemctl reload inotifier
state_is a watching
rm /srv/a/1
wait_heard member '.event == "InDelete" and .path == "/srv/a/1"'

pid=$(main_pid)
settings $'Events=create delete\nExclude=not\nRecursive=yes'
kill -STOP "$pid"
touch /srv/a/2
kill -CONT "$pid"
systemctl reload inotifier
expect_eq 'the process' "$(main_pid)" "$pid"
wait_until 'the watch to be back' state_is a watching
touch /srv/a/3 /srv/a/not
wait_heard member '.event == "InCreate" and .path == "/srv/a/3"'
expect_eq 'how often each was told' \
        "$(heard member '.event == "InCreate"' | jq -r .path | sort | uniq -c | tr -s ' ' | paste -sd ';')" \
        ' 1 /srv/a/1; 1 /srv/a/2; 1 /srv/a/3'
