# SPDX-License-Identifier: LGPL-2.1-or-later
# Limit: 300
# One watch is flooded as fast as files can be written to; what happens to another is read at its time all the
# same, and the daemon stays as small as it is.

. /test/lib.sh

mkdir -p /srv/{noisy,quiet}
config <<'X'
[Manager]
HistorySize=4M
[Watch noisy]
Path=/srv/noisy
Events=modify
Publish=stream
[Watch quiet]
Path=/srv/quiet
Events=create
Publish=bus
X
systemctl start inotifier
subscribe member
memory() { sed -n "s/^$1:[[:space:]]*\([0-9]*\) kB/\1/p" "/proc/$(main_pid)/status"; }
flood 100000 /srv/noisy/a /srv/noisy/b
settle member /srv/quiet
before=$(memory RssAnon)

flood 1000000000 /srv/noisy/a /srv/noisy/b & # as long as it takes
flood=$!
for i in {1..20}; do
        touch "/srv/quiet/$i"
        sleep 0.1
done
wait_heard member '.path == "/srv/quiet/20"'
kill $flood
wait $flood || true

# When it was read, after when it was made: in milliseconds, the worst of all.
worst=$(heard member '.path | startswith("/srv/quiet/")' | jq -r '[.path, .usec] | @tsv' |
        while read -r path usec; do
                [[ $path == */.* ]] || echo $((usec / 1000 - $(date +%s%3N --date="@$(stat --format=%.6Y "$path")")))
        done | sort -n | tail -n 1)
((worst < 1000)) || fail "$worst ms passed until something quiet was read"
expect_eq 'the overflows of the quiet one' "$(property /org/inotifier1/watch/quiet Watch NOverflows)" 0
after=$(memory RssAnon)
((after < before + 2048)) || fail "the daemon has grown from $before to $after KiB"
