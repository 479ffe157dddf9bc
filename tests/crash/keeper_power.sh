#!/usr/bin/env bash
# The power goes while the keeper works: its journal is not synced, so its tail may be gone or torn.
# The next keeper, of another boot, opens what is left: what has no end there is lost, never a
# success.
# And an engine that is replaced by another program meanwhile: it adopts, and starts nothing again.
. "$(dirname "$0")/../e2e/tap.bash"
. "$source_dir/tests/crash/storm.bash"
. "$source_dir/tests/crash/faults.bash"
journal=.datemill/keeper/journal
boot=$work/boot
cuts='0 1 9 50 half end-1 end-9 whole'
[ "${DATEMILL_TEST_FULL:-0}" = 0 ] || cuts="0 $(seq 1 7 400) half end-1 end-9 whole"

printf 'timezone: UTC\nslots: 4\n' >datemill.yaml
cat >power.yaml <<END
flow: power
nodes:
  ends: {run: 'echo b ends.\$DATEMILL_ATTEMPT >>$ledger; sleep 0.3; echo e ends >>$ledger'}
  repeats:
    retry: {max: 1, delay: 10ms, on_lost: true}
    run: 'echo b repeats.\$DATEMILL_ATTEMPT >>$ledger; sleep 0.3; echo e repeats >>$ledger'
END
mkdir "$work/new"
cp "$build_dir/datemill" "$work/new/"

start_keeper()
{
    cat /proc/sys/kernel/random/uuid >"$boot"
    "${with_faults[@]}" FAULTS_BOOT="$boot" "$build_dir/datemill-keeper" \
        --state-dir "$project/.datemill" --foreground >"$work/keeper" 2>&1 &
    wait_for "grep -q . '$work/keeper'"
}
begin()
{
    rm -rf .datemill "$faults"
    : >"$ledger"
    mkdir -m 700 .datemill
    start_keeper
    "$datemill" run power 2021-11-11 >"$work/command" 2>&1 &
    command=$!
    wait_for "[ \$(grep -c ^b '$ledger') = 2 ]"
    wait_for "[ \$(grep -c state=running '$work/command') -ge 2 ]"
    sleep 0.05
    kill -9 $command # the store has both starts, and will not hear of the ends
    wait $command 2>/dev/null
}
end_keeper()
{
    keeper_pid | xargs -r kill "$1"
    wait_for "[ -z \"\$(keeper_pid)\" ]"
}

# cut WHERE: the journal's first bytes are what the disk has.
cut_journal()
{
    local size
    size=$(stat -c %s $journal)
    case $1 in
    whole) return ;;
    half) size=$((size / 2)) ;;
    end-*) size=$((size - ${1#end-})) ;;
    *) [ "$1" -gt "$size" ] || size=$1 ;;
    esac
    truncate -s "$size" $journal
}

power_cut()
{
    local got status=0
    begin
    wait_for "[ \$(grep -c ^e '$ledger') = 2 ]"
    sleep 0.1 # both ends are in the journal
    end_keeper -9
    cut_journal "$1"
    start_keeper
    timeout 30 "$datemill" run power 2021-11-11 >"$work/command" 2>&1 || status=$?
    got=$(stored_attempts 1 | cut -d ' ' -f 2-4 | sort | tr '\n' ',')
    end_keeper -TERM
    case $1:$got:$status in
    whole:'ends 1 success,repeats 1 success,:0') ;;
    whole:*) echo "whole: $got $status" ;;
    *:'ends 1 lost,repeats 1 lost,repeats 2 success,:1' | \
        *:'ends 1 success,repeats 1 lost,repeats 2 success,:0' | \
        *:'ends 1 lost,repeats 1 success,:1') ;;
    *) echo "cut at $1: $got $status: $(cat "$work/command")" ;;
    esac
    echo "$got" >>"$work/seen"
}
: >"$work/seen"
for cut in $cuts; do
    check "the power goes, the journal is cut: $cut" test -z "$(power_cut "$cut" 2>/dev/null)"
done
check 'some were lost' grep -q 'ends 1 lost' "$work/seen"
check 'what is on disk is not' grep -q 'ends 1 success' "$work/seen"

# --- the upgrade: a copy under another name stands for the next version ---
begin 2>/dev/null
status=0
DATEMILL_LIBEXEC=$build_dir timeout 30 "$work/new/datemill" run power 2021-11-11 \
    >"$work/command" 2>&1 || status=$?
is 'the newer engine ends the run' "$status" 0
is 'it adopted what ran' "$(stored_attempts 1 | cut -d ' ' -f 2-4 | sort | tr '\n' ',')" \
    'ends 1 success,repeats 1 success,'
is 'and started nothing again' "$(sort "$ledger" | tr '\n' ' ')" \
    'b ends.1 b repeats.1 e ends e repeats '
end_keeper -TERM
tap_end
