# SPDX-License-Identifier: LGPL-2.1-or-later
# Limit: 400
# Files arrive while the service is restarted and killed: each that arrived is told once, with its size (or
# again under its number), whether it began before and ended after, or while nobody was there.

. /test/lib.sh
. /test/senders.sh

least=400
incoming
files 400
may_restart

send() { # NUMBER
        case $(($1 % 4)) in
        0) cp "/srv/out/f$1" "/srv/in/f$1" ;;
        1) cp "/srv/out/f$1" "/srv/in/f$1.part" && sleep 0.1 && mv "/srv/in/f$1.part" "/srv/in/f$1" ;;
        2) mv "/srv/out/f$1" "/srv/in/f$1" ;;
        3) { head -c 500 "/srv/out/f$1" && sleep 0.2 && tail -c +501 "/srv/out/f$1"; } >"/srv/in/f$1" ;;
        esac
}
(
        for i in {0..399}; do
                send "$i" &
                sleep 0.02
                await_restarts $(((i + 1) / 100))
        done
        wait
        touch /srv/sent
) &
some_are_left() { [[ ! -e /srv/sent ]]; }
restart_while some_are_left
each_is_told 1 /srv/in
