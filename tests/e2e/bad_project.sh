#!/usr/bin/env bash
# Projects, stores and disks in every bad state; two commands at once; engines and keepers killed.
# `bad_project.sh N` kills the engine N times (20).
. "$(dirname "$0")/tap.bash"
program datemill datemill-keeper
datemill=$build_dir/datemill
kills=${1:-20}
chmod 755 "$work"
mkdir "$work/project"
cd "$work/project" || exit 1
mounted=

# The keeper of the project in the working folder, or in that of $1.
keeper_pid()
{
    sed -n 's/^pid \([0-9]*\)$/\1/p' "${1:-.}/.datemill/keeper.lock" 2>/dev/null
}
engine_pid()
{
    sed -n 's/^pid \([0-9]*\)$/\1/p' .datemill/engine.lock 2>/dev/null
}
end_keeper()
{
    local pid
    pid=$(keeper_pid "$1")
    [ -z "$pid" ] || kill -TERM "$pid" 2>/dev/null
    for _ in $(seq 100); do
        [ -n "$pid" ] && kill -0 "$pid" 2>/dev/null || return 0
        sleep 0.05
    done
}
end_all()
{
    local place
    jobs -p | xargs -r kill -9 2>/dev/null
    for place in "$work"/*; do
        end_keeper "$place"
    done
    [ -z "$mounted" ] || umount "$mounted" 2>/dev/null || umount -l "$mounted"
}
at_exit=end_all

run()
{
    status_of "$datemill" run "$@"
}
said()
{
    grep -qE -- "$1" "$work/stderr"
}
# wait_for SECONDS COMMAND: until the shell command is true.
wait_for()
{
    local i
    for i in $(seq $((20 * $1))); do
        eval "$2" >/dev/null 2>&1 && return 0
        sleep 0.05
    done
    echo "never true: $2"
    return 1
}
# nobody FOLDER WORDS…: datemill there, as that user.
nobody()
{
    as_nobody "$datemill" -C "$@"
}
# id_of QUERY…: of the newest run that it finds.
id_of()
{
    "$datemill" runs list --json -n 1 "$@" | sed 's/^{[^}]*"id":\([0-9]*\).*/\1/'
}
# once TEXT COUNT: the ledger has COUNT lines, none of them twice.
once()
{
    is "$1: every node" "$(sort -u "$work/ledger" | wc -l)" "$2"
    is "$1: none of them twice" "$(sort "$work/ledger" | uniq -d | tr '\n' ' ')" ''
}
as_nobody()
{
    setpriv --reuid=65534 --regid=65534 --clear-groups "$@"
}

printf 'timezone: Asia/Shanghai\nslots: 4\npools: {small: 1}\n' >datemill.yaml
printf 'flow: quick\nnodes:\n  a: {run: echo hello}\n' >quick.yaml
cat >lines.yaml <<'END'
flow: lines
nodes:
  n: {run: seq 300000, log_limit: 64MiB}
END
cat >step.yaml <<END
flow: step
nodes:
  a: {run: 'echo "\$DATEMILL_BIZDATE a" >>$work/ledger; sleep 1'}
  b: {run: 'echo "\$DATEMILL_BIZDATE b" >>$work/ledger', needs: [a]}
  c: {run: 'echo "\$DATEMILL_BIZDATE c" >>$work/ledger', needs: [b]}
END
cat >pooled.yaml <<END
flow: pooled
nodes:
  a: {run: 'echo "\$DATEMILL_BIZDATE pa" >>$work/ledger; sleep 1', pool: small}
  b: {run: 'echo "\$DATEMILL_BIZDATE pb" >>$work/ledger', needs: [a], pool: small}
END
{
    printf 'flow: twenty\nnodes:\n'
    for i in $(seq 20); do
        need=
        [ $((i % 4)) -eq 1 ] || need=", needs: [n$((i - 1))]"
        line='echo "$DATEMILL_BIZDATE $DATEMILL_NODE"'
        printf "  n%d: {run: '%s >>%s/ledger; sleep 0.%d'%s}\n" \
            "$i" "$line" "$work" $((i % 3 + 1)) "$need"
    done
} >twenty.yaml

# --- words ---
is 'no project' "$(cd "$work" && status_of "$datemill" run quick)" 4
check 'E010 says what was looked for' said '^error\[E010\]: no project here: no datemill.yaml in '
check 'and what to do' said 'datemill init'
is 'a folder that is not there' "$(status_of "$datemill" -C /no/such status)" 4
is 'an unknown flow' "$(run quikc)" 4
check 'did you mean' said 'did you mean `quick`'
is 'a date that does not exist' "$(run quick 2021-02-30)" 2
check 'E020 in words' said '^error\[E020\]: 2021-02-30 is not a date: February 2021 has 28 days'
is 'an unknown command' "$(status_of "$datemill" rnu quick)" 2
is 'an unknown option' "$(run quick --parralel 3)" 2
check 'did you mean' said 'did you mean `--parallel`'
is 'errors are JSON when asked for' "$(run quikc --json)" 4
check 'an object on stderr, with its exit code' \
    said '^{"error":{"code":"E011",.*"exit_code":4}}$'
is 'and no other line' "$(wc -l <"$work/stderr")" 1
is 'and nothing on stdout' "$(wc -c <"$work/stdout")" 0
check 'nothing was made by all that' test ! -e .datemill

# --- output ---
is 'a run' "$(run lines 2021-11-11)" 0
"$datemill" logs 1 n -n 0 2>"$work/stderr" | head -n 1 >"$work/stdout"
status=${PIPESTATUS[0]}
is 'logs | head ends without a word' \
    "$status $(wc -l <"$work/stdout") $(wc -c <"$work/stderr")" '0 1 0'
is 'all lines are there' "$("$datemill" logs 1 n -n 0 --raw | cksum)" "$(seq 300000 | cksum)"
is 'standard output closed' "$("$datemill" runs list >&- 2>"$work/stderr"; echo $?)" 0
is 'all three closed' "$("$datemill" run quick 2021-11-11 <&- >&- 2>&-; echo $?)" 0
is 'and nothing was written into a file of ours' \
    "$(grep -alE 'RUN +FLOW|state=' -r .datemill --include='*.lock' --include='journal' | wc -l)" 0
[ ! -e /dev/full ] ||
    is 'an output that is full is no success' \
        "$("$datemill" runs list 2>/dev/null >/dev/full; echo $?)" 6
is 'NO_COLOR' "$(NO_COLOR=1 CLICOLOR_FORCE=1 "$datemill" runs list | grep -c "$(printf '\033')")" 0
check 'colour when it is asked for' \
    sh -c "'$datemill' --color=always runs list | grep -q \"\$(printf '\\033')\""
TERM=xterm script -qec "stty cols 40 rows 10; '$datemill' run twenty 2021-01-01" "$work/screen" \
    >/dev/null </dev/null
screen()
{
    sed 's/\r/\n/g; s/\x1b\[[0-9;?]*[A-Za-z]//g' "$work/screen" | sed '1d'
}
check 'a terminal of 40 columns: what runs is drawn' sh -c "grep -q '▶ n[0-9]' '$work/screen' ||
    cat '$work/screen'"
is 'and no line that is drawn over is wider' "$(screen | grep '▶' | awk 'length($0) > 40')" ''
TERM=xterm script -qec "stty cols 40 rows 10; '$datemill' runs list" "$work/screen" \
    >/dev/null </dev/null
is 'nor is one of a list' \
    "$(screen | grep -v '^Script done' | awk 'length($0) > 40')" ''

# --- two at once from a cold start, many times ---
bad=
for i in $(seq 8); do
    end_keeper .
    rm -rf .datemill
    : >"$work/ledger"
    "$datemill" run quick 2021-03-01 >"$work/one" 2>&1 &
    one=$!
    "$datemill" run quick 2021-03-01 >"$work/two" 2>&1 &
    two=$!
    wait $one; one=$?
    wait $two; two=$?
    ran=$("$datemill" runs list --json | grep -c '"state":"success"')
    case "$one $two $ran" in
    # one of them finds the other's run open, or finds it done and runs once more
    '0 5 1' | '5 0 1' | '0 0 2') ;;
    *) bad="$bad [$one $two $ran]" ;;
    esac
done
is 'two runs of one flow and date at once: each ends as it should' "$bad" ''

# --- eight at once, and whoever is the engine is killed ---
: >"$work/ledger"
pids=
for i in 1 2 3 4 5 6 7 8; do
    "$datemill" run step 2021-04-0$i >"$work/step$i" 2>&1 &
    pids="$pids $!"
done
killed=
for _ in 1 2 3; do
    sleep 0.6
    engine=$(engine_pid)
    case " $pids " in
    *" $engine "*) kill -9 "$engine" 2>/dev/null && killed="$killed $engine" ;;
    esac
done
failed=
for pid in $pids; do
    wait "$pid" 2>/dev/null
    status=$?
    case " $killed " in *" $pid "*) continue ;; esac
    [ $status -eq 0 ] || failed="$failed $pid:$status"
done
check "engines were killed:$killed" test -n "$killed"
is 'the other commands end well' "$failed" ''
for i in 1 2 3 4 5 6 7 8; do
    "$datemill" runs list --json "date:2021-04-0$i" | grep -q '"state":"success"' ||
        run step 2021-04-0$i >/dev/null
done
once 'eight dates' 24

# --- the engine is killed again and again ---
: >"$work/ledger"
seed=${RANDOM_SEED:-$$}
note "seed $seed"
RANDOM=$seed
died=0
for _ in $(seq "$kills"); do
    "$datemill" run twenty 2021-05-05 >>"$work/twenty" 2>&1 &
    pid=$!
    sleep "0.$(printf %03d $((RANDOM % 110)))"
    kill -9 $pid 2>/dev/null && died=$((died + 1))
    wait $pid 2>/dev/null
    "$datemill" runs list --json date:2021-05-05 | grep -q '"state":"success"' && break
done
note "killed $died times"
"$datemill" runs list --json date:2021-05-05 | grep -q '"state":"success"' ||
    is 'the last one finishes it' "$(run twenty 2021-05-05)" 0
is 'it was one run all the time' "$("$datemill" runs list --json date:2021-05-05 | wc -l)" 1
once "an engine killed $died times" 20

# --- the keeper is killed ---
cat >lost.yaml <<END
flow: lost
defaults: {retry: {max: 2, delay: 100ms}}
nodes:
  stays:
    run: |
      echo stays >>$work/ledger
      (setsid sleep 8765 &)
      sleep 8766
  again:
    retry: {max: 2, delay: 100ms, on_lost: true}
    run: |
      echo "again \$DATEMILL_ATTEMPT" >>$work/ledger
      [ "\$DATEMILL_ATTEMPT" = 2 ] || exec sleep 8767
      pgrep -x sleep -a | grep -E ' 876[567]\$' >>$work/alive || true
END
: >"$work/ledger"
: >"$work/alive"
"$datemill" run lost 2021-06-06 >"$work/lost" 2>&1 &
pid=$!
check 'two attempts run' wait_for 10 "[ \$(wc -l <'$work/ledger') = 2 ] && pgrep -f 'sleep 8765'"
sleep 0.2
kill -9 "$(keeper_pid)"
wait $pid
is 'a run whose keeper was killed fails' "$?" 1
check 'the attempt is lost' grep -q 'node=stays state=failed try=1 .*reason="lost' "$work/lost"
is 'and not repeated' "$(grep -c stays "$work/ledger")" 1
check 'one with retry.on_lost is' grep -q 'node=again state=success try=2' "$work/lost"
is 'nothing of the lost ones was left when it started' "$(cat "$work/alive")" ''
check 'nor is there now' test -z "$(pgrep -f 'sleep 876[567]')"

# --- wishes that outlive an engine, and those that fail ---
cat >long.yaml <<END
flow: long
nodes:
  a: {run: sleep 6}
  b: {run: touch $work/must_not_exist, needs: [a]}
END
"$datemill" run long 2021-06-10 >"$work/one" 2>&1 &
one=$!
check 'an engine' wait_for 10 "grep -q 'node=a state=running' '$work/one'"
"$datemill" run long 2021-06-11 >"$work/two" 2>&1 &
two=$!
check 'and a client of it' wait_for 10 "grep -q 'node=a state=running' '$work/two'"
printf 'flow: fails\nnodes: {n: {run: exit 1}}\n' >fails.yaml
is 'a run that fails' "$(run fails 2021-06-12)" 1
is 'a rerun of a node that it has not' "$(status_of "$datemill" rerun latest --only nosuch)" 4
is 'leaves no run that looks open' "$(status_of timeout 10 "$datemill" run fails 2021-06-12)" 1
is 'the next is a new one' "$("$datemill" runs list --json date:2021-06-12 | wc -l)" 2
kill -INT $two
sleep 0.2
kill -9 $one
wait $one 2>/dev/null
wait $two
is 'Ctrl-C before the engine was killed' "$?" 130
check 'holds after it' grep -q 'node=b state=stopped' "$work/two"
check 'nothing more has started' test ! -e "$work/must_not_exist"
is 'the run of the killed one can be stopped' \
    "$(status_of "$datemill" stop "$(id_of date:2021-06-10)")" 0

# --- a run whose definition can no longer be read ---
: >"$work/ledger"
"$datemill" run pooled 2021-07-07 >"$work/pooled" 2>&1 &
pid=$!
check 'it starts' wait_for 10 "grep -q pa '$work/ledger'"
kill -9 $pid
wait $pid 2>/dev/null
sed -i /^pools/d datemill.yaml
is 'its pool is gone from datemill.yaml: other flows run' "$(run quick 2021-07-07)" 0
id=$(id_of date:2021-07-07 flow:pooled)
is 'it cannot go on' "$(status_of "$datemill" rerun "$id")" 3
check 'and says why' said "run $id cannot go on: .*no pool .small. in datemill.yaml"
check 'what ran of it is known' wait_for 5 "'$datemill' runs show $id --json |
    grep -q '\"node\":\"a\",\"try\":1,\"state\":\"ended\",\"end\":\"success\"'"
printf 'pools: {small: 1}\n' >>datemill.yaml
is 'with the pool back it goes on' "$(status_of "$datemill" rerun "$id")" 0
once 'pooled' 2

# --- stores ---
sqlite_version_of()
{
    od -An -tu1 -j 60 -N 4 .datemill/state.db | tr -d ' '
}
check 'the version is at its place in the header' test "$(sqlite_version_of)" != 0000
end_keeper .
cp .datemill/state.db "$work/kept.db"
printf '\0\0\3\377' | dd of=.datemill/state.db bs=1 seek=60 conv=notrunc 2>/dev/null
rm -f .datemill/state.db-wal .datemill/state.db-shm
before=$(cksum <.datemill/state.db)
is 'a store of a newer version' "$(run quick 2021-08-08)" 6
check 'is named' said '^error\[E502\]: .*state.db was written by .*its schema is 1023'
is 'status says so too' "$(status_of "$datemill" runs list)" 6
is 'it is left as it is' "$(cksum <.datemill/state.db)" "$before"
head -c 100000 /dev/urandom >.datemill/state.db
before=$(cksum <.datemill/state.db)
is 'garbage as a store' "$(run quick 2021-08-08)" 6
check 'is named' said '^error\[E503\]: .*state.db is damaged or is not a store'
is 'runs list says so too' "$(status_of "$datemill" runs list)" 6
is 'it is left as it is' "$(cksum <.datemill/state.db)" "$before"
cp "$work/kept.db" .datemill/state.db
is 'with the good one back all is well' "$(run quick 2021-08-09)" 0

# --- a full disk ---
mkdir "$work/small"
if [ "$(id -u)" = 0 ] && mount -t tmpfs -o size=3m,mode=755 tmpfs "$work/small" 2>/dev/null; then
    mounted=$work/small
    cp datemill.yaml quick.yaml step.yaml "$mounted"
    cd "$mounted" || exit 1
    : >"$work/ledger"
    "$datemill" run step 2021-09-01 >"$work/full" 2>&1 &
    pid=$!
    check 'a run starts' wait_for 10 "grep -q '2021-09-01 a' '$work/ledger'"
    dd if=/dev/zero of=fill bs=4k 2>/dev/null
    check 'the file system gets full: it is told' wait_for 10 "grep -q trouble= '$work/full'"
    check 'which one, and what to do' \
        grep -q "trouble=.no space left to write .*the file system at $mounted has .*make room" \
        "$work/full"
    "$datemill" run step 2021-09-02 >"$work/full2" 2>&1 &
    second=$!
    check 'one who comes later hears of it' wait_for 10 "grep -q trouble= '$work/full2'"
    sleep 1.5
    is 'nothing new has started' "$(cat "$work/ledger")" '2021-09-01 a'
    check 'reading works' "$datemill" status
    rm fill
    wait $pid
    is 'with room it goes on by itself' "$?" 0
    wait $second
    is 'the second too' "$?" 0
    check 'and says so' grep -q trouble=over "$work/full"
    once 'a full disk' 6
    : >"$work/ledger"
    "$datemill" run step 2021-09-03 >"$work/full" 2>&1 &
    pid=$!
    check 'a run starts' wait_for 10 "grep -q '2021-09-03 a' '$work/ledger'"
    dd if=/dev/zero of=fill bs=4k 2>/dev/null
    kill -9 $pid
    wait $pid 2>/dev/null
    sleep 1.2
    is 'an engine cannot begin on a full disk' "$(run quick 2021-09-03)" 6
    check 'it says which' said "^error\[E504\]: no space left .*$mounted"
    rm fill
    is 'the next one takes it up' "$(run step 2021-09-03)" 0
    once 'killed on a full disk' 3
    end_keeper .
    rm -rf .datemill
    dd if=/dev/zero of=fill bs=4k 2>/dev/null
    is 'a first run on a full disk' "$(run quick 2021-09-04)" 6
    check 'says so' said 'No space left|no space left'
    rm fill
    is 'and leaves nothing in the way' "$(run quick 2021-09-04)" 0
    end_keeper .
    cd "$work/project" || exit 1
else
    (
        ulimit -f 700
        for i in $(seq 40); do
            timeout 10 "$datemill" run quick "2021-09-$((i % 28 + 1))" >"$work/full" 2>&1 || break
        done
    )
    check 'a file that may not grow is told' grep -qE 'ulimit -f' "$work/full"
    is 'without the limit it goes on' "$(run quick 2021-10-01)" 0
fi

# --- other users, and folders that may not be written ---
if [ "$(id -u)" = 0 ] && as_nobody test -x "$datemill" && as_nobody test -r quick.yaml; then
    mkdir "$work/theirs" "$work/shut"
    cp datemill.yaml quick.yaml "$work/theirs"
    cp datemill.yaml quick.yaml "$work/shut"
    chown -R 65534:65534 "$work/theirs" "$work/shut"
    is 'a project of another user is refused' "$(cd "$work/theirs" && run quick 2021-11-11)" 7
    check 'who is named' said 'belongs to another user \((nobody|uid 65534)\)'
    check 'nothing of it ran' test ! -e "$work/theirs/.datemill"
    is 'its owner runs it' "$(status_of nobody "$work/theirs" run quick 2021-11-11)" 0
    is 'one of root is not refused for that' \
        "$(status_of nobody "$work/project" validate quick)" 0
    is 'but its state cannot be written' \
        "$(status_of nobody "$work/project" run quick 2021-11-11)" 7
    check 'which is said' said '^error\[E505\]: .*\.datemill'
    chmod 555 "$work/shut"
    is 'a read-only project' \
        "$(status_of nobody "$work/shut" run quick 2021-11-11)" 7
    check 'names the folder' said "cannot make $work/shut/.datemill: Permission denied"
    is 'can be looked at' "$(status_of nobody "$work/shut" status)" 0
    chmod 755 "$work/shut"
    is 'with leave it runs' "$(status_of nobody "$work/shut" run quick 2021-11-11)" 0
    end_keeper "$work/shut"
    chmod -R a-w "$work/shut/.datemill"
    is 'a read-only .datemill' \
        "$(status_of nobody "$work/shut" run quick 2021-11-12)" 7
    check 'names it' said "^error\[E505\]: cannot write $work/shut/.datemill: Permission denied"
    is 'the past can be read' "$(status_of nobody "$work/shut" runs list)" 0
    check 'whole' grep -q 'quick *2021-11-11 .*success' "$work/stdout"
    is 'logs too' "$(status_of nobody "$work/shut" logs 1)" 0
else
    tap_count=$((tap_count + 1))
    echo "ok $tap_count - other users # SKIP not root, or nobody cannot read the programs"
fi
tap_end
