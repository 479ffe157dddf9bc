#!/usr/bin/env bash
# kill -9 of the keeper: what ran then is lost, its processes are gone before anything is started
# again, and only retry.on_lost starts it again.
. "$(dirname "$0")/../e2e/tap.bash"
. "$source_dir/tests/crash/storm.bash"
rounds=3
[ "${DATEMILL_TEST_FULL:-0}" = 0 ] || rounds=40
mark=$(printf '%06d' $(($$ % 1000000))) # tells our sleeping processes from those of another run
ours="^(sh -c trap.* )?sleep 0[.]6$mark"

cat >datemill.yaml <<'END'
timezone: UTC
slots: 4
END
# Both leave a process in a session of its own that ignores SIGTERM; `again` looks whether anything
# of the first attempts is alive when it is started the second time.
cat >doomed.yaml <<END
flow: doomed
nodes:
  stubborn:
    retry: {max: 3, delay: 10ms}
    run: |
      echo "b \$DATEMILL_RUN_ID \$DATEMILL_NODE \$DATEMILL_ATTEMPT" >>$ledger
      trap '' TERM
      setsid sh -c 'trap "" TERM; while :; do sleep 0.6$mark; done' &
      while :; do sleep 0.6$mark; done
  again:
    retry: {max: 1, delay: 10ms, on_lost: true}
    run: |
      echo "b \$DATEMILL_RUN_ID \$DATEMILL_NODE \$DATEMILL_ATTEMPT" >>$ledger
      if [ \$DATEMILL_ATTEMPT = 1 ]; then
          setsid sh -c 'trap "" TERM; while :; do sleep 0.6$mark; done' &
          while :; do sleep 0.6$mark; done
      fi
      echo "left \$(pgrep -fc '$ours')" >>$ledger
  quick:
    run: |
      echo "b \$DATEMILL_RUN_ID \$DATEMILL_NODE \$DATEMILL_ATTEMPT" >>$ledger
  after_stubborn:
    needs: [stubborn]
    run: |
      echo "b \$DATEMILL_RUN_ID \$DATEMILL_NODE \$DATEMILL_ATTEMPT" >>$ledger
END

lost_round()
{
    local date=$1 how=${2:-} run=$(($(all_runs | wc -l) + 1)) status=0
    "$datemill" run doomed "$date" >"$work/command" 2>&1 &
    local command=$!
    wait_for "grep -q '^b $run stubborn 1' '$ledger' && grep -q '^b $run again 1' '$ledger' &&
        grep -q 'node=quick state=success' '$work/command'" || return 1
    wait_for "[ \$(pgrep -fc '$ours') -ge 6 ]" || return 1 # four sleeps, two loops
    if [ "$how" = engine_too ]; then
        kill -9 $command
        wait $command 2>/dev/null
    fi
    kill -9 "$(keeper_pid)" || return 1
    if [ "$how" = engine_too ]; then
        sleep 0.$((RANDOM % 3))
        "$datemill" run doomed "$date" >"$work/command" 2>&1 &
        command=$!
    fi
    wait $command || status=$?
    echo "run $run ended $status"
    cat "$work/command"
    [ $status = 1 ]
}

for round in $(seq $rounds); do
    day=$(printf '2021-%02d-%02d' $((round / 28 + 1)) $((round % 28 + 1)))
    how=
    [ $((round % 2)) = 1 ] || how=engine_too
    check "the keeper is killed${how:+ after the engine} ($day)" lost_round "$day" $how
    run=$(all_runs | tail -n 1)
    stored_attempts | grep "^$run " | cut -d ' ' -f 2-4 | sort >"$work/got"
    printf '%s\n' 'again 1 lost' 'again 2 success' 'quick 1 success' 'stubborn 1 lost' >"$work/want"
    check 'what ran is lost, only on_lost is tried again' diff "$work/want" "$work/got"
    is 'nothing of it was alive when the next was started' \
        "$(grep '^left' "$ledger" | sort -u)" 'left 0'
    is 'and nothing is now' "$(pgrep -fc "$ours")" 0
done
is 'what needs a lost node is never started' "$(grep -c after_stubborn "$ledger")" 0
is 'nothing was started twice' "$(ledger_repeats)" ''
tap_end
