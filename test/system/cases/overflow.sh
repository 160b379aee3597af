# SPDX-License-Identifier: LGPL-2.1-or-later
# Limit: 300
# The kernel's queue overflows while the daemon stands still. S10: it is told once, and after the rescan each
# file is known and none was told twice. S11: a directory that was made and one that was moved amid what was
# lost are watched, files are where they went, and an upload is told that ended meanwhile.

. /test/lib.sh

mkdir -p /srv/in/{from,to,old} /srv/up
touch /srv/in/noise /srv/in/from/f
config <<'X'
[Manager]
HistorySize=64M
[Watch in]
Path=/srv/in
Recursive=yes
Events=create delete move
Recover=yes
[Watch up]
Path=/srv/up
Processor=chunked
X
systemctl start inotifier
listen root
queue=$(cat /proc/sys/fs/inotify/max_queued_events)

# freeze COMMAND…: runs it while nobody reads, and waits until all is looked at again.
freeze() {
        local watch=$1 n
        shift
        n=$(told stream ".event == \"rescanned\" and .watch == \"$watch\"" | wc -l)
        signal_main STOP
        "$@"
        signal_main CONT
        rescanned_again() {
                (($(told stream ".event == \"rescanned\" and .watch == \"$watch\"" | wc -l) > n))
        }
        wait_until "the rescan of $watch" rescanned_again
}

n_overflows() { # WATCH
        told stream ".event == \"in_q_overflow\" and .watch == \"$1\"" | wc -l
}

times_told() { # PATH
        told stream "select(.event == \"in_create\" or .event == \"in_moved_to\") | .path == \"$1\"" | wc -l
}

# S10
make_files() {
        (cd /srv/in && seq -f 'many-%.0f' $((queue + 4000)) | xargs touch)
}
freeze in make_files
expect_eq 'the overflows told' "$(n_overflows in)" 1
expect_eq 'how often files were told' \
        "$(told stream 'select(.event == "in_create") | .path | startswith("/srv/in/many-")' |
                jq -r .path | sort | uniq -c | awk '{ print $1 }' | sort | uniq -c | xargs)" "$((queue + 4000)) 1"

# S11
lose() {
        rm /srv/in/many-*
        mkdir /srv/in/lost
        touch /srv/in/lost/f
        mv /srv/in/from/f /srv/in/to/f
        mv /srv/in/old /srv/in/lost/new
        touch /srv/in/lost/new/g
}
freeze in lose
expect_eq 'the overflows told' "$(n_overflows in)" 2
touch /srv/in/lost/later /srv/in/lost/new/later
wait_told stream '.path == "/srv/in/lost/new/later"'
for path in lost lost/f to/f lost/new lost/new/g lost/later lost/new/later; do
        expect_eq "how often $path was told" "$(times_told "/srv/in/$path")" 1
done
told stream 'select(.event == "in_delete" or .event == "in_moved_from") | .path == "/srv/in/from/f"' >"$work/went"
expect_eq 'how often from/f was told to be gone' "$(wc -l <"$work/went")" 1

# S11, of uploads: what of their beginning was lost
lose_beginning() {
        echo one >/srv/up/under-way.part
        flood $((queue + 100)) /srv/up/a /srv/up/b
        echo one >/srv/up/lost.part
        echo one >/srv/up/done.part
        mv /srv/up/done.part /srv/up/done
}
freeze up lose_beginning
mv /srv/up/under-way.part /srv/up/under-way
mv /srv/up/lost.part /srv/up/lost
wait_told stream '.path == "/srv/up/lost"'
expect_eq 'how often uploads were told' \
        "$(for name in under-way lost done; do times_told "/srv/up/$name"; done | xargs)" '1 1 1'
