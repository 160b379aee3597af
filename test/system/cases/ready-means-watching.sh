# SPDX-License-Identifier: LGPL-2.1-or-later
# A unit ordered after the service writes at once, fifty times: each of its files is told.

. /test/lib.sh

mkdir -p /srv/a
config <<'X'
[Watch a]
Path=/srv/a
Processor=create
X
cat >/run/systemd/system/writer@.service <<'X'
[Unit]
Requires=inotifier.service
After=inotifier.service
[Service]
Type=oneshot
ExecStart=/bin/sh -c ': >/srv/a/%i'
X
systemctl daemon-reload
subscribe member
for i in {1..50}; do
        systemctl stop inotifier
        systemctl reset-failed inotifier 2>/dev/null || true
        systemctl start "writer@$i"
done
wait_heard member '.path == "/srv/a/50"'
expect_eq 'the files told of' "$(heard member '.event == "InCreate"' | jq -r .path | sort -Vu | paste -sd ' ')" \
        "$(printf '/srv/a/%d\n' {1..50} | paste -sd ' ')"
rm /run/systemd/system/writer@.service
