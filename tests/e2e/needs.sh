#!/usr/bin/env bash
# Needs of other flows and of the cycle before: who waits for what, and what ends the waiting.
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

printf 'timezone: Asia/Shanghai\nslots: 4\n' >datemill.yaml
cat >up.yaml <<'END'
flow: up
schedule: daily 01:00
nodes:
  load: {run: '[ ! -e up_fails ]'}
  rest: {run: '[ ! -e rest_fails ]', needs: [load]}
END
cat >down.yaml <<'END'
flow: down
schedule: daily 02:00
nodes:
  start: {type: virtual}
  use: {run: echo used, needs: [start, up/load]}
END
cat >chain.yaml <<'END'
flow: chain
schedule: daily 02:00
nodes:
  n: {run: '[ ! -e chain_fails ]', needs: [n@-1]}
END
cat >after.yaml <<'END'
flow: after
nodes:
  n: {run: echo after, needs: [up/rest]}
END

wait_for()
{
    for _ in $(seq 200); do
        "$@" >/dev/null 2>&1 && return
        sleep 0.05
    done
    return 1
}
state_of() # RUN NODE
{
    "$datemill" runs show "$1" --json | tr '{' '\n' | grep "\"name\":\"$2\"" | head -n 1 |
        sed 's/.*"state":"\([a-z]*\)".*/\1/'
}
last_run()
{
    "$datemill" runs list --json -n 1 | sed 's/^{[^}]*"id":\([0-9]*\).*/\1/'
}
said()
{
    grep -q "$2" "$1"
}

# ---- the cycle before ----

is 'the first run of a flow waits for no cycle before it' \
    "$(status_of "$datemill" run chain 2021-11-11)" 0
is 'the next finds the one before done' "$(status_of "$datemill" run chain 2021-11-12)" 0
is 'a date before the first run is older than it' "$(status_of "$datemill" run chain 2021-11-10)" 0
touch chain_fails
is 'a date fails' "$(status_of "$datemill" run chain 2021-11-13)" 1
"$datemill" run chain 2021-11-14 >next.out 2>&1 &
next=$!
check 'the date after it waits and says for what' \
    wait_for said next.out 'reason="waits for chain/n of 2021-11-13 (planned 2021-11-14 02:00)"'
sleep 0.5
is 'it has not started' "$(state_of 5 n)" waiting
"$datemill" runs show 5 >shown.out 2>&1
check 'runs show names it, too' \
    said shown.out 'outside this run: n@-1 from 2021-11-14, or a free slot'
rm chain_fails
is 'the failed one is repeated' "$(status_of "$datemill" rerun 4 --from-failed)" 0
wait $next
is 'the date after it goes on by itself' $? 0
is 'and is a success' "$(state_of 5 n)" success

# ---- another flow ----

"$datemill" run down 2021-11-11 >down.out 2>&1 &
down=$!
check 'a node waits for a node of a flow that never ran' \
    wait_for said down.out 'waits for up/load of 2021-11-11'
is 'what needs nothing outside has run' "$(state_of 6 start)" success
touch rest_fails
is 'another date of that flow is run' "$(status_of "$datemill" run up 2021-11-12)" 1
is 'which lets nobody go on' "$(state_of 6 use)" waiting
is 'the date itself is run; its second node fails' "$(status_of "$datemill" run up 2021-11-11)" 1
wait $down
is 'the node that is needed is done: it goes on' $? 0
"$datemill" run after 2021-11-11 >after.out 2>&1 &
after=$!
check 'who needs the failed one waits' wait_for said after.out 'waits for up/rest of 2021-11-11'
run=$(last_run)

# ---- the engine dies ----

kill -9 $after
wait $after 2>/dev/null
is 'after kill -9 of the engine it still waits' "$(state_of "$run" n)" waiting
rm rest_fails
is 'the other flow is mended while nobody drives it' \
    "$(status_of "$datemill" rerun 8 --from-failed)" 0
is 'gone on with, it is let go' "$(status_of "$datemill" run after 2021-11-11)" 0
is 'and is a success, the same run' "$(state_of "$run" n)" success

# ---- a flow that cannot be read ----

printf 'flow: up\nnodes: {load: {run: x, bad_key: 1}}\n' >up.yaml
is 'a needed flow with a mistake is told at once' \
    "$(status_of "$datemill" run down 2021-11-13)" 3
check 'by name' said "$work/stderr" 'down needs flow up'
is 'and nothing was made' "$(last_run)" "$run"
tap_end
