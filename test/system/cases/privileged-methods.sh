# SPDX-License-Identifier: LGPL-2.1-or-later
# Reload is root's: members and strangers are refused.

. /test/lib.sh

mkdir -p /srv/a
config <<'X'
[Watch a]
Path=/srv/a
X
systemctl start inotifier
cat >>/etc/inotifier/inotifier.conf <<'X'
[Watch b]
Path=/srv/a
X
for user in member stranger; do
        access_denied $user gdbus call --system --dest org.inotifier1 --object-path /org/inotifier1 \
                --method org.inotifier1.Manager.Reload
done
expect_eq 'the number of watches before' "$(property /org/inotifier1 Manager NWatches)" 1
busctl call org.inotifier1 /org/inotifier1 org.inotifier1.Manager Reload
expect_eq 'the number of watches after' "$(property /org/inotifier1 Manager NWatches)" 2
