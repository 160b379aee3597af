# SPDX-License-Identifier: LGPL-2.1-or-later
# Packages: python3-django python3-dbus python3-gi
# A receiver of a Django site is told of an upload as it was by django-inotifier; as README tells.

. /test/lib.sh

mkdir -p /srv/dicom/incoming /srv/more
config <<'X'
[Watch incoming]
Path=/srv/dicom/incoming
Processor=chunked
[Watch more.of-it]
Path=/srv/more
X
config night <<'X'
[Watch night]
Path=/srv/more
Processor=create
X
systemctl start inotifier inotifier@night

listens() { grep -q '^Listening to inotifier ' "$work/$1"; }
readme django >"$work/django" 2>&1 &
wait_until 'the site to listen' listens django
for i in 1 2 3; do
        echo "chunk $i" >>/srv/dicom/incoming/IMG1.part
done
mv /srv/dicom/incoming/IMG1.part /srv/dicom/incoming/IMG1
wait_until 'the receiver to be told' grep -Exq \
        '/srv/dicom/incoming/IMG1 was /srv/dicom/incoming/IMG1.part in [123] chunks' "$work/django"

# Each signal with all that it has. A receiver that fails hinders nobody.
cd "$work/project/archive"
cat >archive/receivers.py <<'X'
import json
import os

from inotifier import signals


def fails(sender, **kwargs):
    raise ValueError('on purpose')


def prints(sender, event, **kwargs):
    print(json.dumps([event.watch, event.maskname, os.fsencode(event.pathname).hex(), event.path,
                      event.dir, event.mask, event.cookie, event.sequence, event.src_pathname,
                      event.time.year > 2000, event.details]), flush=True)


for signal in vars(signals).values():
    if isinstance(signal, signals.Signal):
        signal.connect(fails)
        signal.connect(prints)
X
sequence=$(property /org/inotifier1 Manager Sequence)
as member python3 manage.py inotifier_listen >"$work/all" 2>"$work/all.err" &
as member python3 manage.py inotifier_listen --instance=night >"$work/night" 2>&1 &
wait_until 'a member to listen' listens all
wait_until 'a member to listen to an instance' listens night
mkdir /srv/more/directory
touch $'/srv/more/bad\xff'
wait_until 'all signals' grep -q IN_CLOSE_WRITE "$work/all"
hex() { printf "$1" | od -An -v -tx1 | tr -d ' \n'; }
expect_eq 'the signal of a directory' "$(grep -m 1 IN_CREATE "$work/all")" \
        "[\"more.of-it\", \"IN_CREATE\", \"$(hex /srv/more/directory)\", \"/srv/more\", true, $((0x40000100)), 0, $((sequence + 1)), null, true, {}]"
expect_eq 'the signal of a name that is not UTF-8' "$(grep IN_CLOSE_WRITE "$work/all")" \
        "[\"more.of-it\", \"IN_CLOSE_WRITE\", \"$(hex '/srv/more/bad\xff')\", \"/srv/more\", false, 8, 0, $((sequence + 5)), null, true, {}]"
expect_match 'what is said of the receiver that fails' "$(<"$work/all.err")" 'ValueError: on purpose'
wait_until 'the signal of the instance' grep -q '"night", "IN_CREATE"' "$work/night"
expect_eq 'what an instance tells of others' "$(grep more.of-it "$work/night" || true)" ''

expect_match 'what a stranger is told' \
        "$(expect_failure as stranger python3 manage.py inotifier_listen)" 'AccessDenied.*group inotifier'
