# SPDX-License-Identifier: LGPL-2.1-or-later
# Hostile names through inotifierctl: exact in JSON, escaped in text, never executed.

. /test/lib.sh

mkdir -p /srv/a
config <<'X'
[Watch a]
Path=/srv/a
Processor=create
X
systemctl start inotifier
cd /srv/a
: >$'bad\xff\xfe'
: >$'new\nline'
: >$'\e[31mred\a'
: >'$(touch pwn)'
: >-rf
: >$'\xc2\x9b31m'
: >"$(printf 'x%.0s' {1..255})"
inotifierctl --json=short --since=0 -n 7 monitor >"$work/short" 2>/dev/null
inotifierctl --json=pretty --since=0 -n 7 monitor >"$work/pretty" 2>/dev/null
inotifierctl --since=0 -n 7 monitor >"$work/text" 2>/dev/null

expect_eq 'both layouts' "$(jq -c . "$work/short")" "$(jq -c . "$work/pretty")"
expect_eq 'the lines of short' "$(wc -l <"$work/short")" 7
one() { # FILTER
        expect_eq "the number of lines with $1" "$(jq -c "select($1)" "$work/short" | wc -l)" 1
}
one '.path == "/srv/a/bad\ufffd\ufffd" and .raw_path == "2f7372762f612f626164fffe"'
one '.path == "/srv/a/new\nline"'
one '.path == "/srv/a/\u001b[31mred\u0007"'
one '.path == "/srv/a/$(touch pwn)"'
one '.path == "/srv/a/-rf"'
one '.path == "/srv/a/\u009b31m"'
expect_eq 'the lines of text' "$(wc -l <"$work/text")" 7
expect_eq 'raw bytes in the text' "$(LC_ALL=C grep -cP '[\x00-\x08\x0b-\x1f\x7f-\xff]' "$work/text" || true)" 0
grep -qF '/srv/a/bad\xff\xfe' "$work/text"
grep -qF '/srv/a/new\nline' "$work/text"
grep -qF '/srv/a/\x1b[31mred\x07' "$work/text"
[[ ! -e pwn ]]
