# SPDX-License-Identifier: LGPL-2.1-or-later
# Publish=journal: an entry per notice, its fields those of the notice.

. /test/lib.sh

mkdir -p /srv/a
config <<'X'
[Watch uploads]
Path=/srv/a
Processor=chunked
Publish=journal
X
systemctl start inotifier
subscribe member
printf x >/srv/a/f.part
mv /srv/a/f.part /srv/a/f
entry() {
        journalctl --output=json --no-pager "_PID=$(main_pid)" INOTIFIER_WATCH=uploads
}
there() { [[ -n $(entry) ]]; }
wait_until 'the entry' there

expect_eq 'the fields' \
        "$(entry | jq -cS 'with_entries(select(.key | startswith("INOTIFIER_"))) | del(.INOTIFIER_USEC)')" \
        '{"INOTIFIER_CHUNKS":"1","INOTIFIER_COOKIE":"0","INOTIFIER_EVENT":"in_create","INOTIFIER_INSTANCE":"inotifier","INOTIFIER_MASK":"256","INOTIFIER_PATH":"/srv/a/f","INOTIFIER_SEQUENCE":"1","INOTIFIER_SOURCE_PATH":"/srv/a/f.part","INOTIFIER_WATCH":"uploads"}'
expect_eq 'the identifier of the message' "$(entry | jq -r .MESSAGE_ID)" 5c0ddf9a8b1c4c6f9d6a3d2a7e1b4f60
expect_match 'the message' "$(entry | jq -r .MESSAGE)" '/srv/a/f'
expect_eq 'the priority' "$(entry | jq -r .PRIORITY)" 6
expect_match 'the time' "$(entry | jq -r .INOTIFIER_USEC)" '^[0-9]{16}$'

# Not on the bus, then.
bus_barrier member
expect_eq 'the notices on the bus' "$(heard member)" ''
