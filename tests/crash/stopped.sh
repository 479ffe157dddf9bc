#!/usr/bin/env bash
# Stop means stopped: when a node is shown as stopped, no process with its environment is left,
# whatever its tree does. unit/keeper/test_trees looks at each trick; here all at once.
. "$(dirname "$0")/../e2e/tap.bash"
. "$source_dir/tests/crash/storm.bash"
rounds=2
[ "${DATEMILL_TEST_FULL:-0}" = 0 ] || rounds=20

printf 'timezone: UTC\nslots: 8\n' >datemill.yaml
# A bomb that forks while it is killed: each process makes two, one of them in a new session, until
# there are as many as the bound.
cat >bomb.sh <<'END'
#!/bin/bash
trap '' TERM HUP INT
depth=$1
while :; do
    if [ "$depth" -gt 0 ] && [ "$(pgrep -fc 'bomb.sh [0-9]')" -lt 60 ]; then
        setsid bash "$0" $((depth - 1)) </dev/null >/dev/null 2>&1 &
        bash "$0" $((depth - 1)) </dev/null >/dev/null 2>&1 &
    fi
    sleep 0.02
done
END
chmod +x bomb.sh
mark=m$$.$RANDOM
{
    echo "params: {stopped_mark: $mark}"
    cat
} >trees.yaml <<'END'
flow: trees
defaults: {stop_grace: 300ms}
nodes:
  plain: {run: 'sleep 300 & sleep 300 & touch "$DATEMILL_NODE.up"; wait'}
  session: {run: 'setsid sleep 300 & touch "$DATEMILL_NODE.up"; wait; sleep 300'}
  double: {run: '( ( setsid sleep 300 & ) & ); touch "$DATEMILL_NODE.up"; exec sleep 300'}
  deaf:
    run: |
      trap '' TERM
      setsid sh -c 'trap "" TERM; while :; do sleep 1; done' &
      touch "$DATEMILL_NODE.up"
      while :; do sleep 1; done
  bomb: {run: './bomb.sh 5 & touch "$DATEMILL_NODE.up"; wait; sleep 300'}
END

# How many processes have our attempts' environment.
with_token()
{
    grep -lzx "stopped_mark=$mark" /proc/[0-9]*/environ 2>/dev/null | wc -l
}

stop_round()
{
    local words=$1 run left
    rm -f ./*.up
    "$datemill" run trees "$2" >"$work/command" 2>&1 &
    wait_for "[ \$(ls ./*.up 2>/dev/null | wc -l) = 5 ]" 400 || return 1
    sleep 0.3
    run=$(newest_run)
    check "there is something to stop ($words)" test "$(with_token)" -ge 15
    # shellcheck disable=SC2086
    "$datemill" stop $words "$run" >"$work/stop" 2>&1
    stopped="'$datemill' runs show $run --json | grep -o '\"state\":\"stopped\"' | wc -l"
    wait_for "[ \$($stopped) -ge 5 ]" 600 || return 1
    left=$(with_token)
    is 'when it is shown as stopped, nothing of it is left' "$left" 0
    check 'and it says stopped' sh -c \
        "! '$build_dir/tests/crash_ends' .datemill $run | grep -v ' stopped '"
    wait
}

for round in $(seq $rounds); do
    words=--now
    [ $((round % 2)) = 1 ] || words="--now --kill"
    stop_round "$words" "2021-11-$(printf '%02d' "$round")"
done
tap_end
