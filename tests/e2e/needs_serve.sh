#!/usr/bin/env bash
# Needs between flows that a server runs by their schedules, with a wall clock that the test moves:
# instances that do not exist yet, daily on hourly, the date before, files that change meanwhile.
. "$(dirname "$0")/tap.bash"
. "$source_dir/tests/crash/faults.bash"
program datemill datemill-keeper
datemill=$build_dir/datemill
mkdir -p "$work/project"
cd "$work/project" || exit 1
server=
left_out='and its schedule has left it out: datemill'

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
at() # TIME: so late it is for every process that is preloaded
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
go_to() # TIME
{
    at "$1"
    kill -HUP "$server"
}
runs() # FLOW: CYCTIME STATE of its runs, by time
{
    "$datemill" runs list "flow:$1" --json -n 500 |
        sed -E 's/.*"cyctime":"([^"]+)".*"state":"([a-z]+)","kind".*/\1 \2/' | sort
}
is_at() # FLOW CYCTIME STATE
{
    runs "$1" | grep -qx "$2:00 $3"
}
run_id() # FLOW CYCTIME
{
    "$datemill" runs list "flow:$1" --json -n 500 | grep -F "\"cyctime\":\"$2:00\"" | head -n 1 |
        sed 's/^{[^}]*"id":\([0-9]*\).*/\1/'
}
shows() # FLOW CYCTIME TEXT: runs show of that run has it, blanks aside
{
    "${with_faults[@]}" "$datemill" runs show "$(run_id "$1" "$2")" 2>&1 | tr -s ' ' >"$work/shown"
    grep -qF -- "$3" "$work/shown" || { cat "$work/shown"; return 1; }
}

printf 'timezone: UTC\nslots: 4\n' >datemill.yaml
cat >hours.yaml <<'END'
flow: hours
schedule: every 6h
nodes:
  load: {run: 'true'}
  check: {run: '[ ! -e fails ]', needs: [load]}
END
cat >day.yaml <<'END'
flow: day
schedule: daily 03:00
nodes:
  all: {run: 'true', needs: ["hours/*"]}
  noon: {run: 'true', needs: [hours/load@12:00]}
END
cat >before.yaml <<'END'
flow: before
schedule: every 12h
nodes:
  n: {run: 'true', needs: [day/all@-1d]}
END
# Nothing of the past is in the way: the test begins in the middle of a day.
at '2026-03-10 02:00:00Z'
start_server

# ---- an instance that does not exist yet ----

go_to '2026-03-10 03:00:01Z'
check 'the daily flow fires' wait_for is_at day 2026-03-10T03:00 waiting
check 'its run says which instance it waits for, and when that is due' wait_for shows day \
    2026-03-10T03:00 'hours/* of 2026-03-09 (planned 2026-03-10 06:00): no run of it yet, due in 2h'
check 'all of that business date' \
    grep -qF 'hours/* of 2026-03-09 (planned 2026-03-10 18:00): no run' "$work/shown"
check 'also an instance that was due before there was a schedule' grep -qF \
    "(planned 2026-03-10 00:00): no run of it, $left_out run hours 2026-03-09T00:00" "$work/shown"
check 'a named one alone' \
    grep -qF 'noon hours/load of 2026-03-09 (planned 2026-03-10 12:00): no run of it yet' \
    "$work/shown"
is 'what was left out is run by hand' \
    "$(status_of "$datemill" run hours 2026-03-09T00:00)" 0
go_to '2026-03-10 06:00:01Z'
check 'the next one fires' wait_for is_at hours 2026-03-10T06:00 success
check 'and is waited for no more' wait_for sh -c \
    "! '$datemill' runs show $(run_id day 2026-03-10T03:00) | grep -q '06:00'"
touch fails
go_to '2026-03-10 12:00:01Z'
check 'one fails' wait_for is_at hours 2026-03-10T12:00 failed
check 'who needs all of it sees what failed' wait_for shows day 2026-03-10T03:00 \
    'hours/* of 2026-03-09 (planned 2026-03-10 12:00): check is failed in run'
check 'who needs the node that did not fail has gone on' grep -q 'success noon' "$work/shown"
rm fails
go_to '2026-03-10 18:00:01Z'
check 'the last of the date fires' wait_for is_at hours 2026-03-10T18:00 success
check 'it waits for the failed one' is_at day 2026-03-10T03:00 running
is 'which is mended' \
    "$(status_of "$datemill" rerun "$(run_id hours 2026-03-10T12:00)" --from-failed)" 0
check 'then it goes on' wait_for is_at day 2026-03-10T03:00 success

# ---- the date before ----

go_to '2026-03-11 00:00:02Z'
check 'the date before is done: it goes on' wait_for is_at before 2026-03-11T00:00 success
is 'one before the first run of its flow was in the way of nothing' \
    "$(runs before | head -n 1)" '2026-03-10T12:00:00 success'
go_to '2026-03-11 03:00:02Z'
check 'a new day' wait_for is_at day 2026-03-11T03:00 waiting

# ---- the schedule of what is needed changes ----

sed -i 's/every 6h/every 6h from 01:00 to 19:00/' hours.yaml
kill -HUP "$server"
check 'a changed schedule: other instances are waited for' wait_for shows day 2026-03-11T03:00 \
    '(planned 2026-03-11 07:00): no run of it yet, due in 3h 59m'
check 'and none of the old ones' sh -c "! grep -qF '06:00' '$work/shown'"
check 'a time that it has no more is told' \
    grep -qF 'noon hours/load: flow hours has no instance at 12:00' "$work/shown"

# ---- a file with a mistake, and one that is gone ----

cp hours.yaml "$work/hours.yaml"
printf 'flow: hours\nnodes: {load: {run: x, bad_key: 1}}\n' >hours.yaml
kill -HUP "$server"
check 'a file with a mistake is told' wait_for grep -q 'bad_key' "$work/serve"
check 'its last good version tells what is waited for' wait_for shows day 2026-03-11T03:00 \
    '(planned 2026-03-11 07:00): no run of it yet, due in'
rm hours.yaml
kill -HUP "$server"
check 'a flow that is gone is told' wait_for shows day 2026-03-11T03:00 \
    'no run of it, and flow hours is gone'
cp "$work/hours.yaml" hours.yaml
sed -i 's/every 6h from 01:00 to 19:00/every 6h/' hours.yaml
kill -HUP "$server"
check 'it is back' wait_for shows day 2026-03-11T03:00 \
    '(planned 2026-03-11 06:00): no run of it yet, due'

# ---- circles ----

sed -i 's/load: {run: .true.}/load: {run: "true", needs: [before\/n]}/' hours.yaml
sed -i 's/@-1d//' before.yaml
kill -HUP "$server"
check 'a circle is found by the server' \
    wait_for grep -q 'flows wait for each other in a circle' "$work/serve"
is 'and by validate' "$(status_of "$datemill" validate)" 3
check 'with its path' grep -qF 'before/n → day/all → hours/* → hours/load → before/n' "$work/stderr"
check 'and the places in all files' grep -q '::: hours.yaml:4:' "$work/stderr"
is 'and by run' "$(status_of "$datemill" run day 2026-03-01)" 3
check 'likewise' grep -qF 'day/all → hours/* → hours/load → before/n → day/all' "$work/stderr"
sed -i 's/, needs: .before.n.//' hours.yaml
sed -i 's/day.all/day\/all@-1d/' before.yaml
is 'mended' "$(status_of "$datemill" validate)" 0
kill -HUP "$server"

# ---- left out after an outage ----

check 'the server is well' wait_for serves
stop_server
cat >hours.yaml <<'END'
flow: hours
schedule: {at: every 6h, catchup: none}
nodes:
  load: {run: 'true'}
  check: {run: 'true', needs: [load]}
END
at '2026-03-12 04:00:00Z'
start_server
check 'after an outage the daily flow catches up' wait_for is_at day 2026-03-12T03:00 waiting
check 'what its need left out is told, with what to do' wait_for shows day 2026-03-12T03:00 \
    "(planned 2026-03-12 00:00): no run of it, $left_out run hours 2026-03-11T00:00"
is 'that is done' "$(status_of "$datemill" run hours 2026-03-11T00:00)" 0
check 'and is not waited for any more' wait_for sh -c \
    "! '$datemill' runs show $(run_id day 2026-03-12T03:00) | grep -q 'planned 2026-03-12 00:00'"
stop_server
check 'without a server the same is told' shows day 2026-03-12T03:00 \
    'hours/* of 2026-03-11 (planned 2026-03-12 06:00): no run of it yet, due in'
tap_end
