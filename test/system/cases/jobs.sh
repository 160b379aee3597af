# SPDX-License-Identifier: LGPL-2.1-or-later
# Publish=unit: a unit for each notice, in order, so many at a time, one after the other for one path; what
# fails is told by name, and what cannot be started waits.

. /test/lib.sh

may_start_units
mkdir -p /srv/one /srv/many
config <<'X'
[Watch one]
Path=/srv/one
Processor=create
Publish=unit
Unit=inotifier-one@.service
MaxUnits=1

[Watch many]
Path=/srv/many
Events=create attrib
Publish=unit
Unit=inotifier-many@.service
MaxUnits=3
X
template inotifier-one <<'X'
echo "$INOTIFIER_SEQUENCE $INOTIFIER_EVENT $INOTIFIER_PATH $1" >>/srv/.case/one
X
template inotifier-many <<'X'
echo "+ $1" >>/srv/.case/many
until [[ -e /srv/.case/go ]]; do sleep 0.02; done
echo "- $1" >>/srv/.case/many
X
systemctl start inotifier

# In order.
for i in {1..20}; do : >"/srv/one/f$i"; done
wait_until 'all of them to be run' lines_of "$work/one" 20
expect_eq 'what was run' "$(cat "$work/one")" \
        "$(for i in {1..20}; do echo "$i in_create /srv/one/f$i srv/one/f$i"; done)"
wait_until 'the files of jobs to be gone' no_job_files

# So many at a time; their files are there, for nobody else to read.
for i in {1..8}; do : >"/srv/many/f$i"; done
wait_until 'three to run' lines_of "$work/many" 3
touch /srv/one/last
wait_until 'the other watch to be served' lines_of "$work/one" 21
lines_of "$work/many" 3 || fail "more run than may: $(cat "$work/many")"
wait_until 'the files of jobs to be those of the three' job_files_are '21 22 23'
expect_eq 'the links to them' "$(readlink -f /run/inotifier/inotifier/units/inotifier-many@srv-many-f2.service)" \
        /run/inotifier/inotifier/jobs/22
grep -qx 'INOTIFIER_PATH="/srv/many/f1"' /run/inotifier/inotifier/jobs/21
expect_failure as stranger ls /run/inotifier/inotifier/jobs >/dev/null
expect_eq 'their modes' "$(stat --format=%a /run/inotifier/inotifier /run/inotifier/inotifier/jobs{,/21} | xargs)" \
        '750 750 640'

# Again for a path whose unit runs: after it, and not beside it.
touch /srv/many/f1
touch "$work/go"
wait_until 'all to be run' lines_of "$work/many" 18
expect_eq 'how often each was run' "$(grep -c '^+ srv/many/f1$' "$work/many") $(grep -c '^+' "$work/many")" '2 9'
awk '/^\+/ { if (++n > 3 || runs[$2]++) exit 1 } /^-/ { n--; runs[$2]-- }' "$work/many" ||
        fail 'too many at a time, or one path twice at a time:' "$(cat "$work/many")"
wait_until 'the files of jobs to be gone' no_job_files

# Failures, by the unit's name; others go on. Another try is Restart='s.
template inotifier-one <<'X'
echo "$1" >>/srv/.case/tries
[[ $1 != srv/one/bad* ]]
X
cat >>/run/systemd/system/inotifier-one@.service <<'X'
Restart=on-failure
RestartSec=100ms
[Unit]
StartLimitBurst=3
StartLimitIntervalSec=1min
X
systemctl daemon-reload
touch /srv/one/bad /srv/one/good
wait_until 'the good one' grep -qx srv/one/good "$work/tries"
expect_eq 'the tries' "$(xargs <"$work/tries")" 'srv/one/bad srv/one/bad srv/one/bad srv/one/good'
has_logged "Unit 'inotifier-one@srv-one-bad.service' has failed.*1 failed so far" || fail 'the failure is not told'
wait_until 'the files of jobs to be gone' no_job_files

# A service that goes on running keeps its place until it ends, however it was started.
rm "$work/one"
template inotifier-one <<'X'
echo "$1" >>/srv/.case/one
until [[ -e /srv/.case/${1##*/} ]]; do sleep 0.02; done
X
sed -i s/oneshot/simple/ /run/systemd/system/inotifier-one@.service
systemctl daemon-reload
touch /srv/one/g1 /srv/one/g2
wait_until 'the first' lines_of "$work/one" 1
systemctl daemon-reload # in which systemd tells of units as if they went
systemctl is-active --quiet inotifier-one@srv-one-g1.service
touch /srv/many/after
wait_until 'what came after that' grep -q after "$work/many"
lines_of "$work/one" 1 || fail 'the second did not wait'
touch "$work/g1"
wait_until 'the second' lines_of "$work/one" 2
touch "$work/g2"
wait_until 'the files of jobs to be gone' no_job_files

# A template that is not there is waited for.
rm /run/systemd/system/inotifier-one@.service "$work/one"
systemctl daemon-reload
touch /srv/one/h1
wait_until 'the trouble to be told' \
        has_logged "cannot start unit 'inotifier-one@srv-one-h1.service'.*trying again"
template inotifier-one <<'X'
echo "$1" >>/srv/.case/one
X
wait_until 'it to be run' lines_of "$work/one" 1

# So is one that is another's alias, which is told; what waits is run when Unit= names that one.
wait_until 'the files of jobs to be gone' no_job_files
rm "$work/one"
ln -s inotifier-one@.service /run/systemd/system/inotifier-alias@.service
systemctl daemon-reload
sed -i s/inotifier-one@/inotifier-alias@/ /etc/inotifier/inotifier.conf
systemctl reload inotifier
touch /srv/one/i1 /srv/one/i2
wait_until 'the alias to be told' \
        has_logged "cannot start unit 'inotifier-alias@srv-one-i1.service': it is another name of 'inotifier-one@"
[[ ! -e $work/one ]] || fail 'it was run'
sed -i s/inotifier-alias@/inotifier-one@/ /etc/inotifier/inotifier.conf
systemctl reload inotifier
patience=5 wait_until 'both to be run' lines_of "$work/one" 2 # sooner than it is tried again by itself
expect_eq 'what was run' "$(xargs <"$work/one")" 'srv/one/i1 srv/one/i2'

# What a watch has told is run when it is no longer configured.
wait_until 'the files of jobs to be gone' no_job_files
rm "$work/one" "$work/go"
for i in {1..6}; do : >"/srv/many/j$i"; done
n_of() { [[ $(grep -c "^$1 srv/many/j" "$work/many") == "$2" ]]; }
wait_until 'three to run' n_of + 3
sed -i '/Watch many/,$d' /etc/inotifier/inotifier.conf
systemctl reload inotifier
systemctl restart inotifier
touch "$work/go"
wait_until 'all of them to end' n_of - 6
wait_until 'the files of jobs to be gone' no_job_files
