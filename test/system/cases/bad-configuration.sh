# SPDX-License-Identifier: LGPL-2.1-or-later
# A bad configuration: every error is told with its line, the status is 78, and it is not tried again.

. /test/lib.sh

config <<'X'
[Watch a]
Path=relative/path
Events=create nonsense

[Watch b]
Processor=unheard-of
X
status=0
inotifier --check 2>"$work/check" || status=$?
expect_eq 'the status of --check' "$status" 78
for line in 2 3 6; do
        grep -q "^/etc/inotifier/inotifier.conf:$line: " "$work/check" ||
                fail "no error for line $line in:" "$(cat "$work/check")"
done

cursor=$(journalctl --lines=0 --show-cursor | sed -n 's/^-- cursor: //p')
expect_failure systemctl start inotifier >/dev/null
expect_eq 'how it ended' \
        "$(systemctl show --property=ActiveState,SubState,Result,ExecMainStatus,NRestarts inotifier | sort | paste -sd ' ')" \
        'ActiveState=failed ExecMainStatus=78 NRestarts=0 Result=exit-code SubState=failed'

journalctl --sync
journalctl --after-cursor="$cursor" --unit=inotifier --output=cat --no-pager >"$work/journal"
while read -r line; do
        grep -qF -- "$line" "$work/journal" ||
                fail "the journal lacks what --check says:" "$line" "it has:" "$(cat "$work/journal")"
done <"$work/check"

# A good one, then.
mkdir -p /srv/a
config <<'X'
[Watch a]
Path=/srv/a
X
expect_eq 'what --check says of a good one' "$(inotifier --check 2>&1)" ''
systemctl start inotifier
