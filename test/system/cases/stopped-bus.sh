# SPDX-License-Identifier: LGPL-2.1-or-later
# Limit: 600
# S25: the bus stands still for 30 seconds while 300,000 events come. The daemon's memory stays within its
# bounds, a client of the stream and the journal miss nothing, and the bus is told of the gap.

. /test/lib.sh

mkdir -p /srv/in
config <<'X'
[Manager]
HistorySize=16M
[Watch in]
Path=/srv/in
Events=modify
Publish=bus stream journal
X
systemctl start inotifier
subscribe member
listen member
systemctl kill --signal=SIGSTOP dbus.service
at_leave() { systemctl kill --signal=SIGCONT dbus.service; }
for ((i = 0; i < 30; i++)); do
        began=$(date +%s%N)
        flood 10000 /srv/in/a /srv/in/b
        sleep "$(awk "BEGIN { s = 1 - ($(date +%s%N) - $began) / 1e9; print (s > 0 ? s : 0) }")"
done
memory() { sed -n "s/^$1:[[:space:]]*\([0-9]*\) kB/\1/p" "/proc/$(main_pid)/status"; }
anonymous=$(memory RssAnon) shared=$(memory RssShmem)
told_all() { (($(wc -l <"$work/stream") >= 300000)); }
wait_until 'the stream to be told all' told_all
systemctl kill --signal=SIGCONT dbus.service
wait_until 'the gap to be told' grep -q '"member":"Gap"' "$work/member"

# Its own memory; and the ring of the history, which is mapped twice, with the intake (at most 4.1 MiB).
((anonymous < 16 * 1024)) || fail "the daemon has grown to $anonymous KiB"
((shared < 37 * 1024)) || fail "the memory files have grown to $shared KiB"
expect_eq 'what the stream missed' "$(jq -c 'select(.event == "gap")' "$work/stream" | head -n 3)" ''
expect_eq 'the sequences of the stream' \
        "$(jq .sequence "$work/stream" | awk 'NR > 1 && $1 != last + 1 { n++ } { last = $1 } END { print NR, n + 0 }')" \
        '300000 0'
entries() {
        journalctl --sync
        (($(journalctl --since="$journal_since" --unit=inotifier --output=cat --no-pager \
                INOTIFIER_EVENT=in_modify | wc -l) == 300000))
}
wait_until 'the journal to have all' entries
