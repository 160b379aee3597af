# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Checks and their sum. A check is a command: it counts as one test, unless it prints lines
# `N passed, N failed` of its own; then those count.

total_passed=0
total_failed=0
failures=()

# The sums of the `N passed, N failed` lines of a log.
counts_of() {
        sed -nE 's/^([0-9]+) passed, ([0-9]+) failed\r?$/\1 \2/p' "$1" |
                awk '{ passed += $1; failed += $2; n++ } END { print passed + 0, failed + 0, n + 0 }'
}

# check TITLE COMMAND…: runs it aside, and shows what it printed if it fails.
check() {
        run_check quiet "$@"
}

# watch_check TITLE COMMAND…: the same, shown while it runs.
watch_check() {
        run_check shown "$@"
}

run_check() {
        local how=$1 title=$2 log status passed failed n began=$SECONDS
        shift 2
        log=$(mktemp)

        printf '%-44s ' "$title"
        if [[ $how == shown ]]; then
                echo ...
                "$@" 2>&1 </dev/null | tee "$log"
                status=${PIPESTATUS[0]}
                printf '%-44s ' "$title"
        else
                "$@" >"$log" 2>&1 </dev/null
                status=$?
        fi

        read -r passed failed n < <(counts_of "$log")
        if ((status != 0 && failed == 0)); then
                failed=1
        elif ((status == 0 && n == 0)); then
                passed=1
        fi
        total_passed=$((total_passed + passed))
        total_failed=$((total_failed + failed))

        if ((failed == 0)); then
                echo "ok ($passed, $((SECONDS - began)) s)"
        else
                echo "FAILED ($passed passed, $failed failed, $((SECONDS - began)) s)"
                failures+=("$title")
                [[ $how == quiet ]] && sed 's/^/        /' "$log" | tail -n 200
        fi
        rm -f "$log"
        ((failed == 0))
}

# The last line of every run, and its status.
sum_up() {
        local title
        for title in "${failures[@]}"; do
                echo "FAILED: $title"
        done
        echo "$total_passed passed, $total_failed failed"
        ((total_failed == 0 && total_passed > 0))
}

# need PACKAGE=PROBE…: ends the run, naming the packages that are not there. A probe is a command, a
# module of pkg-config (@NAME) or a file (/PATTERN).
need() {
        local row missing=()
        for row; do
                is_there "${row#*=}" || missing+=("${row%%=*}")
        done
        ((${#missing[@]} == 0)) && return
        echo 'Packages are missing. Install them with:' >&2
        echo "        apt install ${missing[*]}" >&2
        exit 1
}

is_there() {
        case $1 in
        @*) pkg-config --exists "${1#@}" 2>/dev/null ;;
        /*) compgen -G "$1" >/dev/null ;;
        *) command -v "$1" >/dev/null ;;
        esac
}
