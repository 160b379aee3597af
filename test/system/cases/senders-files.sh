# SPDX-License-Identifier: LGPL-2.1-or-later
# Limit: 600
# cp, mv, tar, ln, and a writer that does as dcm4che: each of 200 files that arrived is told once, with its
# size, in a watch with default settings.

. /test/lib.sh
. /test/senders.sh

least=200
incoming
files 200

cp /srv/out/* /srv/in/
each_is_told 1 /srv/in
# Written anew, each is another transfer.
files 200
cp -p /srv/out/* /srv/in/
each_is_told 2 /srv/in

again() { # [SETTING…]
        systemctl stop inotifier
        kill "$subscriber"
        find /srv/in /srv/out -mindepth 1 -delete
        incoming "$@"
}

# Within a file system, and from another one, by which mv copies.
again
files 200
mv /srv/out/* /srv/in/
each_is_told 1 /srv/in
again
mkdir /srv/elsewhere
mount -t tmpfs tmpfs /srv/elsewhere
files 200
cp /srv/out/* /srv/elsewhere/
mv /srv/elsewhere/* /srv/in/
each_is_told 1 /srv/in

# Out of an archive; hard links are files of their own.
again
files 200
ln /srv/out/f7 /srv/out/hard7
tar -C /srv/out -cf /srv/archive.tar .
tar -C /srv/in -xf /srv/archive.tar
each_is_told 1 /srv/in

again
files 200
for file in /srv/out/*; do
        ln "$file" /srv/in/
done
ln -s /srv/out/f1 /srv/in/link
each_is_told 1 /srv/in

# As dcm4che's StoreSCP: NAME.part, a directory made a moment ago, a name that has nothing to do with the
# first; every tenth takes its time, every twentieth is killed half way.
again Recursive=yes
files 200
send() { # FILE NUMBER
        local part=/srv/in/$RANDOM$2.part place=/srv/in/2026/$(($2 % 30))
        head -c 1000 "$1" >"$part"
        (($2 % 10 != 0)) || sleep 0.3
        (($2 % 20 != 19)) || return 0
        tail -c +1001 "$1" >>"$part"
        mkdir -p "$place"
        mv "$part" "$place/IMG$2"
}
i=0
senders=()
for file in /srv/out/*; do
        send "$file" "$i" &
        senders+=($!)
        ((++i % 8 != 0)) || wait "${senders[@]}"
done
wait "${senders[@]}"
least=190
each_is_told 1 /srv/in
expect_eq 'the number of files that were not finished' "$(find /srv/in -name '*.part' | wc -l)" 10
expect_eq 'the completions that have no source' \
        "$(heard member '.event == "TransferCompleted" and (.path | contains("IMG"))
                and .details["source-path"] == null' | wc -l)" 0
