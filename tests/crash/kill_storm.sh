#!/usr/bin/env bash
# kill -9 at random of the command that is the engine and of its client, again and again: every node
# runs exactly once, every exit status is true.
. "$(dirname "$0")/../e2e/tap.bash"
. "$source_dir/tests/crash/storm.bash"
kills_wanted=30
[ "${DATEMILL_TEST_FULL:-0}" = 0 ] || kills_wanted=600
seed=${STORM_SEED:-$$}
RANDOM=$seed
note "STORM_SEED=$seed"

cat >datemill.yaml <<'END'
timezone: UTC
slots: 4
END
{
    echo 'flow: storm'
    echo 'nodes:'
    before=
    for layer in 1 2 3 4 5; do
        names=
        for number in 1 2 3 4 5 6; do
            failing=0
            [ $number != 3 ] || failing=$((10 + layer))
            node l${layer}_$number "$before" 0.0$((number * layer % 9 + 1)) $failing
            names="$names${names:+, }l${layer}_$number"
        done
        before=$names
    done
} >storm.yaml
nodes_of_a_run=30
attempts_of_a_run=35 # one node of each layer needs two

declare -a date=() pid=() is_done=()
kills=0
busy=0
odd=

start_command()
{
    "$datemill" run storm "${date[$1]}" >>"$work/command.$1" 2>&1 &
    pid[$1]=$!
}

# Whether command $1 is still at work; 5 means that the run of the killed one is not yet let go.
look_at()
{
    local status=0
    [ "${is_done[$1]}" = 0 ] || return 1
    kill -0 "${pid[$1]}" 2>/dev/null && return 0
    wait "${pid[$1]}" || status=$?
    if [ $status = 5 ] && [ $busy -lt 1000 ]; then
        busy=$((busy + 1))
        sleep 0.05
        start_command "$1"
        return 0
    fi
    is_done[$1]=1
    [ $status = 0 ] || odd="$odd ${date[$1]}:$status"
    return 1
}

# Each of them, then starts each again.
kill_commands()
{
    local which
    for which in "$@"; do
        kill -9 "${pid[$which]}" 2>/dev/null && kills=$((kills + 1))
    done
    for which in "$@"; do
        wait "${pid[$which]}" 2>/dev/null
    done
    for which in "$@"; do
        start_command "$which"
    done
}

# One of the two, now and then both at once: then nobody is there but the keeper.
kill_some()
{
    local which=$((RANDOM % 2))
    if [ "${is_done[0]}${is_done[1]}" = 00 ] && [ $((RANDOM % 5)) = 0 ]; then
        kill_commands 0 1
    elif [ "${is_done[$which]}" = 0 ]; then
        kill_commands $which
    fi
}

play_round()
{
    local end=$((SECONDS + 60))
    date=("2021-$1-01" "2021-$1-02")
    is_done=(0 0)
    start_command 0
    start_command 1
    while [ "${is_done[0]}${is_done[1]}" != 11 ] && [ $SECONDS -lt $end ]; do
        sleep 0.$(printf '%03d' $((RANDOM % 200 + 5)))
        look_at 0
        look_at 1
        [ $kills -ge $kills_wanted ] || kill_some
    done
    [ "${is_done[0]}${is_done[1]}" = 11 ] || odd="$odd round-$1:unfinished"
}

rounds=0
while [ $kills -lt $kills_wanted ] && [ $rounds -lt 90 ]; do
    rounds=$((rounds + 1))
    month=$(printf '%02d' $((rounds % 12 + 1)))
    play_round "$month"
done
note "$kills kills in $rounds rounds, $(all_runs | wc -l) runs;" \
    "$busy times the run was not let go yet"

check "at least $kills_wanted kills" test $kills -ge $kills_wanted
is 'every command ended 0 at last' "$odd" ''
check 'nothing is open any more' wait_for \
    "! '$datemill' runs list --json -n 1000 | grep -qE '\"state\":\"(running|waiting)\"'"
is 'every run is a success' \
    "$("$datemill" runs list --json -n 1000 | grep -vc '"state":"success"')" 0
is 'nothing began twice, nothing ended twice' "$(ledger_repeats)" ''
runs=$(all_runs | wc -l)
is 'every node began' "$(grep -c '^b' "$ledger")" $((runs * attempts_of_a_run))
is 'and ended' "$(grep -c '^e' "$ledger")" $((runs * attempts_of_a_run))
is 'each run has all its nodes' \
    "$(awk '$1 == "e" && $5 == 0 { n[$2]++ } END { for (r in n) print n[r] }' "$ledger" |
        sort -u)" \
    $nodes_of_a_run
for run in $(all_runs); do
    stored_attempts "$run"
done | awk '{ print $1, $2, $3, $5 }' | sort >"$work/stored"
sed -n 's/^e //p' "$ledger" | sort >"$work/true"
check 'every exit status is true' diff "$work/true" "$work/stored"
tap_end
