# SPDX-License-Identifier: LGPL-2.1-or-later
#
# What the cases share. A case begins with a machine on which the project is installed, nothing runs and
# nothing is configured; the first assertion that fails ends it.

work=/srv/.case # of this case: what its subscribers heard

fail() {
        printf '%s\n' "$@" >&2
        exit 1
}

# expect_eq WHAT ACTUAL EXPECTED
expect_eq() {
        [[ $2 == "$3" ]] || fail "expected $1 to be:" "  $3" "but it is:" "  $2" "in $(caller)"
}

# expect_match WHAT ACTUAL REGEX
expect_match() {
        [[ $2 =~ $3 ]] || fail "expected $1 to match:" "  $3" "but it is:" "  $2" "in $(caller)"
}

# expect_failure COMMAND…: prints what it said.
expect_failure() {
        local output
        if output=$("$@" 2>&1); then
                fail "expected '$*' to fail, but it said:" "  $output"
        fi
        echo "$output"
}

# wait_until WHAT COMMAND…: tries until it works, a minute at most, which is for what hangs: where it has to
# be sooner, a case says so.
patience=60
wait_until() {
        local what=$1 end=$((SECONDS + patience))
        shift
        until "$@" >/dev/null 2>&1; do
                ((SECONDS < end)) || fail "waited in vain for $what: $*" "in $(caller)" "$(heard_lately)"
                sleep 0.02
        done
}

as() {
        local user=$1
        shift
        setpriv --reuid="$user" --regid="$user" --init-groups -- "$@"
}

# log_in, log_out: the manager of user member is there, with its bus, or is not; mine COMMAND…: hers, there.
log_in() {
        local uid
        uid=$(id -u member)
        systemctl restart systemd-logind # which loses the bus when that is restarted, as a case does
        loginctl enable-linger member
        wait_until "the user's manager" systemctl is-active --quiet "user@$uid.service"
        wait_until 'the session bus' test -S "/run/user/$uid/bus"
}

log_out() {
        loginctl disable-linger member
        systemctl stop "user@$(id -u member).service"
}

mine() {
        local at=/run/user/$(id -u member)
        as member env "XDG_RUNTIME_DIR=$at" "DBUS_SESSION_BUS_ADDRESS=unix:path=$at/bus" "$@"
}

# my_config: as config, for the instance of user member.
my_config() {
        mine mkdir -p /home/member/.config/inotifier
        mine tee /home/member/.config/inotifier/inotifier.conf >/dev/null
}

# config [NAME]: the configuration from stdin becomes that of an instance, all at once: a process that
# starts meanwhile reads the old one or the new one.
config() {
        mkdir -p /etc/inotifier
        cat >"/etc/inotifier/.${1:-inotifier}.new"
        mv -T "/etc/inotifier/.${1:-inotifier}.new" "/etc/inotifier/${1:-inotifier}.conf"
}

main_pid() {
        systemctl show --property=MainPID --value "${1:-inotifier.service}"
}

# signal_main NAME: to the process that is the service. There may be none, and 0 is all of our own.
signal_main() {
        local pid
        pid=$(main_pid)
        ((pid > 0)) && kill "-$1" "$pid"
}

property() { # OBJECT INTERFACE NAME [SERVICE]: the value alone
        busctl --json=short get-property "${4:-org.inotifier1}" "$1" "org.inotifier1.$2" "$3" | jq -c .data
}

state_is() { # WATCH STATE
        [[ $(property "/org/inotifier1/watch/$1" Watch State) == "\"$2\"" ]]
}

# subscribe USER [NAME [OPTION…]]: starts a subscriber as that user; what it hears is a line of JSON each,
# in $work/NAME (by default the user's name). Returns once it hears everything; $subscriber is its process.
subscribe() {
        local user=$1 name=${2:-$1}
        shift $(($# < 2 ? $# : 2))
        : >"$work/$name"
        setpriv --reuid="$user" --regid="$user" --init-groups -- subscriber "$@" \
                >"$work/$name" 2>"$work/$name.err" &
        subscriber=$!
        wait_until "the subscription of $name" grep -q '^subscribed$' "$work/$name"
}

# Notices as objects, out of what a subscriber heard.
notices='select(.interface? == "org.inotifier1.Watch") | {object, event: .member, path: .args[0],
        mask: .args[1], cookie: .args[2], sequence: .args[3], usec: .args[4], details: .args[5]}'

# whole_lines NAME: what was heard but for a line that is being written.
whole_lines() {
        head -n "$(wc -l <"$work/$1")" "$work/$1"
}

# heard NAME [FILTER]: the notices that the filter lets through, one a line.
heard() {
        whole_lines "$1" | sed 1d | jq -c "$notices | select(${2:-true})"
}

# n_heard N NAME [FILTER]: that there are so many of them.
n_heard() {
        local n=$1
        shift
        (($(heard "$@" | wc -l) == n))
}

# has_heard NAME FILTER
has_heard() {
        [[ -n $(heard "$@") ]]
}

# wait_heard NAME FILTER: waits for such a notice.
wait_heard() {
        wait_until "a notice at $1" has_heard "$1" "$2"
}

heard_lately() {
        local file
        for file in "$work"/*; do
                [[ -f $file ]] || continue
                echo "-- ${file##*/}, $(wc -l <"$file") lines, the last of them:"
                tail -n 12 "$file" | cut -c1-200
        done
}

# settle NAME DIRECTORY: a file of its own is made in the watched directory; when its notice has come, so
# have all before.
n_settled=0
settle() {
        n_settled=$((n_settled + 1))
        : >"$2/.settled-$BASHPID-$n_settled"
        wait_heard "$1" ".path == \"$2/.settled-$BASHPID-$n_settled\""
}

# bus_barrier NAME…: what the bus had for these subscribers until now has reached them.
n_barriers=0
bus_barrier() {
        local name
        n_barriers=$((n_barriers + 1))
        busctl emit /barrier test.Barrier "N$n_barriers"
        for name; do
                wait_until "the barrier at $name" grep -q "\"member\":\"N$n_barriers\"" "$work/$name"
        done
}

# access_denied USER COMMAND…: that the bus refuses it, by the error's name.
access_denied() {
        local output
        output=$(expect_failure as "$@")
        expect_match "the error of '$*'" "$output" 'org\.freedesktop\.DBus\.Error\.AccessDenied'
}

call() { # OBJECT METHOD [ARGUMENT…], by gdbus: it prints the names of errors
        gdbus call --system --dest "${service:-org.inotifier1}" --object-path "$1" --method "${@:2}"
}

# quiesce [SERVICE]: what led to notices that were heard is over, and they are recorded as told: the daemon
# answers a question after that.
quiesce() {
        property /org/inotifier1 Manager Version "$@" >/dev/null
}

# all_accepted SOCKET: that nobody who has connected to it is yet to be taken.
all_accepted() {
        awk -v socket="$1" '$8 == socket && $7 == 0 { waits = 1 } END { exit waits }' /proc/net/unix
}

# listen USER [NAME [INSTANCE]]: starts a client of the stream's socket; its lines are in $work/NAME. Returns
# once it hears everything; $subscriber is its process.
listen() {
        local name=${2:-stream} socket=/run/inotifier/${3:-inotifier}.sock
        : >"$work/$name"
        setpriv --reuid="$1" --regid="$1" --init-groups -- listener "$socket" \
                >"$work/$name" 2>"$work/$name.err" &
        subscriber=$!
        wait_until "the connection of $name" grep -q '^connected$' "$work/$name.err"
        wait_until "the daemon to take $name" all_accepted "$socket"
}

# told NAME [FILTER]: the notices that a client of the stream was sent, one a line.
told() {
        whole_lines "$1" | jq -c "select(${2:-true})"
}

has_been_told() {
        [[ -n $(told "$@") ]]
}

# wait_told NAME FILTER: waits for such a notice.
wait_told() {
        wait_until "a notice at $1" has_been_told "$1" "$2"
}

# journal_of UNIT: what it has said since the case began.
journal_of() {
        journalctl --sync
        journalctl --since="$journal_since" --unit="$1" --output=cat --no-pager
}

# has_logged REGEX [UNIT]: that there is such a line. Not by a pipe, whose other end grep would leave too soon.
has_logged() {
        grep -q -- "$1" <<<"$(journal_of "${2:-inotifier}")"
}

# unmount PATH: when nobody looks into it, as the daemon does for a moment.
unmount() {
        wait_until "$1 not to be busy" umount "$1"
}

# inotify_descriptors PID: the numbers of its inotify descriptors, each with what it watches.
inotify_descriptors() {
        local fd
        for fd in /proc/"$1"/fd/*; do
                [[ $(readlink "$fd") == anon_inode:inotify ]] || continue
                echo "${fd##*/}:" $(sed -n 's/^inotify wd:\([0-9a-f]*\) ino:\([0-9a-f]*\).*/\1=\2/p' \
                        "/proc/$1/fdinfo/${fd##*/}" | sort)
        done
}

# Kills the daemon, wherever it is in its life. But one in a row of three may live until it is up, or the
# kernel's queue would overflow, which is another matter.
n_struck=0 struck=
strike() {
        if systemctl is-active --quiet inotifier; then
                n_struck=0
        elif ((++n_struck == 3)); then
                wait_until 'it to be up in the storm' systemctl is-active --quiet inotifier
                n_struck=0
        fi
        struck=$(main_pid)
        ((struck == 0)) || kill -KILL "$struck" || true
}

# Not the one that was killed, whose death systemd may not know of yet.
is_up() {
        [[ $(main_pid) != "$struck" ]] && systemctl is-active --quiet inotifier
}

# A storm: files are made, moved and removed in $world for $INOTIFIER_TEST_STORM seconds, by default ten,
# while DISTURB is called again and again; then everything must have been told, each once, under a sequence without holes, and what a
# client heard meanwhile must be what the history has.
#
# storm SEED DISTURB
world=/srv/world
world_config() {
        echo -e "[Manager]\nHistorySize=512M"
        echo -e "[Watch flat]\nPath=$world/flat\nEvents=create delete move"
        echo -e "[Watch deep]\nPath=$world/deep\nRecursive=yes\nEvents=create delete move\nRecover=yes"
        echo -e "[Watch up]\nPath=$world/up\nRecursive=yes\nEvents=create\nProcessor=chunked"
}

storm() {
        local seed=$1 disturb=$2 seconds storm pid n
        seconds=$(cat /results/storm)
        mkdir -p "$world"
        world_config | config
        mkfifo "$work/storm"
        (cd "$world" && exec storm "$seed" "$seconds") <"$work/storm" >"$work/lived" &
        storm=$!
        exec {orders}>"$work/storm"
        wait_until 'the world to be made' test -d "$world/up"
        systemctl start inotifier
        # A process that dies amid a line ends it there: the next one's begin on a line of their own.
        while :; do listener /run/inotifier/inotifier.sock; echo; sleep 0.01; done >"$work/live" 2>/dev/null &
        echo begin >&$orders
        RANDOM=$seed
        until grep -q '^lived' "$work/lived"; do
                kill -0 "$storm" || fail "the storm broke off: $(cat "$work/lived")"
                "$disturb"
        done
        wait_until 'it to be up again' is_up
        wait_until 'the bus to have it' busctl status org.inotifier1
        echo end >&$orders
        wait "$storm" || fail "seed $seed: $(tail -n +2 "$work/lived")" "$(story)"
        tail -n 1 "$work/lived" >&2

        # Whole lines of notices, which a gap is not: each as the history has it.
        grep '^{"sequence":.*}$' "$work/live" | sort -u | comm -23 - <(sort -u "$world/told") >"$work/others"
        expect_eq 'what a client was told otherwise' "$(head -n 3 "$work/others")" ''

        # The kernel watches what it would be watching after a fresh start, and nothing more.
        pid=$(main_pid)
        n=$(n_watched "$pid")
        systemctl stop inotifier
        systemctl start inotifier
        expect_eq 'the number of watches in the kernel' "$n" "$(n_watched "$(main_pid)")"
}

# What was told of the files that the storm names, of which each has a name of its own.
story() {
        grep -o '[0-9]*$' "$work/lived" | head -n 4 | while read -r name; do
                echo "-- of $name:"
                grep -E "/$name[\"/]" "$world/told" | head -n 20
        done
}

n_watched() {
        inotify_descriptors "$1" | grep -o '[0-9a-f]*=' | wc -l
}

# block MARK: what is written in the block of README after the line `<!-- MARK -->`.
block() {
        awk -v mark="<!-- $1 -->" '
                $0 == mark { marked = 1; next }
                marked && /^```/ { if (within) exit; within = 1; next }
                within { print }' /project/README.md
}

# readme NAME: runs the block `test: NAME`, as root and as if in the project's directory.
readme() {
        local commands
        commands=$(block "test: $1")
        [[ $commands ]] || fail "README has no block '$1'"
        mkdir -p "$work/project"
        ln -sfn /project/etc "$work/project/etc"
        (cd "$work/project" && sudo() { "$@"; } && eval "$commands")
}

# template NAME: the script from stdin becomes what the unit NAME@.service runs for its notice, in
# whose environment it is.
template() {
        cat >"$work/$1"
        chmod 755 "$work/$1"
        cat >"/run/systemd/system/$1@.service" <<Y
[Service]
Type=oneshot
EnvironmentFile=%t/inotifier/inotifier/units/%n
ExecStart=/bin/bash -eu $work/$1 %I
Y
        systemctl daemon-reload
}

# Without polkit nobody but root may have units started; so here the service runs as root.
may_start_units() {
        mkdir -p /run/systemd/system/inotifier.service.d
        printf '[Service]\nUser=root\n' >/run/systemd/system/inotifier.service.d/root.conf
        systemctl daemon-reload
}

# The job files there are, by sequence. One is there until systemd has told of its unit's end, and we have heard.
job_files() {
        ls /run/inotifier/inotifier/jobs | sort -n | xargs
}

job_files_are() { # SEQUENCES
        [[ $(job_files) == "$1" ]]
}

no_job_files() {
        [[ ! $(job_files) && ! $(ls /run/inotifier/inotifier/units) ]]
}

lines_of() { # FILE NUMBER: that it has so many
        [[ -e $1 && $(wc -l <"$1") == "$2" ]]
}

fresh() {
        local unit mount
        systemctl stop 'inotifier*.socket' 'inotifier.service' 'inotifier@*.service' 'inotifier-*.service'
        findmnt --noheadings --raw --output TARGET | sed -n '\#^/srv/.#p' | tac | while read -r mount; do
                umount --lazy "$mount"
        done
        rm -rf /etc/inotifier /var/lib/inotifier /run/inotifier/*/ /run/systemd/system/inotifier* /home/*/.config/inotifier /home/*/.local/state/inotifier /srv/* "$work"
        # What cases have put there since the boot.
        find /etc/systemd/system -newer /results/wanted ! -type d -delete
        mkdir -p "$work"
        chmod 777 "$work"
        systemctl daemon-reload
        systemctl reset-failed
}

at_leave() { :; } # what a case has to put right, whatever became of it

leave() {
        local status=$?
        trap - EXIT
        at_leave || true
        ((status == 0)) || heard_lately >&2
        exit "$status"
}

set -E
trap leave EXIT
trap 'exit 1' TERM
trap 'echo "failed in ${BASH_SOURCE[0]##*/}:$LINENO: $BASH_COMMAND" >&2' ERR
((${half:-1} == 2)) || fresh
