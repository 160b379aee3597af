# SPDX-License-Identifier: LGPL-2.1-or-later
# S25: who is not in the group sees no signal and may not ask anything: not of the main instance, not of others;
# and makes nobody believe that a signal is ours.

. /test/lib.sh

mkdir -p /srv/a /srv/b
config <<'X'
[Watch secret]
Path=/srv/a
Path=/srv/not/there/yet
Processor=all
X
config other <<'X'
[Watch secret]
Path=/srv/b
Processor=all
X
systemctl start inotifier
subscribe stranger
subscribe stranger eager "type='signal',sender='org.inotifier1'"
subscribe member
systemctl start inotifier@other

touch /srv/a/f /srv/b/g
mkdir -p /srv/not/there/yet
touch /srv/not/there/yet/h
systemctl reload inotifier
systemctl stop inotifier@other
systemctl start inotifier@other
for path in /srv/a/f /srv/b/g /srv/not/there/yet/h; do
        wait_heard member ".path == \"$path\""
done
rm -r /srv/not
wait_heard member '.event == "InDelete" and .path == "/srv/not/there/yet/h"'
bus_barrier stranger member

# The barrier shows that the stranger hears something; nothing of it is ours.
expect_eq "what a stranger heard" \
        "$(sed 1d "$work/stranger" |
                jq -c 'select((.object | startswith("/org/inotifier1")) or (tostring | test("/srv/(a|b|not)\\b")))')" ''
expect_eq "what an eager stranger heard" "$(sed 1d "$work/eager")" ''

for service in org.inotifier1 org.inotifier1.other; do
        access_denied stranger gdbus call --system --dest $service --object-path /org/inotifier1 \
                --method org.freedesktop.DBus.Properties.Get org.inotifier1.Manager Version
        access_denied stranger gdbus call --system --dest $service --object-path /org/inotifier1 \
                --method org.freedesktop.DBus.Properties.GetAll org.inotifier1.Manager
        access_denied stranger gdbus call --system --dest $service \
                --object-path /org/inotifier1/watch/secret \
                --method org.freedesktop.DBus.Properties.GetAll org.inotifier1.Watch
        access_denied stranger gdbus call --system --dest $service --object-path /org/inotifier1 \
                --method org.freedesktop.DBus.ObjectManager.GetManagedObjects
        access_denied stranger gdbus call --system --dest $service --object-path /org/inotifier1 \
                --method org.freedesktop.DBus.Introspectable.Introspect
        access_denied stranger gdbus call --system --dest $service --object-path /org/inotifier1 \
                --method org.inotifier1.Manager.ListWatches

        # By the unique name as well.
        owner=$(busctl --json=short call org.freedesktop.DBus /org/freedesktop/DBus \
                org.freedesktop.DBus GetNameOwner s $service | jq -r '.data[0]')
        access_denied stranger gdbus call --system --dest "$owner" --object-path /org/inotifier1 \
                --method org.inotifier1.Manager.ListWatches

        # A member may.
        expect_match 'what a member is told' \
                "$(as member gdbus call --system --dest $service --object-path /org/inotifier1 \
                        --method org.inotifier1.Manager.ListWatches)" "'secret'"
done

# What looks like a notice, to everyone and to one, from who is not the daemon: it is held back.
forge() { # USER DESTINATION
        as "$1" busctl emit ${2:+"--destination=$2"} /org/inotifier1/watch/secret org.inotifier1.Watch \
                InCreate 'suutta{sv}' /srv/forged 256 0 1 1 0
}
for address in $(busctl --json=short call org.freedesktop.DBus /org/freedesktop/DBus \
        org.freedesktop.DBus ListNames | jq -r '.data[0][] | select(startswith(":"))'); do
        forge stranger "$address" || true
        forge member "$address" || true
done
forge stranger '' || true
bus_barrier member
expect_eq 'what a member was made to believe' "$(heard member '.path == "/srv/forged"')" ''
