#!/usr/bin/env bash
# Operations on runs: skip, mark, freeze, unfreeze, stop; each recorded with who, when and why. And
# `runs show`: why is it not running, and who waits for it.
. "$(dirname "$0")/tap.bash"
program datemill datemill-keeper
datemill=$build_dir/datemill
mkdir -p "$work/project"
cd "$work/project" || exit 1

end_all()
{
    jobs -p | xargs -r kill -9 2>/dev/null
    [ ! -d .datemill ] || fuser -sk -TERM .datemill/keeper.lock 2>/dev/null
}
at_exit=end_all

printf 'timezone: UTC\nslots: 2\npools: {db: 1}\n' >datemill.yaml
cat >shop.yaml <<'END'
flow: shop
schedule: daily 01:00
nodes:
  fetch: {run: '[ ! -e fails ]'}
  other: {run: 'true'}
  load: {run: echo load, needs: [fetch]}
  report: {run: echo report, needs: [load, other]}
END
cat >slow.yaml <<'END'
flow: slow
schedule: daily 01:00
nodes:
  hang: {run: 'while [ ! -e go ]; do sleep 0.05; done'}
  after: {run: echo after, needs: [hang]}
END
cat >pool.yaml <<'END'
flow: pool
schedule: daily 01:00
nodes:
  first: {run: 'while [ ! -e go ]; do sleep 0.05; done', pool: db, priority: 8}
  second: {run: echo second, pool: db}
END
cat >full.yaml <<'END'
flow: full
schedule: daily 01:00
nodes:
  a: {run: 'while [ ! -e go ]; do sleep 0.05; done', priority: 8}
  b: {run: 'while [ ! -e go ]; do sleep 0.05; done', priority: 8}
  c: {run: echo c}
END
cat >again.yaml <<'END'
flow: again
schedule: daily 01:00
nodes:
  n: {run: '[ -e good ]', retry: {max: 2, delay: 5m}}
END
cat >down.yaml <<'END'
flow: down
schedule: daily 02:00
nodes:
  use: {run: echo used, needs: [slow/after]}
END

wait_for()
{
    for _ in $(seq 200); do
        "$@" >/dev/null 2>&1 && return
        sleep 0.05
    done
    return 1
}
last_run()
{
    "$datemill" runs list --json -n 1 | sed 's/^{[^}]*"id":\([0-9]*\).*/\1/'
}
state_of() # RUN NODE
{
    "$datemill" runs show "$1" --json | tr '{' '\n' | grep "^\"name\":\"$2\",\"type\"" |
        head -n 1 | sed 's/.*"state":"\([a-z]*\)".*/\1/'
}
run_state() # RUN
{
    "$datemill" runs list --json -n 100 | grep "\"id\":$1," | head -n 1 |
        sed 's/.*"state":"\([a-z]*\)".*/\1/'
}
said() # FILE TEXT: the file has it, blanks aside
{
    tr -s ' ' <"$1" | grep -qF -- "$2"
}
shows() # RUN TEXT: `runs show` has it
{
    "$datemill" runs show "$1" >"$work/shown" 2>&1
    said "$work/shown" "$2" || { cat "$work/shown"; return 1; }
}
tells() # RUN TEXT: and its JSON
{
    "$datemill" runs show "$1" --json >"$work/shown"
    said "$work/shown" "$2" || { cat "$work/shown"; return 1; }
}
me=$(id -un)

# ---- mark and skip, on a run that is over ----

touch fails
is 'a run fails' "$(status_of "$datemill" run shop 2021-11-11)" 1
is 'a mark needs a reason' "$(status_of "$datemill" mark 1 fetch success)" 2
check 'and says which option' said "$work/stderr" '--reason TEXT'
is 'an unknown node is not found' "$(status_of "$datemill" mark 1 fecth success --reason x)" 4
check 'with a guess' said "$work/stderr" 'did you mean `fetch`?'
is 'an unknown run is not found' "$(status_of "$datemill" skip 77 fetch --reason x)" 4
is 'neither is a third state' "$(status_of "$datemill" mark 1 fetch good --reason x)" 2
is 'none of it changed anything' "$(state_of 1 fetch)" failed
is 'a failed node is marked' "$(status_of "$datemill" mark 1 fetch success --reason 'by hand')" 0
check 'it is said what may run now' said "$work/stdout" 'may run load; no scheduler is running'
check 'and what to type' said "$work/stdout" 'go on datemill rerun 1'
is 'what it blocked waits' "$(state_of 1 load)" waiting
is 'the run is open again' "$(run_state 1)" running
check 'runs show says who and why' shows 1 "mark fetch success by $me: by hand"
check 'so does its JSON' tells 1 '"detail":"success","node":"fetch","reason":"by hand"'
check 'why it waits: nobody drives it' \
    shows 1 'load no scheduler is running: datemill rerun 1 goes on'
check 'who waits for it' shows 1 'load report'
check 'in JSON, both' tells 1 \
    '"waiting":[{"node":"load","reasons":["no scheduler is running: datemill rerun 1 goes on"]}'
is 'marked again nothing changes' "$(status_of "$datemill" mark 1 fetch success --reason twice)" 0
check 'and that is said' said "$work/stdout" 'it is success already, nothing was changed'
is 'and not recorded' "$("$datemill" runs show 1 | grep -c twice)" 0
is 'the run goes on with the command that was named' "$(status_of "$datemill" rerun 1)" 0
is 'to its end' "$(run_state 1)" success
is 'what is done cannot be skipped' "$(status_of "$datemill" skip 1 load --reason x)" 7
is 'but marked failed' "$(status_of "$datemill" mark 1 report failed --reason wrong)" 0
is 'then the run is, too' "$(run_state 1)" failed
is 'a failed node is skipped' \
    "$("$datemill" skip 1 report --reason 'no report' --json | grep -o '"state":"[a-z]*"')" \
    '"state":"skipped"'
is 'and with it the run is a success' "$(run_state 1)" success

# ---- mark and skip of what runs ----

"$datemill" run slow 2021-11-11 >slow.out 2>&1 &
slow=$!
check 'a node runs' wait_for said slow.out 'node=hang state=running'
run=$(last_run)
is 'it is skipped from another terminal' \
    "$(status_of "$datemill" skip "$run" hang --reason stuck)" 0
check 'being stopped for it is said' said "$work/stderr" 'it runs: it is stopped for it'
check 'and that it came to it' said "$work/stdout" 'hang is skipped (stuck)'
wait $slow
is 'what comes after it has run' $? 0
is 'in a run that is a success' "$(run_state "$run")" success

# ---- why is it waiting ----

"$datemill" run slow 2021-11-12 >slow.out 2>&1 &
slow=$!
check 'a run of a flow that another needs' wait_for said slow.out 'node=hang state=running'
slow_run=$(last_run)
"$datemill" run down 2021-11-12 >down.out 2>&1 &
down=$!
check 'the other waits' wait_for said down.out 'waits for slow/after of 2021-11-12'
run=$(last_run)
check 'a need outside the run: which, when, and how it stands' shows "$run" \
    "use slow/after of 2021-11-12 (planned 2021-11-13 01:00): waiting in run $slow_run"
check 'and the needed one knows who waits for it' shows "$slow_run" \
    "after down/use of 2021-11-12 (run $run)"
check 'in the same run, too' shows "$slow_run" 'after hang is running'
touch go
wait $down
is 'it goes on when that is done' $? 0
wait $slow
rm go
"$datemill" run pool 2021-11-11 >pool.out 2>&1 &
pool=$!
check 'a pool is held' wait_for said pool.out 'node=first state=running'
run=$(last_run)
check 'by whom is told' shows "$run" \
    "second pool db (1 place) is held by run $run pool/first of 2021-11-11 since "
"$datemill" run full 2021-11-11 --parallel 1 >limit.out 2>&1 &
limit=$!
check 'a run with a limit of its own' wait_for said limit.out 'node=a state=running'
check 'says so' shows "$(last_run)" "the run's own limit: 1 of its attempts are open"
touch go
wait $pool $limit
rm go
"$datemill" run full 2021-11-12 >full.out 2>&1 &
full=$!
check 'all slots are used' wait_for said full.out 'node=b state=running'
run=$(last_run)
check 'by whom, and how many are before it' shows "$run" \
    "c a free slot: 2 of 2 are used, 0 before it; used by run $run full/a of 2021-11-12 since "
touch go
wait $full
rm go
"$datemill" run again 2021-11-11 >again.out 2>&1 &
again=$!
check 'a node is to be tried again' wait_for said again.out 'state=waiting'
run=$(last_run)
check 'when, and which try' wait_for shows "$run" '; try 2 of 3'
check 'and how long' shows "$run" ', in 4m'

# ---- freeze ----

is 'a node that waits is frozen in its open run' \
    "$(status_of "$datemill" freeze again/n --reason 'vendor outage')" 0
check 'which is named' said "$work/stdout" "open runs n: run $run (2021-11-11): frozen"
check 'and how to undo it' said "$work/stdout" 'undo datemill unfreeze again/n'
wait $again
is 'nothing is left to do: the run ends, and not green' $? 1
is 'it is stopped' "$(run_state "$run")" stopped
check 'runs show says who froze it and why' shows "$run" "freeze n by $me: vendor outage"
is 'what is frozen is not rerun' "$(status_of "$datemill" rerun "$run" --only n)" 7
touch good
is 'it is unfrozen' "$(status_of "$datemill" unfreeze again/n)" 0
check 'what ended with it frozen is named' said "$work/stdout" "ended with it frozen: run $run"
is 'and goes on' "$(status_of "$datemill" rerun "$run")" 0
is 'to its end' "$(run_state "$run")" success
is 'unfrozen twice is not found' "$(status_of "$datemill" unfreeze again/n)" 4
is 'a flow that is not there neither' "$(status_of "$datemill" freeze agian)" 4
check 'with a guess' said "$work/stderr" 'did you mean `again`?'
is 'a date that is none is refused' "$(status_of "$datemill" freeze shop --until 2031-02-30)" 2
check 'with its number' said "$work/stderr" 'error[E020]: 2031-02-30 is not a date'
is 'a date that is over, too' "$(status_of "$datemill" freeze shop --until 2021-11-11)" 2

rm -f fails
is 'a node is frozen before its run' \
    "$(status_of "$datemill" pause shop/fetch --until 9000-01-01 --reason late)" 0
is 'frozen again' "$(status_of "$datemill" freeze shop/fetch --until 9000-02-01 --reason later)" 0
check 'what was there is said' said "$work/stdout" \
    "it was frozen by $me, business dates before 9000-01-01: late; replaced"
"$datemill" status >status.out
check 'status lists it' said status.out "shop/fetch 9000-02-01 $me"
"$datemill" status --json >status.out
check 'in JSON, too' said status.out \
    '"freezes":[{"flow":"shop","node":"fetch","until":"9000-02-01"'
is 'a run of it is not green' "$(status_of "$datemill" run shop 2021-11-13)" 1
run=$(last_run)
is 'the node is frozen' "$(state_of "$run" fetch)" frozen
is 'what needs it is blocked' "$(state_of "$run" load)" blocked
is 'what does not has run' "$(state_of "$run" other)" success
check 'why is said' shows "$run" "fetch shell by $me: later"
check 'in JSON, too' tells "$run" \
    "{\"node\":\"fetch\",\"reasons\":[\"frozen by $me, business dates before 9000-02-01: later\"]}"
is 'a rerun leaves it frozen' "$(status_of "$datemill" rerun "$run" --all)" 1
is 'the same as before' "$(state_of "$run" fetch)" frozen
is 'a date after it runs' "$(status_of "$datemill" run shop 9000-02-01)" 0
is 'let go, it runs' "$(status_of "$datemill" unpause shop/fetch)" 0
is 'with the rest of the run' "$(status_of "$datemill" rerun "$run")" 0
is 'and all is done' "$(state_of "$run" report)" success

is 'a whole flow is frozen' "$(status_of "$datemill" freeze shop --reason 'moving house')" 0
before=$(last_run)
is 'it is not run' "$(status_of "$datemill" run shop 2021-11-14)" 7
check 'why' said "$work/stderr" "flow shop is frozen by $me: moving house"
check 'and what to type' said "$work/stderr" 'datemill unfreeze shop'
is 'no run was made' "$(last_run)" "$before"
is 'nor is one rerun' "$(status_of "$datemill" rerun "$before" --all)" 7
is 'a node of it is not frozen by itself' "$(status_of "$datemill" unfreeze shop/load)" 4
check 'but with its flow' said "$work/stderr" 'its whole flow is: datemill unfreeze shop'
is 'it is let go' "$(status_of "$datemill" unfreeze shop)" 0
is 'and runs' "$(status_of "$datemill" run shop 2021-11-14)" 0

# ---- frozen while it runs ----

cat >once.yaml <<'END'
flow: once
nodes:
  n: {run: 'while [ ! -e go ]; do sleep 0.05; done; exit 3', retry: {max: 2, delay: 1s}}
END
"$datemill" run once 2021-11-11 >once.out 2>&1 &
once=$!
check 'a node runs' wait_for said once.out 'node=n state=running'
run=$(last_run)
is 'it is frozen' "$(status_of "$datemill" freeze once/n)" 0
check 'and may finish' said "$work/stdout" 'running, will be frozen instead of tried again'
touch go
wait $once
is 'failed, it is not tried again, and the run not green' $? 1
is 'the node is frozen' "$(state_of "$run" n)" frozen
is 'the run stopped' "$(run_state "$run")" stopped
"$datemill" unfreeze once/n >/dev/null
rm go

# ---- stop ----

is 'stop needs to know what' "$(status_of "$datemill" stop)" 2
is 'a flow without open runs: nothing to do' "$(status_of "$datemill" stop --flow slow)" 0
is 'a flow that is not there is not found' "$(status_of "$datemill" stop --flow slwo)" 4
"$datemill" run slow 2021-11-13 >slow.out 2>&1 &
slow=$!
check 'a run is at work' wait_for said slow.out 'node=hang state=running'
run=$(last_run)
is 'all runs of its flow are stopped' \
    "$(status_of "$datemill" stop --flow slow --now --reason 'wrong day')" 0
wait $slow
is 'whoever drove it ends' $? 1
is 'it is stopped' "$(run_state "$run")" stopped
check 'why is kept' shows "$run" "stop stop by $me: wrong day"
is 'what was stopped cannot be stopped' "$(status_of "$datemill" stop "$run")" 7

# ---- an engine that does not answer, and none at all ----

"$datemill" run slow 2021-11-14 >slow.out 2>&1 &
slow=$!
check 'a run is at work' wait_for said slow.out 'node=hang state=running'
run=$(last_run)
kill -STOP $slow
check 'with its engine asleep runs show answers from the store' \
    shows "$run" 'after hang is running'
kill -CONT $slow
kill -9 $slow
wait $slow 2>/dev/null
check 'its engine dead, what waits says who would go on' shows "$run" \
    "no scheduler is running: datemill rerun $run goes on"
is 'what runs without an engine is marked and stopped' \
    "$(status_of "$datemill" mark "$run" hang success --reason 'done elsewhere')" 0
is 'it is a success' "$(state_of "$run" hang)" success
is 'what needs it waits' "$(state_of "$run" after)" waiting
is 'and goes on' "$(status_of "$datemill" rerun "$run")" 0
tap_end
