# SPDX-License-Identifier: LGPL-2.1-or-later
# Packages: gcc libc6-dev pkg-config libsystemd-dev
# The subscriber in C is in README as it is, compiles, and hears what arrives where it listens.

. /test/lib.sh

expect_eq 'the subscriber in README' "$(block 'file: etc/examples/arrivals.c')" \
        "$(cat /project/etc/examples/arrivals.c)"
mkdir -p /srv/dicom/incoming /srv/other
config <<'X'
[Watch incoming]
Path=/srv/dicom/incoming
Path=/srv/other
Processor=chunked
X
systemctl start inotifier
readme c-subscriber >"$work/arrivals" &

# It is there once the bus knows of its match.
listens() {
        busctl --json=short call org.freedesktop.DBus /org/freedesktop/DBus \
                org.freedesktop.DBus.Debug.Stats GetAllMatchRules >"$work/.matches"
        grep -q "member='InCreate'" "$work/.matches"
}
wait_until 'the subscriber' listens

for file in /srv/other/IMG0 /srv/dicom/incoming/IMG1; do
        echo data >$file.part
        mv $file.part $file
done
wait_until 'the arrival' grep -qx '2 /srv/dicom/incoming/IMG1' "$work/arrivals"
expect_eq 'what else it printed' "$(grep '^[0-9]* /' "$work/arrivals")" '2 /srv/dicom/incoming/IMG1'
