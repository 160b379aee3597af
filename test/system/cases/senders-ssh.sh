# SPDX-License-Identifier: LGPL-2.1-or-later
# Packages: openssh-server openssh-client
# Limit: 300
# scp and sftp over a local sshd: each of 200 files that arrived is told once, with its size, in a watch with
# default settings. They write under the final name: a killed one leaves a part, which looks complete.

. /test/lib.sh
. /test/senders.sh

serve_ssh
least=200
incoming
files 200
scp -P 2222 "${ssh[@]}" /srv/out/* localhost:/srv/in/
each_is_told 1 /srv/in

rm /srv/out/*
files 200 g
echo 'put /srv/out/g* /srv/in/' | sftp -b - -P 2222 "${ssh[@]}" localhost >/dev/null
each_is_told 1 /srv/in

# Slow: told when it is there, and not before.
head -c 3000000 /dev/urandom >/srv/out/slow
scp -l 12000 -P 2222 "${ssh[@]}" /srv/out/slow localhost:/srv/in/
wait_heard member '.event == "TransferCompleted" and .path == "/srv/in/slow"'
expect_eq 'the completions of the slow one' "$(n_told TransferCompleted /srv/in/slow)" 1
expect_eq 'its size' "$(last_size /srv/in/slow)" 3000000

# Killed half way: what is there is told with the size that it has; sent anew it is whole.
cp /srv/out/slow /srv/out/killed
setsid scp -l 4000 -P 2222 "${ssh[@]}" /srv/out/killed localhost:/srv/in/ &
sender=$!
begun() { [[ -n $(find /srv/in -name killed -size +100k) ]]; }
wait_until 'a part to be there' begun
kill -KILL -- "-$sender"
wait "$sender" || true
wait_heard member '.event == "TransferCompleted" and .path == "/srv/in/killed"'
expect_eq 'its size' "$(last_size /srv/in/killed)" "$(stat -c %s /srv/in/killed)"
scp -P 2222 "${ssh[@]}" /srv/out/killed localhost:/srv/in/
wait_heard member '.event == "TransferCompleted" and .path == "/srv/in/killed" and .details.size == 3000000'
expect_eq 'the completions of both' "$(n_told TransferCompleted /srv/in/killed)" 2
