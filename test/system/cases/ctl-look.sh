# SPDX-License-Identifier: LGPL-2.1-or-later
# What inotifierctl shows, and to whom: a call starts the daemon, members may look, strangers are refused.

. /test/lib.sh

mkdir -p /srv/a $'/srv/t/\e[31mred'
config <<'X'
[Watch a]
Path=/srv/a
Processor=create
[Watch gone]
Path=/srv/not/there
[Watch t]
Path=/srv/t
Recursive=yes
Processor=create
X
config night <<'X'
[Watch n]
Path=/srv/a
X
expect_eq 'the list' "$(as member inotifierctl --json=short list | jq -c '.[] | [.name, .object, .state, .paths]')" \
        '["a","/org/inotifier1/watch/a","watching",["/srv/a"]]
["gone","/org/inotifier1/watch/gone","waiting",["/srv/not/there"]]
["t","/org/inotifier1/watch/t","watching",["/srv/t"]]'
wait_until 'it to be up' systemctl is-active --quiet inotifier # by the call
expect_eq 'the names' "$(inotifierctl --no-legend list | cut -d ' ' -f 1 | paste -sd ' ')" 'a gone t'
expect_match 'the legend' "$(inotifierctl list | tail -n 1)" '^3 watches listed\.$'

touch /srv/a/f
counted() { [[ $(property /org/inotifier1/watch/a Watch NNotices) == 1 ]]; }
wait_until 'the notice' counted
status=$(as member inotifierctl)
expect_match 'the status' "$status" '^○ inotifier - a path is not there'
expect_match 'the status' "$status" 'Read: /etc/inotifier/inotifier\.conf'
expect_match 'the state of a' "$status" $'\n● a - watching\n'
expect_match 'the state of gone' "$status" $'\n○ gone - waiting\n +Reason: [^\n]+\n +→ make what is missing'
expect_match 'the last event' "$(inotifierctl status a)" 'Last event: [^;]+ UTC; [0-9a-z ]+ ago'
expect_eq 'the status for programs' \
        "$(inotifierctl --json=pretty status a | jq -c '[.instance, .sequence, (.watches[] | .name, .n_notices, .state)]')" \
        '["inotifier",1,"a",1,"watching"]'
expect_eq 'the processors' "$(inotifierctl --json=short processors | jq -c 'map(.name) | index("chunked") != null')" true

# What keeps a part from being watched is told without a raw byte of its name.
expect_eq 'raw bytes' "$(inotifierctl | grep -c $'\e' || true)" 0

# It is installed with what belongs to it.
for file in bash-completion/completions/inotifierctl zsh/vendor-completions/_inotifierctl man/man1/inotifierctl.1; do
        [[ -e /usr/share/$file || -e /usr/share/$file.gz ]] || fail "there is no /usr/share/$file"
done

# Who may not look is told what to do.
for command in list status monitor; do
        expect_match "$command by a stranger" "$(expect_failure as stranger inotifierctl $command)" \
                "^inotifierctl: Access denied: [^"$'\n'"]*group 'inotifier'\$"
done
expect_match 'an instance that does not run' "$(expect_failure inotifierctl -i night list)" \
        "^inotifierctl: Instance 'night' is not running: start it with 'systemctl start inotifier@night'\$"
systemctl start inotifier@night
expect_eq 'the other instance' "$(inotifierctl --instance=night --json=short list | jq -r '.[].name')" n

# One that cannot be started says where to look.
systemctl stop inotifier
echo 'nonsense' >>/etc/inotifier/inotifier.conf
# dbus-daemon is told of it by nobody, and waits for 25 seconds.
if systemctl is-active --quiet dbus-broker; then
        expect_match 'an instance that cannot start' "$(expect_failure inotifierctl list)" \
                "^inotifierctl: Instance 'inotifier' .*'systemctl (start|status) inotifier'\$"
fi
expect_match 'what the check says of it' "$(expect_failure inotifierctl check)" \
        '^/etc/inotifier/inotifier\.conf:[0-9]+: '
