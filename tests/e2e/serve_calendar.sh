#!/usr/bin/env bash
# datemill serve over months, with a wall clock that the test moves: the study's flow every night of
# a month, outages under each catch-up policy, both clock changes of a year.
. "$(dirname "$0")/tap.bash"
. "$source_dir/tests/crash/faults.bash"
program datemill datemill-keeper datemill-sync datemill-sql datemill-data smartrm
datemill=$build_dir/datemill
ledger=$work/ledger
server=

end_all()
{
    jobs -p | xargs -r kill -9 2>/dev/null
    for lock in "$work"/*/.datemill/keeper.lock; do
        [ ! -e "$lock" ] || fuser -sk -TERM "$lock" 2>/dev/null
    done
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
# at TIME: so late it is for every process that is preloaded, the server first of all.
at()
{
    faults_clock $(($(date -d "$1" +%s) - $(date +%s)))
}
serves()
{
    "$datemill" status --json | grep -q "\"pid\":$server,.*\"kind\":\"server\""
}
start_server()
{
    "${with_faults[@]}" "$datemill" serve 2>>"$work/serve" </dev/null &
    server=$!
    wait_for serves
}
stop_server()
{
    kill -TERM "$server"
    wait "$server"
}
# go_to TIME: the server hears of it, as it would of a clock that somebody sets.
go_to()
{
    at "$1"
    kill -HUP "$server"
}
# Of a flow, CYCTIME BIZDATE KIND STATE of its runs, by time.
runs()
{
    local time='"bizdate":"([^"]+)","cyctime":"([^"]+)".*"state":"([a-z]+)","kind":"([a-z]+)"'
    "$datemill" runs list "flow:$1" --json -n 500 | sed -E "s/.*$time.*/\\2 \\1 \\4 \\3/" |
        sort
}
bizdates() # FLOW: of the runs that the schedule made and that are a success, in a line
{
    runs "$1" | sed -n 's/^[^ ]* \([^ ]*\) schedule success$/\1/p' | tr '\n' ' '
}
has_bizdates() # FLOW TEXT
{
    [ "$(bizdates "$1")" = "$2" ]
}
has_runs() # FLOW COUNT
{
    [ "$(runs "$1" | grep -c 'schedule success')" = "$2" ]
}

# ---- a month of the study ----

cp -r "$source_dir/workflows" "$work/study"
cd "$work/study" || exit 1
rm -rf data .datemill hello.yaml
"$build_dir/smartrm" --out data --from 2021-11-01 --to 2021-11-30 --events 100 >/dev/null || exit 1
at '2021-11-01 12:00 +0800'
start_server
for day in $(seq -w 2 9); do
    go_to "2021-11-$day 00:30:02 +0800"
    wait_for has_runs smartrm_study $((10#$day - 1)) || note "nothing for 2021-11-$day"
done
is 'each night the date before' "$(bizdates smartrm_study)" \
    '2021-11-01 2021-11-02 2021-11-03 2021-11-04 2021-11-05 2021-11-06 2021-11-07 2021-11-08 '

# Days on which nobody serves.
stop_server
at '2021-11-15 12:00 +0800'
start_server
check 'after an outage all that was due' wait_for has_runs smartrm_study 14

# A server that is killed as it fires.
for day in $(seq 16 22); do
    go_to "2021-11-$day 00:30:02 +0800"
    sleep "0.$((day % 4))"
    kill -9 "$server"
    wait "$server" 2>/dev/null
    start_server
    wait_for has_runs smartrm_study $((day - 1)) || note "nothing for 2021-11-$day"
done
check 'a server that is killed each night misses none' has_runs smartrm_study 21

# The clock goes back, and on again.
go_to '2021-11-20 00:29:30 +0800'
sleep 1
go_to '2021-11-22 12:00 +0800'
sleep 1
check 'a clock set back makes no second run' has_runs smartrm_study 21

# An outage under each of the other policies: what is left out is told with the command that runs
# it, and that command does.
outage() # POLICY TIME: nobody serves until then
{
    stop_server
    sed -i -e '/^  catchup:/d' -e "/^schedule:/a\\  catchup: $1" smartrm_study/flow.yaml
    : >"$work/serve"
    at "$2"
    start_server
}
told_command()
{
    sed -n 's/.*to run [a-z]*: datemill \(backfill smartrm_study [0-9.-]*\).*/\1/p' "$work/serve"
}
outage latest '2021-11-25 12:00 +0800'
check 'catchup: latest runs the last night' wait_for has_runs smartrm_study 22
check 'and tells of the others' wait_for grep -q '2 instances left out' "$work/serve"
is 'by the command' "$(told_command)" 'backfill smartrm_study 2021-11-22..2021-11-23'
# shellcheck disable=SC2046
is 'which runs them' "$(status_of "$datemill" $(told_command))" 0
outage none '2021-11-28 12:00 +0800'
check 'catchup: none tells of all' wait_for grep -q '3 instances left out' "$work/serve"
is 'by the command' "$(told_command)" 'backfill smartrm_study 2021-11-25..2021-11-27'
check 'and runs none of them' has_runs smartrm_study 22
# shellcheck disable=SC2046
is 'which runs them, too' "$(status_of "$datemill" $(told_command))" 0
for day in 29 30; do
    go_to "2021-11-$day 00:30:02 +0800"
    wait_for has_runs smartrm_study $((day - 6)) || note "nothing for 2021-11-$day"
done
go_to '2021-12-01 00:30:02 +0800'
check 'the last night' wait_for has_runs smartrm_study 25
is 'a run for each date, each once' "$(runs smartrm_study | cut -d ' ' -f 2 | uniq | wc -l)" 30
is 'and no other' "$(runs smartrm_study | wc -l)" 30
is 'all of them well' "$(runs smartrm_study | grep -c 'success$')" 30
is 'planned at the time of the flow' "$(runs smartrm_study | cut -c 12-19 | sort -u)" '00:30:00'
"$datemill" query 'SELECT COUNT(DISTINCT dt) AS n FROM sales_stat' --format csv >"$work/dates"
is 'a partition for each date' "$(tail -n 1 "$work/dates")" 30
is 'rows of each run' "$("$datemill" runs list --json -n 500 | grep -c '"kind":"schedule"')" 25
is 'and of the backfills' "$("$datemill" runs list --json -n 500 | grep -c '"kind":"backfill"')" 5

# What is told of it, on the evening of the last day.
"${with_faults[@]}" "$datemill" status >"$work/status"
check 'status: who serves' grep -qE "^scheduler +running +pid $server, up" "$work/status"
check 'status: what ran today, and what is to come' grep -qE '^today +1 ok' "$work/status"
check 'status: what comes next' grep -qE '^2021-12-02 00:30 in .* smartrm_study for 2021-12-01' \
    "$work/status"
check 'status: nothing needs attention' sh -c "! grep -q ATTENTION $work/status"
"$datemill" runs list -n 500 >"$work/list"
is 'runs list: what the schedule started' "$(grep -c 'smartrm_study  2021-11-[0-9]*  .*schedule' \
    "$work/list")" 25
is 'and what was asked for' "$(grep -c 'smartrm_study  2021-11-2[23567]  .*backfill [12]' \
    "$work/list")" 5
is 'schedule: the dates that ran' "$("$datemill" schedule smartrm_study --from 2021-11-02 -n 30 \
    --json | grep -oE '"bizdate":"[^"]*"' | cut -d '"' -f 4)" \
    "$(runs smartrm_study | cut -d ' ' -f 2)"
stop_server

# ---- outages under each policy ----

mkdir "$work/policies"
cd "$work/policies" || exit 1
printf 'timezone: UTC\nslots: 4\n' >datemill.yaml
flow() # NAME SCHEDULE-BLOCK [ZONE]
{
    printf 'flow: %s\nschedule: %s\nnodes:\n  n: {run: "echo %s $DATEMILL_CYCTIME >>%s"}\n' \
        "$1" "$2" "$1" "$ledger" >"$1.yaml"
}
flow every '{at: daily 00:30, catchup: all}'
flow few '{at: daily 00:30, catchup: all, catchup_limit: 2}'
flow newest '{at: daily 00:30, catchup: latest}'
flow never '{at: daily 00:30, catchup: none}'
: >"$ledger"
: >"$work/serve"
at '2021-11-01 12:00 UTC'
start_server
go_to '2021-11-02 00:30:02 UTC'
for name in every few newest never; do
    check "$name fires" wait_for has_bizdates $name '2021-11-01 '
done
stop_server
at '2021-11-07 12:00 UTC'
start_server
check 'catchup: all' wait_for has_bizdates every \
    '2021-11-01 2021-11-02 2021-11-03 2021-11-04 2021-11-05 2021-11-06 '
check 'with a limit' wait_for has_bizdates few '2021-11-01 2021-11-05 2021-11-06 '
check 'catchup: latest' wait_for has_bizdates newest '2021-11-01 2021-11-06 '
check 'what is left out is told' wait_for grep -q 'event=note flow=few' "$work/serve"
check 'catchup: none says which dates' \
    wait_for grep -qE 'flow=never .*2021-11-02\.\.2021-11-06' "$work/serve"
is 'and runs none' "$(bizdates never)" '2021-11-01 '
go_to '2021-11-08 00:30:02 UTC'
for name in every few newest never; do
    check "$name goes on" wait_for sh -c \
        "'$datemill' runs list 'flow:$name' --json -n 1 | grep -q '\"bizdate\":\"2021-11-07\"'"
done
is 'nothing ran twice' "$(sort "$ledger" | uniq -d)" ''

# A machine that sleeps for a week: the server is the same, and its timers stood still.
kill -STOP "$server"
at '2021-11-15 12:00 UTC'
kill -CONT "$server"
kill -HUP "$server"
dates='2021-11-08 2021-11-09 2021-11-10 2021-11-11 2021-11-12 2021-11-13 2021-11-14'
check 'asleep for a week, catchup: all' wait_for sh -c \
    "[ \$('$datemill' runs list flow:every --json -n 500 | grep -c success) = 14 ]"
is 'all of its dates' "$(bizdates every | tr ' ' '\n' | tail -n 8 | tr '\n' ' ')" \
    "2021-11-07 $dates "
check 'with a limit the last two' wait_for sh -c \
    "[ \$('$datemill' runs list flow:few --json -n 500 | grep -c success) = 6 ]"
check 'catchup: latest' wait_for has_bizdates newest \
    '2021-11-01 2021-11-06 2021-11-07 2021-11-14 '
is 'catchup: none' "$(bizdates never)" '2021-11-01 2021-11-07 '
check 'which is told with its dates' \
    wait_for grep -qE 'flow=never .*2021-11-08\.\.2021-11-14' "$work/serve"
is 'nothing ran twice then' "$(sort "$ledger" | uniq -d)" ''
"$datemill" runs list flow:few -n 500 >"$work/list"
check 'runs list tells which' grep -q 'few *2021-11-14 .*success.*schedule' "$work/list"
check 'and which not' sh -c "! grep -q 'few *2021-11-10' $work/list"
stop_server

# ---- clock changes ----

mkdir "$work/changes"
cd "$work/changes" || exit 1
printf 'timezone: Europe/Berlin\nslots: 4\n' >datemill.yaml
flow night 'daily 02:30'
flow hour 'hourly :15'
: >"$ledger"
# across DATE: from the noon before to the noon of the day on which the clock changes.
across()
{
    : >"$work/serve"
    at "TZ=\"Europe/Berlin\" $1 12:00 yesterday"
    start_server
    go_to "TZ=\"Europe/Berlin\" $1 12:00"
    wait_for sh -c "'$datemill' runs list 'flow:hour' --json -n 100 |
        grep -q '\"cyctime\":\"$1T11:15:00\".*\"state\":\"success\"'"
    wait_for has_runs night "$2"
    stop_server
}
hours() # DATE: the hours of the early runs of that day
{
    runs hour | sed -n "s/^$1T\\(0[0-4]\\):15.*/\\1/p" | tr '\n' ' '
}
across 2021-03-28 1
is 'the hour that is left out has no instance' "$(hours 2021-03-28)" '00 01 03 04 '
is 'a fixed time in it fires all the same' "$(runs night | cut -d ' ' -f 1)" 2021-03-28T02:30:00
rm -rf .datemill
across 2021-10-31 1
is 'the hour that comes twice has two' "$(hours 2021-10-31)" '00 01 02 02 03 04 '
is 'a fixed time in it fires once' "$(runs night | cut -d ' ' -f 1)" 2021-10-31T02:30:00
"$datemill" schedule hour --from 2021-10-31 -n 6 --json |
    grep -oE '"cyctime":"[^"]*"' | head -n 6 | sed -E 's/.*T(..):.*/\1/' >"$work/hours"
is 'schedule says the same of the hours' "$(tr '\n' ' ' <"$work/hours")" '00 01 02 02 03 04 '
check 'and which is the second' sh -c "'$datemill' schedule hour --from 2021-10-31 -n 6 |
    grep -q '^  *2021-10-31 02:15 +01:00 .*the second time'"
check 'of the day on which an hour is left out, too' sh -c \
    "'$datemill' schedule night --from 2021-03-28 -n 1 | grep -q 'skipped by the clock'"
tap_end
