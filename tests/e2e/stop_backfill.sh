#!/usr/bin/env bash
# `stop --backfill`: gracefully, at once, and what is said of one that is over or not there.
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
wait_for()
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
has_lines() # N
{
    [ "$(wc -l <ledger)" -ge "$1" ]
}

printf 'timezone: UTC\nslots: 4\n' >datemill.yaml
cat >shop.yaml <<'END_OF_FLOW'
flow: shop
schedule: daily 00:30
nodes:
  load: {run: 'echo $DATEMILL_BIZDATE >>ledger; while [ -e gate ]; do sleep 0.05; done'}
  report: {run: 'true', needs: [load]}
END_OF_FLOW
: >ledger
touch gate
is 'a backfill that is not there is not found' \
    "$(status_of "$datemill" stop --backfill 7)" 4
is 'a backfill and a run are not stopped in one go' \
    "$(status_of "$datemill" stop 1 --backfill 7)" 2

"$datemill" backfill shop 2021-11-01..2021-11-05 --parallel 2 --yes >"$work/first" 2>&1 &
first=$!
check 'two dates run' wait_for has_lines 2
is 'it is stopped' "$(status_of "$datemill" stop --backfill 1 --reason 'wrong range')" 0
check 'as is said' said "$work/stdout" 'backfill 1 is'
check 'and where to look' said "$work/stdout" 'look datemill backfill show 1'
sleep 0.3
is 'no new date begins, and what runs goes on' "$(wc -l <ledger)" 2
rm gate
status=0
wait $first || status=$?
check 'its command ends, and not well' test $status -ne 0
is 'no other date has run' "$(wc -l <ledger)" 2
"$datemill" backfill show 1 >"$work/shown"
check 'it is stopped' said "$work/shown" 'stopped'
check 'with the reason' said "$work/shown" 'wrong range'
is 'both dates have finished' \
    "$("$datemill" runs list --json | grep -c '"state":"success"')" 2
is 'what is stopped is not stopped again' "$(status_of "$datemill" stop --backfill 1)" 7

touch gate
"$datemill" backfill resume 1 >"$work/second" 2>&1 &
second=$!
check 'it goes on' wait_for has_lines 4
is 'and is stopped at once' "$(status_of "$datemill" stop --backfill 1 --now)" 0
wait $second
is 'its runs are stopped' "$("$datemill" runs list --json | grep -c '"state":"stopped"')" 2
rm gate
is 'it can run to its end' "$(status_of "$datemill" backfill resume 1)" 0
is 'every date has run' "$(sort -u ledger | wc -l)" 5
tap_end
