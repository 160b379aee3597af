# SPDX-License-Identifier: LGPL-2.1-or-later
# Limit: 600
# S25: a subscriber is stopped for twenty seconds while 500,000 notices go out: the daemon does not grow, the
# journal is not held up and misses nothing, and the daemon's connection lives.

. /test/lib.sh

mkdir -p /srv/a
touch /srv/a/1 /srv/a/2
config <<'X'
[Watch flood]
Path=/srv/a
Events=modify
Processor=all
Publish=bus journal
X
systemctl start inotifier
pid=$(main_pid)
owner() {
        busctl --json=short call org.freedesktop.DBus /org/freedesktop/DBus org.freedesktop.DBus \
                GetNameOwner s org.inotifier1
}
before=$(owner)
subscribe member
kill -STOP "$subscriber"
stopped_one=$subscriber
stopped=$SECONDS

memory() { # in KiB: what is neither file nor shared, the ring not among it
        sed -n 's/^RssAnon:[[:space:]]*\([0-9]*\) kB/\1/p' "/proc/$pid/status"
}
journalled() { # the sequence of the last notice in the journal
        journalctl --lines=1 --output=json INOTIFIER_WATCH=flood | jq -r .INOTIFIER_SEQUENCE
}
behind() { # by so little that what is not read yet, and the next that is written, fits into the kernel's queue
        local last
        last=$(journalled)
        ((${last:-0} >= $1 - 10000))
}

total=500000 chunk=5000 most=0
for ((n = chunk; n <= total; n += chunk)); do
        flood $chunk /srv/a/1 /srv/a/2
        wait_until "the journal, with $n written" behind "$n"
        now=$(memory)
        most=$((now > most ? now : most))
done
all_journalled() { [[ $(journalled) == "$total" ]]; }
wait_until 'the journal to have it all' all_journalled
stopped_long_enough() { ((SECONDS >= stopped + 20)); }
wait_until 'twenty seconds' stopped_long_enough

((most < 16 * 1024)) || fail "the daemon took $most KiB"
journalctl --sync
expect_eq 'the number of journal entries' \
        "$(journalctl --since="$journal_since" --output=cat --no-pager INOTIFIER_WATCH=flood | wc -l)" $total
expect_eq 'the notices lost to an overflow' "$(property /org/inotifier1/watch/flood Watch NOverflows)" 0

kill -CONT "$stopped_one"
expect_eq "the connection" "$(owner)" "$before"
expect_eq 'the process' "$(main_pid)" "$pid"
subscribe member later
flood 2 /srv/a/1 /srv/a/2
wait_until 'a new subscriber to hear' grep -q "\[\"/srv/a/2\",.*,$((total + 2))," "$work/later"
