# SPDX-License-Identifier: LGPL-2.1-or-later
# inotifierctl on a user's instance, and through -M on the instances of a machine: this one, which is
# called .host, by the way that any container is reached.

. /test/lib.sh

mkdir -p /srv/a
config <<'X'
[Watch a]
Path=/srv/a
Processor=create
X
systemctl start inotifier
log_in
mine mkdir -p /home/member/incoming
my_config <<'X'
[Watch mine]
Path=%h/incoming
Processor=create
X
mine systemctl --user daemon-reload
mine systemctl --user start inotifier

names() {
        "$@" --json=short list | jq -r '.[].name'
}
expect_eq 'the check of a user' "$(mine inotifierctl --user check)" ''
expect_eq "the user's watches" "$(names mine inotifierctl --user)" mine
mine inotifierctl --user reload
mine inotifierctl --user rescan mine
mine touch /home/member/incoming/f
expect_eq "the user's notices" \
        "$(mine inotifierctl --user --json=short --since=0 --event=create -n 1 monitor 2>/dev/null | jq -r .path)" \
        /home/member/incoming/f

expect_eq 'the watches of a machine' "$(names inotifierctl -M .host)" a
touch /srv/a/f
expect_eq 'the notices of a machine' \
        "$(inotifierctl -M .host --json=short --since=0 -n 1 monitor 2>/dev/null | jq -r .path)" /srv/a/f
expect_eq "the watches of a user of a machine" "$(names inotifierctl --user -M member@.host)" mine
expect_eq "the notices of a user of a machine" \
        "$(inotifierctl --user -M member@.host --json=short --since=0 --event=create -n 1 monitor 2>/dev/null |
                jq -r .path)" /home/member/incoming/f
expect_match 'a machine that is not there' "$(expect_failure inotifierctl -M nowhere list)" \
        "^inotifierctl: Cannot reach machine 'nowhere': "

mine systemctl --user stop inotifier
log_out
