# SPDX-License-Identifier: LGPL-2.1-or-later
# Packages: polkitd
# With polkit the service, as its own user, starts units whose names begin with inotifier-, and can do
# nothing else to any unit; what it may not start waits until it may.

. /test/lib.sh

mkdir -p /srv/ours /srv/others
config <<'X'
[Watch ours]
Path=/srv/ours
Processor=create
Publish=unit
Unit=inotifier-ours@.service

[Watch others]
Path=/srv/others
Processor=create
Publish=unit
Unit=other@.service
X
template inotifier-ours <<'X'
id --name --user >>/srv/.case/ours
X
sed 's/inotifier-ours/inotifier-other/' /run/systemd/system/inotifier-ours@.service >/run/systemd/system/other@.service
cat >"$work/inotifier-other" <<'X'
id --name --user >>/srv/.case/others
X
systemctl daemon-reload
systemctl start inotifier
expect_eq 'the user of the service' "$(stat --format=%U "/proc/$(main_pid)")" inotifier

touch /srv/others/a /srv/ours/a
wait_until 'our unit to be run' lines_of "$work/ours" 1
wait_until 'the other one to be refused' \
        has_logged "Watch 'others': cannot start unit 'other@srv-others-a.service'"
[[ ! -e $work/others ]] || fail 'it was run all the same'

# As that user, without the service's own restraint.
for command in 'stop dbus.service' 'restart inotifier-ours@x.service' 'start other@x.service' \
        'start xinotifier-y@x.service' 'kill dbus.service' 'reload dbus.service' \
        'set-property inotifier-ours@x.service CPUWeight=5' 'mask inotifier-ours@.service' daemon-reload; do
        output=$(expect_failure as inotifier systemctl --no-ask-password $command)
        expect_match "the error of '$command'" "$output" 'Interactive authentication required|Access denied'
done
output=$(expect_failure as inotifier systemd-run --no-ask-password --unit=inotifier-made-up.service \
        touch /srv/.case/made-up)
expect_match 'the error of a unit that is made up' "$output" 'Interactive authentication required|Access denied'
[[ ! -e $work/made-up ]] || fail 'a unit that was made up was run'
as inotifier systemctl --no-ask-password start inotifier-ours@x.service || true # it has no file
for user in stranger member; do
        output=$(expect_failure as $user systemctl --no-ask-password start inotifier-ours@x.service)
        expect_match "the error of $user" "$output" 'Interactive authentication required|Access denied'
done

# An administrator's own rule.
sed 's/"inotifier-"/"other@"/' /usr/share/polkit-1/rules.d/inotifier.rules >/etc/polkit-1/rules.d/other.rules
wait_until 'the other one to be run' lines_of "$work/others" 1
wait_until 'the files of jobs to be gone' no_job_files
rm /etc/polkit-1/rules.d/other.rules /run/systemd/system/other@.service
