# SPDX-License-Identifier: LGPL-2.1-or-later
# Limit: 300
# A tree under the service as it is installed, with its sandbox: directories come, move and go, events
# are lost, mounts come and go, and in the end the user's inotify watches are used up.

. /test/lib.sh

n_told() { # EVENT PATH: how often
        heard member ".event == \"$1\" and .path == \"$2\"" | wc -l
}

n_directories_is() {
        [[ $(property /org/inotifier1/watch/tree Watch NDirectories) == "$1" ]]
}

mkdir -p /srv/tree
config <<'X'
[Watch tree]
Path=/srv/tree
Recursive=yes
Processor=all
Events=create delete move
Recover=yes
X
systemctl start inotifier
subscribe member

mkdir -p /srv/tree/a/b/c
touch /srv/tree/a/b/c/f
wait_heard member '.path == "/srv/tree/a/b/c/f"'
mv /srv/tree/a/b /srv/tree/x
touch /srv/tree/x/c/g
wait_heard member '.path == "/srv/tree/x/c/g"'
settle member /srv/tree
for path in a a/b a/b/c a/b/c/f x/c/g; do
        expect_eq "how often $path was told" "$(n_told InCreate "/srv/tree/$path")" 1
done
expect_eq 'the move' \
        "$(heard member '.event == "InMovedTo"' | jq -c '[.path, .details["source-path"]]')" \
        '["/srv/tree/x","/srv/tree/a/b"]'
n_directories_is 4
rm -r /srv/tree/x
wait_heard member '.event == "InDelete" and .path == "/srv/tree/x"'
wait_until 'its directories to be let go of' n_directories_is 2

# More than the kernel queues, while nobody reads.
signal_main STOP
mkdir /srv/tree/many
(cd /srv/tree/many && seq 10000 | xargs touch)
(cd /srv/tree/a && seq 10000 | xargs touch && mkdir lost && touch lost/f)
signal_main CONT
wait_heard member '.event == "InQOverflow"'
wait_heard member '.event == "Rescanned" and .path == "/srv/tree"'
settle member /srv/tree
heard member '.event == "InCreate" and (.path | test("/(many|a)/"))' | jq -r .path | sort >"$work/.told"
find /srv/tree/many /srv/tree/a -mindepth 1 | sort >"$work/.there"
echo /srv/tree/a/b >>"$work/.there" # from before
printf '/srv/tree/a/b/c%s\n' '' /f >>"$work/.there"
expect_eq 'what was not told, or twice' "$(diff <(sort "$work/.there") "$work/.told" | head -n 5)" ''

touch /srv/tree/a/lost/later
wait_heard member '.path == "/srv/tree/a/lost/later"'

mkdir /srv/tree/mount
touch /srv/tree/mount/under
settle member /srv/tree
for i in 1 2 3; do
        mount -t tmpfs tmpfs /srv/tree/mount
        touch "/srv/tree/mount/over-$i"
        wait_heard member ".event == \"InCreate\" and .path == \"/srv/tree/mount/over-$i\""
        unmount /srv/tree/mount
        n_unmounts() { [[ $(n_told InUnmount /srv/tree/mount) == "$i" ]]; }
        wait_until "unmount $i to be told" n_unmounts
        touch "/srv/tree/mount/under-$i"
        wait_heard member ".event == \"InCreate\" and .path == \"/srv/tree/mount/under-$i\""
done
kill "$subscriber"

# In a user namespace of its own it has a limit of its own.
mkdir -p /run/systemd/system/inotifier.service.d "$work/.proc"
printf '[Service]\nPrivateUsers=yes\n' >/run/systemd/system/inotifier.service.d/apart.conf
systemctl daemon-reload
rm -rf /srv/tree
mkdir -p /srv/tree
systemctl stop inotifier # a stored descriptor would be counted where it was made
systemctl start inotifier
subscribe member
mount -t proc proc "$work/.proc"
set_limit() {
        nsenter --user --target="$(main_pid)" --setuid=0 --setgid=0 -- \
                sh -c "echo $1 >$work/.proc/sys/user/max_inotify_watches"
}
set_limit 20
mkdir -p /srv/tree/{1..40}/below
wait_until 'the limit to be met' state_is tree degraded
reason=$(property /org/inotifier1/watch/tree Watch StateReason)
expect_match 'the reason' "$reason" 'fs\.inotify\.max_user_watches by at least [0-9]+'
for i in {1..200}; do
        mkdir "/srv/tree/one-more-$i"
        rmdir "/srv/tree/one-more-$i"
done
wait_heard member '.event == "InDelete" and .path == "/srv/tree/one-more-200"'
n_lines=$(journal_of inotifier | grep -c 'is degraded' || true)
((n_lines >= 1 && n_lines <= 5)) || fail "$n_lines lines of the log say the same"

set_limit 10000
wait_until 'the room to be used' state_is tree watching
wait_until 'all to be watched' n_directories_is 81
touch /srv/tree/40/below/f
wait_heard member '.path == "/srv/tree/40/below/f"'
umount "$work/.proc"
