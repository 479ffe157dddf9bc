#!/usr/bin/env bash
# Waiting for data: files, partitions and times of day, without a slot; timeouts, kill -9, what
# people do to a node that waits, a look that hangs, wake-ups.
. "$(dirname "$0")/tap.bash"
program datemill datemill-keeper datemill-sync datemill-sql datemill-look
datemill=$build_dir/datemill
mkdir -p "$work/project/data"
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
    for _ in $(seq 600); do
        "$@" >/dev/null 2>&1 && return
        sleep 0.05
    done
    return 1
}
serves()
{
    "$datemill" status --json | grep -q "\"pid\":$server,.*\"kind\":\"server\""
}
start_server()
{
    "$datemill" serve 2>"$work/serve" </dev/null &
    server=$!
    wait_for serves
}
node_is() # RUN NODE STATE
{
    "$datemill" runs show "$1" --json | tr -d '\n' |
        grep -qE "\"name\":\"$2\"[^}]*\"state\":\"$3\""
}
shows() # RUN TEXT
{
    "$datemill" runs show "$1" | tr -s ' ' >"$work/shown"
    grep -qF -- "$2" "$work/shown" || { cat "$work/shown"; return 1; }
}
begin() # FLOW [OPTION…]: a run of it, handed to the server; its id is in $run
{
    run=$("$datemill" run "$@" --detach --json | sed -nE 's/.*"runs":\[([0-9]+)\].*/\1/p')
}

cat >datemill.yaml <<'Y'
timezone: Asia/Shanghai
slots: 1
connections: {oss: {type: files, path: ./data}}
Y
cat >arrival.yaml <<'Y'
flow: arrival
params: {var: "${yyyymmdd}"}
nodes:
  arrival: {type: wait, connection: oss, file: "event/${var}data", stable: 1s}
  load: {needs: [arrival], run: "cat data/event/$var*"}
  other: {run: "echo other"}
Y
cat >late.yaml <<'Y'
flow: late
nodes:
  needed: {type: wait, connection: oss, file: never, timeout: 2s}
  wanted: {type: wait, connection: oss, file: never, timeout: 2s, on_timeout: skip}
  after_needed: {needs: [needed], run: "true"}
  after_wanted: {needs: [wanted], run: "true"}
Y
mkdir tables
echo 'CREATE TABLE IF NOT EXISTS lines (line STRING) PARTITIONED BY (dt STRING);' >tables/lines.sql
cat >fill.yaml <<'Y'
flow: fill
params: {var: "${yyyymmdd}"}
tables: tables/*.sql
nodes:
  fill:
    type: sync
    from: {connection: oss, file: "lines/${var}-*"}
    to: {table: lines, partition: "dt=${var}"}
    on_missing: wait
    wait: {stable: 0s}
Y
cat >reader.yaml <<'Y'
flow: reader
params: {var: "${yyyymmdd}"}
nodes:
  there: {type: wait, table: lines, partition: "dt=${var}"}
  count: {needs: [there], run: "echo counted"}
Y
cat >clock.yaml <<'Y'
flow: clock
nodes:
  past: {type: wait, time: "02:30"}
Y

check 'the flows are valid' "$datemill" validate
start_server || note "$(cat "$work/serve")"

# ---- a file ----
begin arrival 2021-11-11
check 'a node waits for its file' wait_for node_is "$run" arrival waiting
check 'the only slot is free for others' wait_for node_is "$run" other success
check 'runs show says for what, since when and until when' wait_for shows "$run" \
    'arrival file oss: event/20211111data since'
check 'and how the last look went' wait_for shows "$run" 'not there at'
check 'status counts no slot' grep -qF '0 of 1 slots' <("$datemill" status)
mkdir data/event
sleep 0.5
echo part >data/event/20211111data
sleep 0.5
check 'a file that has just changed does not count yet' node_is "$run" arrival waiting
echo rest >>data/event/20211111data
check 'it counts when it has been still' wait_for node_is "$run" load success
check 'and was whole' sh -c "$datemill logs $run load | grep -q rest"

# ---- what is there already counts at once ----
mkdir -p data/event
echo x >data/event/20211112data
touch -d '1 hour ago' data/event/20211112data
begin arrival 2021-11-12
check 'a file that is there' wait_for node_is "$run" load success

# ---- timeouts ----
begin late 2021-11-11
check 'a wait that is too long has failed' wait_for node_is "$run" needed failed
check 'or is skipped' wait_for node_is "$run" wanted skipped
check 'failed blocks' wait_for node_is "$run" after_needed blocked
check 'skipped does not' wait_for node_is "$run" after_wanted success
check 'the reason is told' shows "$run" 'waited too long for file oss: never'

# ---- partitions, and sync nodes that wait ----
begin reader 2021-11-11
reader=$run
check 'a node waits for its partition' wait_for shows "$reader" 'partition lines/dt=20211111 since'
begin fill 2021-11-11
check 'a sync node waits for its file' wait_for shows "$run" 'fill file oss: lines/20211111-* since'
mkdir data/lines
printf 'a\nb\n' >data/lines/20211111-1
check 'and runs when it is there' wait_for node_is "$run" fill success
check 'the partition is seen' wait_for node_is "$reader" count success

# ---- people ----
begin late 2021-11-12
wait_for node_is "$run" needed waiting
is 'what waits is marked' "$(status_of "$datemill" mark "$run" needed success --reason 'by mail')" 0
check 'and is done' wait_for node_is "$run" after_needed success
begin arrival 2021-12-01
wait_for node_is "$run" arrival waiting
is 'or frozen' "$(status_of "$datemill" freeze arrival/arrival --reason later)" 0
check 'a frozen wait' wait_for node_is "$run" arrival frozen
echo x >data/event/20211201data
sleep 1.5
check 'is looked for by nobody' node_is "$run" arrival frozen
"$datemill" unfreeze arrival/arrival >/dev/null 2>&1
"$datemill" rerun "$run" --detach >/dev/null 2>&1
check 'and unfrozen, is there' wait_for node_is "$run" load success
begin arrival 2021-12-02
wait_for node_is "$run" arrival waiting
is 'or stopped' "$(status_of "$datemill" stop "$run")" 0
check 'it is stopped' wait_for node_is "$run" arrival stopped

# ---- times of day ----
begin clock 2021-11-11
check 'a time that is past' wait_for node_is "$run" past success
sed -i "s/02:30/$(TZ=Asia/Shanghai date -d '3 seconds' +%H:%M:%S)/" clock.yaml
sleep 1
is 'a time to come' "$(status_of timeout 30 "$datemill" run clock \
    "$(TZ=Asia/Shanghai date -d yesterday +%F)")" 0

# ---- kill -9 ----
begin arrival 2021-12-03
check 'a node waits' wait_for shows "$run" 'arrival file oss: event/20211203data since'
since=$(grep -oE 'since [0-9:]+' "$work/shown" | head -n 1)
kill -9 "$server"
wait "$server" 2>/dev/null
check 'without a scheduler it still says for what' shows "$run" 'event/${var}data since'
check 'the time goes on from where it began' grep -qF "$since" "$work/shown"
start_server
check 'the next one waits on' wait_for shows "$run" "event/20211203data $since"
echo x >data/event/20211203data
check 'and sees it' wait_for node_is "$run" load success

# ---- a look that hangs holds up nothing ----
kill -TERM "$server"
wait "$server"
mkdir "$work/libexec"
for name in "$build_dir"/datemill-*; do ln -s "$name" "$work/libexec/"; done
rm "$work/libexec/datemill-look"
printf '#!/bin/sh\nexec sleep 1000\n' >"$work/libexec/datemill-look"
chmod +x "$work/libexec/datemill-look"
DATEMILL_LIBEXEC=$work/libexec start_server
for day in 11 12 13 14 15 16 17 18; do begin arrival "2022-01-$day"; done
check 'others run while looks hang' wait_for node_is "$run" other success
begin late 2022-02-01
check 'stop works' wait_for node_is "$run" needed waiting
is 'at once' "$(status_of timeout 5 "$datemill" stop "$run")" 0
kill -TERM "$server"
check 'the server leaves' wait_for sh -c "! kill -0 $server"
wait "$server" 2>/dev/null
check 'and leaves no look behind' wait_for sh -c '! pgrep -xf "sleep 1000" >/dev/null'

# ---- nothing wakes up while a local file is waited for ----
start_server
wait_for shows "$run" x
begin arrival 2022-03-01
check 'it waits' wait_for shows "$run" 'not there at'
sleep 2
before=$(awk '/^voluntary/ {print $2}' "/proc/$server/status")
sleep 4
after=$(awk '/^voluntary/ {print $2}' "/proc/$server/status")
is 'no wake-ups' "$((after - before))" 0
tap_end
