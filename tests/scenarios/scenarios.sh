#!/usr/bin/env bash
# Plays every story of this folder, then three broken ones that must be noticed.
. "$(dirname "$0")/../e2e/tap.bash"
program tests/scenarios
here=$source_dir/tests/scenarios
scenarios=$build_dir/tests/scenarios

for file in "$here"/*.scn; do
    title=$(sed -n '1s/^# *//p' "$file")
    check "$(basename "$file"): $title" "$scenarios" "$file"
done

# --- the player itself ---
cp "$here/failure_blocks.scn" "$work/changed.scn"
sed -i 's/load blocked: upstream/load waiting: upstream/' "$work/changed.scn"
is 'a trace that differs is a failure' "$(status_of "$scenarios" "$work/changed.scn")" 1
line=$(grep -n 'load waiting: upstream' "$work/changed.scn" | cut -d : -f 1)
check 'it shows the line that was expected' \
    grep -qE "^# +$line - task nightly/load waiting: upstream" "$work/stdout"
check 'and the one that came' grep -qE '^# +\+ task nightly/load blocked: upstream' "$work/stdout"
check '--update writes what came' "$scenarios" --update "$work/changed.scn"
check 'and nothing else' cmp "$work/changed.scn" "$here/failure_blocks.scn"

sed '/^start extract/,$d' "$here/failure_blocks.scn" >"$work/early.scn"
echo 'exit extract status 0' >>"$work/early.scn"
is 'what the keeper cannot do is a failure' "$(status_of "$scenarios" "$work/early.scn")" 1
check 'and --update does not make it right' \
    test "$(status_of "$scenarios" --update "$work/early.scn")" = 1
echo 'explode' >"$work/word.scn"
is 'an unknown word is a failure' "$(status_of "$scenarios" "$work/word.scn")" 1
tap_end
