#!/usr/bin/env bash
# A command dies at each of its calls that write, from the first one that makes the store on:
# whoever only looks then gets an answer, and the same command once more does what is left.
. "$(dirname "$0")/../e2e/tap.bash"
. "$source_dir/tests/crash/storm.bash"
. "$source_dir/tests/crash/faults.bash"
made_by=40 # calls; all of these, which make the store, are tried in short form, too

printf 'timezone: UTC\nslots: 2\n' >datemill.yaml
cat >f.yaml <<END
flow: f
nodes:
  a:
    run: 'echo "b \$DATEMILL_RUN_ID a \$DATEMILL_ATTEMPT \$DATEMILL_BIZDATE" >>$ledger'
  b:
    run: 'echo "b \$DATEMILL_RUN_ID b \$DATEMILL_ATTEMPT \$DATEMILL_BIZDATE" >>$ledger'
    needs: [a]
END
backfill=("$datemill" backfill f 2021-11-11..2021-11-12)
dates_and_nodes=$(printf '%s\n' 'a 2021-11-11' 'a 2021-11-12' 'b 2021-11-11' 'b 2021-11-12')

end_keeper()
{
    keeper_pid | xargs -r kill -TERM
    wait_for "[ -z \"\$(keeper_pid)\" ]" >/dev/null || echo 'the keeper does not end'
}

begin()
{
    rm -rf .datemill "$faults"
    : >"$ledger"
}

# must_do TEXT COMMAND…: says so when it does not end 0.
must_do()
{
    local text=$1 status=0
    shift
    timeout 60 "$@" >"$work/said" 2>&1 || status=$?
    [ $status = 0 ] || echo "$text: \`${*:2}\` ended $status: $(tail -n 3 "$work/said")"
}

check_truth()
{
    local ran
    ran=$(sed -n 's/^b [0-9]* \([ab]\) 1 /\1 /p' "$ledger" | sort)
    [ "$ran" = "$dates_and_nodes" ] || echo "$1: ran: $(tr '\n' ',' <"$ledger")"
    [ "$(stored_attempts | grep -c ' success 0$')" = 4 ] ||
        echo "$1: stored: $(stored_attempts | tr '\n' ',')"
    [ "$(wc -l <"$ledger")" = 4 ] || echo "$1: more than once: $(tr '\n' ',' <"$ledger")"
}

die_at()
{
    local status=0
    begin
    {
        timeout 60 "${with_faults[@]}" "FAULTS_UNDER=$project/.datemill" FAULTS_HOW=kill \
            "FAULTS_AT=$1" "${backfill[@]}" >"$work/killed" 2>&1 || status=$?
    } 2>/dev/null # the shell's word for it
    [ $status = 137 ] && died=$((died + 1))
    must_do "killed at $1" "$datemill" "${looks[$(($1 % ${#looks[@]}))]}" list
    must_do "killed at $1" "${backfill[@]}"
    check_truth "killed at $1"
    end_keeper
}

begin
timeout 60 "${with_faults[@]}" "FAULTS_UNDER=$project/.datemill" "${backfill[@]}" >/dev/null 2>&1
calls=$(faults_calls)
check 'without a kill' test -z "$(check_truth plain)"
end_keeper

looks=(runs backfill)
died=0 tried=0
: >"$work/faulty"
for n in $({ seq $made_by; SAMPLE_STEP=$((calls / 40)) sample "$calls" 0; } | sort -nu); do
    tried=$((tried + 1))
    die_at "$n" >>"$work/faulty" 2>&1
done
check "killed at $died of $calls calls that write" test ! -s "$work/faulty"
[ ! -s "$work/faulty" ] || note "$(head -n 12 "$work/faulty")"
# how often it commits depends on the moment, so the last ones may not come
check 'it died at most of those that were tried' test $died -ge $((tried * 2 / 3))

begin
must_do plain "${backfill[@]}"
sed -i 1p "$ledger"
check 'a second start would be noticed' test -n "$(check_truth twice)"
end_keeper
tap_end
