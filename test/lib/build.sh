# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The kinds of build that the tests look at, each in a directory of its own below $builds.

builds=${INOTIFIER_TEST_BUILD:-$PWD/build-test}

declare -A build_compiler=([gcc]=gcc [clang]=clang [sanitizers]=clang [fuzz]=clang)
sanitize='-Db_sanitize=address,undefined -Db_lundef=false'
declare -A build_options=(
        [gcc]=''
        [clang]=''
        [sanitizers]="$sanitize"
        [fuzz]="$sanitize -Dfuzz=true -Dc_args=-fsanitize=fuzzer-no-link"
)

# build KIND: says nothing but what goes wrong.
build() {
        local dir=$builds/$1 options
        read -ra options <<<"${build_options[$1]}"
        if [[ ! -e $dir/build.ninja ]]; then
                mkdir -p "$dir"
                CC=${build_compiler[$1]} meson setup --werror "${options[@]}" "$dir" \
                        >"$dir/setup.log" 2>&1 || {
                        cat "$dir/setup.log"
                        return 1
                }
        fi
        ninja -C "$dir" --quiet
}

# unit_tests KIND [SETUP]: meson counts programs; their logs have the counts of tests.
unit_tests() {
        local dir=$builds/$1 status
        rm -f "$dir"/meson-logs/testlog*
        UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1 ASAN_OPTIONS=detect_leaks=1 \
                meson test -C "$dir" --no-rebuild --print-errorlogs ${2:+--setup="$2"} |
                grep -vE '^[0-9]+ passed, [0-9]+ failed$'
        status=${PIPESTATUS[0]}
        cat "$dir"/meson-logs/testlog*.txt | grep -E '^[0-9]+ passed, [0-9]+ failed$'
        return "$status"
}

# fuzz TARGET SECONDS: what it finds is left beside the build.
fuzz() {
        local found=$builds/fuzz/found-$1
        mkdir -p "$found"
        "$builds/fuzz/test/fuzz-$1" -max_total_time="$2" -rss_limit_mb=2048 -timeout=10 \
                -artifact_prefix="$builds/fuzz/" -print_final_stats=1 \
                "$found" "test/fuzz/corpus-$1"
}

sources() {
        find src test etc -name '*.[ch]'
}
