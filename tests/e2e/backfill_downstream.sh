#!/usr/bin/env bash
# backfill --downstream: which flows and dates, who waits for whom, failures, Ctrl-C, kill -9, and
# the same with a server.
. "$(dirname "$0")/tap.bash"
program datemill datemill-keeper
datemill=$build_dir/datemill
mkdir -p "$work/project"
cd "$work/project" || exit 1
server=

end_all()
{
    jobs -p | xargs -r kill -9 2>/dev/null
    [ ! -d .datemill ] || fuser -sk -TERM .datemill/keeper.lock 2>/dev/null
}
at_exit=end_all

wait_for() # COMMAND…
{
    for _ in $(seq 400); do
        "$@" >/dev/null 2>&1 && return
        sleep 0.05
    done
    return 1
}
says() # TEXT: stdout has it, blanks aside
{
    tr -s ' ' <"$work/stdout" | grep -qF -- "$1"
}
warns() # TEXT: stderr
{
    tr -s ' ' <"$work/stderr" | grep -qF -- "$1"
}
states() # FROM ID: the states of backfills from that id on, `up:success mid:failed`
{
    "$datemill" backfill list --json |
        sed -E 's/.*"id":([0-9]+),"flow":"([a-z]+)".*"state":"([a-z]+)".*/\1 \2:\3/' |
        sort -n | awk -v from="$1" '$1 >= from {printf "%s%s", s, $2; s = " "}'
}
are() # FROM ID, STATES
{
    [ "$(states "$1")" = "$2" ]
}
# A line of the ledger before another one.
before() # LINE LINE
{
    [ "$(grep -nx "$1" ledger | tail -n 1 | cut -d: -f1)" -lt \
        "$(grep -nx "$2" ledger | tail -n 1 | cut -d: -f1)" ]
}
newest_run() # FLOW
{
    "$datemill" runs list "flow:$1" --json -n 1 | sed 's/^{[^}]*"id":\([0-9]*\).*/\1/'
}
range=2021-11-05..2021-11-08

printf 'timezone: Asia/Shanghai\nslots: 4\n' >datemill.yaml
cat >up.yaml <<'END'
flow: up
schedule: daily 01:00
nodes:
  load:
    run: |
      while [ -e hold ]; do sleep 0.05; done
      [ ! -e "bad_$DATEMILL_BIZDATE" ]
      echo "up $DATEMILL_BIZDATE" >>ledger
  side: {run: 'true'}
END
cat >mid.yaml <<'END'
flow: mid
schedule: daily 02:00
nodes:
  use: {run: 'echo "mid $DATEMILL_BIZDATE" >>ledger', needs: [up/load]}
END
cat >sum.yaml <<'END'
flow: sum
schedule: daily 03:00
nodes:
  all: {run: 'echo "sum $DATEMILL_BIZDATE" >>ledger', needs: ["mid/*@-1d", up/load]}
END
cat >week.yaml <<'END'
flow: week
schedule: weekly mon 03:00
nodes:
  all: {run: 'echo "week $DATEMILL_BIZDATE" >>ledger', needs: [up/side]}
END
printf 'flow: alone\nnodes: {n: {run: "true"}}\n' >alone.yaml

# ---- which flows, which dates ----

is 'a plan' "$(status_of "$datemill" backfill up $range --downstream --dry-run)" 0
check 'who needs it' says 'downstream: mid, which needs up'
check 'who needs that, in the end' says 'downstream: sum, which needs up, mid'
check 'with its dates' says 'plan: sum, 4 dates, 2021-11-05 … 2021-11-08 (both included)'
check 'but for one that would wait for ever' \
    says 'left out 2021-11-09 needs up/load of 2021-11-09, which has not been done'
check 'of a weekly flow its day alone' says 'plan: week, 1 date, 2021-11-07'
check 'and no other flow' sh -c "! grep -q alone '$work/stdout'"
is 'nothing was made' "$("$datemill" backfill list --json | wc -l)" 0
status_of "$datemill" backfill up $range --downstream --dry-run --json >/dev/null
check 'the plan for programs' \
    says '"downstream":[{"flow":"mid","needs":"up","left_out":"","plan":{"dates":4,"run":['
status_of "$datemill" backfill up $range --nodes side --downstream --dry-run >/dev/null
check 'of a node alone those that need it' sh -c \
    "grep -q 'downstream: week' '$work/stdout' && ! grep -q 'downstream: mid' '$work/stdout'"
status_of "$datemill" backfill alone 2021-11-05 --downstream --dry-run >/dev/null
check 'a flow that nobody needs' says 'downstream: no flow needs one of these dates'

# ---- they run, in their order ----

is 'all of it is a success' "$(status_of "$datemill" backfill up $range --downstream)" 0
is 'each flow has its backfill' "$(states 1)" 'up:success mid:success sum:success week:success'
is 'and each date ran once' "$(sort ledger | uniq -c | awk '{print $1}' | sort -u)" 1
is 'so many of them' "$(wc -l <ledger)" 13
for day in 05 06 07 08; do
    check "2021-11-$day: down comes after up" before "up 2021-11-$day" "mid 2021-11-$day"
done
check 'and the date after that' before 'mid 2021-11-07' 'sum 2021-11-08'
status_of "$datemill" backfill show 2 >/dev/null
check 'show names the others' says 'with 1 up success (what is done to it is done to all), 3 sum'
check 'they belong together in JSON' sh -c \
    "[ \$('$datemill' backfill list --json | grep -c '\"leader\":1') = 4 ]"
is 'once more there is nothing to do' \
    "$(status_of "$datemill" backfill up $range --downstream)" 0
check 'as it says' warns 'nothing to run'
is 'and nothing was done' "$(states 5)" ''

# ---- a date that is done again ----

is 'one date again' "$(status_of "$datemill" backfill up 2021-11-06 --redo always)" 0
"$datemill" mark "$(newest_run up)" load failed --reason test >/dev/null 2>&1
status_of "$datemill" backfill up $range --downstream --dry-run -v >/dev/null
check 'what failed is run again' says '2021-11-06 redo load failed in run'
check 'and what needs it, though it is green' \
    says '2021-11-06 redo needs up of 2021-11-06, which runs'
check 'and what needs that' says '2021-11-07 redo needs mid of 2021-11-06, which runs'
check 'nothing else' says 'keep 3 already green 2021-11-05, 2021-11-07 … 2021-11-08'
: >ledger
is 'it is done' "$(status_of "$datemill" backfill up $range --downstream)" 0
is 'that date alone, and the one after it' "$(sort ledger | tr '\n' ' ')" \
    'mid 2021-11-06 sum 2021-11-06 sum 2021-11-07 up 2021-11-06 '
check 'the green run of before did not count: it waited' before 'up 2021-11-06' 'mid 2021-11-06'

# ---- a date that fails ----

first=$(($(states 1 | wc -w) + 1))
touch bad_2021-11-06
is 'a date fails' \
    "$(status_of "$datemill" backfill up $range --downstream --redo always)" 1
check 'what needs it is blocked, with the reason' \
    warns 'date=2021-11-06 state=blocked run='
check 'by name' warns 'reason="needs up of 2021-11-06, which failed"'
check 'and what needs that' warns 'reason="needs mid of 2021-11-06, which is blocked"'
is 'the others went on' "$(states $first)" 'up:failed mid:failed sum:failed week:success'
rm bad_2021-11-06
is 'retry of the first is retry of all' "$(status_of "$datemill" backfill retry $first)" 0
is 'all of them' "$(states $first)" 'up:success mid:success sum:success week:success'

# ---- Ctrl-C, and the same command again ----

first=$(($(states 1 | wc -w) + 1))
touch hold
: >ledger
"$datemill" backfill up $range --downstream --redo always --parallel 1 \
    >/dev/null 2>"$work/held" </dev/null &
held=$!
check 'it waits' wait_for are $first 'up:running mid:running sum:running week:running'
check 'and says so' wait_for grep -q 'to run with it' "$work/held"
sleep 0.3
kill -INT $held
check 'Ctrl-C is heard' wait_for grep -q 'stopping: no new dates' "$work/held"
rm hold
wait $held
is 'it pauses all, also a date that waits for one that does not begin any more' $? 130
check 'none runs' sh -c \
    "! '$datemill' backfill list --json | grep -q '\"state\":\"running\"'"
check 'each says who' sh -c \
    "'$datemill' backfill show $((first + 2)) | grep -q 'paused.*interrupted'"
is 'the same command goes on' \
    "$(status_of "$datemill" backfill up $range --downstream --redo always)" 0
is 'with the same ones' "$(states $first)" 'up:success mid:success sum:success week:success'
is 'each date ran once' "$(sort ledger | uniq -c | awk '{print $1}' | sort -u)" 1
is 'and none was left out' "$(wc -l <ledger)" 13

# ---- kill -9 ----

first=$(($(states 1 | wc -w) + 1))
touch hold
: >ledger
"$datemill" backfill up $range --downstream --redo always --parallel 1 \
    >/dev/null 2>"$work/held" </dev/null &
held=$!
check 'it waits again' wait_for are $first 'up:running mid:running sum:running week:running'
sleep 0.3
kill -9 $held
wait $held 2>/dev/null
rm hold
is 'after kill -9 the same command goes on' \
    "$(status_of "$datemill" backfill up $range --downstream --redo always)" 0
is 'with the same ones' "$(states $first)" 'up:success mid:success sum:success week:success'
is 'each date ran once' "$(sort ledger | uniq -c | awk '{print $1}' | sort -u)" 1
is 'and none was left out' "$(wc -l <ledger)" 13

# ---- with a server ----

first=$(($(states 1 | wc -w) + 1))
"$datemill" serve 2>"$work/serve" </dev/null &
server=$!
check 'a server' wait_for sh -c "'$datemill' status --json | grep -q '\"pid\":$server,.*\"server\"'"
touch hold
is 'it is handed over' \
    "$(status_of "$datemill" backfill up $range --downstream --redo always --detach)" 0
check 'it runs there' wait_for are $first 'up:running mid:running sum:running week:running'
run=$(newest_run mid)
check 'a run of it names the run that it waits for, not the green one of before' wait_for sh -c \
    "'$datemill' runs show $run | grep -q 'up/load of .*: running in run'"
is 'stopped' "$(status_of "$datemill" backfill stop $first)" 0
check 'all of them are' wait_for sh -c \
    "'$datemill' backfill list --json | grep -cE '\"leader\":$first,.*' | grep -q 4 &&
     ! '$datemill' backfill list --json | grep -q '\"state\":\"running\"'"
rm hold
is 'resumed' "$(status_of "$datemill" backfill resume $first --detach)" 0
check 'all of them go on' wait_for are $first 'up:success mid:success sum:success week:success'

# ---- mistakes ----

sed -i 's/needs: .up.side./needs: [up\/sid]/' week.yaml
is 'a flow downstream that is wrong is left alone while it needs nothing that there is' \
    "$(status_of "$datemill" backfill up $range --downstream --dry-run)" 0
sed -i 's/needs: .up.sid./needs: [up\/side], bad_key: 1/' week.yaml
is 'one that needs it is told' "$(status_of "$datemill" backfill up $range --downstream)" 3
check 'with its place' warns 'week.yaml:4:'
"$datemill" freeze mid --reason vendor >/dev/null 2>&1
printf 'flow: week\nnodes: {n: {run: "true"}}\n' >week.yaml
is 'one that is frozen, too' \
    "$(status_of "$datemill" backfill up $range --downstream --redo always)" 7
check 'by whom and why' warns 'vendor'
tap_end
