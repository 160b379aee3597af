# SPDX-License-Identifier: LGPL-2.1-or-later
# Packages: systemd-journal-remote
# Notices in the journal of another machine, as README tells; both of them are this one. Nothing is lost
# when either side is away.

. /test/lib.sh

echo '127.0.0.1 archive.example' >>/etc/hosts
mkdir -p /srv/dicom/incoming
config <<'Y'
[Watch incoming]
Path=/srv/dicom/incoming
Processor=chunked
Publish=journal
Y
readme journal-receiver
readme journal-sender
upload() { # NAME: a file that arrives
        echo data >"/srv/dicom/incoming/$1.part"
        mv "/srv/dicom/incoming/$1.part" "/srv/dicom/incoming/$1"
}
arrived() { # NAME: that the other side has been told
        grep -q "in_create /srv/dicom/incoming/$1 (was " <<<"$(readme journal-search)"
}

upload IMG1
wait_until 'the first notice' arrived IMG1
expect_eq 'a field of it' \
        "$(journalctl --directory=/var/log/journal/remote --output=cat --output-fields=INOTIFIER_PATH \
                INOTIFIER_EVENT=in_create)" /srv/dicom/incoming/IMG1

systemctl stop systemd-journal-remote.socket systemd-journal-remote.service
upload IMG2
systemctl start systemd-journal-remote.socket
wait_until 'what happened without a receiver' arrived IMG2

systemctl stop systemd-journal-upload
upload IMG3
systemctl start systemd-journal-upload
wait_until 'what happened without a sender' arrived IMG3

# The journal of the machine itself has no part in it.
expect_eq 'who else is told of' \
        "$(journalctl --directory=/var/log/journal/remote --field=_SYSTEMD_UNIT | sort | xargs)" \
        'inotifier.service systemd-journald@inotifier.service'

systemctl stop systemd-journal-upload systemd-journal-remote.socket systemd-journal-remote.service
