#!/usr/bin/env bash
# Runs in the foreground: outcomes, exit codes, retry, timeout, stop, two at once, a killed engine.
. "$(dirname "$0")/tap.bash"
program datemill datemill-keeper
datemill=$build_dir/datemill
project=$work/project
mkdir -p "$project"
cd "$project" || exit 1

end_all()
{
    jobs -p | xargs -r kill -9 2>/dev/null
    [ ! -d .datemill ] || fuser -sk -TERM .datemill/keeper.lock 2>/dev/null
}
at_exit=end_all

cat >datemill.yaml <<'END'
timezone: Asia/Shanghai
slots: 4
END
cat >mixed.yaml <<'END'
flow: mixed
params:
  var: ${yyyymmdd}
nodes:
  start: {type: virtual}
  good:
    needs: [start]
    run: echo "date is $var, $DATEMILL_BIZDATE, try $DATEMILL_ATTEMPT"
  bad:
    needs: [start]
    run: |
      echo "Error: the vendor is away" >&2
      exit 3
    retry: {max: 1, delay: 100ms}
  after_bad:
    needs: [bad]
    run: touch must_not_exist
END
cat >flaky.yaml <<'END'
flow: flaky
nodes:
  n:
    run: '[ "$DATEMILL_ATTEMPT" = 3 ]'
    retry: {max: 2, delay: 50ms}
END
cat >late.yaml <<'END'
flow: late
nodes:
  n: {run: sleep 60, timeout: 1s, stop_grace: 1s, retry: {max: 3, delay: 10ms}}
END
cat >slow.yaml <<END
flow: slow
nodes:
  first:
    run: echo "\$DATEMILL_RUN_ID first" >>$work/ledger; sleep 1.5; echo done
  second:
    needs: [first]
    run: echo "\$DATEMILL_RUN_ID second" >>$work/ledger
END
cat >tree.yaml <<'END'
flow: tree
nodes:
  n:
    stop_grace: 1s
    run: |
      trap '' TERM
      (setsid sh -c 'trap "" TERM; exec sleep 4321' &)
      sleep 4322
END

run()
{
    status_of "$datemill" run "$@"
}
last_run()
{
    "$datemill" runs list --json -n 1 | sed 's/^{[^}]*"id":\([0-9]*\).*/\1/'
}
wait_for()
{
    local i
    for i in $(seq 100); do
        eval "$1" >/dev/null 2>&1 && return 0
        sleep 0.05
    done
    echo "never true: $1"
    return 1
}

is 'a flow with a failed node ends 1' "$(run mixed 2021-11-11)" 1
check 'the failed node is told with its reason and tries' \
    grep -q 'node=bad state=failed try=2 .*the vendor is away' "$work/stderr"
check 'what needs it is blocked' grep -q 'node=after_bad state=blocked' "$work/stderr"
check 'and was not started' test ! -e must_not_exist
check 'parameters reach a shell node' \
    grep -q 'date is 20211111, 2021-11-11, try 1' .datemill/logs/*/1/good.1.log
is 'a retry that succeeds ends 0' "$(run flaky 2021-11-11)" 0
check 'at the third try' grep -q 'state=success try=3' "$work/stderr"
is 'a timeout fails, and is not retried unasked' "$(run late 2021-11-11)" 1
check 'it says so' grep -q 'state=failed try=1 .*timeout after 1' "$work/stderr"
is 'only what is selected runs' "$(run mixed 2021-11-12 --nodes +good)" 0
stamp='^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(Z|[+-][0-9]{2}:[0-9]{2}) run='
check 'lines have times to the second' grep -Eq "$stamp" "$work/stderr"
check 'the rest counts as skipped' grep -q '2 ok, 2 skipped' "$work/stderr"
is 'a dry run changes nothing' "$(run mixed 2021-11-13 --dry-run)" 0
is 'no run came of it' "$("$datemill" runs list --json | grep -c '"bizdate":"2021-11-13"')" 0
is '--json prints a line of JSON for each event' "$(run mixed 2021-11-14 --nodes start --json)" 0
is 'on stdout' "$(grep -c '^{"event":' "$work/stdout")" "$(wc -l <"$work/stdout")"

# --- rerun ---
is 'rerun --from-failed runs what failed again' \
    "$(status_of "$datemill" rerun 1 --from-failed)" 1
check 'with the definition of the run' grep -q '2 kept, 2 to run' "$work/stderr"
is 'rerun of a green run has nothing to do' "$(status_of "$datemill" rerun 2)" 7
is 'rerun --only of one node' "$(status_of "$datemill" rerun 1 --only good)" 1
check 'ran it once more' test -e .datemill/logs/*/1/good.2.log
is 'rerun of an unknown run' "$(status_of "$datemill" rerun 999)" 4
is 'a word that is no run' "$(status_of "$datemill" rerun x1)" 2

# --- two at once, and the engine killed ---
"$datemill" run slow 2021-11-01 >"$work/one" 2>&1 &
first=$!
check 'the first run starts' wait_for "grep -q 'node=first state=running' '$work/one'"
"$datemill" run slow 2021-11-02 >"$work/two" 2>&1 &
second=$!
check 'a second command hands its run to the first' \
    wait_for "grep -q 'node=first state=running' '$work/two'"
is 'a second run of the same date ends 5' "$(run slow 2021-11-02)" 5
check 'and names the open one' grep -q 'run [0-9]* of slow for 2021-11-02 is open' "$work/stderr"
kill -9 $first; wait $first 2>/dev/null
wait $second
is 'the second command finishes its run when the first is killed' "$?" 0
wait_for "! '$datemill' runs list --json | grep -q '\"attempts_running\":[1-9]'" >/dev/null
is 'the run of the killed command is left open' \
    "$("$datemill" runs list --json 'date:2021-11-01' | grep -cE '"state":"(running|waiting)"')" 1
is 'the same command again goes on with it' "$(run slow 2021-11-01)" 0
check 'and says so' grep -q 'left unfinished; it goes on' "$work/stderr"
is 'every node ran exactly once' "$(sort "$work/ledger" | uniq -c | awk '$1 != 1' | wc -l)" 0
is 'all four of them' "$(wc -l <"$work/ledger")" 4

# --- kill -9 while the last node runs, then only look ---
"$datemill" run slow 2021-11-03 --nodes first >"$work/three" 2>&1 &
third=$!
check 'a run starts' wait_for "grep -q 'node=first state=running' '$work/three'"
kill -9 $third; wait $third 2>/dev/null
sleep 2
check 'status works' "$datemill" status
is 'the attempt that ended meanwhile is settled with its true end' \
    "$("$datemill" runs list --json 'date:2021-11-03' | grep -c '"state":"success"')" 1

# --- Ctrl-C ---
"$datemill" run slow 2021-11-04 >"$work/four" 2>&1 &
fourth=$!
check 'a run starts' wait_for "grep -q 'node=first state=running' '$work/four'"
kill -INT $fourth
wait $fourth
is 'Ctrl-C ends 130' "$?" 130
check 'what ran finished, what waited is stopped' \
    grep -q '1 ok, 1 stopped' "$work/four"
is 'rerun goes on from there' "$(status_of "$datemill" rerun "$(last_run)")" 0

# --- stop means stopped ---
"$datemill" run tree 2021-11-11 >"$work/five" 2>&1 &
fifth=$!
check 'a tree that ignores SIGTERM starts' wait_for 'pgrep -f "sleep 4321" && pgrep -f "sleep 4322"'
is 'stop --now ends it' "$(status_of "$datemill" stop "$(last_run)" --now)" 0
check 'the whole tree is gone' test -z "$(pgrep -f 'sleep 432[12]')"
wait $fifth
is 'its command ends 1' "$?" 1
check 'and calls it stopped' grep -q 'state=stopped' "$work/five"
is 'stop of a run that is over' "$(status_of "$datemill" stop 1)" 7

is 'nothing is left in the temporary places' "$(find .datemill -name '*.tmp*' | wc -l)" 0
tap_end
