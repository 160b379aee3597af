# SPDX-License-Identifier: LGPL-2.1-or-later
# Packages: socat jq
# The loop in the shell is in README as it is, and is told whole names.

. /test/lib.sh

expect_eq 'the loop in README' "$(block 'file: etc/examples/arrivals.sh')" \
        "$(cat /project/etc/examples/arrivals.sh)"
mkdir -p /srv/dicom/incoming
config <<'X'
[Watch incoming]
Path=/srv/dicom/incoming
Processor=chunked
X
systemctl start inotifier
readme shell-loop >"$work/arrivals" &
listens() { [[ $(property /org/inotifier1 Manager NSubscribers) == 1 ]]; }
wait_until 'the loop' listens

for name in IMG1 'two words' $'new\nline' $'\e[31mred' '$(touch pwn)'; do
        echo data >"/srv/dicom/incoming/$name.part"
        mv "/srv/dicom/incoming/$name.part" "/srv/dicom/incoming/$name"
done
told_all() { (($(grep -c '^arrived: ' "$work/arrivals") == 5)); }
wait_until 'all arrivals' told_all
expect_eq 'the arrivals' "$(grep '^arrived: ' "$work/arrivals")" \
        "$(printf 'arrived: %q\n' /srv/dicom/incoming/{IMG1,'two words',$'new\nline',$'\e[31mred','$(touch pwn)'})"
