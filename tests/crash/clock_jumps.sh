#!/usr/bin/env bash
# The wall clock of engine and keeper jumps, by an hour and by a year, forward and back, while
# attempts with time limits run and retries wait.
. "$(dirname "$0")/../e2e/tap.bash"
. "$source_dir/tests/crash/storm.bash"
. "$source_dir/tests/crash/faults.bash"

printf 'timezone: UTC\nslots: 8\n' >datemill.yaml
cat >jump.yaml <<END
flow: jump
nodes:
  limited: {timeout: 2500ms, stop_grace: 0s, run: 'echo b limited >>$ledger; exec sleep 30'}
  fine: {timeout: 20s, run: 'echo b fine >>$ledger; sleep 1.5'}
  again:
    retry: {max: 1, delay: 2s}
    run: |
      echo "b again.\$DATEMILL_ATTEMPT \$(date +%s%N)" >>$ledger
      [ \$DATEMILL_ATTEMPT = 2 ]
END

start_all()
{
    rm -rf .datemill "$faults"
    : >"$ledger"
    faults_clock 0
    mkdir -m 700 .datemill
    "${with_faults[@]}" "$build_dir/datemill-keeper" --state-dir "$project/.datemill" \
        --idle 60000ms --foreground >"$work/keeper" 2>&1 &
    wait_for "grep -q . '$work/keeper'"
    timeout 60 "${with_faults[@]}" "$datemill" run jump 2021-11-11 >"$work/command" 2>&1 &
    command=$!
    wait_for "grep -q again.1 '$ledger' && grep -q 'node=again state=waiting' '$work/command'"
}
between_ms()
{
    local first second
    first=$(sed -n 's/^b again.1 //p' "$ledger")
    second=$(sed -n 's/^b again.2 //p' "$ledger")
    echo $(((second - first) / 1000000))
}
durations()
{
    "$datemill" runs show 1 --json | grep -oE '"(duration_ms|elapsed_ms)":-?[0-9]+' | cut -d: -f2
}

# jump TEXT SECONDS [killed]: and with it the engine dies after the jump, and another goes on.
jump()
{
    local status=0 waited
    start_all
    faults_clock "$2"
    if [ "${3:-}" = killed ]; then
        kill -9 "$(pgrep -P $command)" 2>/dev/null
        wait $command 2>/dev/null
        timeout 60 "${with_faults[@]}" "$datemill" run jump 2021-11-11 >>"$work/command" 2>&1 &
        command=$!
    fi
    wait $command || status=$?
    is "$1: the run ends, as its limited node makes it" "$status" 1
    is 'each ran once, the one with a retry twice' \
        "$(cut -d ' ' -f 2 "$ledger" | sort | tr '\n' ' ')" 'again.1 again.2 fine limited '
    is 'no time limit misfired, and one fired' \
        "$(stored_attempts 1 | cut -d ' ' -f 2-4 | sort | tr '\n' ' ')" \
        'again 1 failure again 2 success fine 1 success limited 1 timeout '
    waited=$(between_ms)
    if [ "${3:-}" = killed ] && [ "$2" -gt 0 ]; then
        check "a retry may come early ($waited ms)" test "$waited" -lt 12000
    else
        check "the retry came after its delay ($waited ms)" \
            test "$waited" -ge 1900 -a "$waited" -lt 12000
    fi
    is 'no duration is negative' "$(durations | grep -c '^-')" 0
    check 'there are some' test -n "$(durations)"
    check 'as a person sees it' sh -c "! '$datemill' runs show 1 | grep -qE ' -[0-9]'"
    "$datemill" run jump 2021-11-12 --nodes fine >"$work/next" 2>&1
    is 'the newest run is listed first' "$(newest_run)" 2
    kill -TERM "$(keeper_pid)"
    wait_for "[ -z \"\$(keeper_pid)\" ]" || note 'the keeper does not end'
}

hour=3600 year=31536000
jump 'back by a year' -$year
jump 'forward by a year' $year
jump 'back by a year, and the engine dies' -$year killed
[ "${DATEMILL_TEST_FULL:-0}" = 0 ] || jump 'back by an hour' -$hour
jump 'forward by an hour' $hour
[ "${DATEMILL_TEST_FULL:-0}" = 0 ] || jump 'forward by a year, and the engine dies' $year killed
tap_end
