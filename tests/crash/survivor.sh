#!/usr/bin/env bash
# An attempt that was given up, but lives on and wakes up after the next one: it changes nothing and
# says why. Stopped before each of its calls that write, and once with the real keeper killed.
. "$(dirname "$0")/../e2e/tap.bash"
. "$source_dir/tests/crash/storm.bash"
. "$source_dir/tests/crash/faults.bash"
program datemill-sql datemill-sync datemill-data
replaced='was replaced by a newer one'

end_survivor()
{
    [ -z "${survivor:-}" ] || kill -9 "$survivor" 2>/dev/null
    end_all
}
at_exit=end_survivor

is_alive()
{
    grep -q '^State:.[^ZX]' "/proc/${1:-none}/status" 2>/dev/null
}
is_stopped()
{
    grep -q '^State:.T' "/proc/${1:-none}/status" 2>/dev/null
}

# --- the programs alone ---

# Each is a file of its own: much of the work is done without a hold on the catalogue.
partitions='SELECT 1 AS dt UNION ALL SELECT 2 UNION ALL SELECT 3 UNION ALL SELECT 4'
partitions="$partitions UNION ALL SELECT 5"

# job RUN ATTEMPT SQL
job()
{
    printf '{"state_dir":"%s","run":%d,"flow":"f","node":"n","attempt":%d,"attempt_id":%d,' \
        "$work/state" "$1" "$2" "$2"
    printf '"commit":"","bizdate":"2021-11-11","reject_file":"/dev/null","tables":[{"file":"t",'
    printf '"sql":"CREATE TABLE IF NOT EXISTS p (n BIGINT) PARTITIONED BY (dt STRING)"}],'
    printf '"sql":"%s SELECT %d, dt FROM (%s) d"}' "$3" "$2" "$partitions"
}
# look [SECONDS]: nothing when nobody can read for so long.
look()
{
    timeout "${1:-30}" "$build_dir/datemill-data" --state-dir "$work/state" --format csv \
        query 'SELECT DISTINCT n, count(*) AS dates FROM p GROUP BY n ORDER BY n' 2>&1 |
        tr '\n' ' '
}
begin()
{
    rm -rf "$work/state" "$faults"
    cp -r "$work/base" "$work/state"
}

# point N: what is wrong when attempt 2 comes while attempt 1 is stopped before its call N. One that
# holds the catalogue just then is woken up, and may be the first.
point()
{
    local seen newer old_status=0 new_status=0 may_be_first=0
    begin
    job 2 1 "$sql" >"$work/job1"
    job 2 2 "$sql" >"$work/job2"
    "${with_faults[@]}" FAULTS_HOW=stop FAULTS_AT="$1" "$build_dir/datemill-sql" <"$work/job1" \
        >"$work/old" 2>&1 &
    survivor=$!
    wait_for "is_stopped $survivor" || return
    seen=$(look 0.4)
    [ "$seen" = "$zero" ] || may_be_first=1 # it has done its work, or nobody can read for now
    "$build_dir/datemill-sql" <"$work/job2" >"$work/new" 2>&1 &
    newer=$!
    [ $may_be_first = 1 ] || wait_for "! is_alive $newer" 8 >/dev/null || may_be_first=1
    kill -CONT $survivor
    wait $survivor || old_status=$?
    wait $newer || new_status=$?
    survivor=
    [ $new_status = 0 ] || echo "at $1: attempt 2 ended $new_status: $(cat "$work/new")"
    if [ $may_be_first = 1 ] && [ $old_status = 0 ]; then
        early=$((early + 1))
    else
        late=$((late + 1))
        [ $old_status = 1 ] || echo "at $1: attempt 1 woke up and ended $old_status"
        grep -q "$replaced" "$work/old" || echo "at $1: attempt 1 says $(cat "$work/old")"
    fi
    [ "$(look)" = "$two" ] || echo "at $1: there is $(look)"
}

# wakes TEXT SQL TWO: what there is after the second attempt.
wakes()
{
    local n calls text=$1
    sql=$2 two=$3 late=0 early=0
    begin
    job 2 1 "$sql" | "${with_faults[@]}" "$build_dir/datemill-sql" >"$work/old" 2>&1
    calls=$(faults_calls)
    : >"$work/faulty"
    for n in $(sample "$calls" "$phase"); do
        point "$n" >>"$work/faulty"
    done
    phase=$((phase + 4))
    check "$text: of $((late + early)) that wake up $late are too late" test ! -s "$work/faulty"
    [ ! -s "$work/faulty" ] || note "$(head -n 5 "$work/faulty")"
    check 'and some were in time' test $late -gt 3 -a $early -gt 0
}

phase=0 zero='n,dates 0,5 '
job 1 0 'INSERT INTO p PARTITION (dt)' >"$work/job0"
"$build_dir/datemill-sql" <"$work/job0" >"$work/out" 2>&1 || note "$(cat "$work/out")"
is 'the warehouse before' "$(look)" "$zero"
mv "$work/state" "$work/base" || exit 1
wakes OVERWRITE 'INSERT OVERWRITE TABLE p PARTITION (dt)' 'n,dates 2,5 '
wakes INTO 'INSERT INTO p PARTITION (dt)' 'n,dates 0,5 2,5 '

# --- a real one: its keeper is killed, it lives on outside of the tree ---
mkdir "$work/libexec"
ln -s "$build_dir"/datemill-* "$work/libexec/"
rm "$work/libexec/datemill-sql"
cat >"$work/libexec/datemill-sql" <<END
#!/bin/bash
job=\$(cat)
case \$job in
*'"attempt":1,'*) ;;
*) exec "$build_dir/datemill-sql" <<<"\$job" ;;
esac
# no token, a session of its own: nobody finds it. It stops while it writes its file.
env -i FAULTS_STATE="$faults" FAULTS_HOW=stop FAULTS_AT=2 ASAN_OPTIONS="$ASAN_OPTIONS" \
    FAULTS_UNDER="$project/.datemill/warehouse/files/p" \
    LD_PRELOAD="$build_dir/tests/crash_faults.so" \
    setsid "$build_dir/datemill-sql" <<<"\$job" >"$work/old" 2>&1 &
echo \$! >"$work/survivor.new"
mv "$work/survivor.new" "$work/survivor"
sleep 30
END
chmod +x "$work/libexec/datemill-sql"
rm -f "$faults"
printf 'timezone: UTC\nslots: 2\n' >datemill.yaml
cat >late.yaml <<'END'
flow: late
tables: t.sql
nodes:
  n:
    type: sql
    sql: "INSERT INTO p PARTITION (dt='1') SELECT ${attempt}"
    retry: {max: 1, delay: 10ms, on_lost: true}
END
echo 'CREATE TABLE IF NOT EXISTS p (n BIGINT) PARTITIONED BY (dt STRING);' >t.sql
DATEMILL_LIBEXEC=$work/libexec "$datemill" run late 2021-11-11 >"$work/command" 2>&1 &
command=$!
check 'an attempt stops in the middle of its work' \
    wait_for "is_stopped \$(cat '$work/survivor')"
survivor=$(cat "$work/survivor")
kill -9 "$(keeper_pid)"
status=0
wait $command || status=$?
is 'its keeper is killed: it is lost, the next one succeeds' "$status" 0
is 'as the history says' "$(stored_attempts 1 | cut -d ' ' -f 3,4 | tr '\n' ' ')" \
    '1 lost 2 success '
check 'the first lives on' is_stopped "$survivor"
kill -CONT "$survivor"
check 'is woken up, and ends' wait_for "! is_alive $survivor"
check 'saying why' grep -q "$replaced" "$work/old"
is 'there is what the second has written' \
    "$("$datemill" query 'SELECT n FROM p' --format csv | tr '\n' ' ')" 'n 2 '
note "$(cat "$work/old")"
tap_end
