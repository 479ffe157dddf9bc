#!/usr/bin/env bash
# A storm of kill -9 over backfills: two of them and a run, handed from one process to the next.
# First only commands die, whichever is the engine: every node of every date runs exactly once. Then
# the keeper dies, too: what was alive is lost, gone before anything starts again, and tried again
# only where `on_lost` says so.
. "$(dirname "$0")/../e2e/tap.bash"
. "$source_dir/tests/crash/storm.bash"
kills_wanted=200
[ "${DATEMILL_TEST_FULL:-0}" = 0 ] || kills_wanted=2000
kills_of_keeper=$((kills_wanted / 10))
seed=${STORM_SEED:-$$}
RANDOM=$seed
note "STORM_SEED=$seed"

cat >datemill.yaml <<'END'
timezone: UTC
slots: 6
END

for flow in storm gale; do
    {
        echo "flow: $flow"
        echo 'nodes:'
        dated_node a '' 0.02 0 'max: 1, delay: 20ms, on_lost: true'
        dated_node b a 0.03 0 'max: 0'
        dated_node c a 0.01 7 'max: 1, delay: 20ms'
        dated_node d 'b, c' 0.01 0 'max: 2, delay: 20ms, on_lost: true'
    } >$flow.yaml
done
nodes_of_a_date=4

round=0
command_words()
{
    local year=$((2000 + round))
    case $1 in
    0) words=("$datemill" backfill storm "$year-01-01..$year-01-16" --parallel 4) ;;
    1) words=("$datemill" backfill gale "$year-02-01..$year-02-10" --parallel 3 --order desc) ;;
    2) words=("$datemill" run storm "$year-03-0$((round % 9 + 1))") ;;
    esac
}
dates_of_a_round=$((16 + 10 + 1))

# One of the commands, now and then all of them: then nobody is there but the keeper.
kill_some()
{
    local which=$((RANDOM % storm_count))
    if [ $((RANDOM % 6)) = 0 ]; then
        storm_kill 0 1 2
    else
        storm_kill $which
    fi
    if [ "$kills_keeper" = 1 ] && [ $((RANDOM % 4)) = 0 ] && keeper_pid | xargs -r kill -9; then
        keeper_kills=$((keeper_kills + 1))
    fi
    return 0
}

# Starts the three, kills, though not for ever: on a slow machine they may come to nothing between
# two kills. $1: exit statuses that are well.
play_round()
{
    local which end most=$((kills + 30))
    [ $most -lt $kills_goal ] || most=$kills_goal
    round=$((round + 1))
    end=$((SECONDS + 120))
    storm_begin 3
    while ! storm_is_over && [ $SECONDS -lt $end ]; do
        sleep 0.$(printf '%03d' $((RANDOM % 150 + 5)))
        for which in 0 1 2; do
            storm_look $which "$1"
        done
        [ $kills -ge $most ] || { kill_some && end=$((SECONDS + 120)); }
    done
    storm_is_over || storm_note_unfinished
}

# ---- commands only ----
kills=0 kills_goal=$kills_wanted kills_keeper=0 keeper_kills=0
while [ $kills -lt $kills_goal ] && [ $round -lt 900 ]; do
    play_round 0
done
note "$kills kills in $round rounds; $storm_busy times it was not let go yet"
check "at least $kills_wanted kills" test $kills -ge $kills_wanted
is 'every command ended 0 at last' "$odd" ''
check 'nothing is open any more' wait_for no_open_runs
is 'nothing began twice, nothing ended twice' "$(ledger_repeats)" ''
# (`run` of a date, in March, is a new run each time it is started after the one before was over.)
is 'no date of a backfill has two runs' \
    "$(awk '$1 == "b" && !seen[$2]++ && $5 !~ /-03-/ { n[$5]++ }
        END { for (d in n) if (n[d] > 1) print d }' "$ledger")" ''
is 'every date of the ranges ran' \
    "$(awk '$1 == "b" { d[$5] = 1 } END { print length(d) }' "$ledger")" \
    $((round * dates_of_a_round))
is 'every date has all its nodes, each a success once' \
    "$(awk '$1 == "e" && $5 == 0 && $6 !~ /-03-/ { n[$6]++ } END { for (d in n) print n[d] }' \
        "$ledger" | sort -u)" $nodes_of_a_date
stored_attempts | awk '{ print $1, $2, $3, $5 }' | sort >"$work/stored"
true_ends >"$work/true"
check 'every exit status is true' diff "$work/true" "$work/stored"
is 'every backfill is a success' \
    "$("$datemill" backfill list -n 1000 --json | grep -vc '"state":"success"')" 0

# ---- and the keeper ----
: >"$ledger"
first_run=$(($(newest_run) + 1))
kills=0 kills_goal=100000 kills_keeper=1 odd=
phase=$round
while [ $keeper_kills -lt $kills_of_keeper ] && [ $round -lt 990 ]; do
    play_round '0 1'
done
note "$keeper_kills times the keeper, $kills times a command, in $((round - phase)) rounds"
kills_keeper=0
check "at least $kills_of_keeper kills of the keeper" test $keeper_kills -ge $kills_of_keeper
is 'every command ended at last' "$odd" ''
check 'nothing is open any more' wait_for no_open_runs
is 'nothing began twice, nothing ended twice' "$(ledger_repeats)" ''
is 'nothing of an attempt came after the next one of its node began' \
    "$(awk '{ key = $2 " " $3 } $1 == "b" { if ($4 > newest[key]) newest[key] = $4 }
        $4 < newest[key] { print }' "$ledger")" ''
stored_attempts "$first_run" | sort >"$work/stored"
is 'every success that is stored is one' \
    "$(awk '$4 == "success" { print $1, $2, $3, 0 }' "$work/stored" | sort |
        comm -23 - <(true_ends))" ''
is 'what ended otherwise is stored so' \
    "$(awk '$4 == "failure" { print $1, $2, $3, $5 }' "$work/stored" | sort |
        comm -23 - <(true_ends))" ''
check 'something was lost' grep -q ' lost ' "$work/stored"
is 'what is lost without on_lost was not tried again in its run' \
    "$(awk '($2 == "b" || $2 == "c") && $4 == "lost" { lost[$1 " " $2] = $3 }
        { if ($3 > tries[$1 " " $2]) tries[$1 " " $2] = $3 }
        END { for (k in lost) if (tries[k] > lost[k]) print k }' "$work/stored")" ''

# What failed for it is redone by the same command, in calm.
while [ $phase -lt $round ]; do
    phase=$((phase + 1))
    (
        round=$phase
        for which in 0 1; do
            command_words $which
            "${words[@]}" >>"$work/calm" 2>&1 || echo "calm $round/$which: $?"
        done
    )
done >"$work/odd"
is 'the same commands once more in calm end 0' "$(cat "$work/odd")" ''
is 'every date has each of its nodes as a success' \
    "$(awk '$1 == "e" && $5 == 0 && $6 !~ /-03-/ { n[$6 " " $3] = $6 }
        END { for (k in n) c[n[k]]++; for (d in c) print c[d] }' "$ledger" | sort -u)" \
    $nodes_of_a_date
tap_end
