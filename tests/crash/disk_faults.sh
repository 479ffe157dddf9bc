#!/usr/bin/env bash
# The disk is full or fails at a call of the engine or the keeper that writes: once, or until there
# is space again. Every node runs exactly once, what is said names the reason, and it goes on by
# itself.
. "$(dirname "$0")/../e2e/tap.bash"
. "$source_dir/tests/crash/storm.bash"
. "$source_dir/tests/crash/faults.bash"
maker=
full=$work/full # the disk is full while it is there

printf 'timezone: UTC\nslots: 2\n' >datemill.yaml
cat >disk.yaml <<END
flow: disk
nodes:
  a: {run: 'echo "b \$DATEMILL_RUN_ID a \$DATEMILL_ATTEMPT" >>$ledger; echo words'}
  b: {run: 'echo "b \$DATEMILL_RUN_ID b \$DATEMILL_ATTEMPT" >>$ledger', needs: [a]}
  c: {run: 'echo "b \$DATEMILL_RUN_ID c \$DATEMILL_ATTEMPT" >>$ledger; exit 3', needs: [a]}
  d: {run: 'echo "b \$DATEMILL_RUN_ID d \$DATEMILL_ATTEMPT" >>$ledger', needs: [b]}
END
truth=$(printf '%s\n' 'a 1 success 0' 'b 1 success 0' 'c 1 failure 3' 'd 1 success 0')

end_keeper()
{
    local pid
    pid=$(keeper_pid)
    [ -z "$pid" ] || kill -TERM $pid
    wait_for "[ -z \"\$(keeper_pid)\" ]" >/dev/null || echo 'the keeper does not end'
}
begin()
{
    rm -rf .datemill "$faults" "$full"
    : >"$ledger"
}
run()
{
    timeout 60 "$@" "$datemill" run disk 2021-11-11 >"$work/command" 2>&1
}
# What is wrong with what is stored of the newest run, and with the ledger.
check_truth()
{
    local newest stored repeats
    newest=$(newest_run)
    stored=$(stored_attempts "$newest" | cut -d ' ' -f 2- | sort)
    [ "$stored" = "$truth" ] || echo "$1: stored: $(echo "$stored" | tr '\n' ',')"
    [ "$(grep -c "^b $newest " "$ledger")" = 4 ] || echo "$1: ledger: $(tr '\n' ',' <"$ledger")"
    repeats=$(ledger_repeats)
    [ -z "$repeats" ] || echo "$1: twice: $repeats"
}
said()
{
    grep -qiE 'no space left|is full|disk quota|input/output|disk i/o' "$work/command"
}

# Where the run could not begin, or its command gave up, the reason is said; the next one works.
check_end()
{
    if [ "$2" != 1 ]; then
        given_up=$((given_up + 1))
        said || echo "$1: ended $2, and says $(tail -n 3 "$work/command")"
        run || [ $? = 1 ] || echo "$1: the next run: $(tail -n 3 "$work/command")"
    fi
    check_truth "$1"
}

# make_space: when a call was struck, a moment later the disk is no longer full.
make_space()
{
    wait_for "[ -s '$faults' ] && [ \"\$(faults_struck)\" -gt 0 ]" 600 >/dev/null
    sleep 0.3
    rm -f "$full"
}

# set_faults HOW N: HOW+ goes on until there is space.
set_faults()
{
    how=("FAULTS_UNDER=$project/.datemill" "FAULTS_HOW=${1%+}" "FAULTS_AT=$2")
    [ "${1%+}" != "$1" ] || return 0
    how+=("FAULTS_WHILE=$full")
    : >"$full"
    make_space &
    maker=$!
}
end_faults()
{
    [ -z "$maker" ] || kill "$maker" 2>/dev/null
    [ -z "$maker" ] || wait "$maker" 2>/dev/null
    maker=
    rm -f "$full"
}

engine_point()
{
    local status=0
    begin
    set_faults "$@"
    run "${with_faults[@]}" "${how[@]}" || status=$?
    end_faults
    check_end "engine, $1 at $2" $status
    end_keeper
}

start_keeper()
{
    mkdir -p .datemill && chmod 700 .datemill
    "${with_faults[@]}" "$@" "$build_dir/datemill-keeper" --state-dir "$project/.datemill" \
        --idle 60000ms --foreground >"$work/keeper" 2>&1 &
    wait_for "grep -q . '$work/keeper' || ! kill -0 $!" 400
}

keeper_point()
{
    local status=0
    begin
    set_faults "$@"
    start_keeper "${how[@]}"
    run || status=$?
    end_faults
    check_end "keeper, $1 at $2" $status
    end_keeper
}

# points WHAT CALLS HOW…
points()
{
    local what=$1 calls=$2 n i=0 kind
    shift 2
    : >"$work/faulty"
    given_up=0
    for n in $(sample "$calls" 0); do
        kind=${*:$((i % $# + 1)):1}
        "${what}_point" "$kind" "$n" >>"$work/faulty" 2>&1
        i=$((i + 1))
    done
    check "$what: refused at $i of $calls calls; $given_up runs gave up" test ! -s "$work/faulty"
    [ ! -s "$work/faulty" ] || note "$(head -n 12 "$work/faulty")"
}

begin
run "${with_faults[@]}" "FAULTS_UNDER=$project/.datemill"
check 'without a fault' test -z "$(check_truth plain)"
engine_calls=$(faults_calls)
end_keeper
SAMPLE_STEP=$((engine_calls / 12)) points engine "$engine_calls" \
    ENOSPC+ EIO ENOSPC EDQUOT+ EIO+ short

begin
start_keeper "FAULTS_UNDER=$project/.datemill"
run
end_keeper
keeper_calls=$(faults_calls)
SAMPLE_STEP=$((keeper_calls / 12)) points keeper "$keeper_calls" \
    ENOSPC+ EIO short EDQUOT+ ENOSPC EIO+

# --- what is seen while it lasts ---
{
    echo 'flow: chain'
    echo 'nodes:'
    for i in 1 2 3 4; do
        need=$([ $i = 1 ] || echo n$((i - 1)))
        echo "  n$i: {run: 'echo n$i >>$ledger; sleep 0.3', needs: [$need]}"
    done
} >chain.yaml

# lasts TEXT: the disk is full from the first node on; $command is the run.
lasts()
{
    local before
    check "$1: the first node runs" wait_for "grep -q n1 '$ledger'"
    : >"$full"
    check 'it is said' wait_for "grep -q 'no space left' '$work/command'"
    check 'which file system, and what is needed' \
        grep -qE 'the file system at /[^ ]* has [0-9.]+ MB free; make room there' "$work/command"
    before=$(wc -l <"$ledger")
    sleep 1.2
    is 'nothing new is started' "$(wc -l <"$ledger")" "$before"
    rm "$full"
    status=0
    wait $command || status=$?
    is 'it goes on by itself when there is space' "$status" 0
    check 'as is said' grep -q 'trouble=over' "$work/command"
    is 'everything ran once' "$(tr '\n' ' ' <"$ledger")" 'n1 n2 n3 n4 '
    note "$(grep trouble "$work/command")"
    end_keeper
}

begin
timeout 60 "${with_faults[@]}" "FAULTS_UNDER=$project/.datemill" FAULTS_HOW=ENOSPC FAULTS_AT=1 \
    FAULTS_WHILE="$full" "$datemill" run chain 2021-11-11 >"$work/command" 2>&1 &
command=$!
lasts 'the store'
begin
start_keeper "FAULTS_UNDER=$project/.datemill" FAULTS_HOW=ENOSPC FAULTS_AT=1 "FAULTS_WHILE=$full"
timeout 60 "$datemill" run chain 2021-11-11 >"$work/command" 2>&1 &
command=$!
lasts 'the journal'

# A fault that is hidden must be seen: a ledger in which something began twice.
begin
run
cat "$ledger" >>"$ledger.twice"
cat "$ledger.twice" >>"$ledger"
check 'a second start would be noticed' test -n "$(check_truth twice)"
end_keeper
tap_end
