# SPDX-License-Identifier: LGPL-2.1-or-later
# What inotifierctl monitor prints: live, from what was before, over a restart, a crash and a stop of the
# daemon and a restart of the bus; each notice once.

. /test/lib.sh

mkdir -p /srv/a /srv/b
config <<'X'
[Watch a]
Path=/srv/a
Processor=create
[Watch b]
Path=/srv/b
X
systemctl start inotifier

# monitor NAME OPTION…: as a member, into $work/NAME; returns when it listens.
monitor() {
        local name=$1
        shift
        setpriv --reuid=member --regid=member --init-groups -- inotifierctl --json=short "$@" monitor $watches \
                >"$work/$name" 2>"$work/$name.err" &
        listener=$!
        wait_until "$name to listen" grep -q '^inotifierctl: Listening' "$work/$name.err"
}
told() { # NAME PATH: it was told of it
        grep -qxF "$2" <<<"$(whole_lines "$1" | jq -r .path)"
}
paths() {
        whole_lines "$1" | jq -r .path | paste -sd ' '
}

# Where to go on is asked for first, so that nothing falls between, whatever becomes of the daemon then.
busctl --json=short monitor --match="type='method_call',destination='org.inotifier1'" >"$work/calls" 2>"$work/calls.err" &
calls=$!
is_monitored() { # newer ones do not say so
        busctl call org.inotifier1 /org/inotifier1 org.freedesktop.DBus.Peer Ping
        grep -qF '"member":"Ping"' "$work/calls"
}
wait_until 'the calls to be monitored' is_monitored
watches=a monitor live
all=$listener
members() { # dbus-broker shows those of the bus itself, too
        local calls='select(.destination == "org.inotifier1").member | select(. != "Ping")'
        [[ $(jq -r "$calls" "$work/calls" | xargs) == "$1" ]]
}
wait_until 'the two calls' members 'Get Subscribe'
expect_eq 'what is asked for' "$(jq -c '.payload.data[0] | select(type == "object") | .since.data' "$work/calls")" 0
kill "$calls"

touch /srv/a/1
wait_until 'the first' told live /srv/a/1

watches='' monitor two --event=create,close -n 2
touch /srv/b/x
wait "$listener"
expect_eq 'what the filter lets through' "$(jq -r .event "$work/two" | paste -sd ' ')" 'in_create in_close_write'

watches='' monitor first --event=in_create --since=0
wait_until 'what was before' told first /srv/b/x
expect_eq 'what was before' "$(paths first)" '/srv/a/1 /srv/b/x'
kill -INT "$listener"
wait "$listener"

# It goes on where it was, whatever becomes of the daemon.
back() { # N: it came back for the Nth time
        (($(grep -c "^inotifierctl: Instance 'inotifier' is back, going on after notice" "$work/live.err") == $1))
}
systemctl restart inotifier
wait_until 'it to be back' back 1
grep -q "^inotifierctl: Instance 'inotifier' went away, waiting for it\$" "$work/live.err"
touch /srv/a/2
wait_until 'one after a restart' told live /srv/a/2
signal_main KILL
wait_until 'it to be back' back 2
touch /srv/a/3
wait_until 'one after a crash' told live /srv/a/3

# It does not need the bus, but to find the daemon again.
systemctl restart dbus systemd-logind
touch /srv/a/4
wait_until 'one after the bus was restarted' told live /srv/a/4
serves() { inotifierctl --json=short list | jq -e 'length == 2'; }
wait_until 'the daemon to be on the bus again' serves
systemctl restart inotifier
wait_until 'it to be back' back 3
touch /srv/a/5
wait_until 'one after another restart' told live /srv/a/5
expect_eq 'all of them, once each' "$(paths live)" "$(printf '/srv/a/%d\n' {1..5} | paste -sd ' ')"
expect_eq 'sequences that are not above the one before' \
        "$(jq -s '[.[].sequence] | . as $s | [range(1; length) | select($s[.] <= $s[. - 1])]' -c "$work/live")" '[]'
kill "$all"
wait "$all"

# The end of who reads is a good end.
touch /srv/a/more
line=$(as member inotifierctl --json=short --since=0 monitor a 2>/dev/null | head -n 1 || echo failed)
expect_eq 'the first line' "$(jq -r .path <<<"$line")" /srv/a/1
expect_match 'a watch that is not there' "$(expect_failure as member inotifierctl monitor none)" \
        "^inotifierctl: No watch 'none': "
expect_match 'a stranger' "$(expect_failure as stranger inotifierctl monitor)" '^inotifierctl: Access denied: '
