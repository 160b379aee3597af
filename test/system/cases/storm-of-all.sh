# SPDX-License-Identifier: LGPL-2.1-or-later
# Limit: 900
# S24: killed, restarted and reloaded, with a watch more or less, trees that go further or not so far, and other
# events wanted each time, while files come and go. Nothing is lost or told twice.

. /test/lib.sh

mkdir -p /srv/more
disturb() {
        sleep "0.$(printf %03d $((50 + RANDOM % 450)))"
        case $((RANDOM % 4)) in
        0) systemctl restart inotifier ;;
        1 | 2)
                {
                        if ((RANDOM % 2)); then world_config; else world_config | sed '/^Path=/a FollowSymlinks=yes\nExclude=*.none'; fi
                        if ((RANDOM % 2)); then echo 'Events=create attrib'; fi
                        if ((RANDOM % 2)); then echo -e '[Watch more]\nPath=/srv/more'; fi
                } | config
                systemctl reload inotifier || true # it may be down just now
                ;;
        3) strike ;;
        esac
}

storm 2 disturb
