#!/usr/bin/env bash
# Programs of nodes that do everything wrong: what is said, what is kept, who else suffers.
. "$(dirname "$0")/tap.bash"
program datemill datemill-keeper
datemill=$build_dir/datemill
mkdir -p "$work/project/folder"
cd "$work/project" || exit 1

keeper_pid()
{
    sed -n 's/^pid \([0-9]*\)$/\1/p' .datemill/keeper.lock 2>/dev/null
}
end_all()
{
    local pid
    jobs -p | xargs -r kill -9 2>/dev/null
    pid=$(keeper_pid)
    [ -z "$pid" ] || kill -TERM "$pid" 2>/dev/null
}
at_exit=end_all

run()
{
    status_of "$datemill" run "$@"
}
# flow NAME NODES: a flow of that name.
flow()
{
    printf 'flow: %s\nnodes:\n%s\n' "$1" "$2" >"$1.yaml"
}
# log_of NODE: what the newest attempt of that node in the newest run printed.
log_of()
{
    "$datemill" logs latest "$1" --raw -n 0 2>&1
}
said()
{
    grep -qE -- "$1" "$work/stderr"
}
log_says()
{
    log_of "$1" | grep -aqE -- "$2"
}

printf 'timezone: Asia/Shanghai\nslots: 6\n' >datemill.yaml

# --- it cannot be started ---
flow missing "  n: {run: no_such_program_at_all --x}"
is 'a missing program is a precondition that is not met' "$(run missing 2021-11-11)" 6
check 'E202 names node and program' \
    said '^error\[E202\]: node `n` cannot start: `no_such_program_at_all`'
check 'with its place' said 'missing.yaml:3:12'
check 'and the PATH that was searched' said 'searched PATH='
check 'no run came of it' test ! -e .datemill/state.db

printf '#!/bin/sh\necho hello\n' >tool
chmod 644 tool
flow closed "  n: {run: ./tool}"
is 'a program that is not executable' "$(run closed 2021-11-11)" 6
check 'says how to mend it' said 'chmod \+x'

cat >gone.sh <<'END'
#!/bin/sh
echo hello
END
chmod 755 gone.sh
flow vanishes "  a: {run: rm -f gone.sh}
  b: {run: ./gone.sh, needs: [a]}
  c: {run: 'echo still here', needs: [a]}
  d: {run: 'touch must_not_exist', needs: [b]}"
is 'a program that disappears after the check fails its node' "$(run vanishes 2021-11-11)" 1
check 'the node says so' said 'node=b state=failed .*could not start: .*gone.sh'
check 'the others go on' said 'node=c state=success'
check 'what needs it is blocked' said 'node=d state=blocked'
check 'and did not run' test ! -e must_not_exist

printf '#!/no/such/interpreter\n' >odd
chmod 755 odd
flow odd "  n: {run: ./odd}"
is 'a bad interpreter' "$(run odd 2021-11-11)" 1
check 'is named' said 'could not start: .*/no/such/interpreter'

head -c 64 /dev/urandom >binary
chmod 755 binary
flow binary "  n: {run: ./binary}"
is 'a file that is no program' "$(run binary 2021-11-11)" 1
check 'could not start, or failed' said 'node=n state=failed .*(could not start|exit)'

# --- arguments and environment ---
big=$(head -c 1048576 /dev/zero | tr '\0' v)
flow big "  n: {run: 'echo never', env: {BIG: $big}}"
is 'an environment value of 1 MiB does not start' "$(run big 2021-11-11)" 1
check 'with the reason of the system' said 'could not start: .*(too long|E2BIG|Argument list)'
check 'in one line of decent length' test "$(wc -c <"$work/stderr")" -lt 4000
medium=$(head -c 120000 /dev/zero | tr '\0' v)
flow medium "  n: {run: 'echo \${#V}', env: {V: $medium}}"
sed -i 's/\${#V}/$(printf %s "$V" | wc -c)/' medium.yaml
is 'one of 120,000 bytes is handed over' "$(run medium 2021-11-11)" 0
check 'whole' log_says n '^120000$'
{
    printf 'flow: many\nnodes:\n  n:\n    run: echo "$#"\n    args:\n'
    for i in $(seq 30); do
        printf '      - "%s"\n' "$medium"
    done
} >many.yaml
is 'an argument list that is too long' "$(run many 2021-11-11)" 1
check 'is said to be' said 'could not start: .*(too long|Argument list)'

# --- how it behaves ---
cat >habits.yaml <<'END'
flow: habits
title: 各种坏习惯
nodes:
  reads: {run: 'cat; echo "end of input"', title: 读标准输入}
  closes: {run: 'exec <&- >&- 2>&- 3>&-; sleep 0.3; exit 4', title: 关闭标准流}
  dies: {run: 'echo "FATAL: no memory" >&2; kill -SEGV $$', title: 被信号杀死}
  later: {run: exit 75}
  bytes: {run: "printf 'a\\000b\\377\\376c\\r\\n\\033[2Jd\\n'; printf '没有换行'", title: 乱码}
  forks: {run: '(setsid sleep 7654 &) ; (sleep 7655 &) ; echo parent ends'}
  garbage:
    run: |
      head -c 70000 /dev/urandom >&3
      head -c 3000000 /dev/zero | tr '\0' x >&3
      echo >&3
      echo '{"progress":{"done":1' >&3
      echo '[1,2]' >&3
      echo '{"table":{"name":"t\u0000\n","rows":"many"}}' >&3
      echo '{"table":{"name":"good","rows":5}}' >&3
      echo '{"output":{"k":"v"}}' >&3
  folder: {run: "cd folder && rmdir ../folder && sh -c 'pwd; echo on'"}
END
is 'a flow of bad habits ends 1' "$(run habits 2021-11-11)" 1
check 'standard input is empty' log_says reads '^end of input$'
check 'closed streams are no end' said 'node=closes state=failed try=1 dur=0\.[3-9]s reason="exit 4'
check 'a signal is named, with the last words' \
    said 'node=dies .*killed by signal 11 \(SEGV\): .*no memory'
check '75 is a failure like others without a retry' said 'node=later state=failed .*exit 75'
check 'NUL, invalid UTF-8 and the last line without newline are kept as they are' \
    test "$(log_of bytes | od -An -tx1 | tr -d ' \n')" = \
    "$(printf 'a\000b\377\376c\r\n\033[2Jd\n没有换行\n' | od -An -tx1 | tr -d ' \n')"
check 'but no control character reaches the reader by default' \
    sh -c "! '$datemill' logs latest bytes | grep -aq \"\$(printf '\\033')\""
check 'children that were left are gone' test -z "$(pgrep -f 'sleep 765[45]')"
is 'and both are named in the log' \
    "$("$datemill" logs latest forks | grep -c 'killed process [0-9]* (sleep)')" 2
check 'garbage on descriptor 3 harms nobody' said 'node=garbage state=success'
check 'what was right in it is used' said 'node=garbage .*5 rows → good'
check 'what was dropped is counted' \
    sh -c "'$datemill' logs latest garbage | grep -q 'lines on descriptor 3 were dropped'"
check 'a working folder that vanishes is the program’s affair' log_says folder '^on$'
check 'the run shows' "$datemill" runs show latest
check 'and its title is on the graph' sh -c "'$datemill' show habits | grep -q 各种坏习惯"
check 'JSON of it is one line' test "$("$datemill" runs show latest --json | wc -l)" = 1

# --- the folder of the flow is gone ---
mkdir moves
printf 'flow: moves\nnodes:\n  a: {run: "rm -rf ../moves"}\n  b: {run: echo x, needs: [a]}\n' \
    >moves/flow.yaml
is 'the flow’s folder vanishes between two nodes' "$(run moves 2021-11-11)" 1
check 'the second says which' said 'node=b state=failed .*could not start: .*moves'

# --- it does not want to end ---
cat >stubborn.yaml <<'END'
flow: stubborn
nodes:
  n:
    timeout: 1s
    stop_grace: 1s
    run: |
      trap 'echo "TERM came"' TERM
      while :; do sleep 0.1 || true; done
END
is 'a program that ignores SIGTERM' "$(run stubborn 2021-11-11)" 1
check 'is killed after the grace' said 'node=n state=failed .*dur=2\..*timeout after 2'
check 'it had its chance' log_says n '^TERM came$'

# --- 1 GB of output ---
cat >flood.yaml <<'END'
flow: flood
nodes:
  flood:
    log_limit: 4MiB
    run: echo the first line; yes 0123456789012345678901234567890123456789012345678901234567890 |
      head -c 1000000000; echo the last line
  one: {run: 'true'}
  two: {run: 'sleep 0.2', needs: [one]}
  three: {run: 'true', needs: [two]}
END
is '1 GB of output is no failure' "$(run flood 2021-11-11)" 0
is 'the other nodes are not held up' \
    "$(grep -o 'node=[a-z]* state=success' "$work/stderr" | tail -n 1)" 'node=flood state=success'
log=$(echo .datemill/logs/*/*/flood.1.log)
check 'the log stays within its limit' test "$(stat -c %s "$log")" -le 4194304
check 'and uses it' test "$(stat -c %s "$log")" -ge 3000000
check 'the head is kept' sh -c "head -n 1 '$log' | grep -q 'the first line'"
check 'the tail is kept' sh -c "tail -n 1 '$log' | grep -q 'the last line'"
is 'the loss is stated once, where the cut is' \
    "$(grep -ac '[0-9]* bytes of output are left out here' "$log")" 1
lost=$("$datemill" runs show latest --json | grep -o '"log_lost_bytes":[1-9][0-9]*')
check "the run knows it too ($lost)" test -n "$lost"
peak=$(sed -n 's/^VmHWM:[^0-9]*\([0-9]*\) kB/\1/p' "/proc/$(keeper_pid)/status")
sanitized=$(grep -c libasan "/proc/$(keeper_pid)/maps")
note "peak memory of the keeper: $peak kB"
[ "$sanitized" -gt 0 ] || check 'the keeper stays small' test "$peak" -lt 16384

is 'nothing is left in the temporary places' "$(find .datemill -name '*.tmp*' | wc -l)" 0
tap_end
