# What the kill tests share; sourced after tap.bash: a project with a ledger, and what it must say.
program datemill datemill-keeper
datemill=$build_dir/datemill
project=$work/project
ledger=$work/ledger
mkdir -p "$project"
cd "$project" || exit 1
: >"$ledger"

end_all()
{
    jobs -p | xargs -r kill -9 2>/dev/null
    keeper_pid | xargs -r kill -TERM 2>/dev/null
}
at_exit=end_all

keeper_pid()
{
    pgrep -f "datemill-keeper --state-dir $project/.datemill "
}

# node NAME NEEDS SECONDS FIRST-STATUS [RETRY]: its lines in the ledger tell when it began and how
# it ended; >> is O_APPEND, and a line is one write.
node()
{
    cat <<END_NODE
  $1:
    needs: [$2]
    retry: {${5:-max: 1, delay: 20ms}}
    run: |
      name="\$DATEMILL_RUN_ID \$DATEMILL_NODE \$DATEMILL_ATTEMPT"
      echo "b \$name" >>$ledger
      sleep $3
      status=0
      [ \$DATEMILL_ATTEMPT != 1 ] || status=$4
      echo "e \$name \$status" >>$ledger
      exit \$status
END_NODE
}

# stored_attempts RUN: a line `RUN NODE TRY END CODE` for each attempt.
stored_attempts()
{
    local name='"node":"([^"]*)","try":([0-9]+)' end='"end":"([a-z_]+)","code":([0-9]+|null)'
    "$datemill" runs show "$1" --json |
        sed 's/.*"attempts":\[//; s/\],"tables".*//; s/},{/\n/g; s/$/\n/' |
        sed -nE "s/.*$name.*$end.*/$1 \1 \2 \3 \4/p"
}

all_runs()
{
    "$datemill" runs list --json -n 1000 | sed -nE 's/^\{"id":([0-9]+),.*/\1/p' | sort -n
}

wait_for()
{
    local i
    for i in $(seq "${2:-200}"); do
        eval "$1" >/dev/null 2>&1 && return 0
        sleep 0.05
    done
    echo "never true: $1"
    return 1
}

# Prints what is wrong with the ledger itself: anything begun or ended twice.
ledger_repeats()
{
    grep '^[be] ' "$ledger" | cut -d ' ' -f 1-4 | sort | uniq -d
}
