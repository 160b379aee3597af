# SPDX-License-Identifier: LGPL-2.1-or-later
# The service is locked up as far as a watcher can be, and sees into private homes all the same.

. /test/lib.sh

rm -rf /home/stranger/private
as stranger mkdir -m 700 /home/stranger/private
chmod 700 /home/stranger
config <<'X'
[Watch home]
Path=/home/stranger/private
Path=/tmp/watched
Path=/run/watched
Path=/root/watched
Processor=create
X
mkdir -p /tmp/watched /run/watched /root/watched
systemctl start inotifier
subscribe member
as stranger touch /home/stranger/private/a
touch /tmp/watched/b /run/watched/c /root/watched/d
for path in /home/stranger/private/a /tmp/watched/b /run/watched/c /root/watched/d; do
        wait_heard member ".event == \"InCreate\" and .path == \"$path\""
done

pid=$(main_pid)
dac_read_search=0000000000000004
expect_eq 'its capabilities' "$(sed -n 's/^Cap\(Prm\|Eff\|Bnd\):\t//p' "/proc/$pid/status" | sort -u)" \
        $dac_read_search
expect_eq 'its user' "$(stat --format=%U "/proc/$pid")" inotifier

# Whoever has it in hand must not configure the next one.
for directory in /etc/inotifier /run/inotifier /usr/lib/inotifier; do
        [[ ! -e $directory || $(stat --format=%U:%A "$directory") == root:drwxr-xr-x ]] ||
                fail "$(ls -ld "$directory")"
done

exposure=$(systemd-analyze security --no-pager inotifier.service |
        sed -n 's/.*Overall exposure level for inotifier.service: \([0-9.]*\).*/\1/p')
awk "BEGIN { exit !($exposure <= 1.5) }" || fail "the exposure level is $exposure" \
        "$(systemd-analyze security --no-pager inotifier.service | grep '✗')"
rm -rf /tmp/watched /run/watched /root/watched /home/stranger/private
