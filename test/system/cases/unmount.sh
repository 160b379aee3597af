# SPDX-License-Identifier: LGPL-2.1-or-later
# A watched tmpfs is unmounted and mounted again: told, waited for where needed, and watched again.

. /test/lib.sh

mkdir -p /srv/mount
touch /srv/mount/below
mount -t tmpfs tmpfs /srv/mount
config <<'X'
[Watch mount]
Path=/srv/mount
Processor=all
X
systemctl start inotifier
subscribe member
settle member /srv/mount

for i in {1..5}; do
        unmount /srv/mount
        wait_until "unmount $i to be told" n_heard "$i" member '.event == "InUnmount"'
        touch "/srv/mount/below-$i"
        wait_heard member ".event == \"InCreate\" and .path == \"/srv/mount/below-$i\""

        mount -t tmpfs tmpfs /srv/mount
        touch "/srv/mount/above-$i"
        wait_heard member ".event == \"InCreate\" and .path == \"/srv/mount/above-$i\""
        wait_until 'the state' state_is mount watching
done
# What lies in a file system is told anew each time that it comes (again), and never twice for one coming.
expect_eq 'how often each file of the tmpfs was told of' \
        "$(heard member '.event == "InCreate" and (.path | test("above-"))' | jq -r .path | sort | uniq -c |
                awk '{ print $1 }' | sort -u)" 1
expect_eq 'how often the first file below was told of' \
        "$(heard member '.event == "InCreate" and (.path | test("below-1"))' | wc -l)" 5
expect_eq 'the order' \
        "$(heard member '(.event == "InUnmount") or (.event == "InCreate" and (.path | test("below-5|above-5")))' |
                jq -r '.event + " " + .path' | tail -n 3 | paste -sd ' ')" \
        'InUnmount /srv/mount InCreate /srv/mount/below-5 InCreate /srv/mount/above-5'
