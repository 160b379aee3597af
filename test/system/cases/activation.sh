# SPDX-License-Identifier: LGPL-2.1-or-later
# Who asks starts the daemon.

. /test/lib.sh

mkdir -p /srv/a
config <<'X'
[Watch a]
Path=/srv/a
X
[[ $(main_pid) == 0 ]]
expect_match 'the answer' \
        "$(busctl --json=short call org.inotifier1 /org/inotifier1 org.inotifier1.Manager ListWatches)" \
        '"/srv/a"'
# It has its name, and answers, a moment before it says that it is ready.
wait_until 'it to be up' systemctl is-active --quiet inotifier
