# SPDX-License-Identifier: LGPL-2.1-or-later
# Packages: rsync openssh-server openssh-client proftpd-core curl dcmtk
# Limit: 400
# rsync, scp, ProFTPD, storescp, tar and cp send at one time, slowly, while the service is restarted and
# killed: each file that arrived is told once, with its size (or again under its number).

. /test/lib.sh
. /test/senders.sh

export TCP_NODELAY=1 # or DCMTK waits for acknowledgements
mkdir -p /srv/in/{rsync,inplace,scp,ftp,dicom,tar,cp,moved} /srv/images
dicom 100
mv /srv/out/* /srv/images/
files 100
tar -C /srv/out -cf /srv/archive.tar .

serve_ssh
serve_ftp /srv/in/ftp 'HiddenStores on'
storescp --output-directory /srv/in/dicom 11112 >/dev/null 2>&1 &
wait_until 'storescp' echoscu localhost 11112

incoming Recursive=yes
may_restart

least_restarts=6
slowly() { # COMMAND…: for each file; five seconds in all, and until there were as many restarts
        local file i=0
        for file in /srv/out/*; do
                "$@" "$file"
                sleep 0.05
                await_restarts $((++i * least_restarts / 100))
        done
}
into_cp() { cp "$1" /srv/in/cp/; }
into_moved() { # a directory that is made here, filled and moved
        local name=${1##*/}
        mkdir "/srv/in/$name.new"
        cp "$1" "/srv/in/$name.new/$name.part"
        mv "/srv/in/$name.new" "/srv/in/moved/$name"
        mv "/srv/in/moved/$name/$name.part" "/srv/in/moved/$name/$name"
}
into_dicom() { storescu localhost 11112 "/srv/images/${1##*/f}.dcm"; }
senders=()
rsync --recursive --bwlimit=800 /srv/out/ /srv/in/rsync/ & senders+=($!)
rsync --recursive --inplace --bwlimit=800 /srv/out/ /srv/in/inplace/ & senders+=($!)
scp -l 6400 -P 2222 "${ssh[@]}" /srv/out/* localhost:/srv/in/scp/ & senders+=($!)
curl --silent --show-error --limit-rate 800k --upload-file "{$(echo /srv/out/* | tr ' ' ,)}" \
        ftp://127.0.0.1:2121/ & senders+=($!)
slowly into_dicom & senders+=($!)
slowly into_cp & senders+=($!)
slowly into_moved & senders+=($!)
tar -C /srv/in/tar -xf /srv/archive.tar --checkpoint=5 --checkpoint-action=exec='sleep 0.05' & senders+=($!)

some_send() {
        local pid
        for pid in "${senders[@]}"; do
                ! kill -0 "$pid" 2>/dev/null || return 0
        done
        return 1
}
restart_while some_send
wait "${senders[@]}"
least=800
each_is_told 1 /srv/in
