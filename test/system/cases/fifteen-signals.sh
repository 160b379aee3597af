# SPDX-License-Identifier: LGPL-2.1-or-later
# Each of inotify's fifteen events, provoked and seen as the signal of its name.

. /test/lib.sh

mkdir -p /srv/all /srv/self /srv/gone /srv/mount
mount -t tmpfs tmpfs /srv/mount
config <<'X'
[Watch all]
Path=/srv/all
Path=/srv/self
Path=/srv/gone
Path=/srv/mount
Processor=all
X
systemctl start inotifier
subscribe member

cd /srv/all
echo one >f
chmod 600 f
cat f >/dev/null
echo two >>f
mv f g
rm g
mkdir directory
mv /srv/self /srv/elsewhere
rmdir /srv/gone
unmount /srv/mount
wait_heard member '.event == "InUnmount"'

# More than the kernel queues for us, while nobody reads.
signal_main STOP
seq -f 'n%.0f' "$(($(cat /proc/sys/fs/inotify/max_queued_events) / 2))" | xargs touch
signal_main CONT
wait_heard member '.event == "InQOverflow"'
wait_heard member '.event == "Rescanned" and .path == "/srv/all"'

expect_eq 'the events seen' \
        "$(heard member | jq -r .event | grep -v Rescanned | sort -u | paste -sd ' ')" \
        'InAccess InAttrib InCloseNowrite InCloseWrite InCreate InDelete InDeleteSelf InIgnored InModify InMoveSelf InMovedFrom InMovedTo InOpen InQOverflow InUnmount'

one() { # EVENT PATH FILTER: exactly one such notice, for which the filter holds
        expect_eq "$1 of $2" "$(heard member ".event == \"$1\" and .path == \"$2\"" | jq -c "$3")" true
}
cookie=$(heard member '.event == "InMovedTo" and .path == "/srv/all/g"' | jq .cookie)
((cookie > 0)) || fail "a move without cookie"
one InCreate /srv/all/f '.mask == 256 and .cookie == 0 and .details == {}'
one InCreate /srv/all/directory '.mask == 1073742080'
one InAttrib /srv/all/f '.mask == 4'
one InMovedFrom /srv/all/f ".mask == 64 and .cookie == $cookie"
one InMovedTo /srv/all/g '.mask == 128 and .details["source-path"] == "/srv/all/f"'
one InDelete /srv/all/g '.mask == 512'
one InMoveSelf /srv/self '.mask == 2048'
one InDeleteSelf /srv/gone '.mask == 1024'
one InIgnored /srv/gone '.mask == 32768'
one InUnmount /srv/mount '.mask == 1073750016'

# In order, without holes: nothing fell off the ring in between.
expect_eq 'the sequence of the first hundred' \
        "$(heard member | head -n 20 | jq .sequence | paste -sd ' ')" "$(seq 1 20 | paste -sd ' ')"
