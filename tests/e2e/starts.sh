#!/usr/bin/env bash
# Why each attempt was started when it was: runs show -v, and its JSON.
. "$(dirname "$0")/tap.bash"
program datemill datemill-keeper
datemill=$build_dir/datemill
mkdir -p "$work/project"
cd "$work/project" || exit 1
end_all()
{
    local pid
    pid=$(sed -n 's/^pid \([0-9]*\)$/\1/p' .datemill/keeper.lock 2>/dev/null)
    [ -z "$pid" ] || kill -TERM "$pid" 2>/dev/null
}
at_exit=end_all

printf 'timezone: UTC\nslots: 4\npools: {narrow: 1}\n' >datemill.yaml
cat >shop.yaml <<'END'
flow: shop
nodes:
  first: {run: 'true'}
  a: {run: 'sleep 0.2', needs: [first], pool: narrow, priority: 8}
  b: {run: 'true', needs: [first], pool: narrow}
  c: {run: '[ $DATEMILL_ATTEMPT = 2 ]', needs: [a], retry: {max: 1, delay: 1s}}
END
is 'a run' "$(status_of "$datemill" run shop 2021-11-11)" 0
"$datemill" runs show 1 -v | tr -s ' ' >"$work/show"
because()
{
    grep -F "$1" "$work/show" || { cat "$work/show"; return 1; }
}
check 'the first' because 'when a scheduler began with its run; 0'
check 'one that needs it' because 'when first was done, at once'
check 'one that waits for a place in its pool' because 's later, when a of run 1 left its pool'
check 'a second attempt' because 'when the pause before this attempt was over, at once'
check 'without -v none of it' sh -c "! '$datemill' runs show 1 | grep -q STARTS"
"$datemill" runs show 1 --json >"$work/json"
start='"ready_by":"need","need":"first","granted_at":"[^"]*","waited_for":"pool"'
freed='"freed_by":{"attempt":2,"run":1,"flow":"shop","node":"a"},"went_first":'
check 'as JSON' grep -q "$start,$freed" "$work/json"
is 'for every attempt' "$(grep -o '"start":{' "$work/json" | wc -l)" 5
tap_end
