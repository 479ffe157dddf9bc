#!/usr/bin/env bash
# Commands that read and check flows: what they print, and what they say to wrong input.
. "$(dirname "$0")/tap.bash"
program datemill
datemill=$build_dir/datemill
unset NO_COLOR CLICOLOR_FORCE DATEMILL_LIBEXEC

out()
{
    cat "$work/stdout"
}

err()
{
    cat "$work/stderr"
}

# in_terminal COLUMNS COMMAND…: what a terminal of that width gets, without carriage returns.
in_terminal()
{
    local columns=$1 words
    shift
    words=$(printf '%q ' "$@")
    TERM=xterm script -qec "stty cols $columns rows 24; $words" /dev/null </dev/null | tr -d '\r'
}

widest()
{
    sed 's/\x1b\[[0-9;]*m//g' | wc -L
}

# --- a project from nothing ---------------------------------------------------------------

cd "$work" || exit 1
is 'no project here: exit code' "$(status_of "$datemill" status)" 4
check 'no project here: what to do' grep -q 'datemill init' "$work/stderr"
is 'init' "$(status_of "$datemill" init shop)" 0
check 'init says what is next' grep -q '^next .*cd shop' "$work/stdout"
check 'the state folder is closed to others' test "$(stat -c %a shop/.datemill)" = 700
is 'init again is refused without a yes' "$(status_of "$datemill" init shop)" 7
check 'and names the flag' grep -q -- '--yes' "$work/stderr"
is 'init --yes' "$(status_of "$datemill" init shop --yes)" 0
cd shop || exit 1
is 'an empty project is valid' "$(status_of "$datemill" validate)" 0
check 'and says how to begin' grep -q 'datemill new hello' "$work/stderr"
for template in hello smartrm sync-sql; do
    name=my_${template//-/_}
    is "new --template $template" "$(status_of "$datemill" new "$name" --template $template)" 0
    is "template $template is valid" "$(status_of "$datemill" validate "$name")" 0
    is "template $template can be rendered" \
        "$(status_of "$datemill" render "$name" 2021-11-11)" 0
done
is 'new does not overwrite' "$(status_of "$datemill" new my_hello)" 7
is 'new of a name in the other place' "$(status_of "$datemill" new my_smartrm)" 7
is 'new with a bad name' "$(status_of "$datemill" new 2fast)" 2
is 'new --json' "$("$datemill" new j --json)" \
    "{\"schema\":1,\"dir\":\"$work/shop\",\"created\":[\"j.yaml\"],"'"next":['\
'"datemill validate j","datemill run j"]}'

is 'new --from-dataworks' "$(status_of "$datemill" new dw \
    --from-dataworks 'var=${yyyymmdd} d=$[yyyymmdd-1] at=$[yyyy-mm-dd hh24:mi:ss]')" 0
is 'its values' \
    "$("$datemill" render dw 2021-11-11 --json | head -n 1 | grep -o '"params":{[^}]*}')" \
    '"params":{"var":"20211111","d":"20211111","at":"2021-11-12 06:00:00","day":"2021-11-11"}'
is 'a wrong expression' "$(status_of "$datemill" new dw2 --from-dataworks 'a=1 b=${yyyy')" 2
is 'has its caret' "$(err | sed -n 2,3p)" "   datemill new dw2 --from-dataworks 'a=1 b=\${yyyy'
                                            ^^"

# --- validate -------------------------------------------------------------------------------

cat >bad.yaml <<'END'
flow: bad
nodes:
  a:
    run: echo
    tmeout: 5m
  b:
    needs: [aa]
    run: echo
END
is 'an invalid flow' "$(status_of "$datemill" validate bad)" 3
check 'all problems in one go' test "$(grep -c '^error\[' "$work/stderr")" = 2
check 'with a suggestion' grep -q 'did you mean `timeout`' "$work/stderr"
is 'a summary' "$(out)" '✗ bad.yaml  2 errors
1 flow invalid'
is 'all flows' "$(status_of "$datemill" validate)" 3
check 'are counted' grep -q '^5 flows valid, 1 flow invalid$' "$work/stdout"
is 'validate --format gcc' \
    "$("$datemill" validate bad --format gcc | cut -d: -f1,2 | tr '\n' ' ')" \
    'bad.yaml:5 bad.yaml:7 '
is 'validate --format json: an object a line' \
    "$("$datemill" validate bad --format json | grep -c '^{"error":{"code":"E1.*}}$')" 2
check 'validate --format github' grep -q '^::error file=bad.yaml,line=5' \
    <("$datemill" validate bad --format github)
is 'validate --json' "$("$datemill" validate my_hello --json)" \
    '{"schema":1,"file":"my_hello.yaml","valid":true,"errors":0,"warnings":0,'\
'"flow":"my_hello","nodes":2,"tables":0,"params":1}'
is 'validate --json: problems on stderr' \
    "$("$datemill" validate bad --json 2>&1 >/dev/null | grep -c '^{"error":')" 2
is 'a file of a project elsewhere' \
    "$(cd / && status_of "$datemill" validate "$work/shop/my_hello.yaml")" 0
is 'validate --date' "$(status_of "$datemill" validate my_smartrm --date 2021-11-11)" 0
is 'validate --date 2021-02-30' "$(status_of "$datemill" validate my_smartrm --date 2021-02-30)" 2
is 'a file that is no flow' "$(status_of "$datemill" validate nothere.yaml)" 4
rm bad.yaml

# --- words of the command line --------------------------------------------------------------

is 'unknown command' "$(status_of "$datemill" valdate)" 2
is 'its message' "$(err)" 'error[E001]: there is no command `valdate`
   datemill valdate
            ^^^^^^^
help: did you mean `validate`?'
is 'unknown command of a group' "$(status_of "$datemill" runs lst)" 2
is 'a group alone' "$(status_of "$datemill" params)" 2
is 'unknown option' "$(status_of "$datemill" render my_hello --nod x)" 2
check 'its suggestion' grep -q 'did you mean `--node`' "$work/stderr"
is 'a word too many' "$(status_of "$datemill" show a b)" 2
is 'a word missing' "$(status_of "$datemill" show)" 2
is 'unknown flow' "$(status_of "$datemill" show my_helo)" 4
is 'its message' "$(err)" 'error[E011]: no flow `my_helo` in this project
   datemill show my_helo
                 ^^^^^^^
help: did you mean `my_hello`?'
is 'the same as JSON' "$("$datemill" --json show my_helo 2>&1)" \
    '{"error":{"code":"E011","message":"no flow `my_helo` in this project",'\
'"file":null,"line":null,"column":null,"help":"did you mean `my_hello`?","exit_code":4}}'
is 'a date that is none' "$(status_of "$datemill" render my_hello 2021-02-30)" 2
is 'its message' "$(err | head -n 3)" \
    'error[E020]: 2021-02-30 is not a date: February 2021 has 28 days
   datemill render my_hello 2021-02-30
                            ^^^^^^^^^^'
is 'unknown node' "$(status_of "$datemill" render my_hello --node gret)" 4
is 'unknown parameter' "$(status_of "$datemill" render my_hello --var dya=1)" 2
is 'unknown zone' "$(status_of "$datemill" --tz Asia/Shangai status)" 2
is 'no such folder' "$(status_of "$datemill" -C nowhere status)" 4
is 'JSON errors although the option comes last' \
    "$("$datemill" valdate --json 2>&1 | cut -c 1-25)" '{"error":{"code":"E001","'
is 'options behind --' "$(status_of "$datemill" show -- --json)" 4

# --- show, graph, render, params ------------------------------------------------------------

is 'graph' "$("$datemill" graph my_smartrm)" \
    'sales_stat_start ─┬─ commodity_sync ───────┬─ sales_stat
                  └─ order_succeeded_sync ─┘'
is 'graph --ascii' "$("$datemill" graph my_smartrm --ascii)" \
    'sales_stat_start -+- commodity_sync -------+- sales_stat
                  +- order_succeeded_sync -+'
is 'graph in 40 columns is a list' \
    "$(in_terminal 40 "$datemill" --color never graph my_smartrm | head -n 2)" \
    '1  sales_stat_s…  virtual
2  commodity_sy…  sync     ← sales_stat…'
is 'graph --format json' "$("$datemill" graph my_hello --format json)" \
    '{"schema":1,"flow":"my_hello","nodes":[{"name":"greet","type":"shell","title":""},'\
'{"name":"count","type":"shell","title":""}],'\
'"edges":[{"from":"greet","to":"count","cycle_back":0}]}'
check 'graph --format dot' grep -q '"greet" -> "count"' <("$datemill" graph my_hello --format dot)
check 'graph --format mermaid' grep -q 'n0 --> n1' <("$datemill" graph my_hello --format mermaid)
check 'graph --format svg' sh -c "'$datemill' graph my_hello --format svg >graph.svg &&
    head -c 40 graph.svg | grep -q '^<svg xmlns=' &&
    [ \"\$(grep -o 'class=.box.' graph.svg | wc -l)\" = 2 ]"
is 'graph -o' "$(status_of "$datemill" graph my_hello -o g.txt)$(cat g.txt)" '0greet ─── count'
is 'graph -o where it cannot be' "$(status_of "$datemill" graph my_hello -o no/such/g.txt)" 6
is 'render' "$("$datemill" render my_smartrm 2021-11-11 --node sales_stat | sed -n 2,5p)" \
    'bizdate   2021-11-11       scheduled 2021-11-12 00:30 +00:00
params    var = 20211111   from ${yyyymmdd}   my_smartrm/flow.yaml:8
-- my_smartrm/sql/sales_stat.sql   2 substitutions: lines 1, 26
INSERT OVERWRITE TABLE sales_stat PARTITION(dt='"'20211111'"')'
is 'render --raw is the text alone' \
    "$("$datemill" render my_smartrm 20211111 --node sales_stat --raw | cksum)" \
    "$(sed "s/\${var}/20211111/" my_smartrm/sql/sales_stat.sql | cksum)"
is 'render --var' \
    "$("$datemill" render my_smartrm 20211111 --node sales_stat --raw --var var=x | head -n 1)" \
    "INSERT OVERWRITE TABLE sales_stat PARTITION(dt='x')"
is 'a value that would break out of SQL' \
    "$(status_of "$datemill" render my_smartrm 20211111 --node sales_stat --var "var=a' OR 1")" 3
is 'render --diff' "$("$datemill" render my_smartrm 20211111 --node sales_stat --diff 20211112 |
    grep -c "^[-+] .*2021111[12]")" 6
is 'yesterday is said' "$("$datemill" render my_hello yesterday | grep -c '(yesterday in ')" 1
is 'params eval' "$("$datemill" params eval '${yyyymmdd}' --at 2025-11-01T02:30:45)" 20251031
is 'params eval with a clock change' \
    "$("$datemill" --tz Europe/Berlin params eval '$[yyyymmddhh24-1/24]' --at 2025-03-30T03:30)" \
    2025033001
is 'params eval without --at' "$(status_of "$datemill" params eval '$bizdate')" 2
is 'params eval of nonsense' "$(status_of "$datemill" params eval '$[yyyymmdd' --at 2025-11-01)" 3
is 'params eval --json' "$("$datemill" params eval x --at 2025-11-01 --json)" \
    '{"schema":1,"expression":"x","cyctime":"2025-11-01T00:00:00","value":"x"}'
is 'params explain' "$("$datemill" params explain my_smartrm 2021-11-11)" \
    'my_smartrm   bizdate 2021-11-11   scheduled 2021-11-12 00:30 +00:00
var = 20211111
    ${yyyymmdd}   my_smartrm/flow.yaml:8
    ${yyyymmdd}: business date 2021-11-11, as yyyymmdd = 20211111'
is 'schema is JSON Schema' "$("$datemill" schema | cut -c 1-60)" \
    '{"$schema":"http://json-schema.org/draft-07/schema#","title"'
is 'schema --pretty is the same' "$("$datemill" schema --pretty | tr -d ' \n' | cksum)" \
    "$("$datemill" schema | tr -d ' \n' | cksum)"
is 'schema without a project' "$(cd / && status_of "$datemill" schema)" 0
is 'version' "$("$datemill" version | head -n 1 | cut -d' ' -f1)" datemill
is 'help' "$(status_of "$datemill" help)" 0
is 'help of nothing' "$(status_of "$datemill" help nothing)" 2
is 'help exit-codes' "$("$datemill" help exit-codes | grep -c '^  [0-9]')" 11
for name in $("$datemill" help | sed -n 's/^  \([a-z]\+\) .*/\1/p' | sort -u); do
    is "help $name" "$(status_of "$datemill" help "$name")" 0
    check "$name --help" "$datemill" "$name" --help
done

# --- looks -----------------------------------------------------------------------------------

for command in 'show my_smartrm' 'validate' 'help' 'help render' 'help exit-codes' 'status' \
    'render my_hello --node greet' 'graph my_smartrm'; do
    # shellcheck disable=SC2086
    width=$(in_terminal 40 "$datemill" --color never $command 2>/dev/null | widest)
    case $command in
    render*) continue ;; # the text that would run is not cut
    show*|status) check "$command: tables fit 40 columns" test -n "$width" ;;
    *) check "$command fits 40 columns ($width)" test "$width" -le 40 -a "$width" -gt 5 ;;
    esac
done
escape=$(printf '\033')
check 'colours on a terminal' grep -q "$escape\[" <(in_terminal 80 "$datemill" validate)
check 'NO_COLOR' test -z "$(in_terminal 80 env NO_COLOR=1 "$datemill" validate | grep "$escape")"
check 'TERM=dumb' test -z "$(in_terminal 80 env TERM=dumb "$datemill" validate | grep "$escape")"
check 'no colours in a pipe' test -z "$("$datemill" validate | grep "$escape")"
check 'CLICOLOR_FORCE' grep -q "$escape\[" <(CLICOLOR_FORCE=1 "$datemill" validate)
check '--color=always' grep -q "$escape\[" <(NO_COLOR=1 "$datemill" validate --color=always)
check '--color never' \
    test -z "$(CLICOLOR_FORCE=1 "$datemill" --color never validate | grep "$escape")"
is 'a locale that is not UTF-8' "$(LC_ALL=C "$datemill" validate my_hello | head -n 1)" \
    'ok my_hello.yaml  2 nodes, 1 param'
set -o pipefail
is '| head is quiet' "$("$datemill" schema --pretty 2>&1 | head -n 1; echo "${PIPESTATUS[0]}")" "{
0"
"$datemill" version >/dev/full 2>"$work/stderr"
is 'a full disk is told' $? 6
check 'with its reason' grep -q 'No space left' "$work/stderr"
"$datemill" version >&- 2>"$work/stderr"
is 'a closed stdout does no harm' $? 0
is 'thousands of words' "$(status_of "$datemill" show $(seq 1 20000))" 2
is 'bytes that are no text' "$(status_of "$datemill" show "$(printf '\xff\xfe\033[2J')")" 4
check 'do not reach the terminal' test -z "$(grep "$escape" "$work/stderr")"
tap_end
