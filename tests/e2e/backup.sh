#!/usr/bin/env bash
# A copy of the history while a server works, and putting it back.
. "$(dirname "$0")/tap.bash"
program datemill datemill-keeper
datemill=$build_dir/datemill
mkdir -p "$work/project"
cd "$work/project" || exit 1
copy=$work/copy.db
server=

end_all()
{
    jobs -p | xargs -r kill -9 2>/dev/null
    end_keeper .datemill
}
end_keeper() # STATE-FOLDER
{
    local pid
    pid=$(sed -n 's/^pid \([0-9]*\)$/\1/p' "$1/keeper.lock" 2>/dev/null)
    [ -z "$pid" ] || kill -TERM "$pid" 2>/dev/null
    wait_for sh -c "! kill -0 ${pid:-none}"
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
stop_server()
{
    kill -TERM "$server"
    wait "$server"
}
said()
{
    grep -qF -- "$1" "$work/stderr" "$work/stdout" || { cat "$work/stderr"; return 1; }
}
run()
{
    status_of "$datemill" "$@"
}
ids() # of all runs, with their states, oldest first
{
    "$datemill" runs list --json -n 100 |
        sed -E 's/.*"id":([0-9]+),.*"state":"([a-z]+)","kind.*/\1 \2/' | sort -n | tr '\n' ' '
}
ends_as() # RUN STATE
{
    ids | grep -q "$1 $2 "
}

printf 'timezone: UTC\nslots: 4\n' >datemill.yaml
cat >quick.yaml <<END
flow: quick
nodes: {n: {run: 'true'}}
END
cat >slow.yaml <<END
flow: slow
nodes:
  n: {run: 'echo begin >>$work/ledger; while [ ! -e $work/go ]; do sleep 0.05; done'}
END
cat >due.yaml <<END
flow: due
schedule: yearly 01-01 00:00
nodes: {n: {run: 'true'}}
END

# ---- backup ----

is 'nothing to back up yet' "$(run backup "$copy")" 4
is 'it needs a file' "$(run backup)" 2
start_server
run run quick 2021-11-01 --detach >/dev/null
check 'a run' wait_for ends_as 1 success
run run slow 2021-11-01 --detach >/dev/null
check 'one that goes on' wait_for grep -q begin "$work/ledger"
is 'a copy while it runs' "$(run backup "$copy")" 0
check 'says what is in it' said 'backed up 2 runs, up to 20'
check 'and what is not' said 'copy .datemill/logs and .datemill/warehouse'
is 'one that is there is replaced with a yes only' "$(run backup "$copy")" 7
check 'as the message says' said '--yes'
is 'with it' "$(run backup "$copy" --yes --json)" 0
check 'as JSON' said '"runs":2,"bytes":'
is 'not beside the store' "$(run backup .datemill/copy.db)" 7
is 'not over the store' "$(run backup .datemill/state.db --yes)" 7
is 'no such folder' "$(run backup "$work/none/copy.db")" 4
is 'not over a folder' "$(run backup "$work" --yes)" 7
is 'nobody else reads it' "$(stat -c %a "$copy")" 600
is 'nothing else is left' "$(ls "$work" | grep -c copy)" 1

# ---- restore ----

is 'not while somebody serves' "$(run restore "$copy" --yes)" 5
check 'who is named' said "pid $server"
kill -9 "$server"
wait "$server" 2>/dev/null
is 'not while attempts run' "$(run restore "$copy" --yes)" 5
check 'the keeper is named' said 'datemill-keeper, pid'
touch "$work/go"
start_server
check 'what ran is taken up' wait_for ends_as 2 success
run run quick 2021-11-02 --detach >/dev/null
check 'a run after the copy' wait_for ends_as 3 success
stop_server
is 'not without a yes' "$(run restore "$copy")" 7
check 'the question says what is lost' said 'replace the history (3 runs, up to 20'
is 'nothing was changed' "$(ids)" '1 success 2 success 3 success '
echo garbage >"$work/garbage"
is 'what is no copy is refused' "$(run restore "$work/garbage" --yes)" 6
is 'what is not there, too' "$(run restore "$work/none" --yes)" 4
is 'restore' "$(run restore "$copy" --yes)" 0
check 'says what is there now' said 'restored 2 runs, up to 20'
check 'and what is not known' said '1 attempt was open when the copy was made'
check 'and where the history of before is' said '.datemill/state.db.replaced-1'
is 'what ran then is lost, not run again' "$(ids)" '1 success 2 failed '
check 'as the run says' sh -c "'$datemill' runs show 2 | grep -q 'lost:'"
is 'it was started once' "$(grep -c begin "$work/ledger")" 1
start_server
check 'the story tells of it' sh -c "cat .datemill/state.db* | grep -aqF 'restored from $copy'"
run run quick 2021-11-03 --detach >/dev/null
check 'numbers are not given twice' wait_for ends_as 4 success
run rerun 2 --from-failed --detach >/dev/null
check 'what was lost runs again when somebody says so' wait_for ends_as 2 success
stop_server

# ---- a store that is damaged, and none ----

echo garbage >.datemill/state.db
is 'a damaged store' "$(run status)" 6
check 'says what helps' said 'datemill restore FILE'
is 'is not replaced while its keeper may run something' "$(run restore "$copy" --yes)" 5
check 'as the message says' said 'does not tell what it runs'
end_keeper .datemill
is 'is put right' "$(run restore "$copy" --yes)" 0
check 'with a gap' said 'go on 100000 later'
is 'it is there' "$(ids)" '1 success 2 failed '
mkdir "$work/other"
cp datemill.yaml quick.yaml "$work/other"
is 'in another folder nothing is asked' "$(run -C "$work/other" restore "$copy")" 0
check 'without a gap' sh -c "! grep -q later $work/stderr"
is 'and goes on' "$(run -C "$work/other" run quick 2021-11-04)" 0
end_keeper "$work/other/.datemill"
tap_end
