#!/usr/bin/env bash
# Telling people: commands and webhooks; hooks that fail, hang, are slow, redirect; kill -9 between
# commit and delivery; the limit; backfills; deadlines; secrets nowhere.
. "$(dirname "$0")/tap.bash"
program datemill datemill-keeper datemill-notify
hook_program=$build_dir/tests/e2e_hook
[ -x "$hook_program" ] || { printf 'not ok 1 - e2e_hook was built\n1..1\n'; exit 1; }
datemill=$build_dir/datemill
mkdir -p "$work/project/notify" "$work/project/secrets" "$work/hook"
cd "$work/project" || exit 1
server=

end_all()
{
    jobs -p | xargs -r kill -9 2>/dev/null
    [ ! -d .datemill ] || fuser -sk -TERM .datemill/keeper.lock 2>/dev/null
}
at_exit=end_all

wait_for() # COMMAND…
{
    for _ in $(seq 600); do
        "$@" >/dev/null 2>&1 && return
        sleep 0.05
    done
    return 1
}
serves()
{
    "$datemill" status --json | grep -q "\"pid\":$server,.*\"kind\":\"server\""
}
start_server()
{
    HOOK_TOKEN=token-that-nobody-sees "$datemill" serve 2>"$work/serve" </dev/null &
    server=$!
    wait_for serves
}
stop_server()
{
    kill -TERM "$server"
    wait "$server" 2>/dev/null
}
mode() { echo "$1" >"$work/hook/mode"; }
requests() { find "$work/hook" -name '[0-9]*' | wc -l; }
has_requests() { [ "$(requests)" -ge "$1" ]; }
newest() { cat "$work/hook/$(requests)"; }
listed() # TEXT: a line of `notify list --all` has it
{
    "$datemill" notify list --all -n 1000 | tr -s ' ' | grep -qE -- "$1"
}
count() { "$datemill" notify list --all -n 1000 --json | grep -c -- "$1"; }
counts() { [ "$(count "$1")" -eq "$2" ]; }
run_failing() # DATE
{
    "$datemill" run broken "$1" --detach >/dev/null 2>&1
}

"$hook_program" "$work/hook" &
wait_for test -s "$work/hook/port"
port=$(cat "$work/hook/port")
echo "http://127.0.0.1:$port/robot?key=url-that-nobody-sees" >secrets/url
cat >datemill.yaml <<Y
timezone: Asia/Shanghai
channels:
  hook:
    type: webhook
    url: {secret: {file: secrets/url}}
    headers: [{name: X-Token, value: {secret: {env: HOOK_TOKEN}}}]
    body: notify/body.json
    ok_field: errcode
    timeout: 2s
    max: 1000
  pager:
    type: command
    command: [./page, one two]
    env: {PAGER_SECRET: {secret: {env: HOOK_TOKEN}}}
    timeout: 2s
    max: 3
    per: 6s
notify: {failure: [hook], manual: true}
Y
cat >notify/body.json <<'Y'
{"msgtype": "text",
 "text": {"content": "${event} ${flow} ${bizdate} ${node}: ${reason}", "id": "${id}"}}
Y
cat >page <<'Y'
#!/bin/sh
printf '%s|%s|%s|%s\n' "$1" "$DATEMILL_EVENT" "$DATEMILL_TEXT" "$(cat)" >>paged
[ -n "$PAGER_SECRET" ] || exit 9
[ ! -e hang ] || exec sleep 1000
Y
chmod +x page
cat >broken.yaml <<'Y'
flow: broken
nodes:
  load: {run: "echo 'error: a \"quote\", a \\ and a tab' >&2; exit 4", retry: {max: 1, delay: 0s}}
  other: {run: "true"}
Y
cat >fine.yaml <<'Y'
flow: fine
notify: {success: [pager], failure: [pager]}
nodes: {a: {run: "true"}}
Y
check 'the project is valid' "$datemill" validate
"$datemill" validate >"$work/stdout" 2>&1 || tap_end

# ---- trying a channel ----
is 'a webhook is tried' "$(HOOK_TOKEN=t status_of "$datemill" notify test hook)" 0
check 'the body is the template' grep -q '"content": "test example 2021-11-11 load: exit 1"' \
    "$work/hook/1"
check 'with the header' grep -q '^X-Token: t' "$work/hook/1"
is 'a command is tried' "$(HOOK_TOKEN=t status_of "$datemill" notify test pager)" 0
check 'with its words, variables and JSON' \
    grep -q '^one two|test|a test of datemill.*|{"id":"' paged
mode errcode
is 'an answer that says no' "$(HOOK_TOKEN=t status_of "$datemill" notify test hook)" 6
check 'is told' grep -q 'it answered errcode 310000' "$work/stderr"
mode redirect
is 'a redirect' "$(HOOK_TOKEN=t status_of "$datemill" notify test hook)" 6
check 'is not followed' sh -c "! grep -l elsewhere $work/hook/[0-9]*"
mode huge
is 'an endless answer' "$(HOOK_TOKEN=t status_of timeout 20 "$datemill" notify test hook)" 6
mode hang
is 'a hook that hangs' "$(HOOK_TOKEN=t status_of timeout 20 "$datemill" notify test hook)" 6
is 'an unknown channel' "$(status_of "$datemill" notify test hok)" 4
is 'a secret that is not there' "$(status_of "$datemill" notify test hook)" 6
check 'is named, not shown' grep -q HOOK_TOKEN "$work/stderr"

# ---- a failure, after the last retry ----
mode ok
before=$(requests)
start_server || note "$(cat "$work/serve")"
run_failing 2021-11-11
check 'a failure is told' wait_for has_requests $((before + 1))
check 'with what went wrong, as JSON' grep -qF \
    'failure broken 2021-11-11 load: exit 4: a \"quote\", a \\ and a tab' \
    "$work/hook/$((before + 1))"
check 'and is delivered' wait_for listed 'hook failure delivered 1'
sleep 1
is 'once, not once a try' "$(requests)" $((before + 1))
"$datemill" run fine 2021-11-11 --detach >/dev/null 2>&1
check 'success is told where it is asked for' \
    wait_for grep -q '|success|fine of 2021-11-11 succeeded|' paged

# ---- a hook that fails, then works ----
mode fail
run_failing 2021-11-12
check 'a hook that fails is tried again' \
    wait_for listed 'hook failure waiting [12] .*it answered 500'
check 'status says so' \
    sh -c "$datemill status | tr -s ' ' | grep -q '^messages waiting 1 not sent yet'"
check 'doctor says so' sh -c "$datemill doctor | grep -q 'messages .*it answered 500'"
mode ok
check 'until it works' wait_for sh -c "$datemill notify list --all | tr -s ' ' |
    grep -q '2021-11-12 failed.*' && [ -z \"\$($datemill notify list 2>/dev/null)\" ]"
ids=$(grep -ho '"id": "[0-9]*"' $(grep -l 2021-11-12 "$work"/hook/[0-9]*) | sort -u | wc -l)
is 'with the same id each time' "$ids" 1

# ---- a hook that hangs holds up nothing ----
mode hang
run_failing 2021-11-13
wait_for sh -c "grep -q 2021-11-13 $work/hook/[0-9]*"
is 'runs go on while it hangs' "$(status_of timeout 10 "$datemill" run fine 2021-11-13)" 0

# ---- kill -9 between commit and delivery ----
kill -9 "$server"
wait "$server" 2>/dev/null
check 'the message is stored' \
    counts '"channel":"hook".*"bizdate":"2021-11-13"' 1
mode slow
start_server
check 'the next server delivers it' wait_for sh -c "$datemill notify list --all --json |
    grep '\"bizdate\":\"2021-11-13\"' | grep hook | grep -q '\"state\":\"delivered\"'"

# ---- a command that hangs ----
mode ok
touch hang
"$datemill" run fine 2021-11-14 --detach >/dev/null 2>&1
check 'a command that hangs is ended' wait_for listed 'pager success waiting 1 .*took too long'
rm hang
check 'and tried again' wait_for sh -c "[ \$(grep -c 'fine of 2021-11-14' paged) -ge 2 ]"
check 'nothing is left of it' sh -c '! pgrep -xf "sleep 1000"'

# ---- many become a summary; a backfill is one message ----
sleep 6
: >paged
sed -i 's/failure: \[hook\]/failure: [pager]/' datemill.yaml
sed -i 's/nodes: {a: {run: "true"}}/nodes: {a: {run: "false"}}/' fine.yaml
sleep 1
for day in 01 02 03 04 05 06 07 08 09 10; do
    "$datemill" run fine "2022-01-$day" --detach >/dev/null 2>&1
done
check 'too many become a summary' wait_for grep -q '|summary|[0-9]* messages:' paged
check 'that names them' grep -q 'fine of 2022-01-10 failed: a: exit 1' paged
check 'within the limit' [ "$(grep -c '^one two|' paged)" -le 4 ]
check 'none is forgotten' wait_for counts '"bizdate":"2022-01-' 10
check 'and none waits' wait_for sh -c "[ -z \"\$($datemill notify list 2>/dev/null)\" ]"
sleep 6
"$datemill" backfill fine 2022-02-01..2022-02-28 --detach >/dev/null 2>&1
check 'a backfill is one message' \
    wait_for grep -q '|failure|backfill 1 of fine: 28 of 28 dates failed|' paged
is 'not one a date' "$(grep -c '2022-02-' paged)" 0

# ---- late ----
sleep 6
cat >late.yaml <<'Y'
flow: late
schedule: {cron: ["*/15 * * * * *"]}
deadline: 1s
notify: {late: [pager], failure: []}
nodes: {slow: {run: sleep 3}}
Y
check 'a run that is not done at its deadline is told' \
    wait_for grep -q '|late|late of .* is late: running at' paged
rm late.yaml
stop_server

# ---- secrets ----
is 'no secret in the project but in its file' \
    "$(grep -rlE 'nobody-sees' . "$work/serve" | grep -v '^./secrets/url$' | tr '\n' ' ')" ''

# ---- what is wrong is told where it stands ----
cp datemill.yaml "$work/good.yaml"
sed -i 's/\${event}/${evnet}/' notify/body.json
is 'a template with an unknown name' "$(status_of "$datemill" validate)" 3
check 'with its place' grep -q 'notify/body.json:2:[0-9]*: there is no value `evnet`' \
    "$work/stdout" "$work/stderr"
cat >datemill.yaml <<'Y'
channels:
  a: {type: webhook}
  b: {type: command, command: [], url: "http://x"}
  c: {type: webhook, url: "ftp://x", headers: [{name: "a b", value: c}]}
notify: {failure: [d]}
Y
is 'channels that make no sense' "$(status_of "$datemill" validate)" 3
for words in 'of type webhook needs `url`' 'of type command has no `url`' 'has no program' \
    'begins with https:// or http://' "a header's name is letters" 'no channel `d`'; do
    check "it says: $words" grep -qF -- "$words" "$work/stdout" "$work/stderr"
done
tap_end
