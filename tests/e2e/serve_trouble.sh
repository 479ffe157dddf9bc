#!/usr/bin/env bash
# datemill serve among bad files, files that go away, and on a disk that is full when flows are due.
. "$(dirname "$0")/tap.bash"
program datemill datemill-keeper
datemill=$build_dir/datemill
mkdir -p "$work/project"
cd "$work/project" || exit 1
server=
mounted=

end_keeper() # STATE-FOLDER
{
    local pid
    pid=$(sed -n 's/^pid \([0-9]*\)$/\1/p' "$1/keeper.lock" 2>/dev/null)
    [ -z "$pid" ] || kill -TERM "$pid" 2>/dev/null
    wait_for sh -c "! kill -0 ${pid:-none}"
}
end_all()
{
    jobs -p | xargs -r kill -9 2>/dev/null
    end_keeper "$work/project/.datemill"
    end_keeper "$work/small/.datemill"
    cd /
    [ -z "$mounted" ] || umount "$mounted" 2>/dev/null || umount -l "$mounted"
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
said() # TEXT, of the server
{
    grep -qF -- "$1" "$work/serve" || { tail -n 3 "$work/serve"; return 1; }
}
status_says()
{
    "$datemill" status >"$work/status" 2>&1
    grep -qF -- "$1" "$work/status" || { cat "$work/status"; return 1; }
}

# ---- a folder full of garbage ----

printf 'timezone: UTC\nslots: 4\n' >datemill.yaml
flow() # NAME SCHEDULE
{
    printf 'flow: %s\nschedule: %s\nnodes: {n: {run: "true"}}\n' "$1" "$2" >"$1.yaml"
}
flow tick 'every 1s'
flow never '"31 2 30 2 *"'
flow far '{at: daily 00:00, timezone: Mars/Olympus}'
flow skipped '{at: daily 02:30, timezone: Europe/Berlin}'
for i in $(seq 100); do
    head -c 400 /dev/urandom >"noise$i.yaml"
    head -c 400 /dev/urandom >"noise$i.txt"
done
head -c 41000000 /dev/zero >huge.yaml
: >empty.yaml
mkfifo pipe.yaml
mkdir folder.yaml bad
printf 'flow: bad\nnodes: {' >bad/flow.yaml
ln -s /dev/zero zero.yaml
ln -s nowhere dangling.yaml
ln -s . loop
: >$'new\nline.yaml'
start_server
check 'it serves what is right' said '2 scheduled, 0 by hand'
check 'which runs' wait_for sh -c "'$datemill' runs list flow:tick --json | grep -q success"
check 'a schedule that never fires is told' wait_for said 'flow=never text="never.yaml:2:12:'
check 'and why' wait_for said 'the schedule cannot be read: it never fires: there is no such date'
check 'a zone that is not there' wait_for said 'there is no time zone `Mars/Olympus`'
check 'a file that ends too early' wait_for said 'flow=bad text="bad/flow.yaml:'
check 'status has their places' status_says 'never.yaml:2'
is 'a time that the clock skips is one' "$("$datemill" schedule skipped --from 2024-03-31 -n 1 |
    sed -n 's/^next .*  *skipped/skipped/p')" 'skipped by the clock: starts at 03:00:00'
rm -rf noise* huge.yaml empty.yaml pipe.yaml folder.yaml bad zero.yaml loop never.yaml far.yaml \
    dangling.yaml new*
check 'when all is gone nothing needs attention' wait_for sh -c \
    "! '$datemill' status | grep -q ATTENTION"

# ---- a file goes away while its flow runs ----

cat >long.yaml <<END
flow: long
nodes:
  first: {run: 'touch $work/begun; while [ ! -e $work/go ]; do sleep 0.05; done'}
  then: {run: 'touch $work/then', needs: [first]}
END
"$datemill" run long 2021-11-11 --detach --json >"$work/detached"
run=$(sed -E 's/.*"runs":\[([0-9]+).*/\1/' "$work/detached")
check 'a flow runs' wait_for test -e "$work/begun"
rm long.yaml
sleep 0.3
touch "$work/go"
check 'its run goes on to its end without its file' wait_for sh -c \
    "'$datemill' runs show $run --json | grep -q '\"state\":\"success\"'"
check 'as it was when it was made' test -e "$work/then"
is 'a new one does not begin' "$(status_of "$datemill" run long 2021-11-12 --detach)" 4
stop_server

# ---- the disk is full when flows are due ----

mkdir "$work/small"
if ! mount -t tmpfs -o size=3m tmpfs "$work/small" 2>/dev/null; then
    note 'no small disk can be mounted here: not tried'
    tap_end
fi
mounted=$work/small
cd "$work/small" || exit 1
printf 'timezone: UTC\nslots: 4\n' >datemill.yaml
flow due '"*/2 * * * * ?"'
planned() # seconds of the minute of all runs that are a success, in order
{
    "$datemill" runs list --json -n 500 | grep '"state":"success"' |
        sed -E 's/.*"cyctime":"([^"]+)".*/\1/' | sort
}
count_is() # AT-LEAST
{
    [ "$(planned | wc -l)" -ge "$1" ]
}
start_server
check 'a flow of every second second' wait_for count_is 2
dd if=/dev/zero of=filler bs=4k 2>/dev/null
check 'a full disk is told' wait_for said 'no space left to write'
check 'status tells it, too' status_says 'no space left to write'
sleep 5
before=$(planned | wc -l)
rm filler
check 'its end is told' wait_for said 'event=trouble text=over'
check 'what was due meanwhile starts' wait_for count_is $((before + 3))
check 'and what comes then' wait_for count_is $((before + 4))
stop_server
planned | while read -r time; do date -u -d "${time/T/ }" +%s; done >"$work/times"
is 'each instance once, none left out' \
    "$(awk 'NR > 1 && $1 != last + 2 { print last, $1 } { last = $1 }' "$work/times")" ''
tap_end
