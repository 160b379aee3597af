# SPDX-License-Identifier: LGPL-2.1-or-later
# A receiver writes NAME.part in chunks and renames it: a member of the group is told once.

. /test/lib.sh

mkdir -p /srv/dicom/incoming
config <<'X'
[Watch incoming]
Path=/srv/dicom/incoming
Processor=chunked
X
systemctl start inotifier
subscribe member

cd /srv/dicom/incoming
for i in {1..12}; do
        echo "chunk $i"
        stat --format=%s a.dcm.part >/dev/null 2>&1 || true
        # One chunk is seen before the next is written: the kernel merges equal events.
        before=$(property /org/inotifier1/watch/incoming Watch NEvents)
        echo "chunk $i" >>a.dcm.part
        seen() { (($(property /org/inotifier1/watch/incoming Watch NEvents) > before)); }
        wait_until "chunk $i to be read" seen
done
mv a.dcm.part a.dcm
# By hand, so no upload.
echo ordinary >b.dcm.renamed
mv b.dcm.renamed c.dcm
echo x >last.part
mv last.part last
wait_heard member '.path == "/srv/dicom/incoming/last"'

expect_eq 'the notices of a.dcm' \
        "$(heard member '.path == "/srv/dicom/incoming/a.dcm"' |
                jq -c '[.object, .event, .mask, .cookie, .sequence, .details]')" \
        '["/org/inotifier1/watch/incoming","InCreate",256,0,1,{"source-path":"/srv/dicom/incoming/a.dcm.part","chunks":12}]'
expect_eq 'the number of notices of the renamed' \
        "$(heard member '.path == "/srv/dicom/incoming/c.dcm"' | wc -l)" 0
expect_eq 'the number of notices of temporary names' \
        "$(heard member '.path | endswith(".part")' | wc -l)" 0
age=$(($(date +%s) - $(heard member '.sequence == 1' | jq .usec) / 1000000))
((age >= 0 && age < 30)) || fail "the notice is said to be $age seconds old"
