#!/usr/bin/env bash
# The study's flow on real input: what it must compute, run again, and wrong input of every kind.
. "$(dirname "$0")/tap.bash"
program datemill datemill-keeper datemill-sync datemill-sql datemill-data smartrm
cp -r "$source_dir/workflows" "$work/project"
cd "$work/project" || exit 1
rm -rf data .datemill
sed -i 's/max: 2, delay: 1m/max: 1, delay: 1s/' smartrm_study/flow.yaml
datemill=$build_dir/datemill
events=data/event/OrderSucceededEvent

end_all()
{
    [ ! -d .datemill ] || fuser -sk -TERM .datemill/keeper.lock 2>/dev/null
}
at_exit=end_all

run()
{
    status_of "$datemill" run smartrm_study "$@"
}
query()
{
    "$datemill" query "$1" --format csv | tail -n +2
}
last_run()
{
    "$datemill" runs list --json -n 1 | sed 's/^{[^}]*"id":\([0-9]*\).*/\1/'
}
says()
{
    grep -qF -- "$1" "$work/stderr" || { cat "$work/stderr"; return 1; }
}
"$build_dir/smartrm" --out data --from 2021-11-09 --to 2021-11-14 --events 3000 >/dev/null || exit 1
known()
{
    grep -cE '"commodities":\[\{"commodityId":"10000(0[1-9]|10)"' "$events/$1data"
}

# --- what it computes ---
is 'the study runs' "$(run 2021-11-11)" 0
is 'sales_stat counts every event whose commodity is known' \
    "$(query "SELECT SUM(num) FROM sales_stat WHERE dt='20211111'")" "$(known 20211111)"
money()
{
    grep -E '"commodities":\[\{"commodityId":"10000(0[1-9]|10)"' "$events/$1data" |
        grep -oE '"totalAmount":[0-9.]+' | cut -d: -f2 |
        awk '{ split($1, p, "."); cents += p[1] * 100 + substr(p[2] "00", 1, 2) }
             END { printf "%d.%02d\n", cents / 100, cents % 100 }' | sed 's/0$//; s/\.0$//'
}
is 'the money is exact to the cent' \
    "$(query "SELECT SUM(amount) FROM sales_stat WHERE dt='20211111'")" "$(money 20211111)"
is 'the commodity file, pretty-printed, is ten rows' \
    "$(query 'SELECT COUNT(1) FROM commodity_new')" 10
is 'a label keeps its array' \
    "$(query "SELECT COUNT(1) FROM sales_stat WHERE label LIKE '[%]' AND dt='20211111'")" \
    "$(query "SELECT COUNT(1) FROM sales_stat WHERE dt='20211111'")"
query "SELECT * FROM sales_stat WHERE dt='20211111'" >"$work/first"
is 'run again' "$(run 2021-11-11)" 0
query "SELECT * FROM sales_stat WHERE dt='20211111'" >"$work/again"
check 'the same rows, byte for byte' cmp "$work/first" "$work/again"
is 'another date' "$(run 2021-11-10)" 0
is 'is another partition' "$(query 'SELECT COUNT(DISTINCT dt) FROM sales_stat')" 2
is 'a run of the other spelling, $<var>' "$(
    cp -r smartrm_study other &&
        sed -i 's/smartrm_study/other/; s/\${var}/$<var>/' other/flow.yaml other/sql/*.sql &&
        status_of "$datemill" run other 2021-11-11
)" 0
query "SELECT * FROM sales_stat WHERE dt='20211111'" >"$work/other"
check 'writes the same rows' cmp "$work/first" "$work/other"

# --- input that is wrong ---
is 'a missing source file fails' "$(run 2021-12-24)" 1
check 'says which file' says '20211224data'
"$datemill" logs "$(last_run)" order_succeeded_sync >"$work/stderr" 2>&1
check 'its log says where the name comes from' says 'event/OrderSucceededEvent/${var}data'
check 'and what is there' says '20211114data'

: >$events/20211110data
is 'an empty file is an empty partition' "$(run 2021-11-10)" 0
is 'of no rows' "$(query "SELECT COUNT(1) FROM order_succeeded_event WHERE dt='20211110'")" 0

"$build_dir/smartrm" --out data --from 2021-11-12 --to 2021-11-12 --events 100 >/dev/null
truncate -s -20 $events/20211112data
printf '{"commodities":[{"commodityId":"1000001"}],"machineId":"%s","totalAmount":1}' \
    'not a number' >$events/20211113data
is 'a machine that is no number fails loudly' "$(run 2021-11-13)" 1
check 'and is named' says 'not a number'
is 'no partition came of it' "$(query "SELECT COUNT(1) FROM sales_stat WHERE dt='20211113'")" 0

head -c 2000 $events/20211111data >$events/20211115data
printf 'bad \377\376 bytes\nzero \000 byte\n' >>$events/20211115data
is 'bytes that are no UTF-8 are rejected' "$(run 2021-11-15)" 1
check 'counted' says 'rejected'
check 'and kept in a side file' test -s "$(find .datemill -name '*.rejected' | head -n 1)"

# --- SQL that is wrong ---
cp smartrm_study/sql/sales_stat.sql "$work/good.sql"
printf 'SELECT 1;\nSELECT  machineid\nFROMM sales_stat\nWHERE dt = 1;\n' \
    >smartrm_study/sql/sales_stat.sql
is 'a mistake in the second statement fails' "$(run 2021-11-11)" 1
"$datemill" logs "$(last_run)" sales_stat >"$work/stderr" 2>&1
check 'with file and line' says 'sales_stat.sql:3'
query "SELECT * FROM sales_stat WHERE dt='20211111'" >"$work/after"
check 'the partition is as it was' cmp "$work/first" "$work/after"
printf 'SELECT NO_SUCH(1);\n' >smartrm_study/sql/sales_stat.sql
is 'an unknown function fails' "$(run 2021-11-11)" 1
cp "$work/good.sql" smartrm_study/sql/sales_stat.sql

# --- looking ---
is 'query refuses to write' "$(status_of "$datemill" query 'DROP TABLE sales_stat')" 7
is 'query of a table that is not there' \
    "$(status_of "$datemill" query 'SELECT * FROM no_such')" 4
is 'query with a mistake' "$(status_of "$datemill" query 'SELEC 1')" 3
is 'JSON is one array' "$("$datemill" query --format json "SELECT dt, SUM(num) AS n
    FROM sales_stat WHERE dt='20211111' GROUP BY dt" | tr -d ' \n' | head -c 18)" \
    '[{"dt":"20211111",'
check 'data tables' "$datemill" data tables
check 'data show' "$datemill" data show sales_stat
check 'data partitions names the run' \
    sh -c "'$datemill' data partitions sales_stat | grep -q 'sales_stat'"
tap_end
