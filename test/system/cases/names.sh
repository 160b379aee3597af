# SPDX-License-Identifier: LGPL-2.1-or-later
# Names that are not UTF-8, hold newlines or escape sequences, or are as long as can be, come through.

. /test/lib.sh

mkdir -p /srv/a
config <<'X'
[Watch a]
Path=/srv/a
Processor=all
Events=create moved_to
Publish=bus journal
X
systemctl start inotifier
subscribe member

cd /srv/a
long=$(printf 'x%.0s' {1..255})
: >$'bad\xff\xfe'
: >$'new\nline'
: >$'\e[31mred\a'
: >'$(touch pwn)'
: >-rf
: >"$long"
: >$'\u00fcml\u00e4ut'
mv -- $'bad\xff\xfe' good
settle member /srv/a

one() { # FILTER: the one notice for which it holds
        expect_eq "the number of notices with $1" "$(heard member "$1" | wc -l)" 1
}
one '.path == "/srv/a/bad\ufffd\ufffd" and .details["raw-path"] == "2f7372762f612f626164fffe"'
one '.path == "/srv/a/new\nline" and .details == {}'
one '.path == "/srv/a/\u001b[31mred\u0007" and .details == {}'
one '.path == "/srv/a/$(touch pwn)"'
one '.path == "/srv/a/-rf"'
one ".path == \"/srv/a/$long\""
one '.path == "/srv/a/ümläut" and .details == {}'
one '.path == "/srv/a/good" and .details["raw-source-path"] == "2f7372762f612f626164fffe"
        and .details["source-path"] == "/srv/a/bad\ufffd\ufffd" and .details["raw-path"] == null'
[[ ! -e pwn ]]

# In the journal: the exact bytes in their field, nothing raw in the message.
journal() {
        journalctl --sync
        journalctl --output=json --all --no-pager "_PID=$(main_pid)" INOTIFIER_EVENT=in_create
}
journal_has_all() { [[ $(journal | jq -c 'select(.INOTIFIER_PATH | tostring | contains("/.settled-"))') ]]; }
wait_until 'the journal to have all' journal_has_all
expect_eq 'the bytes of the path' \
        "$(journal | jq -c 'select(.INOTIFIER_SEQUENCE == "1").INOTIFIER_PATH')" \
        '[47,115,114,118,47,97,47,98,97,100,255,254]'
# Control characters would make a field an array of bytes.
expect_eq 'the messages that are not plain text' \
        "$(journal | jq -c 'select(.MESSAGE | type != "string" or test("[\u0000-\u001f\u007f]"))')" ''
expect_eq 'the messages as the journal shows them' \
        "$(journalctl --output=cat --no-pager "_PID=$(main_pid)" | grep -c $'\e\|\a' || true)" 0
