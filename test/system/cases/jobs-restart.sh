# SPDX-License-Identifier: LGPL-2.1-or-later
# Limit: 300
# Jobs over restart, stop, kill -9, a bus that goes away, a new systemd: each is done, and in order; one
# that may have been done twice says so. Units that run go on and are known again.

. /test/lib.sh

may_start_units
mkdir -p /srv/in
config <<'X'
[Watch in]
Path=/srv/in
Processor=create
Publish=unit
Unit=inotifier-job@.service
MaxUnits=2
X
template inotifier-job <<'X'
echo "begin $INOTIFIER_PATH ${INOTIFIER_REPEAT-once}" >>/srv/.case/log
until [[ -e /srv/.case/go ]]; do sleep 0.02; done
echo "end $INOTIFIER_PATH ${INOTIFIER_REPEAT-once}" >>/srv/.case/log
X
begun() { [[ $(grep -c ^begin "$work/log") == "$1" ]]; }
ended() { [[ $(grep -c ^end "$work/log") == "$1" ]]; }
systemctl start inotifier
for i in {1..6}; do : >"/srv/in/a$i"; done
wait_until 'two to run' begun 2

# Whatever becomes of the service, these two go on, the others wait, and what comes is not forgotten.
files=$(job_files)
for what in 'restart inotifier' daemon-reexec 'restart dbus.service' daemon-reload; do
        systemctl $what
done
pid=$(main_pid)
kill -KILL "$pid"
is_another() { [[ $(main_pid) != "$pid" ]]; }
wait_until 'the next process' is_another
wait_until 'the service to be back' state_is in watching
expect_eq 'the files of jobs' "$(job_files)" "$files"
: >/srv/in/a7
systemctl stop inotifier
expect_eq 'the files of jobs' "$(job_files)" "$files"
touch "$work/go"
wait_until 'those that run to end without the service' ended 2
systemctl start inotifier
wait_until 'all of them' ended 7
# Two begin at a time, and either may be the first to say so.
sed -n 's/^begin .*a\([0-9]\) .*/\1/p' "$work/log" | awk '$1 > NR + 1 || $1 < NR - 1 { exit 1 }' ||
        fail 'not in order:' "$(cat "$work/log")"
! grep -v 'once$' "$work/log" || fail 'something was repeated'
wait_until 'the files of jobs to be gone' no_job_files

# One that fails while nobody looks is told by the next process.
rm "$work/go" "$work/log"
sed -i '$a exit 1' "$work/inotifier-job"
: >/srv/in/b1
wait_until 'it to run' begun 1
systemctl stop inotifier
touch "$work/go"
wait_until 'it to fail' systemctl is-failed --quiet inotifier-job@srv-in-b1.service
systemctl start inotifier
wait_until 'it to be told' has_logged "Unit 'inotifier-job@srv-in-b1.service' has failed"
systemctl reset-failed
sed -i '$d' "$work/inotifier-job"

# Killed again and again amid a flood: none is lost, and none is done twice without a word.
rm "$work/log"
(for i in {1..300}; do
        : >"/srv/in/c$i"
        sleep 0.01
done) &
writer=$!
n_kills=0
while kill -0 $writer 2>/dev/null || ((n_kills < 15)); do
        sleep "0.$((RANDOM % 3))$((RANDOM % 10))"
        signal_main KILL 2>/dev/null && n_kills=$((n_kills + 1))
        wait_until 'the next one' systemctl is-active --quiet inotifier
        systemctl reset-failed inotifier
done
all_ended() { (($(sed -n 's/^end \([^ ]*\).*/\1/p' "$work/log" | sort -u | wc -l) == 300)); }
wait_until 'all to have ended' all_ended
wait_until 'the files of jobs to be gone' no_job_files
twice=$(grep ' once$' "$work/log" | sort | uniq -d)
[[ ! $twice ]] || fail "done twice without a word: $twice"
echo "$n_kills kills, $(grep -c '^end.*true$' "$work/log") repeats"
