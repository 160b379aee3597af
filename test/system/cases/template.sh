# SPDX-License-Identifier: LGPL-2.1-or-later
# An instance of the template runs beside the main one: configuration, name, watches of its own.

. /test/lib.sh

mkdir -p /srv/main /srv/dicom
config <<'X'
[Watch main]
Path=/srv/main
Processor=create
X
config dicom <<'X'
[Watch incoming]
Path=/srv/dicom
Processor=create
X
systemctl start inotifier inotifier@dicom
subscribe member
subscribe member dicom "type='signal',sender='org.inotifier1.dicom'"

touch /srv/main/a /srv/dicom/b
wait_heard member '.path == "/srv/main/a" and .object == "/org/inotifier1/watch/main"'
wait_heard member '.path == "/srv/dicom/b" and .object == "/org/inotifier1/watch/incoming"'
wait_heard dicom '.path == "/srv/dicom/b"'
bus_barrier member
expect_eq 'what is heard of the one instance' "$(heard dicom | jq -r .path)" /srv/dicom/b
expect_eq 'the instances' "$(for service in org.inotifier1 org.inotifier1.dicom; do
        property /org/inotifier1 Manager Instance $service
done | paste -sd ' ')" '"inotifier" "dicom"'
expect_eq 'the sequences' "$(heard member | jq .sequence | paste -sd ' ')" '1 1'

# They stop apart.
systemctl stop inotifier
touch /srv/dicom/c
wait_heard dicom '.path == "/srv/dicom/c"'
systemctl is-active --quiet inotifier@dicom

# A name that does not fit into a bus name as it is.
config 'odd-1.x' <<'X'
[Watch odd]
Path=/srv/main
X
systemctl start 'inotifier@odd-1.x'
expect_eq 'the odd instance' \
        "$(property /org/inotifier1 Manager Instance org.inotifier1.odd_2d1_2ex)" '"odd-1.x"'
