# What every end-to-end test needs; sourced: . "$(dirname "$0")/tap.bash"
#
# Gives $source_dir (the repository), $build_dir (the programs under test: $DATEMILL_BUILD, else
# build/) and $work (an empty folder, removed in the end). A test calls check and is, and ends with
# tap_end. Output is TAP: `ok 1 - text`, `not ok 2 - text`, `# note`, `1..2`.

set -u
export LC_ALL=C.UTF-8 DATEMILL_NO_INPUT=1
source_dir=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
build_dir=${DATEMILL_BUILD:-$source_dir/build}
# An empty folder under /tmp keeps paths short and out of any repository.
work=$(mktemp -d "${TMPDIR:-/tmp}/datemill-e2e.XXXXXX") || exit 1
export source_dir build_dir work
tap_count=0
tap_failed=0
trap 'tap_leave' EXIT

# Set `at_exit` to the name of a function that ends what the test has started.
at_exit=
tap_leave()
{
    [ -z "$at_exit" ] || "$at_exit"
    rm -rf "$work"
}

note()
{
    printf '%s\n' "$*" | sed 's/^/# /'
}

# check TEXT COMMAND…: passes when the command ends 0; its output is shown when it does not.
check()
{
    local text=$1 output status=0
    shift
    output=$("$@" 2>&1) || status=$?
    tap_count=$((tap_count + 1))
    if [ $status -eq 0 ]; then
        printf 'ok %d - %s\n' $tap_count "$text"
    else
        tap_failed=$((tap_failed + 1))
        printf 'not ok %d - %s\n' $tap_count "$text"
        note "status $status: $*"
        note "$(printf '%s\n' "$output" | tail -n 40)"
    fi
}

# is TEXT ACTUAL EXPECTED: passes when both are the same, byte for byte.
is()
{
    tap_count=$((tap_count + 1))
    if [ "$2" = "$3" ]; then
        printf 'ok %d - %s\n' $tap_count "$1"
    else
        tap_failed=$((tap_failed + 1))
        printf 'not ok %d - %s\n' $tap_count "$1"
        note "got:      $2"
        note "expected: $3"
    fi
}

# status_of COMMAND…: prints the exit status alone; output goes to $work/stdout and $work/stderr.
status_of()
{
    local status=0
    "$@" >"$work/stdout" 2>"$work/stderr" </dev/null || status=$?
    echo $status
}

# program NAME…: ends the test at once, as failed, when a program was not built.
program()
{
    local name
    for name in "$@"; do
        [ -x "$build_dir/$name" ] && continue
        printf "not ok 1 - %s was built\n1..1\n" "$build_dir/$name"
        exit 1
    done
}

tap_end()
{
    printf '1..%d\n' $tap_count
    [ $tap_failed -eq 0 ]
    exit
}
