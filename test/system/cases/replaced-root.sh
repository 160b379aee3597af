# SPDX-License-Identifier: LGPL-2.1-or-later
# The root is renamed away and another put in its place, or a link swapped: the path is what is watched.

. /test/lib.sh

mkdir -p /srv/a /srv/new /srv/first /srv/second
touch /srv/new/came-with-it /srv/second/was-there
ln -s first /srv/link
config <<'X'
[Watch root]
Path=/srv/a
Path=/srv/link
Processor=create
X
systemctl start inotifier
subscribe member
settle member /srv/a

mv /srv/a /srv/old
mv /srv/new /srv/a
wait_heard member '.path == "/srv/a/came-with-it"'
touch /srv/old/silent /srv/a/told
wait_heard member '.path == "/srv/a/told"'

ln -s second /srv/link.new
mv -T /srv/link.new /srv/link
wait_heard member '.path == "/srv/link/was-there"'
touch /srv/first/silent /srv/second/told
wait_heard member '.path == "/srv/link/told"'

# Frozen, and both at once.
signal_main STOP
mv /srv/a /srv/older
mkdir /srv/a
touch /srv/a/at-once /srv/older/too-late
signal_main CONT
wait_heard member '.path == "/srv/a/at-once"'
settle member /srv/a
expect_eq 'what was heard of the old ones' "$(heard member '.path | test("silent|old/|older/|too-late")')" ''
expect_eq 'the number of inotify descriptors' "$(inotify_descriptors "$(main_pid)" | wc -l)" 1
