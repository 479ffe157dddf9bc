#!/usr/bin/env bash
# The programs of sql and sync nodes die at each of their calls that write: the partition is the one
# before or the new one, another attempt puts it right, and nothing that is left does harm.
. "$(dirname "$0")/../e2e/tap.bash"
. "$source_dir/tests/crash/faults.bash"
program datemill-sql datemill-sync datemill-data
cd "$work" || exit 1
mkdir data
for i in 1 2 3; do
    echo "{\"new\":$i}"
done >data/new
tables='CREATE TABLE IF NOT EXISTS p (n BIGINT, s STRING) PARTITIONED BY (dt STRING);
    CREATE TABLE IF NOT EXISTS w (n BIGINT, s STRING);
    CREATE TABLE IF NOT EXISTS ev (json STRING) PARTITIONED BY (dt STRING);
    CREATE TABLE IF NOT EXISTS evw (json STRING);'
three="SELECT 7, 'new' UNION ALL SELECT 8, 'new' UNION ALL SELECT 9, 'new'"

# job RUN ATTEMPT MEMBERS: prints a job; TABLES comes from $declared.
job()
{
    printf '{"state_dir":"%s","run":%d,"flow":"f","node":"n","attempt":%d,"attempt_id":%d,' \
        "$work/state" "$1" "$2" "$(($1 * 100 + $2))"
    printf '"commit":"","bizdate":"2021-11-11","reject_file":"/dev/null",'
    printf '"tables":[{"file":"t.sql","sql":"%s"}],%s}' "${declared//$'\n'/ }" "$3"
}
sql()
{
    printf '"sql":"%s"' "${1//$'\n'/ }"
}
# sync TABLE PARTITION MODE
sync()
{
    printf '"from":{"kind":"files","root":"%s","file":"new","format":"lines"},' "$work/data"
    printf '"to":{"table":"%s","partition":"%s","mode":"%s"}' "$@"
}
run_job()
{
    local program=$1
    shift
    job "$@" | "$build_dir/$program" >"$work/out" 2>&1
}
query()
{
    "$build_dir/datemill-data" --state-dir "$work/state" --format csv query "$1" 2>&1
}
# All there is, as a reader sees it.
look()
{
    query "$looks"
}
parts()
{
    find state/warehouse/files -name '*.part' | wc -l
}
# As it is three days later, when whatever runs first has swept.
sweep()
{
    faults_clock 259200
    job 90 1 "$(sql 'SELECT 1')" |
        "${with_faults[@]}" "$build_dir/datemill-sql" >"$work/out" 2>&1 ||
        echo "the sweep failed: $(cat "$work/out")"
    faults_clock 0
    echo "$(parts) files, $(find state/warehouse/open -type f | wc -l) marks"
}
begin()
{
    rm -rf state "$faults"
    [ "$base" = none ] || cp -r base state
}

declared=$tables base=none
run_job datemill-sql 1 1 "$(sql "INSERT INTO p PARTITION (dt='1') SELECT 1, 'old';
    INSERT INTO p PARTITION (dt='2') SELECT 2, 'old'; INSERT INTO w SELECT 3, 'old';
    INSERT INTO ev PARTITION (dt='1') SELECT 'old'; INSERT INTO evw SELECT 'old'")" ||
    note "$(cat out)"
is 'the warehouse before' "$(parts)" 5
mv state base || exit 1

# point N: what is wrong after a death at the n-th call.
point()
{
    local seen status=0
    begin
    {
        job 2 1 "$members" | "${with_faults[@]}" FAULTS_HOW=kill FAULTS_AT=$1 "$build_dir/$node" \
            >"$work/out" 2>&1 || status=$?
    } 2>/dev/null # bash tells of each
    [ $status = 137 ] || echo "at $1: ended $status: $(cat "$work/out")"
    seen=$(look)
    [ "$seen" = "$before" ] || [ "$seen" = "$after" ] || echo "at $1: neither: $seen"
    [ "$seen" != "$after" ] || too_late=$((too_late + 1))
    run_job "$node" 2 2 "$members" || echo "at $1: the next attempt failed: $(cat "$work/out")"
    [ "$(look)" = "$after" ] || echo "at $1: the next attempt gave $(look)"
    [ $(($1 % sweeps)) != 0 ] || [ "$(sweep)" = "$swept" ] || echo "at $1: left: $(parts) files"
}

# deaths PROGRAM LOOKS MEMBERS: the faults at the points of the sample, in the file `faulty`.
deaths()
{
    local n
    node=$1 looks=$2 members=$3
    begin
    before=$(look)
    job 2 1 "$members" | "${with_faults[@]}" "$build_dir/$node" >"$work/out" 2>&1
    calls=$(faults_calls)
    after=$(look)
    swept=$(sweep)
    points=0
    : >faulty
    for n in $(sample "$calls" "$phase"); do
        point "$n" >>faulty
        points=$((points + 1))
    done
    phase=$((phase + 1))
    total=$((total + points))
}

# dies TEXT PROGRAM LOOKS MEMBERS
dies()
{
    local text=$1
    shift
    deaths "$@"
    check "$text: $points deaths at $calls calls" test ! -s faulty
    [ ! -s faulty ] || note "$(head -n 5 faulty)"
    check 'and it had something to do' test "$before" != "$after" -a "$calls" -gt 20
}

base=base phase=0 total=0 too_late=0 sweeps=3
[ "${DATEMILL_TEST_FULL:-0}" = 0 ] || sweeps=1
p='SELECT * FROM p ORDER BY dt, n'
w='SELECT * FROM w ORDER BY n'
dies 'OVERWRITE of a partition' datemill-sql "$p" \
    "$(sql "INSERT OVERWRITE TABLE p PARTITION (dt='1') $three")"
dies 'INTO a partition' datemill-sql "$p" "$(sql "INSERT INTO p PARTITION (dt='1') $three")"
dies 'several partitions at once' datemill-sql "$p" \
    "$(sql "INSERT OVERWRITE TABLE p PARTITION (dt) SELECT n, 'new', dt FROM p")"
dies 'OVERWRITE of a table' datemill-sql "$w" "$(sql "INSERT OVERWRITE TABLE w $three")"
dies 'INTO a table' datemill-sql "$w" "$(sql "INSERT INTO w $three")"
dies 'DROP PARTITION' datemill-sql "$p" "$(sql "ALTER TABLE p DROP IF EXISTS PARTITION (dt='1')")"
dies 'sync into a partition, overwrite' datemill-sync 'SELECT * FROM ev ORDER BY json' \
    "$(sync ev dt=1 overwrite)"
dies 'sync into a partition, append' datemill-sync 'SELECT * FROM ev ORDER BY json' \
    "$(sync ev dt=1 append)"
dies 'sync into a table, overwrite' datemill-sync 'SELECT * FROM evw ORDER BY json' \
    "$(sync evw '' overwrite)"
dies 'sync into a table, append' datemill-sync 'SELECT * FROM evw ORDER BY json' \
    "$(sync evw '' append)"
declared=''
dies 'CREATE TABLE' datemill-sql 'SELECT * FROM made' \
    "$(sql 'CREATE TABLE IF NOT EXISTS made (n BIGINT) PARTITIONED BY (dt STRING)')"
# A new warehouse: without a catalogue there is none, with an empty one there is no table.
base=none
dies 'CREATE TABLE in a new warehouse' datemill-sql "SELECT count(*) FROM made" \
    "$(sql 'CREATE TABLE IF NOT EXISTS made (n BIGINT)')"
check "of $total deaths some came before the change and some after it ($too_late)" \
    test $too_late -gt 10 -a $too_late -lt $((total / 2))

# --- the disk is full, or fails ---

# refused N HOW: what is wrong when the disk does so at the n-th call; HOW+: and goes on with it.
refused()
{
    local seen status=0 while=
    begin
    [ "${2%+}" = "$2" ] || while=$work/out
    job 2 1 "$members" | timeout 60 "${with_faults[@]}" FAULTS_UNDER="$work/state" \
        FAULTS_HOW="${2%+}" FAULTS_WHILE="$while" FAULTS_AT="$1" "$build_dir/$node" \
        >"$work/out" 2>&1 || status=$?
    seen=$(look)
    if [ $status = 0 ]; then
        harmless=$((harmless + 1))
        [ "$seen" = "$after" ] || echo "$2 at $1: success, and there is $seen"
    else
        [ "$seen" = "$before" ] || [ "$seen" = "$after" ] || echo "$2 at $1: neither: $seen"
        [ $status = 1 ] || [ $status = 75 ] || echo "$2 at $1: ended $status: $(cat "$work/out")"
        tail -n 1 "$work/out" | grep -qiE "$reasons" ||
            echo "$2 at $1: it says $(tail -n 1 "$work/out")"
    fi
    run_job "$node" 2 2 "$members" || echo "$2 at $1: the next failed: $(cat "$work/out")"
    [ "$(look)" = "$after" ] || echo "$2 at $1: the next attempt gave $(look)"
}

# fails TEXT PROGRAM LOOKS MEMBERS
fails()
{
    local n kind text=$1 kinds=(ENOSPC EIO EDQUOT short ENOSPC+ EIO+)
    node=$2 looks=$3 members=$4
    begin
    before=$(look)
    job 2 1 "$members" | "${with_faults[@]}" FAULTS_UNDER="$work/state" "$build_dir/$node" \
        >"$work/out" 2>&1
    calls=$(faults_calls)
    after=$(look)
    points=0 harmless=0
    : >faulty
    for n in $(SAMPLE_STEP=5 sample "$calls" "$phase"); do
        for kind in "${kinds[@]}"; do
            [ "${DATEMILL_TEST_FULL:-0}" != 0 ] ||
                [ "$kind" = "${kinds[$((points % ${#kinds[@]}))]}" ] || continue
            refused "$n" "$kind" >>faulty
            points=$((points + 1))
            [ "${DATEMILL_TEST_FULL:-0}" != 0 ] || break
        done
    done
    check "$text: $points refusals at $calls calls, $harmless without harm" test ! -s faulty
    [ ! -s faulty ] || note "$(head -n 9 faulty)"
    check 'and most did harm' test $((harmless * 2)) -lt "$points"
}
reasons='no space left|is full|disk quota|input/output|disk i/o'
base=base declared=$tables
fails 'OVERWRITE of a partition' datemill-sql "$p" \
    "$(sql "INSERT OVERWRITE TABLE p PARTITION (dt='1') $three")"
fails 'sync into a partition, append' datemill-sync 'SELECT * FROM ev ORDER BY json' \
    "$(sync ev dt=1 append)"
base=none declared=''
fails 'CREATE TABLE in a new warehouse' datemill-sql 'SELECT count(*) FROM made' \
    "$(sql 'CREATE TABLE IF NOT EXISTS made (n BIGINT)')"

# What is not one change is seen as such: two statements, judged as if they were one.
base=base declared=$tables
SAMPLE_STEP=3 deaths datemill-sql \
    'SELECT n FROM w UNION ALL SELECT n FROM p' \
    "$(sql "INSERT OVERWRITE TABLE w SELECT 4, 'new'; INSERT INTO p PARTITION (dt='1') $three")"
check 'a change in two steps would be noticed' grep -q neither faulty
tap_end
