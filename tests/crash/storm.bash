# What the kill tests share; sourced after tap.bash: a project with a ledger, and what it must say.
program datemill datemill-keeper tests/crash_ends
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

# A node that says in the ledger of which date it is; FIRST-STATUS as in node().
dated_node()
{
    cat <<END_NODE
  $1:
    needs: [$2]
    retry: {$5}
    run: |
      name="\$DATEMILL_RUN_ID \$DATEMILL_NODE \$DATEMILL_ATTEMPT"
      echo "b \$name \$DATEMILL_FLOW/\$DATEMILL_BIZDATE" >>$ledger
      sleep $3
      status=0
      [ \$DATEMILL_ATTEMPT != 1 ] || status=$4
      echo "e \$name \$status \$DATEMILL_FLOW/\$DATEMILL_BIZDATE" >>$ledger
      exit \$status
END_NODE
}

# stored_attempts [FIRST-RUN]: a line `RUN NODE TRY END CODE` for each attempt.
stored_attempts()
{
    "$build_dir/tests/crash_ends" .datemill "${1:-1}"
}

newest_run()
{
    "$datemill" runs list --json -n 1 | sed -nE 's/^\{"id":([0-9]+),.*/\1/p'
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

no_open_runs()
{
    local listed
    listed=$("$datemill" runs list --json -n 1000) && [ -n "$listed" ] &&
        ! grep -qE '"state":"(running|waiting)"' <<<"$listed"
}

# Lines `RUN NODE TRY STATUS` of the ledger.
true_ends()
{
    sed -n 's/^e //p' "$ledger" | cut -d ' ' -f 1-4 | sort
}

# ---- commands that are killed and started again; `command_words N` sets `words` ----
declare -a storm_pid=() storm_is_done=()
storm_count=0
storm_busy=0
storm_again=5 # exit statuses after which a command is begun again
kills=0
odd=

storm_start()
{
    local words
    command_words "$1"
    echo "--- round $round" >>"$work/command.$1"
    "${words[@]}" >>"$work/command.$1" 2>&1 &
    storm_pid[$1]=$!
}

storm_begin()
{
    local which
    storm_count=$1
    for ((which = 0; which < storm_count; which++)); do
        storm_is_done[$which]=0
        storm_start $which
    done
}

storm_is_over()
{
    [[ " ${storm_is_done[*]:0:$storm_count}" != *0* ]]
}

# Looks whether command $1 is through; 5 means that what the killed one had is not let go yet, 6
# that nobody serves. $2: the exit statuses that are well; `odd` gets any other, with what was said
# last.
storm_look()
{
    local status=0
    [ "${storm_is_done[$1]}" = 0 ] || return 0
    kill -0 "${storm_pid[$1]}" 2>/dev/null && return 0
    wait "${storm_pid[$1]}" || status=$?
    if [[ " $storm_again " == *" $status "* ]] && [ $storm_busy -lt 100000 ]; then
        storm_busy=$((storm_busy + 1))
        sleep 0.05
        storm_start "$1"
        return 0
    fi
    storm_is_done[$1]=1
    [[ " $2 " == *" $status "* ]] && return 0
    odd="$odd $round/$1:$status: $(tail -n 6 "$work/command.$1")"
}

# What did not come to its end, with what it said last.
storm_note_unfinished()
{
    local which
    odd="$odd round-$round:unfinished"
    for ((which = 0; which < storm_count; which++)); do
        [ "${storm_is_done[$which]}" = 0 ] || continue
        note "command $which of round $round, pid ${storm_pid[$which]}, is at work still:" \
            "$(tail -n 12 "$work/command.$which")" \
            "wchan $(cat "/proc/${storm_pid[$which]}/wchan" 2>/dev/null)"
    done
}

# Kills those of these that are at work, all at once, then starts them again.
storm_kill()
{
    local which
    local -a killed=()
    for which in "$@"; do
        if [ "${storm_is_done[$which]}" = 0 ] && kill -9 "${storm_pid[$which]}" 2>/dev/null; then
            kills=$((kills + 1))
            killed+=("$which")
        fi
    done
    for which in "${killed[@]}"; do
        wait "${storm_pid[$which]}" 2>/dev/null
    done
    for which in "${killed[@]}"; do
        storm_start "$which"
    done
}
