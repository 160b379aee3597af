# SPDX-License-Identifier: LGPL-2.1-or-later
# Packages: libwrap0 libcap2 libssl3 curl
# Unpacked: vsftpd
# Limit: 300
# vsftpd, which writes under the final name: each of 200 files that arrived is told once, with its size, in a
# watch with default settings. What is left of a killed one looks complete.

. /test/lib.sh
. /test/senders.sh

mkdir -p /srv/in /srv/.empty
chown member: /srv/in
printf '%s\n' listen=YES listen_address=127.0.0.1 listen_port=2121 background=NO anonymous_enable=YES \
        anon_root=/srv ftp_username=member no_anon_password=YES write_enable=YES anon_upload_enable=YES \
        anon_other_write_enable=YES anon_umask=022 secure_chroot_dir=/srv/.empty >/srv/.vsftpd.conf
/opt/vsftpd/usr/sbin/vsftpd /srv/.vsftpd.conf >"$work/vsftpd" 2>&1 &
wait_until 'the server' curl --silent --list-only ftp://127.0.0.1:2121/in/

upload() { # FILE…
        local list
        list=$(IFS=, && echo "$*")
        curl --silent --show-error --upload-file "{$list}" ftp://127.0.0.1:2121/in/
}

least=200
incoming
files 200
upload /srv/out/*
each_is_told 1 /srv/in
upload /srv/out/*
each_is_told 2 /srv/in

head -c 5000000 /dev/urandom >/srv/killed
curl --silent --limit-rate 1M --upload-file /srv/killed ftp://127.0.0.1:2121/in/ &
sender=$!
begun() { [[ -n $(find /srv/in -name killed -size +100k) ]]; }
wait_until 'a part to be there' begun
kill -KILL "$sender"
wait "$sender" || true
wait_heard member '.event == "TransferCompleted" and .path == "/srv/in/killed"'
expect_eq 'its size' "$(last_size /srv/in/killed)" "$(stat -c %s /srv/in/killed)"
