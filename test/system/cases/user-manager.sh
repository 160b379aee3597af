# SPDX-License-Identifier: LGPL-2.1-or-later
# A user's own instance: the same unit under the user manager, on the session bus.

. /test/lib.sh

log_in
mine mkdir -p /home/member/incoming
my_config <<'X'
[Watch mine]
Path=%h/incoming
Processor=create
X

mine systemctl --user daemon-reload
mine systemctl --user start inotifier
: >"$work/session"
mine subscriber --user >"$work/session" &
wait_until 'the subscription' grep -q '^subscribed$' "$work/session"
mine touch /home/member/incoming/a
wait_heard session '.path == "/home/member/incoming/a" and .event == "InCreate"'

expect_match "what the session's instance watches" \
        "$(mine busctl --user --json=short call org.inotifier1 /org/inotifier1 org.inotifier1.Manager ListWatches)" \
        '"mine","/org/inotifier1/watch/mine","watching",."/home/member/incoming".'
expect_failure busctl --auto-start=no status org.inotifier1 >/dev/null

# Reload there, too.
mine mkdir /home/member/more
printf '[Watch more]\nPath=%%h/more\n' | mine tee -a /home/member/.config/inotifier/inotifier.conf >/dev/null
mine systemctl --user reload inotifier
mine touch /home/member/more/b
wait_heard session '.path == "/home/member/more/b" and .event == "InCreate"'

mine systemctl --user stop inotifier
expect_eq 'the result' "$(mine systemctl --user show --property=Result --value inotifier)" success
log_out
