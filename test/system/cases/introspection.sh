# SPDX-License-Identifier: LGPL-2.1-or-later
# What the bus tells of us: arguments have names, and the tools that people use get along with it.

. /test/lib.sh

mkdir -p /srv/a
config <<'X'
[Watch a-b.c]
Path=/srv/a
Processor=create
X
systemctl start inotifier

object=/org/inotifier1/watch/a_2db_2ec
xml=$(as member busctl --xml-interface introspect org.inotifier1 $object)
signals=(InAccess InAttrib InCloseNowrite InCloseWrite InCreate InDelete InDeleteSelf InIgnored InModify
        InMoveSelf InMovedFrom InMovedTo InOpen InQOverflow InUnmount TransferStarted
        TransferCompleted TransferAbandoned Rescanned)
for signal in "${signals[@]}"; do
        expect_eq "the arguments of $signal" \
                "$(sed -n "/<signal name=\"$signal\">/,/<\/signal>/s/.*<arg .*/&/p" <<<"$xml" |
                        sed 's/.*<arg type="\([^"]*\)" name="\([^"]*\)".*/\2:\1/' | paste -sd ' ')" \
                'path:s mask:u cookie:u sequence:t usec:t details:a{sv}'
done
for property in Name:s Paths:as Events:as Recursive:b Processors:as Publishers:as State:s StateReason:s \
        NDirectories:u NEvents:t NNotices:t NOverflows:t LastEvent:t; do
        grep -q "<property name=\"${property%:*}\" type=\"${property#*:}\" access=\"read\"" <<<"$xml" ||
                fail "no property $property in:" "$xml"
done

xml=$(as member busctl --xml-interface introspect org.inotifier1 /org/inotifier1)
expect_eq 'arguments without a name' \
        "$(sed -n '/<interface name="org.inotifier1.Manager">/,/<\/interface>/p' <<<"$xml" |
                grep '<arg ' | grep -v ' name="' || true)" ''
for property in Version:s Instance:s ConfigFiles:as Sequence:t OldestSequence:t NWatches:u NDirectories:u \
        NSubscribers:u NEvents:t NNotices:t NOverflows:t; do
        grep -q "<property name=\"${property%:*}\" type=\"${property#*:}\" access=\"read\"" <<<"$xml" ||
                fail "no property $property in:" "$xml"
done

expect_eq 'the object of a watch' \
        "$(busctl --json=short call org.inotifier1 /org/inotifier1 org.inotifier1.Manager GetWatch s a-b.c |
                jq -r '.data[0]')" "$object"
expect_match 'the error for an unknown one' \
        "$(expect_failure gdbus call --system --dest org.inotifier1 --object-path /org/inotifier1 \
                --method org.inotifier1.Manager.GetWatch none)" 'org\.inotifier1\.Error\.NoSuchWatch'
expect_eq 'the managed objects' \
        "$(busctl --json=short call org.inotifier1 /org/inotifier1 org.freedesktop.DBus.ObjectManager \
                GetManagedObjects | jq -r '.data[0] | keys[]' | grep watch/)" "$object"

# The tools: a member's gdbus, and root's busctl, which the bus lets see everything.
as member stdbuf -oL gdbus monitor --system --dest org.inotifier1 >"$work/gdbus" &
wait_until 'gdbus to listen' grep -q 'is owned by' "$work/gdbus"
stdbuf -oL busctl monitor --match "type='signal',arg0path='/srv/a/'" >"$work/busctl" 2>"$work/busctl.err" &
wait_until 'busctl to listen' grep -q 'Monitoring' "$work/busctl.err"
touch /srv/a/f
wait_until 'gdbus to hear' grep -q "^$object: org.inotifier1.Watch.InCreate ('/srv/a/f', " "$work/gdbus"
wait_until 'busctl to hear' grep -q 'STRING "/srv/a/f"' "$work/busctl"
grep -q 'Member=InCreate' "$work/busctl"
