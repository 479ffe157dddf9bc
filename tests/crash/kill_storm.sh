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

round=0
command_words()
{
    words=("$datemill" run storm "$(printf '2021-%02d-0%d' $((round % 12 + 1)) $(($1 + 1)))")
}

# One of the two, now and then both at once: then nobody is there but the keeper.
kill_some()
{
    if [ $((RANDOM % 5)) = 0 ]; then
        storm_kill 0 1
    else
        storm_kill $((RANDOM % 2))
    fi
}

play_round()
{
    local end=$((SECONDS + 60))
    storm_begin 2
    while ! storm_is_over && [ $SECONDS -lt $end ]; do
        sleep 0.$(printf '%03d' $((RANDOM % 200 + 5)))
        storm_look 0 0
        storm_look 1 0
        [ $kills -ge $kills_wanted ] || kill_some
    done
    storm_is_over || storm_note_unfinished
}

while [ $kills -lt $kills_wanted ] && [ $round -lt 90 ]; do
    round=$((round + 1))
    play_round
done
note "$kills kills in $round rounds, $(all_runs | wc -l) runs;" \
    "$storm_busy times the run was not let go yet"

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
stored_attempts | awk '{ print $1, $2, $3, $5 }' | sort >"$work/stored"
sed -n 's/^e //p' "$ledger" | sort >"$work/true"
check 'every exit status is true' diff "$work/true" "$work/stored"
tap_end
