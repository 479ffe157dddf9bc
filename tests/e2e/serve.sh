#!/usr/bin/env bash
# datemill serve: flows by their schedules, files that change, a second server, work handed over,
# signals, kill -9.
. "$(dirname "$0")/tap.bash"
program datemill datemill-keeper
datemill=$build_dir/datemill
mkdir -p "$work/project"
cd "$work/project" || exit 1
ledger=$work/ledger
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
said() # FILE TEXT: the file has it, blanks aside
{
    tr -s ' ' <"$1" | grep -qF -- "$2" || { cat "$1"; return 1; }
}
serves() # the server that was started last is the engine, and answers
{
    "$datemill" status --json | grep -q "\"pid\":$server,.*\"kind\":\"server\""
}
start_server() # OPTION…
{
    "$datemill" serve "$@" 2>"$work/serve" </dev/null &
    server=$!
    wait_for serves
}
stop_server() # its exit status is in $ended
{
    ended=0
    kill -TERM "$server"
    wait "$server" || ended=$?
}
# Runs as ID FLOW CYCTIME KIND STATE, oldest first.
runs()
{
    local time='"cyctime":"([^"]+)".*"state":"([a-z]+)","kind":"([a-z]+)"'
    "$datemill" runs list --json -n 500 |
        sed -E "s/.*\"id\":([0-9]+),\"flow\":\"([a-z_]+)\".*$time.*/\\1 \\2 \\3 \\5 \\4/" |
        sort -n
}
status_says() # TEXT
{
    "$datemill" status >"$work/status" 2>&1
    said "$work/status" "$1"
}
state_is() # RUN STATE
{
    runs | grep -q "^$1 .* $2\$"
}

printf 'timezone: UTC\nslots: 4\nstop_grace: 3s\n' >datemill.yaml
cat >tick.yaml <<END
flow: tick
schedule: every 1s
nodes:
  n: {run: 'echo tick \$DATEMILL_CYCTIME >>$ledger'}
END
cat >slow.yaml <<END
flow: slow
nodes:
  first:
    run: |
      echo b first >>$ledger
      while [ ! -e $work/go ]; do sleep 0.05; done
      echo e first >>$ledger
  then: {run: 'echo then >>$ledger', needs: [first]}
END
cat >rare.yaml <<END
flow: rare
schedule: yearly 01-01 04:00
nodes:
  n: {run: 'true'}
END
cat >shop.yaml <<END
flow: shop
nodes:
  n: {run: 'echo shop \$DATEMILL_BIZDATE >>$ledger'}
END
: >"$ledger"

# ---- it fires ----

is 'nobody serves' "$(status_of "$datemill" run shop 2021-11-11 --detach)" 6
check 'status says so' status_says 'scheduler not running'
start_server
check 'it says what it serves' said "$work/serve" '2 scheduled, 2 by hand, 0 invalid'
check 'and what comes next' grep -qE 'next .* tick for 20' "$work/serve"
check 'a schedule of every second fires' wait_for sh -c "[ \$(wc -l <$ledger) -ge 4 ]"
check 'status knows who runs' status_says "scheduler running pid $server, up"
check 'and the slots' grep -qE ' [0-9] of 4 slots used' "$work/status"
check 'and what comes next' grep -qE '^NEXT$' "$work/status"
check 'in JSON, too' sh -c "'$datemill' status --json | grep -q '\"kind\":\"server\"'"

# ---- another server ----

is 'a second one is refused' "$(status_of "$datemill" serve)" 5
check 'by name' said "$work/stderr" \
    "datemill serve is running already: pid $server of $(id -un), since 20"
check 'the first goes on' kill -0 "$server"

# ---- the end, and the next beginning ----

stop_server
is 'it ends when it is told' $ended 0
ticks=$(grep -c tick "$ledger")
is 'each planned time once' "$(grep tick "$ledger" | sort | uniq -d)" ''
seconds()
{
    grep tick "$ledger" | cut -d ' ' -f 2 | sort | sed 's/T/ /' | while read -r at; do
        date -u -d "$at" +%s
    done
}
is 'none of them left out' \
    "$(seconds | awk 'NR > 1 && $1 != last + 1 { print last, $1 } { last = $1 }')" ''
is 'each is a run of the schedule' "$(runs | grep -c ' tick .* schedule success')" "$ticks"
sleep 1.5
is 'nothing fires without it' "$(grep -c tick "$ledger")" "$ticks"
start_server -q
check 'it fires again' wait_for sh -c "[ \$(grep -c tick $ledger) -gt $((ticks + 2)) ]"
is 'what was due meanwhile was within the grace' \
    "$(seconds | awk 'NR > 1 && $1 != last + 1 { print last, $1 } { last = $1 }')" ''
stop_server
is 'and ends again' $ended 0
is 'without a word' "$(cat "$work/serve")" ''
rm tick.yaml

# ---- files that change ----

start_server
check 'it says what is scheduled' said "$work/serve" '1 scheduled, 2 by hand, 0 invalid'
sed -i 's/04:00/05:00/' rare.yaml
check 'a changed schedule is seen' wait_for said "$work/serve" 'yearly 01-01 05:00'
check 'and told as a change' said "$work/serve" 'event=note flow=rare text="schedule changed'
sed -i 's/^nodes:/nodez:/' rare.yaml
check 'a wrong file is told' wait_for grep -q 'flow=rare .*nodez' "$work/serve"
check 'status names the place' status_says '! rare invalid rare.yaml:3: unknown key `nodez`'
sed -i 's/^nodez:/nodes:/' rare.yaml
check 'one that is right again, too' wait_for grep -q 'flow=rare .*right again' "$work/serve"
check 'status has nothing to say any more' sh -c "! '$datemill' status | grep -q ATTENTION"
mkdir more
printf 'flow: more\nschedule: every 1s\nnodes:\n  n: {run: "echo more >>%s"}\n' "$ledger" \
    >more/flow.yaml
check 'a new flow in a new folder fires' wait_for grep -q more "$ledger"
printf 'flow: more\nschedule: every 1s\nnodes:\n  n: {run: "echo broken >>%s", nedes: [x]}\n' \
    "$ledger" >more/flow.yaml
check 'a wrong version of it is told' wait_for grep -q 'flow=more .*nedes' "$work/serve"
count=$(grep -c more "$ledger")
check 'the last good one goes on' wait_for sh -c "[ \$(grep -c more $ledger) -gt $((count + 1)) ]"
is 'the wrong one never ran' "$(grep -c broken "$ledger")" 0
rm -r more
check 'one that is gone fires no more' wait_for grep -q 'schedule ended' "$work/serve"
kill -HUP "$server"
check 'SIGHUP reads all again' wait_for grep -q event=reload "$work/serve"
kill -USR1 "$server"
check 'SIGUSR1 says how it stands' wait_for grep -qE 'event=status .*0 of 4 slots' "$work/serve"

# ---- work handed over ----

"$datemill" run shop 2021-11-11 --detach >"$work/detached" 2>&1
run=$(sed -n 's/^run \([0-9]*\) .*/\1/p' "$work/detached")
check 'a run is handed over' said "$work/detached" \
    "run $run shop bizdate 2021-11-11 handed to datemill serve, pid $server"
check 'with what to type' said "$work/detached" "watch datemill runs watch $run"
check 'it is done without us' wait_for state_is "$run" success
check 'and can be watched' "$datemill" runs watch "$run" --exit-status
is 'a second opening of it, too' "$("$datemill" rerun "$run" --all --detach --json |
    sed 's/.*"runs":\(\[[0-9]*\]\).*/\1/')" "[$run]"
wait_for sh -c "[ \$(grep -c 'shop 2021-11-11' $ledger) = 2 ]"
is 'it ran again' "$(grep -c 'shop 2021-11-11' "$ledger")" 2
"$datemill" backfill shop 2021-11-01..2021-11-05 --detach >"$work/detached" 2>&1
is 'a backfill' $? 0
check 'is handed over' said "$work/detached" 'backfill 1'
check 'and is done' wait_for sh -c \
    "'$datemill' backfill show 1 --json | grep -q '\"state\":\"success\"'"
is 'each date once' "$(grep -cE 'shop 2021-11-0[1-5]' "$ledger")" 5
"$datemill" run slow 2021-11-11 --detach >"$work/detached" 2>&1
slow=$(sed -n 's/^run \([0-9]*\) .*/\1/p' "$work/detached")
check 'a long one runs' wait_for grep -q 'b first' "$ledger"

# ---- kill -9, and another server ----

kill -9 "$server"
wait "$server" 2>/dev/null
start_server
check 'what runs is taken up' status_says '1 of 4 slots used'
is 'and not started again' "$(grep -c 'b first' "$ledger")" 1

# ---- restart in place ----

kill -TERM "$server"
check 'it waits for what runs' wait_for grep -q event=drain "$work/serve"
kill -TERM "$server"
wait "$server"
is 'told again it leaves at once' $? 0
check 'what runs goes on without it' said "$work/serve" 'what runs goes on'
is 'as the ledger says' "$(grep -c 'e first' "$ledger")" 0
check 'for as long as an attempt that is stopped has' said "$work/serve" 'may finish within 3.0s'
start_server --drain 1s
check 'the next one takes it up' status_says '1 of 4 slots used'
stop_server
is 'the end waits no longer than it may' $ended 0
touch "$work/go"
check 'an attempt ends while nobody serves' wait_for grep -q 'e first' "$ledger"
start_server
check 'the rest of its run follows' wait_for state_is "$slow" success
is 'each node ran once' "$(grep -cE '^(b first|then)$' "$ledger")" 2
rm "$work/go"

# ---- a command in the foreground hands over ----

stop_server
is 'no server any more' $ended 0
"$datemill" run slow 2021-11-12 >"$work/run" 2>&1 &
command=$!
check 'a command is the engine' wait_for grep -q 'node=first state=running' "$work/run"
check 'status tells which' status_says "not running a command is the engine: pid $command"
start_server
check 'a server takes its place' status_says "running pid $server"
check 'the command is still there' kill -0 $command
is 'its node was not started again' "$(grep -c 'b first' "$ledger")" 2
touch "$work/go"
wait $command
is 'it ends as its run does' $? 0
check 'and has told of it' grep -q 'node=then state=success' "$work/run"
is 'each node ran once more' "$(grep -cE '^(b first|then)$' "$ledger")" 4

# ---- standard streams ----

stop_server
is 'it ends' $ended 0
"$datemill" serve 0<&- 1>&- 2>&- &
server=$!
check 'it serves with all streams closed' wait_for serves
is 'runs as always' "$("$datemill" run shop 2021-11-20 --detach >/dev/null 2>&1; echo $?)" 0
check 'to their end' wait_for grep -q 'shop 2021-11-20' "$ledger"
stop_server
is 'and ends' $ended 0
tap_end
