# SPDX-License-Identifier: LGPL-2.1-or-later
# Limit: 300
# More files arrive than the kernel's queue holds events for: after the rescan each that arrived has been
# told once, with its size; one that is written to meanwhile, too.

. /test/lib.sh
. /test/senders.sh

least=6001
incoming
mkdir -p /srv/out
for i in {1..6000}; do
        echo "$i" >"/srv/out/f$i"
done
exec {slow}>/srv/in/slow
echo one >&"$slow"
wait_heard member '.event == "TransferStarted" and .path == "/srv/in/slow"'

signal_main STOP
cp /srv/out/* /srv/in/
for i in {1..50}; do
        mv "/srv/in/f$i" "/srv/in/.f$i.part"
        mv "/srv/in/.f$i.part" "/srv/in/f$i"
done
echo two >&"$slow"
exec {slow}>&-
signal_main CONT
wait_heard member '.event == "InQOverflow"'
wait_heard member '.event == "Rescanned"'
each_is_told 1 /srv/in
