# SPDX-License-Identifier: LGPL-2.1-or-later
# Reload and rescan with inotifierctl: root may, members may not, and what is wrong has its line.

. /test/lib.sh

mkdir -p /srv/a /srv/b
config <<'X'
[Watch a]
Path=/srv/a
Processor=create
X
systemctl start inotifier
subscribe member

inotifierctl rescan a
wait_heard member '.event == "Rescanned" and .path == "/srv/a"'
inotifierctl rescan
wait_until 'the other rescan' n_heard 2 member '.event == "Rescanned"'
expect_match 'a rescan of what is not there' "$(expect_failure inotifierctl rescan b)" \
        "^inotifierctl: No watch 'b': 'inotifierctl list' names those that are there\$"

cp /etc/inotifier/inotifier.conf "$work/good.conf"
printf '[Watch b]\nPath=b\n' >>/etc/inotifier/inotifier.conf
expect_match 'a bad reload' "$(expect_failure inotifierctl reload)" '^/etc/inotifier/inotifier\.conf:5: [^'$'\n'']+$'
expect_eq 'the watches' "$(inotifierctl --json=short list | jq -c 'map(.name)')" '["a"]'
expect_eq 'what the daemon says of it' "$(expect_failure inotifier --check)" "$(expect_failure inotifierctl check)"
sed -i 's#Path=b#Path=/srv/b#' /etc/inotifier/inotifier.conf
expect_eq 'a good check' "$(inotifierctl check)" ''
inotifierctl reload
expect_eq 'the watches' "$(inotifierctl --json=short list | jq -c 'map(.name)')" '["a","b"]'

for command in reload rescan 'rescan a'; do
        expect_match "$command by a member" "$(expect_failure as member inotifierctl $command)" \
                '^inotifierctl: Access denied: be root'
done
