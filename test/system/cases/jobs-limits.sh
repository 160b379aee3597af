# SPDX-License-Identifier: LGPL-2.1-or-later
# Units that systemd does not run, as they were started too often, or what they depend on or their environment
# is not there: their notices are not lost, and others go on.

. /test/lib.sh

may_start_units
mkdir -p /srv/in /srv/needy /srv/odd
config <<'X'
[Watch in]
Path=/srv/in
Events=close_write
Publish=unit
Unit=inotifier-job@.service
MaxUnits=2
[Watch needy]
Path=/srv/needy
Events=close_write
Publish=unit
Unit=inotifier-needy@.service
[Watch odd]
Path=/srv/odd
Events=close_write
Publish=unit
Unit=inotifier-odd@.service
X
template inotifier-job <<'X'
echo "$INOTIFIER_SEQUENCE ${INOTIFIER_PATH##*/} ${INOTIFIER_REPEAT-once}" >>/srv/.case/log
[[ $INOTIFIER_PATH == */good || $(wc -l </srv/.case/log) -ge 6 ]]
X
template inotifier-needy <<'X'
echo "$INOTIFIER_SEQUENCE" >>/srv/.case/needy
X
template inotifier-odd <<'X'
echo "$INOTIFIER_SEQUENCE" >>/srv/.case/odd
X
sed -i '$aEnvironmentFile=/srv/.case/environment' /run/systemd/system/inotifier-odd@.service
cat >>/run/systemd/system/inotifier-needy@.service <<'X'
[Unit]
Requires=inotifier-need.service
After=inotifier-need.service
X
cat >/run/systemd/system/inotifier-need.service <<'X'
[Service]
Type=oneshot
ExecStart=/bin/test -e /srv/.case/need
X
systemctl daemon-reload
systemctl start inotifier

# Each write is a notice; the first ones fail, and systemd starts no sixth within ten seconds.
for i in {1..12}; do
        echo "$i" >/srv/in/bad
        settled() { [[ $(property /org/inotifier1/watch/in Watch NNotices) == "$i" ]]; }
        wait_until 'its notice' settled
done
wait_until 'the limit to be told' has_logged "systemd does not run unit 'inotifier-job@srv-in-bad.service'"
n=$(wc -l <"$work/log")
((n < 12)) || fail 'there is no limit'
echo data >/srv/in/good
wait_until 'another one to be run' grep -q '^13 good once$' "$work/log"

: >/srv/needy/a
: >/srv/odd/a
wait_until 'the dependency to be told' has_logged "systemd does not run unit 'inotifier-needy@srv-needy-a.service'"
wait_until 'the environment to be told' has_logged "systemd does not run unit 'inotifier-odd@srv-odd-a.service'"
touch "$work/need" "$work/environment"

# It outlives a restart.
systemctl restart inotifier
wait_until 'all of them to be run' lines_of "$work/log" 13
wait_until 'the needy one to be run' lines_of "$work/needy" 1
wait_until 'the odd one to be run' lines_of "$work/odd" 1
expect_eq 'the notices that were run' "$(cut -d ' ' -f 1 "$work/log" | sort -nu | xargs)" "$(seq 13 | xargs)"
wait_until 'the files of jobs to be gone' no_job_files
