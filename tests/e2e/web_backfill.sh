#!/usr/bin/env bash
# Backfills on the page: the plan before anything begins, the hash that holds it, progress, failures
# by kind, what can be done to one; who may not is told what to do.
. "$(dirname "$0")/tap.bash"
program datemill datemill-keeper datemill-web
mkdir -p "$work/p" && cd "$work/p" || exit 1
datemill=$build_dir/datemill
cat >datemill.yaml <<'END'
timezone: UTC
slots: 4
END
cat >days.yaml <<'END'
flow: days
schedule: daily 03:00
params: {day: "${yyyymmdd}"}
nodes:
  begin:
    run: test ! -e "missing-$day"
  end:
    needs: [begin]
    run: while [ -e hold ]; do sleep 0.05; done
END
touch missing-20211103 missing-20211104

end_all()
{
    rm -f hold
    [ -z "${serve_pid:-}" ] || kill "$serve_pid" 2>/dev/null
    wait 2>/dev/null
    [ ! -d .datemill ] || fuser -sk -TERM .datemill/keeper.lock 2>/dev/null
}
at_exit=end_all
"$datemill" serve --listen 127.0.0.1:0 >"$work/serve" 2>&1 </dev/null &
serve_pid=$!
page=
for _ in $(seq 100); do
    page=$(sed -n 's,.*page \(http://[0-9.]*:[0-9]*\)/.*,\1,p' "$work/serve" | head -n 1)
    [ -n "$page" ] && break
    sleep 0.1
done
check 'serve shows the page' test -n "$page"

# ask ARGUMENT… PATH: the body; its status and where it leads are in $work/code and $work/to.
ask()
{
    curl -s -m 20 -b "$work/jar" -c "$work/jar" -H 'Accept-Language: en' -H "Origin: $page" \
        -o "$work/body" -w '%{http_code} %{redirect_url}\n' "${@:1:$#-1}" "$page${!#}" \
        >"$work/answer"
    cut -d ' ' -f 1 "$work/answer" >"$work/code"
    cut -d ' ' -f 2 "$work/answer" >"$work/to"
    cat "$work/body"
}
code()
{
    ask "$@" >/dev/null
    cat "$work/code"
}
has()
{
    ask "$1" | grep -qF -- "$2"
}
field()
{
    ask "$1" | grep -o "name=\"$2\" value=\"[^\"]*\"" | head -n 1 | sed 's/.*value="//; s/"$//'
}
state_of()
{
    "$datemill" backfill show "$1" --json | sed 's/^{[^}]*"state":"\([a-z]*\)".*/\1/'
}
is_over()
{
    [ "$(state_of "$1")" != running ]
}
wait_for()
{
    local i
    for i in $(seq 200); do
        "$@" && return 0
        sleep 0.1
    done
    return 1
}
new='/backfills/new?flow=days&from=2021-11-01&to=2021-11-05'

check 'no backfill yet' has /backfills 'No backfill yet'
check 'the plan is shown to everybody' has "$new" '5 dates to run:'
check 'with its command' has "$new" 'datemill backfill days 2021-11-01..2021-11-05'
check 'and what it takes to begin' has "$new" 'datemill web open'
is 'nobody begins one' "$(code -d 'flow=days&from=2021-11-01&to=2021-11-05' /backfills/new)" 401
check 'a date that there is not' has '/backfills/new?flow=days&from=2021-02-30&to=2021-03-01' \
    '2021-02-30 is not a date'
check 'the wrong way round' has '/backfills/new?flow=days&from=2021-11-05&to=2021-11-01' \
    'class="why failed"'
is 'which is 400' "$(cat "$work/code")" 400
check 'no such node' has "$new&nodes=bgin" 'did you mean'
is 'no such flow' "$(code '/backfills/new?flow=dys&from=2021-11-01&to=2021-11-05')" 404

link=$("$datemill" web open 2>/dev/null | grep -o '/login?key=[0-9a-f]*')
is 'the link signs in' "$(code "$link")" 303
csrf=$(field "$new" csrf)
hash=$(field "$new" plan_hash)
form="csrf=$csrf&flow=days&from=2021-11-01&to=2021-11-05&reason=again"
is 'another plan than the one that was seen' "$(code -d "$form&plan_hash=0000" /backfills/new)" 303
check 'is shown again' grep -q '/backfills/new?.*changed=1' "$work/to"
check 'without the key of the session' test "$(grep -c csrf "$work/to")" = 0
is 'nothing began' "$("$datemill" backfill list --json | wc -l)" 0
is 'no plan at all' "$(code -d "$form" /backfills/new)" 400
is 'no key of the session' \
    "$(code -d "flow=days&from=2021-11-01&to=2021-11-05&plan_hash=$hash" /backfills/new)" 403

touch hold
is 'it begins' "$(code -d "$form&plan_hash=$hash" /backfills/new)" 303
is 'and leads to its page' "$(cat "$work/to")" "$page/backfills/1"
check 'which says why it was made' has /backfills/1 '<dd>again</dd>'
check 'and goes on by itself' has /backfills/1 'data-live="/api/v1/events?backfill=1'
failed_both()
{
    has /backfills/1 '2 failed'
}
check 'failures come' wait_for failed_both
check 'once for both dates' has /backfills/1 '2 dates: 2021-11-03 … 2021-11-04'
check 'each date is a cell' has /backfills/1 'aria-label="2021-11-03 failed"'
is 'dates at once, wrongly' "$(code -d "csrf=$csrf&parallel=0" /backfills/1/set)" 400
is 'dates at once' "$(code -d "csrf=$csrf&parallel=2" /backfills/1/set)" 303
check 'are changed' has /backfills/1 '2 dates at once'
is 'a pause is asked for' "$(code /backfills/1/pause)" 200
is 'a pause' "$(code -d "csrf=$csrf&reason=lunch" /backfills/1/pause)" 303
is 'is one' "$(state_of 1)" paused
check 'by whom and why' has /backfills/1 'lunch'
is 'resume' "$(code -d "csrf=$csrf" /backfills/1/resume)" 303
rm -f hold missing-20211103 missing-20211104
check 'it ends' wait_for is_over 1
is 'failed' "$(state_of 1)" failed
is 'retry' "$(code -d "csrf=$csrf" /backfills/1/retry)" 303
is_green()
{
    [ "$(state_of 1)" = success ]
}
check 'makes it green' wait_for is_green
check 'nothing is left to run' has "$new" 'There is nothing to run.'
check 'the list has it' has /backfills '5 / 5'
is 'pausing it is refused' "$(code -d "csrf=$csrf" /backfills/1/pause)" 409
is 'no such backfill' "$(code /backfills/7)" 404
is 'none to stop either' "$(code -d "csrf=$csrf" /backfills/7/stop)" 404
check 'in Chinese' has '/backfills/1?lang=zh' '已完成 5/5 个日期'
tap_end
