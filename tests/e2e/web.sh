#!/usr/bin/env bash
# The page: its process under serve, who may read and who may change, what it refuses, what it says.
. "$(dirname "$0")/tap.bash"
program datemill datemill-keeper datemill-web
datemill=$build_dir/datemill
mkdir -p "$work/project"
cd "$work/project" || exit 1
server=
jar=$work/jar
body=$work/body

end_all()
{
    jobs -p | xargs -r kill -9 2>/dev/null
    [ ! -d .datemill ] || fuser -sk -TERM .datemill/keeper.lock 2>/dev/null
}
at_exit=end_all

wait_for() # COMMAND…
{
    for _ in $(seq 400); do
        "$@" >/dev/null 2>&1 && return
        sleep 0.05
    done
    return 1
}
address() { "$datemill" status --json | sed -n 's/.*"page":"\([^"]*\)".*/\1/p'; }
page_answers() { [ "$(curl -s "$(address)/healthz")" = ok ]; }
start_server() # OPTION…
{
    "$datemill" serve --listen 127.0.0.1:0 "$@" 2>"$work/serve" </dev/null &
    server=$!
    wait_for page_answers
    page=$(address)
}
stop_server()
{
    kill "$server" 2>/dev/null
    wait "$server" 2>/dev/null
}
web_pid() { pgrep -P "$server" -x datemill-web; }

# code CURL-ARGUMENT…: the status; the body is in $body.
code() { curl -s -o "$body" -w '%{http_code}' "$@"; }
has() { grep -qF -- "$1" "$body" || { head -c 3000 "$body"; return 1; }; }
hasnt() { ! grep -qF -- "$1" "$body"; }
header() # NAME CURL-ARGUMENT…
{
    local name=$1
    shift
    curl -s -o /dev/null -D - "$@" | tr -d '\r' | sed -n "s/^$name: //ip"
}
csrf() { curl -s -b "$jar" "$page/" | sed -n 's/.*name="csrf" value="\([0-9a-f]*\)".*/\1/p'; }
post() # PATH DATA CURL-ARGUMENT…: with the session, from a page of ours
{
    local path=$1 data=$2
    shift 2
    code -b "$jar" -H "Origin: $page" -d "csrf=$token&$data" "$@" "$page$path"
}

cat >datemill.yaml <<'END'
timezone: Asia/Shanghai
END
cat >good.yaml <<'END'
flow: good
title: "<b>bold</b> & 'quoted'"
schedule: daily 00:30
nodes:
  a: {run: "true"}
  b: {needs: [a], run: "test -e ok || { echo '<script>alert(1)</script>' >&2; exit 1; }"}
END
printf 'flow: broken\nnodes:\n  a: {rum: "true"}\n' >broken.yaml

start_server
"$datemill" run good 2021-11-11 >/dev/null 2>&1
is 'a run of a day fails' "$("$datemill" runs list -n 1 --json | grep -c '"state":"failed"')" 1

# ---- where it is ----

is 'status names the page' "$("$datemill" status | awk '$1 == "page" {print $3}')" "$page/"
check 'serve says where it is' grep -qF "page $page/" "$work/serve"
script -qec "'$datemill' rerun 1 --all" /dev/null >"$body" 2>&1 </dev/null
check 'a failed run says where to look' has "$page/runs/1"
is 'its files are private' "$(stat -c %a .datemill/web.key .datemill/web.address | sort -u)" 600
is 'it gives up privileges' "$(awk '/NoNewPrivs/ {print $2}' "/proc/$(web_pid)/status")" 1
is 'a second page is refused' "$("$datemill" web >/dev/null 2>&1; echo $?)" 5

# ---- what everybody may read ----

for path in / /runs /health /flows/good /login '/runs?q=state:failed' '/?lang=zh'; do
    is "$path is there" "$(code "$page$path")" 200
done
is 'healthz' "$(curl -s "$page/healthz")" ok
policy=$(header content-security-policy "$page/runs")
check 'the policy forbids what is not ours' grep -q "default-src 'none'" <<<"$policy"
is 'the policy has nothing unsafe' "$(grep -c unsafe <<<"$policy")" 0
is 'no sniffing' "$(header x-content-type-options "$page/")" nosniff
is 'no referrer' "$(header referrer-policy "$page/")" no-referrer
is 'no frames' "$(header x-frame-options "$page/")" DENY
code "$page/" >/dev/null
check 'a title is text, not markup' has '&lt;b&gt;bold&lt;/b&gt; &amp; &#39;quoted&#39;'
check 'nothing of it is markup' hasnt '<b>bold'
check 'a flow that is wrong is listed as wrong' has 'its file is wrong'
check 'and so on the page of health' sh -c "curl -s '$page/health' | grep -q 'unknown key'"
code "$page/?lang=zh" >/dev/null
check 'in Chinese' has '<html lang="zh-CN"'
code -H 'Accept-Language: zh-CN,zh;q=0.9,en;q=0.8' "$page/" >/dev/null
check 'as the browser asks' has '业务流程'
is 'the choice is kept' "$(header set-cookie "$page/?lang=zh" | cut -d ';' -f 1)" datemill_lang=zh

asset=$(curl -s "$page/" | sed -n 's/.*href="\(\/a\/app-[0-9a-f]*\.css\)".*/\1/p')
is 'the style sheet is there' "$(code "$page$asset")" 200
check 'and may be kept' sh -c "curl -s -D - -o /dev/null '$page$asset' | grep -qi 'immutable'"
is 'another hash is not' "$(code "$page/a/app-0000000000000000.css")" 404
etag=$(header etag "$page/runs?q=state%3Afailed")
is 'what has not changed is not sent again' \
    "$(code -H "If-None-Match: $etag" "$page/runs?q=state%3Afailed")" 304
is 'but in another language' \
    "$(code -H "If-None-Match: $etag" "$page/runs?q=state%3Afailed&lang=zh")" 200

# ---- what is wrong ----

is 'no such page' "$(code "$page/nothing/here")" 404
check 'it is named' has '/nothing/here'
is 'no such run' "$(code "$page/runs/99/rerun")" 404
is 'no such flow' "$(code "$page/flows/goood/run")" 404
is 'a parameter that is none' "$(code "$page/runs?afte=1")" 400
check 'did you mean' has 'did you mean `after`?'
is 'a value that is none' "$(code "$page/runs?after=x")" 400
is 'a state that is none' "$(code "$page/runs?q=state:sucess")" 400
check 'did you mean success' has 'did you mean `success`?'
is 'a method that is none' "$(code -X DELETE "$page/runs")" 405
is 'Allow says which' "$(header allow -X DELETE "$page/runs")" 'GET, HEAD'
for path in '/..%2f..%2fetc/passwd' '/%2e%2e/etc/passwd' '/a/%2e%2e/x' '/%00' '/%ff' '/a%0ab'; do
    is "$path is refused" "$(code --path-as-is "$page$path")" 400
done
is 'a path with dots is refused' "$(code --path-as-is "$page/a/../../etc/passwd")" 400
is 'a name that holds markup' "$(code "$page/%3Cscript%3Ealert(1)%3C/script%3E")" 404
check 'is shown as text' hasnt '<script>alert'
head -c 1100000 /dev/zero | tr '\0' x >"$work/large"
is 'a body that is too large' "$(code --data-binary "@$work/large" "$page/login")" 413
is 'a header that is too large' \
    "$(code -H "X: $(head -c 40000 /dev/zero | tr '\0' x)" "$page/" | head -c 1)" 4
is 'another host name (DNS rebinding)' "$(code -H 'Host: evil.example' "$page/")" 421
is 'no host name' "$(code -H 'Host:' "$page/")" 400

# ---- who may change ----

rerun='/runs/1/rerun'
before=$("$datemill" runs show 1 --json)
is 'the question is asked of everybody' "$(code "$page$rerun")" 200
check 'with the command line' has 'datemill rerun 1 --from-failed'
check 'and what to do to be allowed' has 'datemill web open'
check 'without a button' hasnt 'method="post" action="/runs/1/rerun"'
is 'a change without a session' "$(code -d 'from=all' -H "Origin: $page" "$page$rerun")" 401
is 'a cookie that is made up' \
    "$(code -d 'from=all' -H "Origin: $page" -b "datemill_${page##*:}=0123" "$page$rerun")" 401

link=$("$datemill" web open -q)
is 'the link is for this page' "${link%%/login*}" "$page"
is 'the link signs in' "$(code -c "$jar" "$link")" 303
is 'only once' "$(code "$link")" 403
is 'a fresh one is another' "$([ "$("$datemill" web open -q)" != "$link" ]; echo $?)" 0
check 'the cookie is for the server alone' grep -q '#HttpOnly_127.0.0.1' "$jar"
token=$(csrf)
is 'a session has a token for its forms' ${#token} 64

is 'without that token' \
    "$(code -b "$jar" -H "Origin: $page" -d 'from=all' "$page$rerun")" 403
is 'with another' "$(code -b "$jar" -H "Origin: $page" -d "csrf=${token%?}x" "$page$rerun")" 403
is 'from nowhere' "$(code -b "$jar" -d "csrf=$token" "$page$rerun")" 403
is 'from another site' \
    "$(code -b "$jar" -H 'Origin: http://evil.example' -d "csrf=$token" "$page$rerun")" 403
is 'from another port' \
    "$(code -b "$jar" -H 'Origin: http://127.0.0.1:1' -d "csrf=$token" "$page$rerun")" 403
is 'a browser says: another site' "$(post "$rerun" '' -H 'Sec-Fetch-Site: cross-site')" 403
is 'as text' "$(post "$rerun" '' -H 'Content-Type: text/plain')" 415
is 'GET changes nothing' "$(code -b "$jar" "$page$rerun?from=all")" 200
is 'nothing of all this did' "$("$datemill" runs show 1 --json)" "$before"

touch ok
is 'a rerun leads to the run' \
    "$(header location -b "$jar" -H "Origin: $page" \
        -d "csrf=$token&from=failed&reason=it+is+there+now" "$page$rerun")" /runs/1
check 'it runs' wait_for sh -c "'$datemill' runs list -n 1 --json | grep -q '\"state\":\"success\"'"
check 'with who and why' sh -c "'$datemill' runs show 1 | grep -q 'by $(id -un): it is there now'"
is 'a reason is needed for a mark' "$(post /runs/1/mark 'node=b&as=failed')" 400
is 'with one' "$(post /runs/1/mark 'node=b&as=failed&reason=wrong+rows')" 303
check 'it is marked' sh -c "'$datemill' runs list -n 1 --json | grep -q '\"state\":\"failed\"'"
is 'a node that is not there' "$(code -b "$jar" "$page/runs/1/skip?node=c")" 404
is 'what the engine refuses' "$(post /runs/1/stop 'how=drain')" 409
check 'it says why' has 'run 1 is over'
is 'freeze' "$(post /flows/good/freeze 'until=2030-01-01&reason=holiday')" 303
check 'it is frozen' sh -c "'$datemill' status | grep -q holiday"
is 'a frozen flow is not run' "$(post /flows/good/run 'date=2021-11-12')" 409
is 'unfreeze' "$(post /flows/good/unfreeze '')" 303
is 'both dates are shown' "$(code -b "$jar" "$page/flows/good/run?date=2021-11-12")" 200
check 'both' has 'business date 2021-11-12, scheduled 2021-11-13 00:30'
is 'run' "$(post /flows/good/run 'date=2021-11-12')" 303
check 'it is known where from' \
    wait_for sh -c "'$datemill' runs list trigger:web --json | grep -q '\"state\":\"success\"'"

# ---- tokens ----

viewer=$("$datemill" token add look -q)
operator=$("$datemill" token add change --role operator -q)
is 'a name twice' "$("$datemill" token add look >/dev/null 2>&1; echo $?)" 7
check 'tokens are kept as hashes' sh -c "! grep -qF '$viewer' .datemill/*"
as() { echo "Authorization: Bearer $1"; }
is 'a viewer reads' "$(code -H "$(as "$viewer")" "$page/")" 200
is 'and changes nothing' "$(code -H "$(as "$viewer")" -d 'from=all' "$page$rerun")" 403
is 'an operator changes, without CSRF' \
    "$(code -H "$(as "$operator")" -d 'node=b&as=success&reason=x' "$page/runs/1/mark")" 303
check 'under its name' sh -c "'$datemill' runs show 1 | grep -q 'by change: x'"
is 'one that is nobody'"'"'s' "$(code -H "$(as "${operator%?}x")" "$page/")" 401
"$datemill" token remove change -q
is 'one that was taken back' "$(code -H "$(as "$operator")" "$page/")" 401

# ---- its process ----

first=$(web_pid)
kill -9 "$first"
restarted() { [ -n "$(web_pid)" ] && [ "$(web_pid)" != "$first" ] && page_answers; }
check 'a page that dies is started again' wait_for restarted
is 'at the same address' "$(address)" "$page"
is 'sessions go on' "$(post /runs/1/mark 'node=b&as=failed&reason=again')" 303
is 'sign out' "$(post /logout '')" 303
is 'it is over' "$(post /runs/1/mark 'node=b&as=failed&reason=x')" 401
for secret in "$viewer" "$operator" "$token" "${link##*=}"; do
    check 'no secret is in the log' sh -c "! grep -qF '$secret' '$work/serve'"
done
check 'a change is in the log' grep -q 'POST /runs/1/mark 303' "$work/serve"
last=$(web_pid)
kill -9 "$server"
gone() { ! kill -0 "$last" 2>/dev/null; }
check 'the page ends with a server that was killed' wait_for gone
wait "$server" 2>/dev/null

start_server --read-only --host mill.example
is 'read-only: everybody reads' "$(code "$page/")" 200
"$datemill" web open -q >"$work/link"
code -c "$jar" "$(cat "$work/link")" >/dev/null
token=$(csrf)
is 'read-only: nobody changes' "$(post "$rerun" 'from=all')" 403
is 'a name it was told' "$(code -H 'Host: mill.example' "$page/")" 200
stop_server

start_server --no-web >/dev/null 2>&1 &
wait_for sh -c "'$datemill' status --json | grep -q '\"kind\":\"server\"'"
is 'no page where none is wanted' "$(address)" ''
pkill -P $! 2>/dev/null
wait 2>/dev/null

rm -f .datemill/web.tokens
is 'an open address needs a token' \
    "$("$datemill" serve --listen 0.0.0.0:0 >/dev/null 2>&1 </dev/null; echo $?)" 7
viewer=$("$datemill" token add look -q)
"$datemill" serve --listen 0.0.0.0:0 2>"$work/serve" </dev/null &
server=$!
open_page()
{
    page=$(address | sed 's/0\.0\.0\.0/127.0.0.1/')
    [ "$(curl -s "$page/healthz")" = ok ]
}
wait_for open_page
open_page
is 'and then reading needs it' "$(code "$page/")" 401
is 'also of what is not there' "$(code "$page/nothing")" 401
is 'the way in is open' "$(code "$page/login")" 200
is 'with the token' "$(code -H "$(as "$viewer")" "$page/")" 200
is 'typed in' "$(code -c "$jar" -H "Origin: $page" -d "token=$viewer" "$page/login")" 303
is 'it begins a session' "$(code -b "$jar" "$page/")" 200
is 'a wrong one does not' "$(code -H "Origin: $page" -d 'token=x' "$page/login")" 403
is 'nor one from elsewhere' \
    "$(code -H 'Origin: http://evil.example' -d "token=$viewer" "$page/login")" 403
stop_server

is 'an address that is none' \
    "$("$datemill" serve --listen nowhere >/dev/null 2>&1 </dev/null; echo $?)" 2

"$datemill" web --listen 127.0.0.1:0 2>"$work/alone" </dev/null &
server=$!
check 'alone, without a scheduler' wait_for page_answers
page=$(address)
is 'it shows the past' "$(code "$page/runs")" 200
check 'it says that nothing schedules' sh -c "curl -s '$page/' | grep -q 'no scheduler is running'"
is 'and changes nothing' "$(code -H "$(as "$viewer")" -d 'from=all' "$page$rerun")" 403
stop_server
is 'gone, it has no address' "$(address)" ''
tap_end
