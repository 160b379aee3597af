# SPDX-License-Identifier: LGPL-2.1-or-later
# Limit: 300
# A thousand subscribers, one of them stopped: the others hear everything, the daemon's memory stays what
# it was however much happens, and when they have gone nothing of them is left.

. /test/lib.sh

mkdir -p /srv/a
touch /srv/a/1 /srv/a/2
config <<'Y'
[Manager]
HistorySize=4M
[Watch flood]
Path=/srv/a
Events=modify
Publish=stream
Y
systemctl start inotifier
pid=$(main_pid)
memory() { # in KiB: what is neither file nor shared, the ring not among it
        sed -n 's/^RssAnon:[[:space:]]*\([0-9]*\) kB/\1/p' "/proc/$pid/status"
}
n_descriptors() { ls "/proc/$pid/fd" | wc -l; }
n_subscribers() { [[ $(property /org/inotifier1 Manager NSubscribers) == "$1" ]]; }
before=$(memory) descriptors=$(n_descriptors)

listen member
listen member stopped
kill -STOP "$subscriber"
stopped=$subscriber
listener --quiet 998 /run/inotifier/inotifier.sock 2>"$work/many.err" &
many=$!
wait_until 'the others to be connected' grep -q '^connected$' "$work/many.err"
wait_until 'a thousand subscribers' n_subscribers 1000

# To a thousand at the pace of the slowest that is not stopped, then to the end of the ring.
count=0
flood_on() { # N
        count=$((count + $1))
        flood "$1" /srv/a/1 /srv/a/2
        wait_until "the notice $count" has_come "$count"
}
has_come() { tail -n 1 "$work/stream" | grep -q "{\"sequence\":$1,"; }
flood_on 2000
with=$(memory)
((with - before < 12 * 1024)) || fail "a thousand subscribers took $((with - before)) KiB"
for ((i = 0; i < 10; i++)); do
        flood_on 2000
done
# The lines that all share, in sixteen pieces at most, are all that there is to come.
later=$(memory)
((later - with < 3 * 1024)) || fail "20,000 notices took $((later - with)) KiB more"
with=$later
kill $many
wait $many || true
wait_until 'the others to go' n_subscribers 2
for ((i = 0; i < 40; i++)); do
        flood_on 5000
done
later=$(memory)
((later - with < 1024)) || fail "200,000 notices took $((later - with)) KiB more"
expect_eq 'the sequences that one was told' \
        "$(sed -n 's/^{"sequence":\([0-9]*\),.*/\1/p' "$work/stream" | awk '$1 != NR { print; exit }')" ''
expect_eq 'the lines' "$(wc -l <"$work/stream")" $count

# The stopped one has what its socket held, then what it missed, then the rest.
kill -CONT "$stopped"
caught_up() { tail -n 1 "$work/stopped" | grep -q "{\"sequence\":$count,"; }
wait_until 'the stopped one to catch up' caught_up
expect_eq 'the gaps' "$(grep -c '"gap"' "$work/stopped")" 1
expect_eq 'what is neither told nor named' "$(jq -c '[.sequence // .from, .sequence // .to]' "$work/stopped" |
        tr -d '[]' | awk -F, '$1 != last + 1 { print; exit } { last = $2 }')" ''

systemctl stop inotifier.socket
expect_eq 'the process' "$(main_pid)" "$pid"
kill %1 "$stopped"
wait_until 'nobody to listen' n_subscribers 0
expect_eq 'the descriptors' "$(n_descriptors)" "$descriptors"
