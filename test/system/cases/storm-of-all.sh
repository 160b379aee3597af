# SPDX-License-Identifier: LGPL-2.1-or-later
# Limit: 900
# S24: killed, restarted and reloaded, with a watch more or less and other events wanted each time, while
# files come and go. Nothing is lost or told twice. In a storm of minutes trees are looked at otherwise, too:
# then names can be told twice (README), and that is for the endurance.

. /test/lib.sh

mkdir -p /srv/more
disturb() {
        sleep "0.$(printf %03d $((50 + RANDOM % 450)))"
        case $((RANDOM % 4)) in
        0) systemctl restart inotifier ;;
        1 | 2)
                {
                        if ((RANDOM % 2 || seconds < 60)); then world_config; else world_config | sed '/^Path=/a FollowSymlinks=yes'; fi
                        if ((RANDOM % 2)); then echo 'Events=create attrib'; fi
                        if ((RANDOM % 2)); then echo -e '[Watch more]\nPath=/srv/more'; fi
                } | config
                systemctl reload inotifier || true # it may be down just now
                ;;
        3) strike ;;
        esac
}

storm 2 disturb
