#!/usr/bin/env bash
# Backfills: plan, progress, Ctrl-C, resume, retry, from another shell, killed, and how they look.
. "$(dirname "$0")/tap.bash"
program datemill datemill-keeper
datemill=$build_dir/datemill
unset NO_COLOR CLICOLOR_FORCE DATEMILL_LIBEXEC
project=$work/project
mkdir -p "$project/bad" "$project/wait"
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
# a date fails while bad/DATE is there, and waits while wait/DATE is
cat >shop.yaml <<END
flow: shop
schedule: daily 00:30
params:
  var: \${yyyymmdd}
nodes:
  start: {type: virtual}
  load:
    needs: [start]
    run: |
      echo "\$DATEMILL_BIZDATE" >>$work/ledger
      while [ -e $project/wait/\$var ]; do sleep 0.05; done
      if [ -e $project/bad/\$var ]; then echo "E204 no such file \$var-data" >&2; exit 3; fi
  sum: {needs: [load], run: "true"}
END
cat >hourly.yaml <<'END'
flow: hourly
schedule: {cron: "0 */6 * * *"}
nodes:
  n: {run: "true"}
END
cat >chain.yaml <<'END'
flow: chain
schedule: daily 00:30
nodes:
  n: {needs: [n@-1], run: "true"}
END
cat >noop.yaml <<'END'
flow: noop
schedule: daily 00:30
nodes:
  n: {type: virtual}
END
cat >list.yaml <<'END'
flow: list
schedule: daily 00:30
nodes:
  n: {type: virtual}
END

backfill()
{
    status_of timeout 100 "$datemill" backfill "$@"
}
wait_for()
{
    local i
    for i in $(seq 200); do
        eval "$1" >/dev/null 2>&1 && return 0
        sleep 0.05
    done
    echo "never true: $1"
    return 1
}
member() # of the JSON object of a backfill: member ID KEY
{
    "$datemill" backfill show "$1" --json | grep -o "\"$2\":[^,}]*" | head -n 1 | cut -d: -f2-
}
newest()
{
    "$datemill" backfill list -n 1 --json | grep -o '^{"id":[0-9]*' | grep -o '[0-9]*$'
}

# --- before anything ran ---------------------------------------------------------------------

is 'backfill list of nothing' "$(backfill list)" 0
check 'is said' grep -q 'there has been no backfill yet' "$work/stderr"
is 'an unknown backfill' "$(backfill show 1)" 4
is 'a dry run' "$(backfill shop 2021-01-01..2021-11-11 --dry-run)" 0
is 'its plan' "$(cat "$work/stdout")" \
    'plan: shop, 315 dates, 2021-01-01 … 2021-11-11 (both included)
  run   315 missing         2021-01-01 … 2021-11-11
  order oldest first, 4 at a time; how long it takes is not known yet'
is 'changes nothing' "$(cat "$work/stderr"; ls -A .datemill 2>/dev/null | grep -c 'state.db$')" \
    'note: nothing was changed
0'

# --- dates that are wrong --------------------------------------------------------------------

is '2021-02-30' "$(backfill shop 2021-02-01..2021-02-30)" 2
is 'stands under its word' "$(head -n 3 "$work/stderr")" \
    'error[E020]: 2021-02-30 is not a date: February 2021 has 28 days
   datemill backfill shop 2021-02-01..2021-02-30
                                      ^^^^^^^^^^'
is 'a reversed range' "$(backfill shop 2021-11-11..2021-11-01)" 2
check 'is shown the right way round' grep -q '^help: .*2021-11-01..2021-11-11' "$work/stderr"
printf '# days\n2021-01-01\n\n2021-02-03 .. x\n' >dates.txt
is 'a file with a bad line' "$(backfill shop @dates.txt)" 2
check 'names file and line' grep -q -- '--> dates.txt:4:' "$work/stderr"
is 'a file that is not there' "$(backfill shop @nowhere.txt)" 6
check 'is marked' grep -q '\^\^\^\^' "$work/stderr"
printf '2021-01-01..2021-01-03\n2021-05 # a month\n' >dates.txt
"$datemill" backfill shop - --dry-run <dates.txt >"$work/stdout" 2>/dev/null
check 'standard input' grep -q '^plan: shop, 34 dates, 2021-01-01 … 2021-05-31 ' "$work/stdout"
check 'two ranges are not read as one' grep -q '(both included, not every day between)$' \
    "$work/stdout"
is 'the same from a file' "$("$datemill" backfill shop @dates.txt --dry-run 2>/dev/null)" \
    "$(cat "$work/stdout")"
head -c 9000000 /dev/zero | tr '\0' '\n' >big.txt
is 'a file of 9 MB' "$(backfill shop @big.txt)" 6
check 'is too large' grep -q 'big.txt is larger than 8 MiB' "$work/stderr"
printf '2021-01-01\0\n' >zero.txt
is 'a file with a NUL' "$(backfill shop @zero.txt)" 6
is 'weekdays' \
    "$("$datemill" backfill shop 2021-11-05..2021-11-09 --weekdays --dry-run --json |
        grep -o '"run":[^]]*]')" '"run":["2021-11-05","2021-11-08","2021-11-09"]'
is 'last 7d is seven dates' \
    "$("$datemill" backfill shop last 7d --dry-run | grep -o '^plan: shop, 7 dates')" \
    'plan: shop, 7 dates'
is 'a flow named as a command' "$(backfill --dry-run -- list 2021-11-01)" 0
check 'is reached behind --' grep -q '^  *run *1 missing' "$work/stdout"
is 'or by its path' "$(backfill ./list.yaml 2021-11-01 --dry-run)" 0
is 'the command by its name' "$(backfill --json list)" 0
is 'a node that is not there' "$(backfill shop 2021-11 --nodes smu)" 2
check 'is marked and corrected' grep -q 'did you mean `sum`' "$work/stderr"
is 'newest first where each needs the one before' "$(backfill chain 2021-11 --order desc)" 2
check 'the help says so' grep -q '^help: .*--order asc' "$work/stderr"
is '--detach without a server' "$(backfill shop 2021-11-01 --detach)" 6
check 'says what it needs' grep -q 'datemill serve' "$work/stderr"
is 'run --detach too' "$(status_of "$datemill" run shop 2021-11-01 --detach)" 6
is 'two ways to stop on failures' "$(backfill shop 2021 --stop-on-failure --max-failures 3)" 2

# --- a failing date among others -------------------------------------------------------------

touch bad/20211104
is 'a backfill with a failing date ends 1' "$(backfill shop 2021-11-01..2021-11-08)" 1
check 'the plan comes first' grep -q '^  run     8 missing ' "$work/stderr"
check 'then its number' \
    grep -q '^backfill 1: 8 dates to run, oldest first, 4 at a time$' "$work/stderr"
pattern='^[-0-9]{10}T[0-9:]{8}\+08:00 backfill=1 date=2021-11-0[1-8] state=success'
pattern="$pattern dur=[0-9]+\.[0-9]s done=[1-8]/8\$"
is 'a line for each date' "$(grep -cE "$pattern" "$work/stderr")" 7
pattern='date=2021-11-04 state=failed run=[0-9]* node=load'
check 'with node and reason when it failed' \
    grep -q "$pattern reason=\"exit 3: E204 no such file 20211104-data\"" "$work/stderr"
is 'the end has commands to paste' "$(grep -A 9 '^backfill 1 failed' "$work/stderr" |
    sed 's/ in [0-9.]*s$//; s/logs [0-9]*/logs N/')" 'backfill 1 failed: 7 ok, 1 failed
  retry   datemill backfill retry 1
  why     datemill runs list '\''backfill:1 state:failed'\''
  log     datemill logs N load'
is 'nothing goes to stdout' "$(cat "$work/stdout")" ''
is 'the next plan' "$("$datemill" backfill shop 2021-11-01..2021-11-09 --dry-run 2>/dev/null |
    sed 's/about .*/about …/')" \
    'plan: shop, 9 dates, 2021-11-01 … 2021-11-09 (both included)
  keep    7 already green   2021-11-01 … 2021-11-03, 2021-11-05 … 2021-11-08
  redo    1 failed          2021-11-04
  run     1 missing         2021-11-09
  order oldest first, 4 at a time, about …'
is 'as JSON' "$("$datemill" backfill shop 2021-11-03..2021-11-05 2021-11-09 --dry-run --json |
    sed 's/"estimate_ms":[0-9]*/"estimate_ms":0/')" \
    '{"schema":1,"flow":"shop","plan":{"dates":4,"run":["2021-11-09"],"redo":["2021-11-04"],'$(
    )'"keep":["2021-11-03","2021-11-05"],"conflicts":[],"none":[],"order":"asc","parallel":4,'$(
    )'"estimate_ms":0,"shared_tables":[]}}'
check '-v has a reason for each date' \
    grep -q '2021-11-04  redo  *load failed in run' \
    <("$datemill" backfill shop 2021-11-04 --dry-run -v 2>/dev/null)
is '--redo never' "$(backfill shop 2021-11-01..2021-11-08 --redo never)" 0
check 'has nothing to run' grep -q 'nothing to run' "$work/stderr"
is 'backfill list' \
    "$("$datemill" backfill list --json | grep -c '^{"id":1,"flow":"shop","state":"failed"')" 1
is 'a list of another flow' "$("$datemill" backfill list hourly --json | wc -l)" 0
check 'backfill show' grep -q '^2021-11-04  ✗ failed .*load: exit 3: E204' \
    <("$datemill" backfill show 1)
is 'backfill show --state' "$("$datemill" backfill show 1 --state failed | grep -c '^2021-')" 1
is 'a page of dates' "$("$datemill" backfill show 1 -n 3 | grep -c '^2021-')" 3
more=$("$datemill" backfill show 1 -n 3 | sed -n 's/^more: --after //p')
is 'and the next' "$("$datemill" backfill show 1 -n 50 --after "$more" | grep -c '^2021-')" 5
is 'a state that is none' "$(backfill show 1 --state faild)" 2
check 'is corrected' grep -q 'did you mean `failed`' "$work/stderr"
is 'an unknown backfill' "$(backfill resume 99)" 4
check 'names the newest' grep -q '^help: .*newest is 1' "$work/stderr"
is 'a word that is no backfill' "$(backfill show x1)" 2
is 'retry while it still fails' "$(backfill retry 1)" 1
rm bad/*
is 'retry when it is mended' "$(backfill retry 1 --reason mended)" 0
check 'runs that date alone' grep -q '^backfill 1: 1 of 8 dates to run' "$work/stderr"
check 'is noted with its reason' grep -q 'retry by .*: mended' <("$datemill" backfill show 1)
is 'there is nothing to resume' "$(backfill resume 1)" 7
is 'of all runs of that date the last counts' \
    "$("$datemill" backfill shop 2021-11-01..2021-11-08 --dry-run --json |
        grep -o '"keep":[^]]*]' | tr ',' '\n' | wc -l)" 8

# --- options ---------------------------------------------------------------------------------

is 'only what is selected' \
    "$(backfill shop 2020-01-01..2020-01-02 --nodes +sum --exclude load)" 0
check 'is said' grep -q \
    '^  nodes sum and 2 upstream, without load; 1 left out counts as skipped$' "$work/stderr"
is 'ran without it' "$(grep -c '^2020-01-0' "$work/ledger")" 0
is 'newest first' "$(backfill shop 2020-02-01..2020-02-05 --order desc --parallel 1)" 0
is 'in that order' "$(grep '^2020-02-0' "$work/ledger" | tr '\n' ' ')" \
    '2020-02-05 2020-02-04 2020-02-03 2020-02-02 2020-02-01 '
is 'an hourly flow' "$(backfill hourly 2021-11-10..2021-11-11)" 0
check 'has a run for each time' \
    grep -q '^plan: hourly, 2 dates with 8 planned times, ' "$work/stderr"
is 'told apart by the time' \
    "$(grep -o 'date=2021-11-10T[0-9:]*' "$work/stderr" | sort | tr '\n' ' ')" \
    'date=2021-11-10T00:00 date=2021-11-10T06:00 date=2021-11-10T12:00 date=2021-11-10T18:00 '
is '--json' "$(backfill shop 2020-03-01..2020-03-02 --json)" 0
is 'has an object a line' "$(grep -vc '^{.*}$' "$work/stdout")" 0
is 'the first with the schema' \
    "$(head -n 1 "$work/stdout" | grep -o '^{"schema":1,"event":"[a-z]*"')" \
    '{"schema":1,"event":"backfill"'
is 'one for each date' "$(grep -c '"event":"date".*"state":"success"' "$work/stdout")" 2
is 'the last is the end' \
    "$(tail -n 1 "$work/stdout" | grep -o '"event":"[a-z]*".*"state":"[a-z]*"' |
    sed 's/"at".*"state"/"state"/')" '"event":"backfill","state":"success"'
touch bad/20200402
is '-q' "$(backfill shop 2020-04-01..2020-04-03 -q)" 1
is 'prints failures and the end only' "$(grep -vc '^ ' "$work/stderr")" 2
touch bad/2020050{1,2,3,4,5,6,7,8}
is '--max-failures pauses' "$(backfill shop 2020-05 --max-failures 3 --parallel 1)" 1
check 'and says so' grep -q '^backfill [0-9]* paused: 3 failed, 28 left' "$work/stderr"
rm bad/*
is 'the same command goes on' "$(backfill shop 2020-05)" 1
check 'and says what becomes of those that failed' \
    grep -q 'it goes on; what failed in it (3 dates) waits for: datemill backfill retry [0-9]' \
    "$work/stderr"
check 'with what is left' grep -q ' failed: 28 ok, 3 failed' "$work/stderr"
is 'retry of the rest' "$(backfill retry latest)" 0

# --- Ctrl-C ----------------------------------------------------------------------------------

touch wait/2020060{1,2,3,4}
"$datemill" backfill shop 2020-06-01..2020-06-12 >"$work/one" 2>&1 &
command=$!
check 'dates run' wait_for "[ \$(grep -c '^2020-06' '$work/ledger') = 4 ]"
sleep 0.5 # how many run is told a few times a second
kill -INT $command
said='^stopping: no new dates, 4 running ones will finish (Ctrl-C again to stop them)$'
check 'the first Ctrl-C lets them finish' wait_for "grep -q '$said' '$work/one'"
rm wait/*
wait $command
is 'and ends 130' "$?" 130
id=$(newest)
is 'paused' "$(grep -A 2 "^backfill $id paused" "$work/one" | sed 's/ in [0-9.]*s$//')" \
    "backfill $id paused: 4 ok, 8 left
  go on   datemill backfill resume $id        (or repeat the same command)"
check 'status names it' grep -q "datemill backfill resume $id" <("$datemill" status)
is 'the same command again goes on' "$(backfill shop 2020-06-01..2020-06-12)" 0
check 'with the same backfill' grep -q "^backfill $id: 8 of 12 dates to run" "$work/stderr"
is 'each date ran once' "$(grep '^2020-06' "$work/ledger" | sort | uniq -d | wc -l)" 0

touch wait/2020070{1,2,3,4}
"$datemill" backfill shop 2020-07-01..2020-07-12 >"$work/two" 2>&1 &
command=$!
check 'dates run' wait_for "[ \$(grep -c '^2020-07' '$work/ledger') = 4 ]"
kill -INT $command
check 'a first Ctrl-C' wait_for "grep -q '^stopping: no new' '$work/two'"
kill -INT $command
wait $command
is 'the second stops them' "$?" 130
id=$(newest)
check 'and says how many' grep -q "^backfill $id paused: 4 stopped, 8 left" "$work/two"
rm wait/*
is 'resume runs them again' "$(backfill resume "$id")" 0
check 'all of them' grep -q "^backfill $id: 12 dates to run" "$work/stderr"
kill_term()
{
    touch wait/2020080{1,2,3,4}
    "$datemill" backfill shop 2020-08-01..2020-08-04 >"$work/three" 2>&1 &
    command=$!
    wait_for "[ \$(grep -c '^2020-08' '$work/ledger') = 4 ]" || return 1
    kill -"$1" $command
    wait_for "grep -q '^stopping' '$work/three'"
    rm wait/*
    wait $command
}
kill_term TERM
is 'SIGTERM while the last dates run: they finish, it is through' "$?" 0

# --- from a second shell ---------------------------------------------------------------------

touch wait/202009{0{1,2,3,4,5,6,7,8,9},1{0,1,2}}
"$datemill" backfill shop 2020-09-01..2020-09-12 --parallel 2 >"$work/four" 2>&1 &
command=$!
check 'dates run' wait_for "[ \$(grep -c '^2020-09' '$work/ledger') = 2 ]"
id=$(newest)
is 'set --parallel' "$(backfill set "$id" --parallel 3)" 0
check 'is said' grep -q "backfill $id: 3 dates at a time" "$work/stderr"
check 'is done at once' wait_for "[ \$(grep -c '^2020-09' '$work/ledger') = 3 ]"
is 'is kept' "$(member "$id" parallel)" 3
is 'a second command on it' "$(backfill shop 2020-09-01..2020-09-12 --parallel 2)" 5
check 'is told which' grep -q "^error: backfill $id of shop " "$work/stderr"
is 'a command on a date that runs' "$(backfill shop 2020-09-01)" 1
check 'does not wait for it' grep -q '^note: nothing to run: 1 is open in another run$' \
    "$work/stderr"
"$datemill" backfill watch "$id" --json >"$work/six" 2>&1 &
watcher=$!
check 'a third watches' wait_for "grep -q '\"event\":' '$work/six'"
is 'pause' "$(backfill pause "$id" --reason lunch)" 0
rm wait/*
wait $command
is 'ends the first command' "$?" 1
wait $watcher
is 'and the one that watches' "$?" 1
check 'with the reason' grep -q 'lunch' "$work/four"
check 'which is told before what runs has ended' grep -q ': lunch; 3 dates still run$' "$work/four"
is 'it is paused' "$(member "$id" state)" '"paused"'
is 'a command on dates that are done, while it is' "$(backfill shop 2020-06-01..2020-06-02)" 0
is 'says so and no more' "$(grep -v '^plan\|^  ' "$work/stderr")" \
    'note: nothing to run: 2 dates are already green'
is 'set while nobody works on it' "$(backfill set "$id" --parallel 4 --max-failures 9)" 0
is 'is kept, too' "$(member "$id" parallel) $(member "$id" max_failures)" '4 9'
check 'show says paused once' grep -q '^backfill .* shop .* paused by [^:]*: lunch$' \
    <("$datemill" backfill show "$id")
is 'nothing to set' "$(backfill set "$id")" 2
is 'stop' "$(backfill stop "$id")" 0
is 'it is stopped' "$(member "$id" state)" '"stopped"'
is 'resume opens it again' "$(backfill resume "$id")" 0
is 'each date ran once' "$(grep '^2020-09' "$work/ledger" | sort | uniq -d | wc -l)" 0
touch wait/20201001
"$datemill" backfill shop 2020-10-01 >/dev/null 2>&1 &
command=$!
check 'a date runs' wait_for "grep -q '^2020-10-01' '$work/ledger'"
is 'stop --now' "$(backfill stop latest --now)" 0
wait $command
is 'ends it' "$?" 1
is 'when nothing runs any more' "$(member latest running)" 0
rm wait/*

# --- conflicts, and killed -------------------------------------------------------------------

touch wait/20201102
"$datemill" run shop 2020-11-02 >/dev/null 2>&1 &
command=$!
check 'a run of one date is open' wait_for "grep -q '^2020-11-02' '$work/ledger'"
"$datemill" backfill shop 2020-11-01..2020-11-03 --dry-run >"$work/stdout" 2>/dev/null
check 'the plan names it' grep -q '^  conflict    1 open already    2020-11-02 (run [0-9]*)' \
    "$work/stdout"
is 'the other dates run' "$(backfill shop 2020-11-01..2020-11-03)" 1
check 'the conflict is said' grep -q ' failed: 2 ok, 1 in conflict' "$work/stderr"
rm wait/*
wait $command
is 'retry finds nothing in the way' "$(backfill retry latest)" 0

touch wait/2020120{1,2,3,4}
"$datemill" backfill shop 2020-12 >"$work/seven" 2>&1 &
command=$!
check 'dates run' wait_for "[ \$(grep -c '^2020-12' '$work/ledger') = 4 ]"
id=$(newest)
"$datemill" backfill watch "$id" >"$work/watched" 2>&1 &
watch=$!
check 'somebody watches' wait_for "grep -q 'dates to run' '$work/watched'"
is 'a setting from elsewhere' "$(backfill set "$id" --parallel 3)" 0
check 'is told to who follows' wait_for "grep -q '^from now on 3 dates at a time' '$work/seven'"
kill -9 $command
wait $command 2>/dev/null
check 'who only watches learns that nobody goes on with it' \
    wait_for "grep -q '; go on: datemill backfill resume $id\$' '$work/watched'"
kill -INT $watch
wait $watch
check 'the list says it too' grep -q 'running .*no scheduler is running' \
    <("$datemill" backfill list -n 1)
is 'killed: it is unfinished' "$(member "$id" state)" '"running"'
check 'status says how to go on' grep -q "datemill backfill resume $id" <("$datemill" status)
rm wait/*
is 'the same command goes on' "$(backfill shop 2020-12)" 0
is 'with the same backfill' "$(newest)" "$id"
is 'each date ran once' "$(grep '^2020-12' "$work/ledger" | sort | uniq -d | wc -l)" 0
is 'all of them' "$(grep -c '^2020-12' "$work/ledger")" 31
is 'runs of a backfill' "$("$datemill" runs list "backfill:$id" -n 100 --json | wc -l)" 31
run=$("$datemill" runs list "backfill:$id" -n 1 --json |
    grep -o '^{"id":[0-9]*' | grep -o '[0-9]*$')
check 'runs show names it' grep -q "backfill $id" <("$datemill" runs show "$run")

# --- how it looks ----------------------------------------------------------------------------

screen() # COLUMNS ROWS WORDS: what a terminal shows, frames one after the other
{
    local columns=$1 rows=$2
    shift 2
    TERM=xterm timeout 100 script -qec "stty cols $columns rows $rows; $*" "$work/screen" \
        </dev/null >/dev/null 2>&1
    tr -d '\r' <"$work/screen" | sed 's/\x1b\[[0-9;]*[A-Za-z]/\n/g'
}
widest() # columns of the widest line, the ones about the script itself left out
{
    grep -v '^Script' | awk '{ if (length > most) most = length } END { print most + 0 }'
}
if TERM=xterm script -qec true /dev/null >/dev/null 2>&1 </dev/null; then
    cat >slow.yaml <<'END'
flow: slow
schedule: daily 00:30
nodes:
  order_succeeded_sync:
    run: |
      sleep 0.3
      case $DATEMILL_BIZDATE in
      2021-02-0[1-3]) echo "E204 no such file ${DATEMILL_BIZDATE}data" >&2; exit 3 ;;
      esac
END
    sed -i 's/\${DATEMILL_BIZDATE}/$DATEMILL_BIZDATE-/' slow.yaml
    screen 100 24 "'$datemill' backfill slow 2021-02-01..2021-02-20" >"$work/seen"
    check 'a bar, counts, rate and time left' \
        grep -qE '^\[[0-9]+/20\] +[0-9]+%.*✗ 3.*▶ [0-9].*/min +[0-9]+s left' \
        <(tr -d '\n' <"$work/seen" | sed 's/\[\([0-9]*\)\/20\]/\n[\1\/20]/g')
    check 'dates that run, in two columns' \
        grep -qE '^  2021-02-[0-9]{2} order_succeeded_sync [0-9.]+s +2021-02-' "$work/seen"
    is 'one failure of a kind in full' "$(grep -c '^ 2021-02-0[1-3]  order_succ' "$work/seen")" 1
    check 'the others are counted' grep -q ' 2 more: order_succeeded_sync ' \
        <(tr -d '\n' <"$work/seen")
    check 'and listed once' grep -q \
        '^3 dates: order_succeeded_sync exit 3: E204 .*: 2021-02-01 … 2021-02-03$' "$work/seen"
    screen 40 10 "'$datemill' backfill slow 2021-03-01..2021-03-08" >"$work/seen"
    check 'forty columns are enough' test "$(grep '^\[\|^  2021' "$work/seen" | widest)" -le 40
    LC_ALL=C screen 80 24 "'$datemill' backfill slow 2021-03-09..2021-03-12" >"$work/seen"
    is 'no characters beyond ASCII where the locale has none' \
        "$(LC_ALL=C grep -c '[^ -~]' <(grep -v '^Script' "$work/seen"))" 0
    screen 80 24 "'$datemill' backfill slow 2021-03-13..2021-03-16 --no-progress" >"$work/seen"
    is 'without progress, a line for each date' "$(grep -c 'state=success' "$work/seen")" 4
    DATEMILL_NO_INPUT='' screen 80 24 "'$datemill' backfill noop 2019" >"$work/seen"
    check 'many dates are asked about' grep -q 'run 365 dates now?' "$work/seen"
    is 'no answer is no' "$("$datemill" backfill list noop --json | wc -l)" 0
else
    note 'there are no terminals here'
fi

# --- a thousand dates ------------------------------------------------------------------------

"$datemill" backfill noop 2017-01-01..2019-09-27 >"$work/many" 2>&1 &
command=$!
most=0
while kill -0 $command 2>/dev/null; do
    peak=$(awk '/^VmHWM/ { print $2 }' /proc/$command/status 2>/dev/null)
    [ "${peak:-0}" -le $most ] || most=$peak
    sleep 0.02
done
wait $command
is 'a thousand dates without work' "$?" 0
is 'each has its line' "$(grep -c 'state=success.*done=[0-9]*/1000' "$work/many")" 1000
note "at most $most kB of memory"
grep -q asan /proc/self/maps 2>/dev/null || nm "$datemill" 2>/dev/null | grep -q __asan_init ||
    check 'in 64 MB' test "$most" -le 65536
tap_end
