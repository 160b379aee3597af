# SPDX-License-Identifier: LGPL-2.1-or-later
# Packages: pure-ftpd-common libsodium23 libcap2 libssl3 curl
# Unpacked: pure-ftpd
# Limit: 300
# Pure-FTPd, plain (it writes under the final name) and with --notruncate (a temporary name): each of 200
# files that arrived is told once, with its size. What is left of a killed one looks complete to the server
# itself: it renames it.

. /test/lib.sh
. /test/senders.sh

echo member:member | chpasswd
client() { curl --silent --show-error --user member:member --ftp-port 127.0.0.1 "$@"; }
begun() { [[ -n $(find /srv/in \( -name killed -o -name '.pureftpd-upload.*' \) -size +100k) ]]; }

# check OPTION…: of the server; the watch is configured.
check() {
        local server sender
        mkdir -p /srv/in
        chown member: /srv/in
        /opt/pure-ftpd/usr/sbin/pure-ftpd --bind 127.0.0.1,2121 --login unix --noanonymous --minuid 100 \
                --umask 022:022 --dontresolve --pidfile /run/pure-ftpd-case.pid "$@" >"$work/pure-ftpd" 2>&1 &
        server=$!
        wait_until 'the server' client --list-only ftp://127.0.0.1:2121/
        systemctl start inotifier
        subscribe member
        client --upload-file "{$(echo /srv/out/* | tr ' ' ,)}" ftp://127.0.0.1:2121//srv/in/
        each_is_told 1 /srv/in

        curl --silent --user member:member --ftp-port 127.0.0.1 --limit-rate 1M --upload-file /srv/killed \
                ftp://127.0.0.1:2121//srv/in/ &
        sender=$!
        wait_until 'a part to be there' begun
        kill -KILL "$sender"
        wait "$sender" || true
        wait_heard member '.event == "TransferCompleted" and .path == "/srv/in/killed"'
        expect_eq 'its size' "$(last_size /srv/in/killed)" "$(stat -c %s /srv/in/killed)"
        kill "$server" "$subscriber"
        wait "$server" || true
        systemctl stop inotifier
        rm -rf /srv/in
}

with_temporary_name() {
        heard member '.event == "TransferCompleted" and
                (.details["source-path"] // "" | startswith("/srv/in/.pureftpd-upload."))' | wc -l
}

least=200
files 200
head -c 5000000 /dev/urandom >/srv/killed
config <<'X'
[Watch in]
Path=/srv/in
Processor=transfer
X
check
expect_eq 'the completions with a temporary name' "$(with_temporary_name)" 0

config <<'X'
[Watch in]
Path=/srv/in
Processor=pure-ftpd
[Processor pure-ftpd]
Type=transfer
TemporaryName=.pureftpd-upload.*
X
check --notruncate
expect_eq 'the completions with a temporary name' "$(with_temporary_name)" 201
