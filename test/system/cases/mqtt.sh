# SPDX-License-Identifier: LGPL-2.1-or-later
# Packages: mosquitto mosquitto-clients
# Limit: 300
# Notices at a broker, as README tells: none is missing, whoever is stopped, restarted or killed meanwhile.

. /test/lib.sh

echo '127.0.0.1 broker.example' >>/etc/hosts
cat >/etc/mosquitto/conf.d/case.conf <<'X'
listener 1883
allow_anonymous true
max_queued_messages 0
X
mkdir -p /srv/dicom/incoming
config <<'X'
[Watch incoming]
Path=/srv/dicom/incoming
Processor=chunked
X
systemctl start inotifier mosquitto

# A client that the broker knows: what comes while it is away is kept for it.
mosquitto_sub -h broker.example -c -i archive -q 1 -t inotifier >"$work/archive" &
arrived() { # NAME: that the archive has been told
        grep -Fq "\"path\":\"/srv/dicom/incoming/$1\"" "$work/archive"
}
upload() { # NAME: a file that arrives
        echo data >"/srv/dicom/incoming/$1.part"
        mv "/srv/dicom/incoming/$1.part" "/srv/dicom/incoming/$1"
}

upload before # told although it was before the forwarder
readme mqtt
wait_until 'what was before' arrived before
upload IMG1
wait_until 'a file' arrived IMG1
recorded() { [[ $(cat /var/lib/inotifier-forward/mqtt/sequence) == "$1" ]]; }
wait_until 'the record' recorded 2

systemctl stop mosquitto
upload without-broker
systemctl start mosquitto
wait_until 'what happened without a broker' arrived without-broker

systemctl stop inotifier-forward@mqtt
upload without-forwarder
systemctl start inotifier-forward@mqtt
wait_until 'what happened without the forwarder' arrived without-forwarder

# All of it while files arrive.
kill_main() { # UNIT: if it runs, and does not wait for its next start
        local pid
        pid=$(main_pid "$1")
        ((pid == 0)) || kill -KILL "$pid"
}
for i in {1..800}; do
        upload "IMG-$i"
        case $i in
        100 | 300 | 500) kill_main inotifier-forward@mqtt.service ;;
        200 | 400) systemctl restart --no-block mosquitto ;;
        esac
done
n_files() { (($(whole_lines archive | jq -s 'map(.path) | unique | length') == $1)); }
wait_until 'the last file' arrived IMG-800
wait_until 'all files' n_files 804
expect_match 'how often it was killed' \
        "$(systemctl show --property=NRestarts --value inotifier-forward@mqtt)" '^[1-9]'

# The daemon restarts as well: all that it tells arrives, and no number is missing.
for i in {801..1000}; do
        upload "IMG-$i"
        case $i in
        850 | 900) systemctl restart --no-block inotifier ;;
        950) kill_main inotifier.service ;;
        esac
done
watching() { systemctl is-active --quiet inotifier && state_is incoming watching; }
wait_until 'the daemon' watching
upload last
wait_until 'the last file of all' arrived last
wait_until 'all files there were' n_files 1005
expect_eq 'the sequences' "$(whole_lines archive | jq -s -c 'map(.sequence) | unique')" \
        "$(jq -c '[range(1; . + 1)]' <<<"$(property /org/inotifier1 Manager Sequence)")"
expect_eq 'the gaps' "$(grep -c '"gap"' "$work/archive" || true)" 0

# A second delivery has the same sequence, and says the same.
expect_eq 'the number of different lines' "$(whole_lines archive | sort -u | wc -l)" \
        "$(property /org/inotifier1 Manager Sequence)"

# An instance that begins anew, and is behind what was forwarded: that is said, and all it has arrives.
systemctl stop inotifier inotifier-forward@mqtt
rm -rf /var/lib/inotifier
systemctl start inotifier
wait_until 'the daemon' watching
upload anew
systemctl start inotifier-forward@mqtt
wait_until 'what the new instance tells' arrived anew
has_logged '^Notice [0-9]* is not known, the newest is [0-9]*: going on with the oldest there is$' \
        inotifier-forward@mqtt || fail 'nothing was said of it'

systemctl stop inotifier-forward@mqtt mosquitto
rm -rf /var/lib/inotifier-forward
