#!/usr/bin/env bash
# `rerun --use-version current`: a run goes on in the files as they are now, under version control.
. "$(dirname "$0")/tap.bash"
program datemill datemill-keeper datemill-sql datemill-data
datemill=$build_dir/datemill
mkdir -p "$work/project/sql"
cd "$work/project" || exit 1

end_all()
{
    [ ! -d .datemill ] || fuser -sk -TERM .datemill/keeper.lock 2>/dev/null
}
at_exit=end_all
said() # FILE TEXT: the file has it, blanks aside
{
    tr -s ' ' <"$1" | grep -qF -- "$2" || { cat "$1"; return 1; }
}
commit()
{
    git -c user.name=lin -c user.email=lin@example.org commit -qam "$1"
    git rev-parse --short HEAD
}

printf 'timezone: UTC\n' >datemill.yaml
cat >shop.yaml <<'END_OF_FLOW'
flow: shop
params: {var: '${yyyymmdd}'}
tables: sql/tables.sql
nodes:
  fetch: {run: 'echo fetched $var'}
  stat: {type: sql, file: sql/stat.sql, needs: [fetch]}
END_OF_FLOW
echo 'CREATE TABLE IF NOT EXISTS stat (n BIGINT, s STRING);' >sql/tables.sql
echo "INSERT OVERWRITE TABLE stat SELECT nothing, '\${var}';" >sql/stat.sql
printf '.datemill/\n' >.gitignore
git init -q . && git add -A && first=$(commit 'first')
is 'a run fails' "$(status_of "$datemill" run shop 2021-11-11)" 1

echo "INSERT OVERWRITE TABLE stat SELECT 42, '\${var}';" >sql/stat.sql
sed -i "s/  stat:/  check: {run: 'echo checked', needs: [fetch]}\n  stat:/" shop.yaml
second=$(commit 'mend the column')
is 'its rerun fails as it did' "$(status_of "$datemill" rerun 1)" 1
check 'and says that there is another version' said "$work/stderr" \
    "note: shop.yaml changed since then; --use-version current takes $second"
is 'a word that is no version is a bad command line' \
    "$(status_of "$datemill" rerun 1 --use-version newest)" 2
is 'in the present version it succeeds' \
    "$(status_of "$datemill" rerun 1 --use-version current)" 0
cat "$work/stdout" "$work/stderr" >"$work/both"
check 'what is kept and what runs is said, with both versions' said "$work/both" \
    "1 kept, 2 to run, in $second instead of $first"
is 'the changed SQL ran, with the value of the run' \
    "$("$datemill" query 'SELECT n, s FROM stat' --format csv | tail -n 1 | tr -d '\r')" 42,20211111
"$datemill" runs show 1 >"$work/shown"
check 'runs show has the new version' said "$work/shown" "version $second"
check 'and both in what was done' \
    said "$work/shown" "rerun from failed, in $second instead of $first by"
check 'and the node that is new' said "$work/shown" 'check shell 1'
check 'and counts three tries of the mended one' said "$work/shown" 'stat sql 3'
check 'the log of the first try is still there' \
    bash -c "'$datemill' logs 1 stat --try 1 | grep -q nothing"
check 'nothing is said of versions when there is no other' bash -c \
    "'$datemill' rerun 1 --all 2>&1 | { ! grep changed; }"

sed -i '/  check:/d' shop.yaml
third=$(commit 'without check')
is 'a node goes' "$(status_of "$datemill" rerun 1 --all --use-version current)" 0
"$datemill" runs show 1 >"$work/shown"
check 'it is still shown, and why it did not run' said "$work/shown" 'no longer in the flow'
check 'but not counted' said "$work/shown" '2 success'
check 'its log is still there' bash -c "'$datemill' logs 1 check | grep -q checked"
check 'JSON has the version' bash -c \
    "'$datemill' runs show 1 --json | grep -q '\"version\":\"$third\"'"
tap_end
