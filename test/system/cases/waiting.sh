# SPDX-License-Identifier: LGPL-2.1-or-later
# A path whose three last ancestors are missing is waited for, and nothing in it is missed.

. /test/lib.sh

config <<'X'
[Watch later]
Path=/srv/one/two/three/here
Processor=create
X
systemctl start inotifier
subscribe member
state_is later waiting
[[ $(property /org/inotifier1/watch/later Watch StateReason) != '""' ]] || fail 'no reason told'

for i in {1..20}; do
        mkdir -p /srv/one/two/three/here
        touch "/srv/one/two/three/here/a-$i"
        wait_heard member ".path == \"/srv/one/two/three/here/a-$i\""
        wait_until 'the state' state_is later watching
        touch "/srv/one/two/three/here/b-$i"
        wait_heard member ".path == \"/srv/one/two/three/here/b-$i\""
        rm -r /srv/one
        wait_until 'the state' state_is later waiting
done
expect_eq 'how often each file was told of' \
        "$(heard member '.event == "InCreate" and (.path | test("/here/."))' | jq -r .path | sort | uniq -c |
                awk '{ print $1 }' | sort -u)" 1
grep -q '"member":"PropertiesChanged".*"State":"waiting"' "$work/member" ||
        fail 'no PropertiesChanged with the state'

# Made in one go while nobody reads.
signal_main STOP
mkdir -p /srv/one/two/three/here
touch /srv/one/two/three/here/frozen
signal_main CONT
wait_heard member '.path == "/srv/one/two/three/here/frozen"'
