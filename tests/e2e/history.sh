#!/usr/bin/env bash
# History: two runs compared; old runs and their logs forgotten, also beside a run that goes on.
. "$(dirname "$0")/tap.bash"
program datemill datemill-keeper
datemill=$build_dir/datemill
project=$work/project
mkdir -p "$project/sql"
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
cat >sales.yaml <<'END'
flow: sales
params:
  var: ${yyyymmdd}
  region: north
nodes:
  load:
    run: |
      echo "load $var"
      table='{"name":"sales","partition":"dt='$var'","mode":"overwrite","rows":'${#region}'}'
      echo '{"table":'$table'}' >&3
  check:
    needs: [load]
    run: exit 3
END
cat >other.yaml <<'END'
flow: other
nodes:
  load: {run: echo other}
END
cat >slow.yaml <<END
flow: slow
nodes:
  n:
    run: touch $work/slow_runs; while [ ! -e $work/slow_may_end ]; do sleep 0.05; done
END

run()
{
    status_of "$datemill" run "$@"
}
has()
{
    grep -qF -- "$1" "$work/stdout" || { cat "$work/stdout" "$work/stderr"; return 1; }
}
says()
{
    grep -qF -- "$1" "$work/stderr" || { cat "$work/stdout" "$work/stderr"; return 1; }
}
ids()
{
    "$datemill" runs list --json -n 100 | sed 's/^{[^}]*"id":\([0-9]*\).*/\1/' | tr '\n' ' '
}

# --- diff --------------------------------------------------------------------------------------

run sales 2021-11-01 >/dev/null
run sales 2021-11-02 --var region=southwest >/dev/null
sed -i 's/exit 3/exit 0/' sales.yaml
printf '  report: {run: echo "report", needs: [check]}\n' >>sales.yaml
run sales 2021-11-03 >/dev/null
run other 2021-11-03 >/dev/null
is "four runs" "$(ids)" "4 3 2 1 "

is "diff of two runs" "$(status_of "$datemill" runs diff 1 2)" 0
check "names both business dates" grep -Eq '^bizdate +2021-11-01 +2021-11-02' "$work/stdout"
check "a parameter by its date" \
    grep -Eq '^var +20211101 +20211102 +from \$\{yyyymmdd\}$' "$work/stdout"
check "a parameter by --var" \
    grep -Eq '^region +north +southwest +from north / given by --var$' "$work/stdout"
check "the state of each node in both" grep -Eq '^check .*failed .*failed' "$work/stdout"
check "rows that were written" \
    grep -Eq '^sales +load +dt=20211101 +5 +dt=20211102 +9 +\+4$' "$work/stdout"
is "the same definition is no difference" "$(grep -c '^definition' "$work/stdout")" 0

is "diff of two definitions" "$(status_of "$datemill" runs diff 1 3)" 0
check "the file by its path" has "--- 1/sales.yaml"
check "what went" has "-    run: exit 3"
check "what came" has "+    run: exit 0"
check "a node that only one has" grep -Eq '^report +- +. success' "$work/stdout"
check "the text that ran" has "--- 1/check"
check "the state differs" grep -Eq '^state +failed +success' "$work/stdout"
sed -n '/^--- 1\/sales.yaml/,/^$/p' "$work/stdout" | sed '$d' >"$work/patch"
sed 's/exit 0/exit 3/; /^  report:/d' sales.yaml >"$work/sales.yaml"
if command -v patch >/dev/null; then
    check "patch understands it" patch -s "$work/sales.yaml" "$work/patch"
    is "and makes one of the other" "$(cat "$work/sales.yaml")" "$(cat sales.yaml)"
fi

is "runs of two flows" "$(status_of "$datemill" runs diff 3 4)" 0
check "are told apart" says "two flows"
check "nodes of one name are compared" grep -Eq '^load .*success.*success' "$work/stdout"
check "files of one are named" has "only in run 3: sales.yaml"
is "a run and itself" "$(status_of "$datemill" runs diff 3 latest)" 0
is "unknown run" "$(status_of "$datemill" runs diff 1 99)" 4
check "is named" says "there is no run 99"
is "no run" "$(status_of "$datemill" runs diff 1 x)" 2
is "one run" "$(status_of "$datemill" runs diff 1)" 2
is "diff as JSON" "$(status_of "$datemill" runs diff 1 3 --json)" 0
is "is one object" "$(wc -l <"$work/stdout")" 1
check "with both runs" grep -q '^{"schema":1,"a":{"id":1,.*"b":{"id":3,' "$work/stdout"
check "with values" has '{"name":"var","node":null,"a":"20211101","b":"20211103"'
check "with texts" has '"diff":"@@ -1 +1 @@'

# --- prune: words ------------------------------------------------------------------------------

prune()
{
    status_of "$datemill" runs prune "$@"
}

is "without an age" "$(prune)" 2
check "says how" says "--keep 90d"
is "a number alone" "$(prune --keep 5)" 2
check "lacks a unit" says "a unit is missing"
is "no days" "$(prune --keep 0d)" 2
check "would keep nothing" says "keeps nothing"
is "a wrong age" "$(prune --keep soon)" 2
is "logs longer than runs" "$(prune --keep 5d --keep-logs 6d)" 2
is "nothing is that old" "$(prune --keep 90d)" 0
check "and says so" has "nothing"
is "help of prune" "$(status_of "$datemill" help runs prune)" 0
check "tells what it means for dates" has "lose their state"
check "and that tables stay" has "warehouse"
is "help of diff" "$(status_of "$datemill" help runs diff)" 0
check "tells how texts are shown" has "diff -u"
is "both are in the list" "$("$datemill" help | grep -cE '^ +runs (prune|diff) ')" 2

# --- prune -------------------------------------------------------------------------------------

sleep 1.1
is "a dry run" "$(prune --keep 1s --dry-run --json)" 0
check "counts runs and logs" has '"dry_run":true,"runs":4,"backfills":0,"logs":4,'
is "changes nothing" "$(ids)" "4 3 2 1 "
is "without a yes" "$(prune --keep 1s)" 7
check "it is refused" says "--yes"
check "with the consequence in the question" says "a later backfill runs these dates again"
is "and nothing has gone" "$(ids)" "4 3 2 1 "

logs=$(find .datemill/logs -type f | wc -l)
check "there are logs" test "$logs" -ge 4
is "logs alone" "$(prune --keep-logs 1s --yes)" 0
is "are removed" "$(find .datemill/logs -mindepth 1 | wc -l)" 0
is "runs stay" "$(ids)" "4 3 2 1 "
is "their logs" "$(status_of "$datemill" logs 1 load)" 0
check "are said to be gone" says "no longer there"

# A slow run is open; what is old goes beside it. Its own engine does the work.
"$datemill" run slow 2021-11-03 >"$work/slow" 2>&1 &
slow=$!
for _ in $(seq 200); do [ -e "$work/slow_runs" ] && break; sleep 0.05; done
mkdir -p .datemill/logs/2021-01-01/777 .datemill/logs/2021-01-02/778 "$work/precious/9"
echo orphan >.datemill/logs/2021-01-01/777/load.1.log
echo mine >.datemill/logs/2021-01-02/778/notes.txt
echo precious >"$work/precious/9/load.1.log"
ln -s "$work/precious" .datemill/logs/2021-01-03
sleep 1.1
is "prune beside a run" "$(prune --keep 1s --yes --reason spring --json)" 0
check "four runs and one orphan's logs" has '"runs":4,"backfills":0,"logs":1,'
check "and what is in the way" has '"left":2,"left_first":"logs/2021-01-0'
is "the open run stays" "$(ids)" "5 "
check "the orphan has gone with its day" test ! -e .datemill/logs/2021-01-01
check "a file of ours does not look like that one" test -e .datemill/logs/2021-01-02/778/notes.txt
check "links are not followed" test -e "$work/precious/9/load.1.log"
check "nor removed" test -L .datemill/logs/2021-01-03
touch "$work/slow_may_end"
wait $slow
is "the slow run ends well" $? 0
is "nothing is left to do for the rest" "$(prune --keep 1d --yes)" 0
is "gone runs are not found" "$(status_of "$datemill" runs show 1)" 4

# Without an engine, and ids are not used again.
sleep 1.1
is "prune alone" "$(prune --keep 1s --yes)" 0
check "tells what has gone" has "removed 1 run"
is "no run is left" "$(ids)" ""
run other 2021-11-04 >/dev/null
is "ids go on" "$(ids)" "6 "

tap_end
