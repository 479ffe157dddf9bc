#!/usr/bin/env bash
# Commands that look at runs: status, runs list, runs show, logs, doctor, query.
. "$(dirname "$0")/tap.bash"
program datemill datemill-keeper
datemill=$build_dir/datemill
unset NO_COLOR CLICOLOR_FORCE DATEMILL_LIBEXEC
project=$work/project
mkdir -p "$project/data"
cd "$project" || exit 1

end_all()
{
    jobs -p | xargs -r kill -9 2>/dev/null
    [ ! -d .datemill ] || fuser -sk -TERM .datemill/keeper.lock 2>/dev/null
}
at_exit=end_all

cat >datemill.yaml <<'END'
timezone: Asia/Shanghai
connections:
  lake: {type: files, path: ./data}
END
cat >good.yaml <<'END'
flow: good
schedule: daily 02:30
params:
  var: ${yyyymmdd}
nodes:
  start: {type: virtual}
  say:
    needs: [start]
    run: |
      echo "the date is $var"
      seq 1 3000
      printf 'colours \033[31mred\033[0m and \033[2J\n' >&2
END
cat >bad.yaml <<'END'
flow: bad
schedule: daily 02:30
nodes:
  first: {run: echo first}
  breaks:
    needs: [first]
    retry: {max: 1, delay: 50ms}
    run: echo "try $DATEMILL_ATTEMPT"; echo "no such column s.machineId" >&2; exit 3
  after: {needs: [breaks], run: echo never}
END
cat >often.yaml <<'END'
flow: often
schedule: {cron: "0 1,13 * * *"}
nodes:
  n: {run: "true"}
END

# --- before anything ran ---------------------------------------------------------------------

is 'runs list of nothing' "$(status_of "$datemill" runs list)" 0
check 'is said' grep -q 'nothing has run yet' "$work/stderr"
is 'runs show of nothing' "$(status_of "$datemill" runs show 1)" 4
is 'status of nothing' "$(status_of "$datemill" status)" 0
check 'does not make a store' test ! -e .datemill/state.db

# --- after some runs -------------------------------------------------------------------------

"$datemill" run good 2021-11-11 >/dev/null 2>&1
"$datemill" run bad 2021-11-11 >/dev/null 2>&1
"$datemill" run often 2021-11-10T13:00 >/dev/null 2>&1
"$datemill" run often 2021-11-10T01:00 >/dev/null 2>&1

is 'runs list' "$("$datemill" runs list | awk '{ print $1, $2, $3, $5 }')" 'RUN FLOW BIZDATE DUR
4 often 2021-11-10T01:00 success
3 often 2021-11-10T13:00 success
2 bad 2021-11-11 failed
1 good 2021-11-11 success'
check 'the error of a run' grep -q 'breaks: exit 3: .*machineId' <("$datemill" runs list)
is 'runs list --json: one object a line, newest first' \
    "$("$datemill" runs list --json |
        grep -o '^{"id":[0-9]*,"flow":"[a-z]*","bizdate":"[-0-9]*","cyctime":"[-0-9T:]*"')" \
    '{"id":4,"flow":"often","bizdate":"2021-11-10","cyctime":"2021-11-11T01:00:00"
{"id":3,"flow":"often","bizdate":"2021-11-10","cyctime":"2021-11-11T13:00:00"
{"id":2,"flow":"bad","bizdate":"2021-11-11","cyctime":"2021-11-12T02:30:00"
{"id":1,"flow":"good","bizdate":"2021-11-11","cyctime":"2021-11-12T02:30:00"'
for field in id flow bizdate cyctime state kind attempt version trigger started_at ended_at \
    duration_ms nodes error; do
    is "field $field" "$("$datemill" runs list --json | grep -c "\"$field\":")" 4
done
is 'state:failed' "$("$datemill" runs list state:failed --json | grep -o '^{"id":[0-9]*')" '{"id":2'
is '--state --flow -n' "$("$datemill" runs list --state success --flow 'oft*' -n 1 --json |
    grep -o '^{"id":[0-9]*')" '{"id":4'
is 'the next page' "$("$datemill" runs list -n 3 | tail -n 1)" 'more: --after 2'
is 'is the rest' "$("$datemill" runs list --after 2 --json | grep -o '^{"id":[0-9]*')" '{"id":1'
is 'nothing matches' "$(status_of "$datemill" runs list flow:none)" 0
check 'is said' grep -q 'no run matches' "$work/stderr"
is 'a wrong state' "$(status_of "$datemill" runs list --state sucess)" 2
is 'its message' \
    "$(head -n 3 "$work/stderr")" 'error[E021]: `sucess` is not a state; did you mean `success`?
   datemill runs list --state sucess
                              ^^^^^^'
is 'a wrong key' "$(status_of "$datemill" runs list flow:a stat:failed)" 2
is 'its caret' "$(sed -n 2,3p "$work/stderr")" '   datemill runs list flow:a stat:failed
                             ^^^^'
is 'a wrong number' "$(status_of "$datemill" runs list -n 0)" 2

is 'runs show' "$(status_of "$datemill" runs show 2)" 0
check 'both dates' \
    grep -q '^bizdate   2021-11-11   scheduled 2021-11-12 02:30 +08:00$' "$work/stdout"
check 'the definition' grep -q '^version   [0-9a-f]' "$work/stdout"
check 'why a node failed' grep -q '^✗ failed .*breaks .* 2 .*exit 3' "$work/stdout"
check 'why a node is blocked' grep -q '^△ blocked .*after .*breaks is failed' "$work/stdout"
check 'what to do' grep -q '^redo .*datemill rerun 2 --from-failed' "$work/stdout"
"$datemill" runs show 1 >"$work/stdout"
check 'the values' grep -q '^params    var = 20211111   from ${yyyymmdd}$' "$work/stdout"
is 'runs show latest --json' \
    "$("$datemill" runs show latest --json | grep -o '"id":4,"flow":"often"')" \
    '"id":4,"flow":"often"'
is 'runs show --json: attempts' \
    "$("$datemill" runs show 2 --json | grep -o '"node":"breaks","try":[0-9]' |
    tr '\n' ' ')" '"node":"breaks","try":1 "node":"breaks","try":2 '
is 'times in another zone' \
    "$("$datemill" --tz UTC runs show 1 | grep '^started' | awk '{ print $4 }')" \
    '+00:00'
is 'the planned time stays in its own' \
    "$("$datemill" --tz UTC runs show 1 | grep -c 'scheduled 2021-11-12 02:30 +08:00')" 1
is 'an unknown run' "$(status_of "$datemill" runs show 99)" 4
is 'its message' "$(head -n 3 "$work/stderr")" 'error[E013]: there is no run 99
   datemill runs show 99
                      ^^'
is 'a run that is no number' "$(status_of "$datemill" runs show good)" 2

# --- logs ------------------------------------------------------------------------------------

is 'logs of a node: the last 200 lines' "$("$datemill" logs 1 say --raw | wc -l)" 200
is 'all of it' "$("$datemill" logs 1 say --raw -n 0 | wc -l)" 3002
is 'the first line' "$("$datemill" logs 1 say --raw -n 0 | head -n 1)" 'the date is 20211111'
is '-n 2' "$("$datemill" logs 1 say --raw -n 2 | head -n 1)" 3000
check 'with times' \
    grep -qE '^[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}  3000$' <("$datemill" logs 1 say -n 2)
escape=$(printf '\033')
check 'escapes do not reach the terminal' test -z "$("$datemill" logs 1 say | grep "$escape")"
check 'but are there with --raw' grep -q "$escape\[2J" <("$datemill" logs 1 say --raw)
is 'logs of a run: each line with its node' "$("$datemill" logs 2 | awk '{ print $1, $3, $4 }')" \
    'first first 
breaks try 2
breaks no such'
is 'an earlier attempt' "$("$datemill" logs 2 breaks --try 1 --raw | head -n 1)" 'try 1'
is 'logs --failed' "$("$datemill" logs 2 --failed --raw | head -n 1)" 'try 2'
is 'logs -f of a run that is over ends' "$("$datemill" logs 2 -f --raw | wc -l)" 3
is 'logs --json' "$("$datemill" logs 2 first --json | sed 's/"at":"[^"]*"/"at":""/')" \
    '{"run":2,"node":"first","try":1,"at":"","stream":"stdout","text":"first"}'
is 'unknown node' "$(status_of "$datemill" logs 2 braeks)" 4
check 'with a suggestion' grep -q 'did you mean `breaks`' "$work/stderr"
is 'unknown attempt' "$(status_of "$datemill" logs 2 breaks --try 9)" 4
is 'a node that never ran' "$(status_of "$datemill" logs 2 after)" 0
check 'is said' grep -q 'nothing was started there' "$work/stderr"
is 'logs | head' "$("$datemill" logs 1 say -n 0 --raw 2>&1 | head -n 1; echo "${PIPESTATUS[0]}")" \
    'the date is 20211111
0'
rm -rf .datemill/logs
is 'logs whose file is gone' "$(status_of "$datemill" logs 1 say)" 0
check 'is said, too' test -s "$work/stderr"

# a run that is open: follow it, and end with it
cat >slow.yaml <<'END'
flow: slow
nodes:
  a: {run: for i in 1 2 3; do echo "line $i"; sleep 0.3; done}
  b: {needs: [a], run: echo "and b"}
END
"$datemill" run slow 2021-11-11 >/dev/null 2>&1 &
for _ in $(seq 100); do
    [ -z "$("$datemill" runs list --state running --json 2>/dev/null)" ] || break
    sleep 0.05
done
is 'logs -f of an open run' "$("$datemill" logs latest -f --raw | tr '\n' ' ')" \
    'line 1 line 2 line 3 and b '
wait

# --- status, doctor, data --------------------------------------------------------------------

is 'status' "$(status_of "$datemill" status)" 0
check 'what needs attention' \
    grep -q '^✗ bad  2021-11-11  failed .* ago  breaks: exit 3' "$work/stdout"
check 'today' grep -qE '^today +4 ok, 1 failed$' "$work/stdout"
echo 'flow: [' >broken.yaml
check 'invalid flows' grep -q '^! broken .*invalid .*broken.yaml:2' <("$datemill" status)
is 'status of one flow' "$("$datemill" status bad | grep -c '^2 *bad ')" 1
is 'status --json' \
    "$("$datemill" status --json | grep -o '^{"schema":1,"scheduler":{"running":false')" \
    '{"schema":1,"scheduler":{"running":false'
is 'doctor finds problems' "$(status_of "$datemill" doctor)" 6
check 'the empty folder' grep -q '^✗  connection .*lake: .* is empty or not mounted' "$work/stdout"
check 'the broken flow' grep -q '^✗  flow .*broken.yaml:2' "$work/stdout"
is 'doctor --json: an object a line' \
    "$("$datemill" doctor --json |
        grep -vc '^{"check":"[a-z ]*","state":"\(ok\|warning\|problem\)",')" 0
rm broken.yaml
: >data/x
for name in datemill-sync datemill-sql datemill-data; do
    [ -x "$build_dir/$name" ] || missing=1
done
[ -n "${missing:-}" ] || is 'all is well' "$("$datemill" doctor | tail -n 1)" 'all is well'
is 'a companion that is not there' \
    "$(DATEMILL_LIBEXEC=/nowhere status_of "$datemill" query 'SELECT 1')" 6
check 'is named' grep -q '/nowhere/datemill-data' "$work/stderr"
is 'query takes one word' "$(status_of "$datemill" query SELECT 1)" 2
tap_end
