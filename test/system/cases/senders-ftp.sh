# SPDX-License-Identifier: LGPL-2.1-or-later
# Packages: proftpd-core curl lftp
# Limit: 400
# ProFTPD, with HiddenStores (a temporary name, .in.NAME.) and without, and lftp with temporary names of its
# own: each of 200 files that arrived is told once, with its size.

. /test/lib.sh
. /test/senders.sh

upload() { # FILE…
        local list
        list=$(IFS=, && echo "$*")
        curl --silent --show-error --ftp-port 127.0.0.1 --upload-file "{$list}" ftp://127.0.0.1:2121/
}

least=200
for hidden in on off; do
        mkdir -p /srv/in
        incoming
        files 200
        serve_ftp /srv/in 'AllowOverwrite on' 'TransferRate STOR 100:600000' "HiddenStores $hidden"
        upload /srv/out/*
        each_is_told 1 /srv/in
        sources=$(heard member '.event == "TransferCompleted" and .details["source-path"] != null' | wc -l)
        [[ $hidden == on ]] && expected=200 || expected=0
        expect_eq "the temporary names with HiddenStores $hidden" "$sources" "$expected"

        # Killed half way: beyond 600,000 bytes the server takes its time.
        head -c 3000000 /dev/urandom >/srv/killed
        curl --silent --upload-file /srv/killed ftp://127.0.0.1:2121/ &
        sender=$!
        begun() { [[ -n $(find /srv/in -name '*killed*' -size +600k) ]]; }
        wait_until 'a part to be there' begun
        kill -KILL "$sender"
        wait "$sender" || true
        if [[ $hidden == on ]]; then
                wait_heard member '.event == "TransferAbandoned" and (.path | contains("killed"))'
                expect_eq 'the completions of what was killed' "$(n_told TransferCompleted /srv/in/killed)" 0
        else
                wait_heard member '.event == "TransferCompleted" and .path == "/srv/in/killed"'
                expect_eq 'its size' "$(last_size /srv/in/killed)" "$(stat -c %s /srv/in/killed)"
        fi
        kill "$ftp"
        wait "$ftp" || true
        kill "$subscriber"
        systemctl stop inotifier
        rm -rf /srv/in /srv/out
done

# lftp renames on the server.
mkdir -p /srv/in
chown member: /srv/in
config <<'X'
[Watch in]
Path=/srv/in
Processor=lftp
[Processor lftp]
Type=transfer
TemporaryName=.lftp.*
X
systemctl start inotifier
subscribe member
files 200
serve_ftp /srv/in 'AllowOverwrite on' 'TransferRate STOR 100:600000' 'HiddenStores off'
lftp -e 'set net:max-retries 1; set ftp:passive-mode off; set xfer:use-temp-file yes; set xfer:temp-file-name .lftp.*; mput /srv/out/*; bye' \
        ftp://127.0.0.1:2121 >/dev/null
each_is_told 1 /srv/in
kill "$ftp"
