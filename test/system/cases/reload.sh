# SPDX-License-Identifier: LGPL-2.1-or-later
# S24: a reload is all or nothing, and what did not change is not touched: no event is lost, no descriptor is
# another one.

. /test/lib.sh

mkdir -p /srv/stays /srv/goes /srv/comes
config <<'X'
[Watch stays]
Path=/srv/stays
Processor=create
[Watch goes]
Path=/srv/goes
Processor=create
X
systemctl start inotifier
subscribe member
pid=$(main_pid)
watches() {
        busctl --json=short call org.inotifier1 /org/inotifier1 org.inotifier1.Manager ListWatches |
                jq -r '.data[0][][0]' | paste -sd ' '
}
descriptor_of() { # DIRECTORY
        inotify_descriptors "$pid" | grep -F "=$(printf %x "$(stat --format=%i "$1")")"
}
stays=$(descriptor_of /srv/stays)

# A bad one: refused, with the reason; the old one stays in force.
cp /etc/inotifier/inotifier.conf "$work/good.conf"
printf 'Events=nonsense\n' >>/etc/inotifier/inotifier.conf
expect_failure systemctl reload inotifier >/dev/null
systemctl is-active --quiet inotifier
expect_eq 'the watches' "$(watches)" 'stays goes'
output=$(expect_failure gdbus call --system --dest org.inotifier1 --object-path /org/inotifier1 \
        --method org.inotifier1.Manager.Reload)
expect_match 'the error' "$output" 'org\.inotifier1\.Error\.InvalidConfig: /etc/inotifier/inotifier\.conf:7: '
touch /srv/goes/a
wait_heard member '.path == "/srv/goes/a"'

# A good one, while files come.
(for i in {1..2000}; do : >"/srv/stays/$i"; done) &
writer=$!
for i in {1..5}; do
        sed 's/goes/comes/' "$work/good.conf" >/etc/inotifier/inotifier.conf
        systemctl reload inotifier
        expect_eq 'the watches' "$(watches)" 'stays comes'
        touch "/srv/comes/$i"
        wait_heard member ".path == \"/srv/comes/$i\" and .object == \"/org/inotifier1/watch/comes\""
        cp "$work/good.conf" /etc/inotifier/inotifier.conf
        systemctl reload inotifier
        expect_eq 'the watches' "$(watches)" 'stays goes'
done
wait "$writer"
settle member /srv/stays
expect_eq 'the files told of' \
        "$(heard member '.path | test("^/srv/stays/[0-9]")' | jq -r .path | paste -sd ' ')" \
        "$(printf '/srv/stays/%d\n' {1..2000} | paste -sd ' ')"
expect_eq 'the descriptor' "$(descriptor_of /srv/stays)" "$stays"
expect_eq 'the number of descriptors' "$(inotify_descriptors "$pid" | wc -l)" 2
expect_eq 'the process' "$(main_pid)" "$pid"

# The job lasts as long as the reload does.
sed 's/goes/comes/' "$work/good.conf" >/etc/inotifier/inotifier.conf
kill -STOP "$pid"
systemctl reload --no-block inotifier
announced() { [[ $(systemctl show --property=SubState --value inotifier) == reload* ]]; }
wait_until 'the reload to begin' announced
signalled() { (($((0x$(sed -n 's/^ShdPnd:[[:space:]]*//p' "/proc/$pid/status"))) & 1)); }
wait_until 'the signal' signalled
no_control() { [[ $(systemctl show --property=ControlPID --value inotifier) == 0 ]]; }
wait_until 'the last command of the reload' no_control
announced || fail 'the job of the reload ended before the reload'
kill -CONT "$pid"
over() { [[ $(systemctl show --property=SubState --value inotifier) == running ]]; }
wait_until 'the end of the reload' over
expect_eq 'the watches' "$(watches)" 'stays comes'
expect_eq 'the process' "$(main_pid)" "$pid"

for member in InterfacesAdded InterfacesRemoved; do
        grep -q "\"member\":\"$member\",\"args\":\[\"/org/inotifier1/watch/comes\"" "$work/member" ||
                fail "no $member for the watch that came and went"
done
