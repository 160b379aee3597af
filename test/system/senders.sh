# SPDX-License-Identifier: LGPL-2.1-or-later
#
# What the cases of real senders share: files of mixed sizes to send, and that each file that has arrived
# was told as completed as often as it arrived, with the size that it has.

# incoming [SETTING…]: a watch with default settings, or these, on /srv/in, and somebody who hears of it.
incoming() {
        mkdir -p /srv/in
        {
                printf '%s\n' '[Watch in]' Path=/srv/in Processor=transfer
                (($# == 0)) || printf '%s\n' "$@"
        } | config
        systemctl start inotifier
        subscribe member
}

noise() {
        [[ -e /srv/.noise ]] || head -c 600000 /dev/urandom >/srv/.noise
}

# files N [PREFIX]: N files of mixed sizes, from nothing to half a megabyte, in /srv/out.
files() {
        local i
        mkdir -p /srv/out
        noise
        for ((i = 0; i < $1; i++)); do
                head -c $((i * i * 7919 % (i % 10 == 9 ? 500000 : 20000))) /srv/.noise >"/srv/out/${2:-f}$i"
        done
}

# dicom N [SERIES]: N DICOM images of ten sizes, in /srv/out.
dicom() {
        local i n uid=1.2.826.0.1.3680043.2.1125.${2:-1}
        mkdir -p /srv/out
        noise
        for ((i = 0; i < 10; i++)); do
                n=$((i * 20 + 8)) # rows and columns
                head -c $((n * n * 2)) /srv/.noise >/srv/.pixels
                cat >/srv/.dump <<X
(0008,0016) UI =SecondaryCaptureImageStorage
(0008,0018) UI [$uid.1000]
(0010,0010) PN [Test^$i]
(0010,0020) LO [$i]
(0020,000d) UI [$uid.2]
(0020,000e) UI [$uid.3]
(0028,0002) US 1
(0028,0004) CS [MONOCHROME2]
(0028,0010) US $n
(0028,0011) US $n
(0028,0100) US 16
(0028,0101) US 16
(0028,0102) US 15
(0028,0103) US 0
(7fe0,0010) OW =/srv/.pixels
X
                dump2dcm --quiet /srv/.dump "/srv/.image$i"
        done
        # Each is another image by its number.
        for ((i = 0; i < $1; i++)); do
                LC_ALL=C sed "s/${uid//./\\.}\\.1000/$uid.$((1001 + i))/g" "/srv/.image$((i % 10))" >"/srv/out/$i.dcm"
        done
}

# completed DIR: of each file that was told as completed below it, in the order of paths, path, size when it was
# last told, and how often that was. What is repeated after a crash has the number that it had.
completed() {
        heard member ".event == \"TransferCompleted\" and (.path | startswith(\"$1/\"))" |
                jq -rs 'unique_by(.sequence)[] | select(.path | contains("/.settled-") | not) |
                        "\(.path) \(.details.size)"' |
                awk '{ size[$1] = $2; n[$1]++ } END { for (p in n) print p, size[p], n[p] }' | sort
}

# arrived N DIR: of each file that is there under its own name, the same, if each was told N times.
arrived() {
        find "$2" -type f -not -name '.*' -not -name '*.part' -printf "%p %s $1\n" | sort
}

is_told() {
        [[ $(completed "$2") == "$(arrived "$1" "$2")" ]]
}

# each_is_told N DIR: N completions for each file there, the last one with its size, and none for anything
# else. At least $least files are there.
each_is_told() {
        local end=$((SECONDS + patience)) n
        n=$(arrived "$1" "$2" | wc -l)
        ((n >= ${least:-1})) || fail "only $n files have arrived"
        until is_told "$1" "$2" || ((SECONDS > end)); do
                sleep 0.1
        done
        # And none is told once more.
        settle member "$2"
        is_told "$1" "$2" || fail "expected (<), told (>) in $(caller)" \
                "$(diff <(arrived "$1" "$2") <(completed "$2") | head -n 40)"
}

# last_size PATH: of its last completion.
last_size() {
        heard member ".event == \"TransferCompleted\" and .path == \"$1\"" | tail -n 1 | jq .details.size
}

n_told() { # EVENT PATH
        heard member ".event == \"$1\" and .path == \"$2\"" | wc -l
}

# serve_ssh: an sshd on port 2222 that lets root in; $ssh has the options of who comes.
serve_ssh() {
        mkdir -p /run/sshd "$work/ssh" /root/.ssh
        chmod 700 /root/.ssh "$work/ssh"
        ssh-keygen -q -t ed25519 -N '' -f "$work/ssh/host"
        ssh-keygen -q -t ed25519 -N '' -f "$work/ssh/user"
        cp "$work/ssh/user.pub" /root/.ssh/authorized_keys
        /usr/sbin/sshd -D -p 2222 -h "$work/ssh/host" -o StrictModes=no -o UsePAM=no &
        ssh=(-q -o BatchMode=yes -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -i "$work/ssh/user")
        wait_until 'sshd' ssh -p 2222 "${ssh[@]}" localhost true
}

# serve_ftp DIR [SETTING…]: ProFTPD on port 2121 with these, its process in $ftp.
serve_ftp() {
        local dir=$1
        shift
        chown member: "$dir"
        {
                cat <<X
ServerType standalone
Port 2121
DefaultAddress 127.0.0.1
UseIPv6 off
UseReverseDNS off
User member
Group member
RequireValidShell off
PidFile /run/proftpd-case.pid
ScoreboardFile /run/proftpd-case.scoreboard
WtmpLog off
<Anonymous $dir>
  User member
  Group member
  UserAlias anonymous member
  <Limit WRITE>
    AllowAll
  </Limit>
</Anonymous>
X
                printf '%s\n' "$@"
        } >/srv/.proftpd.conf
        proftpd --nodaemon --quiet --config /srv/.proftpd.conf >"$work/proftpd" 2>&1 &
        ftp=$!
        wait_until 'the FTP server' curl --silent --list-only ftp://127.0.0.1:2121/
}

# may_restart: as often as one likes; restart_while COMMAND…: restarts and kills the service in turn as
# long as the command succeeds, at least $least_restarts times; await_restarts N: until it has done so N
# times, for who has to send until then.
may_restart() {
        mkdir -p /run/systemd/system/inotifier.service.d
        printf '%s\n' '[Service]' RestartSec=20ms '[Unit]' StartLimitIntervalSec=0 \
                >/run/systemd/system/inotifier.service.d/restart.conf
        systemctl daemon-reload
}

await_restarts() {
        were_restarts() { (($(cat "$work/.restarts" 2>/dev/null | wc -l) >= $1)); }
        wait_until "$1 restarts" were_restarts "$1"
}

restart_while() {
        local n=0 old
        is_another() { (($(main_pid) != 0 && $(main_pid) != old)) && systemctl is-active --quiet inotifier; }
        while "$@"; do
                if ((n++ % 2 == 0)); then
                        systemctl restart inotifier
                else
                        old=$(main_pid)
                        ((old > 0)) || fail 'it does not run'
                        kill -KILL "$old"
                        wait_until 'the next process' is_another
                fi
                echo >>"$work/.restarts"
                sleep 0.1
        done
        ((n >= ${least_restarts:-4})) || fail "it was restarted $n times only"
        echo "$n restarts"
}
