# SPDX-License-Identifier: LGPL-2.1-or-later
# Hostile names on the stream: each line is JSON for whoever reads it, and has the exact bytes in it.

. /test/lib.sh

mkdir -p /srv/a
config <<'Y'
[Watch a]
Path=/srv/a
Processor=create
Y
systemctl start inotifier
listen member

cd /srv/a
long=$(printf 'x%.0s' {1..255})
: >$'bad\xff\xfe'
: >$'new\nline'
: >$'\e[31mred\a'
: >'$(touch pwn)'
: >-rf
: >"$long"
: >$'\u00fcml\u00e4ut'
: >$'"quoted\\"'
: >$'c1\u009b31m'
: >last
wait_told stream '.path == "/srv/a/last"'

one() { # FILTER: the one notice for which it holds
        expect_eq "the number of notices with $1" "$(told stream "$1" | wc -l)" 1
}
one '.path == "/srv/a/bad\ufffd\ufffd" and .raw_path == "2f7372762f612f626164fffe"'
one '.path == "/srv/a/new\nline" and .raw_path == null'
one '.path == "/srv/a/\u001b[31mred\u0007"'
one '.path == "/srv/a/$(touch pwn)"'
one '.path == "/srv/a/-rf"'
one ".path == \"/srv/a/$long\""
one '.path == "/srv/a/ümläut" and .raw_path == null'
one '.path == "/srv/a/\"quoted\\\""'
one '.path == "/srv/a/c1\u009b31m"'
expect_eq 'the number of lines' "$(wc -l <"$work/stream")" 10
expect_eq 'the control characters in them' "$(LC_ALL=C grep -c $'[\x01-\x09\x0b-\x1f\x7f]' "$work/stream" || true)" 0
