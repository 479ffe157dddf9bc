#!/usr/bin/env bash
# A storm of kill -9 over `datemill serve`, its page and those who hand over work: a backfill that
# is watched, one and a run that are handed over, runs that are asked for through the page with a
# key. Every date runs, every node exactly once; the page comes back, and nothing stays behind.
. "$(dirname "$0")/../e2e/tap.bash"
. "$source_dir/tests/crash/storm.bash"
program datemill-web
kills_wanted=40
[ "${DATEMILL_TEST_FULL:-0}" = 0 ] || kills_wanted=600
servers_wanted=$((kills_wanted / 4))
pages_wanted=$((kills_wanted / 5))
seed=${STORM_SEED:-$$}
RANDOM=$seed
note "STORM_SEED=$seed"

cat >datemill.yaml <<'END'
timezone: UTC
slots: 6
END
for flow in storm gale; do
    {
        echo "flow: $flow"
        echo 'nodes:'
        dated_node a '' 0.02 0 'max: 0'
        dated_node b a 0.03 0 'max: 0'
        dated_node c a 0.01 7 'max: 1, delay: 20ms'
        dated_node d 'b, c' 0.01 0 'max: 0'
    } >$flow.yaml
done
nodes_of_a_date=4
token=$("$datemill" token add storm --role operator -q)

# ---- what is killed ----
server=      # empty = killed, and not started again yet
page_lives=0 # of this server's page that were taken
server_kills=0
page_kills=0

start_server()
{
    echo "--- round $round" >>"$work/serve"
    "$datemill" serve --listen 127.0.0.1:0 2>>"$work/serve" </dev/null &
    server=$!
    page_lives=0
}

look_at_server()
{
    local status=0
    [ -n "$server" ] && ! kill -0 "$server" 2>/dev/null || return 0
    wait "$server" || status=$?
    server=
    odd="$odd $round/serve:$status: $(tail -n 4 "$work/serve")"
}

kill_server()
{
    [ -n "$server" ] && kill -9 "$server" 2>/dev/null || return 0
    wait "$server" 2>/dev/null
    server=
    kills=$((kills + 1))
    server_kills=$((server_kills + 1))
}

page_pids()
{
    pgrep -f "^[^ ]*/datemill-web --project $project "
}

end_storm()
{
    end_all
    page_pids | xargs -r kill -9
}
at_exit=end_storm

# Each start of the page waits twice as long as the one before; so not too often for one server.
kill_page()
{
    local pid
    [ -n "$server" ] && pid=$(pgrep -P "$server" -x datemill-web) || return 0
    [ $page_lives -lt 4 ] && kill -9 "$pid" 2>/dev/null || return 0
    page_lives=$((page_lives + 1))
    kills=$((kills + 1))
    page_kills=$((page_kills + 1))
}

kill_some()
{
    case $((RANDOM % 10)) in
    [0-2]) kill_server ;;
    [3-6]) kill_page ;;
    [78]) storm_kill $((RANDOM % storm_count)) ;;
    *)
        kill_server
        storm_kill 0 1 2 3
        ;;
    esac
}

# ---- the page ----
page()
{
    cat .datemill/web.address 2>/dev/null
}

page_answers()
{
    [ "$(curl -s -m 5 "$(page)/healthz")" = ok ]
}

# Nobody may be there; but who is there knows the runs, whatever died.
look_at_page()
{
    local code
    code=$(curl -s -m 5 -o "$work/body" -w '%{http_code}' "$(page)/runs")
    case $code in
    200) page_looks=$((page_looks + 1)) ;;
    000) ;;
    *) odd="$odd $round/page:$code: $(head -c 500 "$work/body")" ;;
    esac
}
page_looks=0

# no_orphan: no page but that of the server that is there.
no_orphan()
{
    local pid parent
    for pid in $(page_pids); do
        parent=$(awk '/^PPid:/ { print $2 }' "/proc/$pid/status" 2>/dev/null)
        [ -z "$parent" ] || [ "$parent" = "${server:-none}" ] || return 1
    done
}

# post_runs DATE…: asks for each with the same key until it is told that there is a run.
post_runs()
{
    local date code try
    for date in "$@"; do
        for try in $(seq 300); do
            code=$(curl -s -m 5 -o "$work/posted" -w '%{http_code}' "$(page)/api/v1/runs" \
                -H "Authorization: Bearer $token" -H "Idempotency-Key: $date" \
                -H 'Content-Type: application/json' -d "{\"flow\":\"gale\",\"date\":\"$date\"}")
            [ "$code" != 201 ] || continue 2
            echo "$date, try $try: $code $(cat "$work/posted" 2>/dev/null)"
            sleep 0.1
        done
        return 1
    done
}

# ---- the storm ----
round=0
storm_again='5 6'
command_words()
{
    local year=$((2000 + round))
    case $1 in
    0) words=("$datemill" backfill storm "$year-01-01..$year-01-10" --parallel 4) ;;
    1) words=("$datemill" backfill gale "$year-02-01..$year-02-05" --order desc --detach) ;;
    2) words=("$datemill" run storm "$year-03-01") ;;
    3) words=(post_runs "$year-04-0"{1..5}) ;;
    esac
    [ $1 != 2 ] || [ $((round % 2)) = 0 ] || words+=(--detach)
}
dates_of_a_round=$((10 + 5 + 1 + 5))

storm_is_enough()
{
    [ $kills -ge $kills_wanted ] && [ $server_kills -ge $servers_wanted ] &&
        [ $page_kills -ge $pages_wanted ]
}

# Not for ever: on a slow machine a command may come to nothing between two kills.
play_round()
{
    local which end=$((SECONDS + 60)) most=$((kills + 15))
    round=$((round + 1))
    storm_begin 4
    while ! storm_is_over && [ $SECONDS -lt $end ]; do
        sleep 0.$(printf '%03d' $((RANDOM % 150 + 5)))
        look_at_server
        [ -n "$server" ] || [ $((RANDOM % 2)) = 0 ] || start_server
        for which in 0 1 2 3; do
            storm_look $which 0
        done
        [ $((RANDOM % 3)) != 0 ] || look_at_page
        storm_is_enough || [ $kills -ge $most ] || kill_some
    done
    storm_is_over || storm_note_unfinished
    wait_for no_orphan || odd="$odd $round:orphan: $(page_pids | xargs -r ps -f -p)"
}

start_server
check 'there is a page before the storm' wait_for page_answers
while ! storm_is_enough && [ -z "$odd" ] && [ $round -lt 90 ]; do
    play_round
done
[ -n "$server" ] || start_server
note "what the page answered to those who asked for runs, besides 201:" \
    "$(sed -n 's/.*, try [0-9]*: \([0-9]*\) .*/\1/p' "$work/command.3" | sort | uniq -c)"
note "$kills kills ($server_kills of serve, $page_kills of its page) in $round rounds;" \
    "$page_looks looks at the page, $storm_busy times a command was begun again"

check "at least $kills_wanted kills, $servers_wanted of serve, $pages_wanted of its page" \
    storm_is_enough
is 'every command ended 0 at last, serve never by itself, nobody saw an error' "$odd" ''
check 'the page answers at last' wait_for page_answers
check 'it did in the storm' test $page_looks -gt 0
check 'nothing is open any more' wait_for no_open_runs 400
is 'nothing began twice, nothing ended twice' "$(ledger_repeats)" ''
is 'every date ran' "$(awk '$1 == "b" { d[$5] = 1 } END { print length(d) }' "$ledger")" \
    $((round * dates_of_a_round))
# (`run` of a date, in March, is a new run each time it is started after the one before was over.)
is 'in one run, whether of a backfill or asked for with a key' \
    "$(awk '$1 == "b" && !seen[$2]++ && $5 !~ /-03-/ { n[$5]++ }
        END { for (d in n) if (n[d] > 1) print d }' "$ledger")" ''
is 'every run has all its nodes, each a success once' \
    "$(awk '$1 == "e" && $5 == 0 { n[$2]++ } END { for (r in n) print n[r] }' "$ledger" |
        sort -u)" $nodes_of_a_date
stored_attempts | awk '{ print $1, $2, $3, $5 }' | sort >"$work/stored"
true_ends >"$work/true"
check 'every exit status is true' diff "$work/true" "$work/stored"
is 'every backfill is a success' \
    "$("$datemill" backfill list -n 1000 --json | sed -nE 's/.*"state":"([a-z]+)".*/\1/p' |
        sort | uniq -c | awk '{ print $2, $1 }')" "success $((2 * round))"

# ---- what the page shows ----
ids_and_states()
{
    grep -oE '"id":[0-9]+,"flow"|"state":"[a-z]+"' | grep -oE '[0-9]+|:"[a-z]+' | tr -d ':"'
}
newest=$(newest_run)
is 'the page has the runs that the command line has, and their states' \
    "$(curl -s -m 5 "$(page)/api/v1/runs?limit=100" | ids_and_states)" \
    "$("$datemill" runs list --json -n 100 | ids_and_states)"
is 'as many as one page has' "$(curl -s -m 5 "$(page)/api/v1/runs?limit=100" |
    ids_and_states | grep -c success)" $(($(all_runs | wc -l) < 100 ? $(all_runs | wc -l) : 100))
check 'it lists the newest' grep -qF "href=\"/runs/$newest\"" <(curl -s -m 5 "$(page)/runs")
is 'it shows the first' \
    "$(curl -s -m 5 -o /dev/null -w '%{http_code}' "$(page)/runs/$(all_runs | head -n 1)")" 200

# ---- the end ----
others()
{
    local process
    for process in /proc/[0-9]*; do
        [[ $(readlink "$process/cwd") == "$project"* ]] || continue
        [[ $(readlink "$process/exe") == */datemill@(|-web) ]] && echo "${process#/proc/}"
    done 2>/dev/null
}
is 'nothing is there but serve and its page' "$(others | sort -n)" \
    "$({ echo "$server"; pgrep -P "$server" -x datemill-web; } | sort -n)"
kill -TERM "$server"
wait "$server"
is 'serve ends well' $? 0
is 'its page with it' "$(page_pids) $(page)" ' '
is 'nobody is left' "$(others)" ''
keeper_pid | xargs -r kill -TERM
check 'the keeper ends when it is told to' wait_for '[ -z "$(keeper_pid)" ]'
tap_end
