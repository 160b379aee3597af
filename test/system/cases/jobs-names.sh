# SPDX-License-Identifier: LGPL-2.1-or-later
# S13 for Publish=unit: hostile names reach units as they are, by the real EnvironmentFile= and by a shell
# that sources the file; a name that fits no unit's name has its number; nothing is executed.

. /test/lib.sh

may_start_units
mkdir -p /srv/in
config <<'X'
[Watch in]
Path=/srv/in
Recursive=yes
Processor=create
Publish=unit
Unit=inotifier-name@.service
MaxUnits=4
X
template inotifier-name <<'X'
instance=$2
hex() { printf %s "$1" | od -A n -t x1 -v | tr -d ' \n'; }
bytes=${INOTIFIER_RAW_PATH:-$(hex "$INOTIFIER_PATH")}
environment=$(env | grep -a ^INOTIFIER | sort | od -A n -t x1 -v)
for file in "/run/inotifier/inotifier/jobs/$INOTIFIER_SEQUENCE" "/run/inotifier/inotifier/units/$3"; do
        sourced=$(env -i sh -c 'set -a && . "$1" && env | grep -a ^INOTIFIER | sort' sh "$file" | od -A n -t x1 -v)
        [[ $sourced == "$environment" ]] || echo "$file differs: $sourced" >>/srv/.case/bad
done
echo "$INOTIFIER_SEQUENCE $bytes $instance" >>/srv/.case/names
X
sed -i 's/%I$/%I %i %n/' /run/systemd/system/inotifier-name@.service
systemctl daemon-reload
systemctl start inotifier

cd /srv/in
long=$(printf 'x%.0s' {1..255})
deep=$(printf 'd%.0s' {1..200})
fits=/srv/in/$(printf 'y%.0s' {1..222}) # inotifier-name@srv-in-….service has 255 bytes
names=($'bad\xff\xfe' $'new\nINOTIFIER_WATCH=other\nline' '-leading' "$long" '$(touch pwn)' '`touch pwn`' $'\e[31mred'
        $'\xef\xbf\xbe' '"; touch pwn; "' "'; touch pwn; '" 'back\slash' '\' 'end\' ' blanks ' $'\t' '%n%i%%' '#' ';' 'a=b'
        '${HOME} $HOME $$' '*' '[a]' '{a,b}' 'ä€' $'\x01\x7f' 'x20' ' ' 'a@b' '.' "${fits##*/}" "${fits##*/}z")
made=()
for name in "${names[@]}"; do
        [[ $name == . ]] && name=.hidden
        : >"./$name"
        made+=("/srv/in/$name")
done
mkdir "$deep"
mkdir "$deep/$deep"
made+=("/srv/in/$deep" "/srv/in/$deep/$deep")
wait_until 'all to be run' lines_of "$work/names" ${#made[@]}
[[ ! -e $work/bad ]] || fail 'read otherwise:' "$(cat "$work/bad")"

hex() { printf %s "$1" | od -A n -t x1 -v | tr -d ' \n'; }
for path in "${made[@]}"; do
        read -r sequence bytes instance < <(grep " $(hex "$path") " "$work/names") || fail "no unit for '$path'"
        escaped=$(systemd-escape --path -- "$path" 2>/dev/null) || escaped=
        if ((${#escaped} == 0 || ${#escaped} + 23 > 255)); then
                escaped=$sequence
        fi
        expect_eq "the instance of $path" "$instance" "$escaped"
done
grep -q " $(hex "$fits") srv-in-y*\$" "$work/names" || fail 'the longest name does not fit'
wait_until 'the files of jobs to be gone' no_job_files
[[ ! $(find / -xdev -name 'pwn*' 2>/dev/null | grep -v '^/srv/in/') ]] || fail 'a name was executed'
! grep -q $'\e' <<<"$(journal_of inotifier)" || fail 'an escape sequence got through'
