#!/usr/bin/env bash
# A power cut at every sync of the store and of the warehouse's catalogue: sectors torn, names gone.
. "$(dirname "$0")/../e2e/tap.bash"
program tests/crash_power_store tests/crash_power_catalog
full=
[ "${DATEMILL_TEST_FULL:-0}" = 0 ] || full=--full

# The programs speak TAP themselves; here each of their lines counts.
count_lines()
{
    local line
    while IFS= read -r line; do
        case $line in
        'ok '*) check "${line#ok * - }" true ;;
        'not ok '*) check "${line#not ok * - }" false ;;
        1..*) planned=$((planned + ${line#1..})) ;;
        *) printf '%s\n' "$line" ;;
        esac
    done <"$1"
}

planned=0
for name in store catalog; do
    tests=$build_dir/tests/crash_power_$name
    "$tests" $full >"$work/$name" 2>&1
    count_lines "$work/$name"
done
is 'no test ended early' "$tap_count" "$planned"
tap_end
