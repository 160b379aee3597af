# SPDX-License-Identifier: LGPL-2.1-or-later
# Packages: rsync
# Limit: 600
# rsync: each of 200 files that arrived is told once, with its size, in a watch with default settings.

. /test/lib.sh
. /test/senders.sh

again() {
        systemctl stop inotifier
        kill "$subscriber"
        find /srv/in /srv/out -mindepth 1 -delete
        incoming
}

least=200
mkdir -p /srv/out
incoming
for option in --times --inplace --delay-updates; do
        again
        files 200
        rsync --recursive "$option" /srv/out/ /srv/in/
        each_is_told 1 /srv/in
        # Nothing new: nothing is told.
        rsync --recursive "$option" --checksum /srv/out/ /srv/in/
        each_is_told 1 /srv/in
        # All are replaced.
        for file in /srv/out/*; do
                echo changed >>"$file"
        done
        rsync --recursive "$option" --checksum /srv/out/ /srv/in/
        each_is_told 2 /srv/in
done

# Slow, and killed half way: by its temporary name it is not taken for complete.
again
head -c 3000000 /dev/urandom >/srv/out/slow
cp /srv/out/slow /srv/out/killed
rsync --bwlimit=1000 /srv/out/slow /srv/in/
wait_heard member '.event == "TransferCompleted" and .path == "/srv/in/slow" and .details.size == 3000000'
setsid rsync --bwlimit=100 /srv/out/killed /srv/in/ &
sender=$!
begun() { [[ -n $(find /srv/in -name '.killed.*' -size +100k) ]]; }
wait_until 'a part to be there' begun
kill -KILL -- "-$sender"
wait "$sender" || true
settle member /srv/in
expect_eq 'the completions of what was killed' "$(n_told TransferCompleted /srv/in/killed)" 0
wait_heard member '.event == "TransferStarted" and (.path | startswith("/srv/in/.killed."))'
# Sent anew it arrives.
rsync /srv/out/killed /srv/in/
wait_heard member '.event == "TransferCompleted" and .path == "/srv/in/killed" and .details.size == 3000000'
expect_eq 'the completions of what was sent anew' "$(n_told TransferCompleted /srv/in/killed)" 1
