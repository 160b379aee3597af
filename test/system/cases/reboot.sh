# SPDX-License-Identifier: LGPL-2.1-or-later
# Reboots
# S24: between a boot and the next files are added, changed, renamed, removed and replaced (inodes of the
# dead are used again). What differs is announced as found by a rescan, each once, and nothing else; the
# sequence and the counters go on; an upload that was under way is completed.

. /test/lib.sh

if ((half == 1)); then
        mkdir -p /srv/in/d /srv/up
        seq -f '/srv/in/%.0f' 200 | xargs touch
        touch /srv/in/{same,changed,renamed,removed,replaced} /srv/in/d/{same,removed}
        config <<'X'
[Watch in]
Path=/srv/in
Recursive=yes
Events=create delete modify close_write move
Recover=yes
[Watch up]
Path=/srv/up
Processor=chunked
X
        systemctl start inotifier
        subscribe member
        echo one >/srv/up/x.part
        touch /srv/in/last
        wait_heard member '.path == "/srv/in/last"'
        settle member /srv/in
        wait_heard member '.event == "InCloseWrite" and (.path | contains("/.settled-"))' # the last notice
        property /org/inotifier1 Manager Sequence >/results/reboot-sequence
        property /org/inotifier1 Manager NEvents >/results/reboot-events
        systemctl stop inotifier # as the reboot would
        exit 0
fi

mkdir -p "$work"
chmod 777 "$work"
cd /srv/in
echo more >changed
mv renamed renamed-to
rm removed d/removed
rm replaced && echo another >replaced
touch d/added
mkdir e
touch e/added
rm {1..100}
touch new-{1..100}
mv /srv/up/x.part /srv/up/x

subscribe member
systemctl start inotifier
settle member /srv/in
touch /srv/up/last.part
mv /srv/up/last.part /srv/up/last
wait_heard member '.path == "/srv/up/last"'

about() { # NAME: what was told of it
        heard member ".path == \"/srv/in/$1\"" | jq -r '.event' | sort -u | paste -sd ' '
}
expect_eq 'what was told of a file that is as it was' "$(about same)$(about d/same)$(about 150)" ''
[[ $(about changed) ]] || fail 'nothing was told of the changed file'
[[ $(about replaced) ]] || fail 'nothing was told of the replaced file'
expect_eq 'of the old name' "$(about renamed)" InDelete
expect_eq 'of the new name' "$(about renamed-to)" InCreate
expect_eq 'of the removed ones' "$(about removed) $(about d/removed) $(about 7)" 'InDelete InDelete InDelete'
expect_eq 'of the added ones' "$(about d/added) $(about e) $(about e/added) $(about new-7)" \
        'InCreate InCreate InCreate InCreate'
expect_eq 'of what is not marked as found by a rescan' \
        "$(heard member '.event == "InDelete" and (.details.rescan | not)' | wc -l)" 0
expect_eq 'how many came' "$(heard member '.event == "InCreate" and (.path | startswith("/srv/in/new-"))' | wc -l)" 100
expect_eq 'how many went' \
        "$(heard member '.event == "InDelete"' | wc -l)" 103
expect_eq 'of the upload' "$(heard member '.path == "/srv/up/x"' | jq -c '[.event, .details.rescan]')" \
        '["InCreate",true]'

before=$(cat /results/reboot-sequence)
first=$(heard member | jq --slurp '.[0].sequence')
expect_eq 'the first sequence' "$first" $((before + 1))
(($(property /org/inotifier1 Manager NEvents) > $(cat /results/reboot-events))) || fail 'the counters began anew'
