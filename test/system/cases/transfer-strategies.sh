# SPDX-License-Identifier: LGPL-2.1-or-later
# S15, S18, S19, S20 with the real clock: idle, its bound, markers in any order, temporary files from before
# the start.

. /test/lib.sh
. /test/senders.sh

mkdir -p /srv/idle /srv/marked /srv/plain
echo before >/srv/plain/old.part
echo before >/srv/marked/old
touch /srv/marked/late.done
config <<'X'
[Watch idle]
Path=/srv/idle
Processor=idle
[Watch marked]
Path=/srv/marked
Processor=marked
[Watch plain]
Path=/srv/plain
Processor=transfer
[Processor idle]
Type=transfer
Complete=idle
IdleSec=2s
MaxAge=8s
[Processor marked]
Type=transfer
Complete=marker
X
systemctl start inotifier
subscribe member

# What is written to again and again is not idle, whatever its time of writing says; the bound ends it.
(
        until [[ -e /srv/enough ]]; do
                echo more >>/srv/idle/endless
                touch -m -d 2001-01-01 /srv/idle/endless
                sleep 0.05
        done
) &
# Two pieces, with less than the idle time between.
{ echo one && sleep 0.2 && echo two; } >/srv/idle/two
wait_heard member '.event == "TransferCompleted" and .path == "/srv/idle/two" and .details.size == 8'
wait_heard member '.event == "TransferAbandoned" and .path == "/srv/idle/endless" and .details.reason == "age"'
expect_eq 'the completions of what never is idle' "$(n_told TransferCompleted /srv/idle/endless)" 0
touch /srv/enough
wait $!
expect_eq 'the completions of the two pieces' "$(n_told TransferCompleted /srv/idle/two)" 1

echo data >/srv/marked/a
touch /srv/marked/a.done
wait_heard member '.event == "TransferCompleted" and .path == "/srv/marked/a"'
touch /srv/marked/b.done
echo data >/srv/marked/b
wait_heard member '.event == "TransferCompleted" and .path == "/srv/marked/b"'
# Marker or file from before the start.
echo data >/srv/marked/late
wait_heard member '.event == "TransferCompleted" and .path == "/srv/marked/late"'
touch /srv/marked/old.done
wait_heard member '.event == "TransferCompleted" and .path == "/srv/marked/old"'
# x.done is not the marker of x.dat.
echo data >/srv/marked/x.dat
touch /srv/marked/x.done /srv/marked/x.dat.done
wait_heard member '.event == "TransferCompleted" and .path == "/srv/marked/x.dat"'
echo data >/srv/marked/unmarked
touch /srv/marked/a.done
echo data >/srv/marked/last
touch /srv/marked/last.done
wait_heard member '.event == "TransferCompleted" and .path == "/srv/marked/last"'
expect_eq 'all that was marked' \
        "$(heard member '.event == "TransferCompleted" and (.path | startswith("/srv/marked/"))' |
                jq -r .path | sed 's#.*/##' | paste -sd ' ')" 'a b late old x.dat last'

mv /srv/plain/old.part /srv/plain/old
wait_heard member '.event == "TransferCompleted" and .path == "/srv/plain/old" and
        .details["source-path"] == "/srv/plain/old.part" and .details.size == 7'
mv /srv/plain/old /srv/plain/renamed
echo x >/srv/plain/deleted.part
rm /srv/plain/deleted.part
wait_heard member '.event == "TransferAbandoned" and .path == "/srv/plain/deleted.part"'
expect_eq 'the completions' "$(heard member '.event == "TransferCompleted" and
        (.path | startswith("/srv/plain/"))' | wc -l)" 1
