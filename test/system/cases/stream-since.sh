# SPDX-License-Identifier: LGPL-2.1-or-later
# Who knows a sequence goes on behind it, over a restart and a crash; what the history has lost is a gap,
# and a picture can be begun anew with what is there.

. /test/lib.sh

mkdir -p /srv/a/d
touch /srv/a/d/old
config <<'Y'
[Manager]
HistorySize=64K
[Watch a]
Path=/srv/a
Recursive=yes
Processor=create
Y
listen_since() { # NAME OPTION…
        local name=$1
        shift
        setpriv --reuid=member --regid=member --init-groups -- listener --subscribe "$@" >"$work/$name" 2>"$work/$name.err" &
        wait_until "the connection of $name" grep -q '^connected$' "$work/$name.err"
}
systemctl start inotifier
listen_since first since=0
touch /srv/a/1 /srv/a/2
wait_told first '.path == "/srv/a/2" and .sequence == 2'

systemctl restart inotifier
touch /srv/a/3
listen_since second since=1
wait_told second '.path == "/srv/a/3"'
expect_eq 'the sequences after a restart' "$(told second | jq .sequence | paste -sd ' ')" '2 3'

old=$(main_pid)
kill -KILL "$old"
restarted() { (($(main_pid) != 0 && $(main_pid) != old)) && systemctl is-active --quiet inotifier; }
wait_until 'systemd to start the next process' restarted
touch /srv/a/4
listen_since third since=1
wait_told third '.path == "/srv/a/4"'
expect_eq 'the sequences after a crash' "$(told third | jq .sequence | paste -sd ' ')" '2 3 4'

expect_match 'what is said of a sequence that is yet to come' \
        "$(expect_failure as member listener --subscribe since=5)" 'org.inotifier1.Error.NoSuchSequence'

# The ring goes round, while nobody listens for whom lines would be kept.
kill $(jobs -p)
nobody_listens() { [[ $(property /org/inotifier1 Manager NSubscribers) == 0 ]]; }
wait_until 'nobody to listen' nobody_listens
for i in {1..2000}; do : >"/srv/a/many-$i"; done
settled() { (($(property /org/inotifier1 Manager Sequence) >= 2004)); }
wait_until 'all to be told' settled
listen_since fourth since=4
wait_told fourth '.path == "/srv/a/many-2000"'
expect_match 'the first line' "$(head -n 1 "$work/fourth")" '^\{"event":"gap","from":5,"to":[0-9]+\}$'
to=$(head -n 1 "$work/fourth" | jq .to)
expect_eq 'the sequences behind the gap' \
        "$(sed 1d "$work/fourth" | jq .sequence | head -n -1 | awk -v n="$to" '$1 != ++n { print "not " n }')" ''

# All that is there, each once, and then what happens.
listen_since picture initial=yes
touch /srv/a/d/new
wait_told picture '.path == "/srv/a/d/new"'
expect_eq 'the picture' "$(told picture | jq -r .path | sort)" "$(find /srv/a -mindepth 1 | sort)"
expect_eq 'the lines of what was there' "$(told picture '.initial and .path != "/srv/a/d/new"' | wc -l)" 2006
