#!/bin/bash
# The JSON API, its event streams and metrics, as programs use them; and clients that misbehave.
. "$(dirname "$0")/tap.bash"
program datemill datemill-keeper datemill-web datemill-sync datemill-data
datemill=$build_dir/datemill
at_exit=end_server
server=
end_server()
{
    [ -z "$server" ] || kill "$server" 2>/dev/null
    [ -z "$server" ] || wait "$server" 2>/dev/null
    server=
}

mkdir -p "$work/project" && cd "$work/project" || exit 1
cat >datemill.yaml <<'EOF'
timezone: Asia/Shanghai
slots: 4
pools: {narrow: 2}
connections:
  oss: {type: files, path: ./data}
EOF
mkdir -p data
cat >etl.yaml <<'EOF'
flow: etl
title: 经营数据
schedule: daily 00:30
params: {var: "${yyyymmdd}"}
nodes:
  begin: {type: virtual}
  load:
    needs: [begin]
    pool: narrow
    run: |
      printf 'loads %s\n\033[31mred\033[0m\n' "$var"
      if [ "$var" = 20211104 ]; then echo "error: no such file" >&2; exit 3; fi
  stat: {run: "echo done", needs: [load]}
EOF
cat >slow.yaml <<'EOF'
flow: slow
nodes:
  count:
    run: |
      i=1
      while [ $i -le 40 ]; do echo "line $i"; i=$((i+1)); sleep 0.1; done
EOF

"$datemill" serve --listen 127.0.0.1:0 >"$work/serve.log" 2>&1 </dev/null &
server=$!
for _ in $(seq 100); do
    port=$(grep -o 'page http://127.0.0.1:[0-9]*' "$work/serve.log" | grep -o '[0-9]*$')
    [ -n "$port" ] && break
    sleep 0.1
done
token=$("$datemill" token add bot --role operator 2>/dev/null | grep -o 'dm_[0-9a-f]*' | head -1)
viewer=$("$datemill" token add eye --role viewer 2>/dev/null | grep -o 'dm_[0-9a-f]*' | head -1)
check "a server with a page, and tokens" test -n "$port" -a -n "$token" -a -n "$viewer"

# raw BYTES…: what comes back within ten seconds.
raw()
{
    exec 7<>"/dev/tcp/127.0.0.1/$port"
    printf "$@" >&7 2>/dev/null
    timeout 10 cat <&7
    exec 7<&- 7>&-
}

# get PATH [HEADER…]: the whole answer.
get()
{
    local path=$1 header headers=
    shift
    for header in "$@"; do headers="$headers$header\r\n"; done
    raw "GET ${path//%/%%} HTTP/1.1\r\nHost: 127.0.0.1:$port\r\nConnection: close\r\n$headers\r\n"
}

# post PATH BODY [HEADER…]
post()
{
    local path=$1 body=$2 header headers=
    shift 2
    for header in "$@"; do headers="$headers$header\r\n"; done
    raw "POST $path HTTP/1.1\r\nHost: 127.0.0.1:$port\r\nConnection: close\r\n\
Content-Type: application/json\r\n${headers}Content-Length: %d\r\n\r\n%s" \
        "$(printf '%s' "$body" | wc -c)" "$body"
}

close='Connection: close'
local='Host: localhost'
json_body='Content-Type: application/json'
bearer="Authorization: Bearer $token"
status() { printf '%s' "$1" | sed -n '1s/^HTTP\/1.1 \([0-9]*\).*/\1/p'; }
header() { printf '%s' "$1" | tr -d '\r' | sed -n "1,/^\$/s/^$2: //p" | head -1; }
body() { printf '%s' "$1" | tr -d '\r' | sed '1,/^$/d'; }
# json KEY: first value of a key in what comes in
json() { grep -o "\"$1\":[^,}]*" | head -1 | sed "s/^\"$1\"://; s/^\"//; s/\"\$//"; }
has() { case $1 in *"$2"*) return 0 ;; esac; printf '%s\n' "$1"; return 1; }

wait_for() # STATE OF RUN
{
    for _ in $(seq 100); do
        [ "$(body "$(get "/api/v1/runs/$2")" | json state)" = "$1" ] && return 0
        sleep 0.1
    done
    return 1
}

# ---- nothing ran yet

is "no runs is an empty list" "$(body "$(get /api/v1/runs)")" '{"items":[]}'
is "no backfills either" "$(body "$(get /api/v1/backfills)")" '{"items":[]}'
is "an unknown run is 404" "$(status "$(get /api/v1/runs/1)")" 404
is "an unknown flow is 404" "$(status "$(get /api/v1/flows/elt)")" 404
check "with did-you-mean" has "$(get /api/v1/flows/elt)" 'did you mean'
is "a grid without runs" "$(body "$(get /api/v1/flows/etl/grid)" | json dates)" '[]'

# ---- changes

answer=$(post /api/v1/runs '{"flow":"etl","date":"2021-11-11"}')
is "a change without a token is 401" "$(status "$answer")" 401
answer=$(post /api/v1/runs '{"flow":"etl","date":"2021-11-11"}' "Authorization: Bearer $viewer")
is "a viewer's is 403" "$(status "$answer")" 403
answer=$(post /api/v1/runs '{"flow":"etl","date":"2021-11-11"}' "$bearer")
is "an operator's makes a run" "$(status "$answer")" 201
is "and says where" "$(header "$answer" Location)" /api/v1/runs/1
check "it succeeds" wait_for success 1
run=$(body "$(get /api/v1/runs/1)")
is "its trigger" "$(printf '%s' "$run" | json trigger)" "web by bot"
is "its date" "$(printf '%s' "$run" | json bizdate)" 2021-11-11
check "its parameter" has "$run" '"name":"var","value":"20211111"'

# A page's session does as well, with its token and from its origin.
link=$("$datemill" web open -q)
cookie=$(header "$(get "/${link#http://*/}")" Set-Cookie | cut -d';' -f1)
csrf=$(get / "Cookie: $cookie" | sed -n 's/.*name="csrf" value="\([0-9a-f]*\)".*/\1/p' | head -1)
freeze='{"action":"freeze","reason":"by page"}'
is "a session without its token is 403" "$(status "$(post /api/v1/flows/slow/actions "$freeze" \
    "Cookie: $cookie" "Origin: http://127.0.0.1:$port")")" 403
is "from elsewhere, too" "$(status "$(post /api/v1/flows/slow/actions "$freeze" \
    "Cookie: $cookie" "Origin: http://evil.example" "X-CSRF-Token: $csrf")")" 403
is "with both it changes" "$(status "$(post /api/v1/flows/slow/actions "$freeze" \
    "Cookie: $cookie" "Origin: http://127.0.0.1:$port" "X-CSRF-Token: $csrf")")" 200

answer=$(post /api/v1/runs '{"flow":"etl","dat":"2021-11-11"}' "$bearer")
is "an unknown member is 400" "$(status "$answer")" 400
check "with did-you-mean" has "$answer" 'did you mean `date`?'
is "and a code" "$(body "$answer" | json code)" E022
is "as problem+json" "$(header "$answer" Content-Type)" application/problem+json
for wrong in '{"date":"2021-11-11"}' '{"flow":"etl","date":"2021-02-30"}' '{"flow":7}' '[]' '{' '' \
    '{"flow":"etl","vars":{"var":1}}' '{"flow":"etl","nodes":"load"}' \
    '{"flow":"etl","parallel":1.5}'; do
    is "refused: $wrong" "$(status "$(post /api/v1/runs "$wrong" "$bearer")")" 400
done
is "an unknown flow is 404" "$(status "$(post /api/v1/runs '{"flow":"no"}' "$bearer")")" 404

key='Idempotency-Key: 4f1'
first=$(post /api/v1/runs '{"flow":"etl","date":"2021-11-10"}' "$bearer" "$key")
again=$(post /api/v1/runs '{"flow":"etl","date":"2021-11-10"}' "$bearer" "$key")
is "the same request twice is one run" "$(body "$again")" "$(body "$first")"
is "and says so" "$(header "$again" Idempotency-Replayed)" true
again=$(post /api/v1/runs '{"flow":"etl","date":"2021-11-09"}' "$bearer" "$key")
is "another request with its key is 400" "$(status "$again")" 400

post /api/v1/runs '{"flow":"etl","date":"2021-11-04"}' "$bearer" >/dev/null
check "a run that fails" wait_for failed 3
failed=$(body "$(get '/api/v1/runs?q=state:failed')")
is "is found" "$(printf '%s' "$failed" | json id)" 3
check "with its error" has "$failed" '"error":{"node":"load"'
answer=$(post /api/v1/runs/3/actions '{"action":"mark","node":"load","state":"success"}' "$bearer")
is "mark needs a reason" "$(status "$answer")" 400
answer=$(post /api/v1/runs/3/actions \
    '{"action":"mark","node":"load","state":"success","reason":"by hand"}' "$bearer")
is "mark" "$(status "$answer")" 200
check "what waited for it runs" wait_for success 3
answer=$(post /api/v1/runs/3/actions '{"action":"rerun","from":"all"}' "$bearer")
is "rerun" "$(status "$answer")" 200
check "it fails again" wait_for failed 3
check "the operations are told" has "$(get /api/v1/runs/3)" '"who":"bot"'
is "to stop what is over is a conflict" \
    "$(status "$(post /api/v1/runs/3/actions '{"action":"stop"}' "$bearer")")" 409
is "of a run that is not there" \
    "$(status "$(post /api/v1/runs/99/actions '{"action":"stop"}' "$bearer")")" 404
is "freeze" "$(status "$(post /api/v1/flows/slow/actions \
    '{"action":"freeze","reason":"later"}' "$bearer")")" 200
is "unfreeze" "$(status "$(post /api/v1/flows/slow/actions '{"action":"unfreeze"}' "$bearer")")" 200

# ---- backfills

days='"flow":"etl","from":"2021-11-01","to":"2021-11-12"'
plan=$(post /api/v1/backfills "{$days,\"dry_run\":true}" "$bearer")
is "a plan" "$(status "$plan")" 200
hash=$(body "$plan" | json plan_hash)
check "with what is to run, again, and not" has "$plan" '"redo":["2021-11-04"]'
is "the command line's plan is the same" \
    "$("$datemill" backfill etl 2021-11-01..2021-11-12 --dry-run --json | grep -o '"plan":{.*}' |
        sed 's/}$//')" "$(body "$plan" | grep -o '"plan":{[^}]*}')"
answer=$(post /api/v1/backfills \
    "{\"flow\":\"etl\",\"range\":\"2021-11\",\"plan_hash\":\"$hash\"}" "$bearer")
is "another plan than the one that was seen is refused" "$(status "$answer")" 409
is "with its code" "$(body "$answer" | json code)" E029
answer=$(post /api/v1/backfills "{$days,\"plan_hash\":\"$hash\"}" "$bearer")
is "the same is made" "$(status "$answer") $(header "$answer" Location)" "201 /api/v1/backfills/1"
through() # waits until the backfill is
{
    for _ in $(seq 150); do
        [ "$(body "$(get /api/v1/backfills/1)" | json state)" != running ] && return 0
        sleep 0.1
    done
    return 1
}
check "it gets through" through
backfill=$(body "$(get '/api/v1/backfills/1?limit=2')")
is "it ends, with a date that failed" "$(printf '%s' "$backfill" | json state)" failed
next=$(printf '%s' "$backfill" | json next)
check "its dates page by key" has "$(get "$next")" '"bizdate":"2021-11-03"'
check "dates by state" has "$(get '/api/v1/backfills/1?state=failed')" '"bizdate":"2021-11-04"'
is "it is over: pause is a conflict" \
    "$(status "$(post /api/v1/backfills/1/actions '{"action":"pause"}' "$bearer")")" 409
is "retry" "$(status "$(post /api/v1/backfills/1/actions '{"action":"retry"}' "$bearer")")" 200
check "it gets through again" through
is "set wants something" \
    "$(status "$(post /api/v1/backfills/1/actions '{"action":"set"}' "$bearer")")" 400

# ---- reading

list=$(get '/api/v1/runs?limit=2')
is "a page of runs" "$(body "$list" | grep -o '"url":' | wc -l)" 2
seen=$(body "$list" | grep -o '"url":"[^"]*"')
path=$(body "$list" | json next)
while [ -n "$path" ]; do
    page=$(body "$(get "$path")")
    seen="$seen
$(printf '%s' "$page" | grep -o '"url":"[^"]*"')"
    path=$(printf '%s' "$page" | json next)
done
is "pages fit together" "$(printf '%s\n' "$seen" | sort -u | wc -l)" \
    "$("$datemill" runs list --json -n 100 | wc -l)"
is "the members are those of the command line" \
    "$(body "$(get '/api/v1/runs?q=date:2021-11-11&limit=1')" | grep -o '"[a-z_]*":' | sort -u |
        grep -vE '"(items|url|next)":')" \
    "$("$datemill" runs list date:2021-11-11 --json -n 1 | grep -o '"[a-z_]*":' | sort -u)"
etag=$(header "$list" ETag)
is "unchanged is 304" "$(status "$(get '/api/v1/runs?limit=2' "If-None-Match: $etag")")" 304
for wrong in 'runs?stat=failed' 'runs?limit=0' 'runs?limit=501' 'runs?after=x' 'runs?after=e30' \
    'runs?q=state:sucess' 'runs?limit=1&limit=2' 'flows/etl/grid?from=2021-02-30' \
    'flows/etl/grid?rows=fail' 'events?run=x' 'runs/1/nodes/load/log?format=xml'; do
    is "refused: $wrong" "$(status "$(get "/api/v1/$wrong")")" 400
done
check "a wrong parameter: did you mean" has "$(get '/api/v1/runs?limt=5')" 'did you mean `limit`?'
is "HEAD has no body" \
    "$(body "$(raw "HEAD /api/v1/runs HTTP/1.1\r\n$local\r\n$close\r\n\r\n")")" ''
is "DELETE is 405" \
    "$(status "$(raw "DELETE /api/v1/runs HTTP/1.1\r\n$local\r\n$close\r\n\r\n")")" 405

check "flows" has "$(get /api/v1/flows)" '"name":"slow","definition":"valid"'
is "a pattern is no flow" "$(status "$(get '/api/v1/flows/*')")" 404
check "a flow" has "$(get /api/v1/flows/etl)" '"needs":["load"]'
grid=$(body "$(get '/api/v1/flows/etl/grid?from=2021-11-03&to=2021-11-05')")
check "a grid: dates" has "$grid" '"dates":["2021-11-03","2021-11-04","2021-11-05"]'
check "runs" has "$grid" '{"node":null,"s":[2,3,2]'
check "nodes" has "$grid" '{"node":"stat","s":[2,4,2],"ms"'
check "only what failed" has "$(get '/api/v1/flows/etl/grid?rows=failed')" '"node":"load"'
is "nothing else" \
    "$(body "$(get '/api/v1/flows/etl/grid?rows=failed')" | grep -c '"node":"begin"')" 0
check "a rendering" has \
    "$(get '/api/v1/flows/etl/render?date=2021-11-11&node=stat')" '"text":"echo done"'
is "of an unknown node" "$(status "$(get '/api/v1/flows/etl/render?node=nope')")" 404
check "attempts" has "$(get '/api/v1/flows/etl/nodes/load/attempts?limit=3')" '"end":"failure"'

log=$(get /api/v1/runs/1/nodes/load/log)
check "a log as it is kept" has "$log" 'stdout F loads 20211111'
is "a part of it" "$(status "$(get /api/v1/runs/1/nodes/load/log 'Range: bytes=5-9')")" 206
is "those bytes" "$(body "$(get /api/v1/runs/1/nodes/load/log 'Range: bytes=5-9')")" \
    "$(body "$log" | head -c 10 | tail -c 5)"
is "a part that is not there" \
    "$(status "$(get /api/v1/runs/1/nodes/load/log 'Range: bytes=99999-')")" 416
lines=$(get '/api/v1/runs/1/nodes/load/log?format=jsonl&limit=1')
check "as lines" has "$lines" '"line":1,'
link=$(header "$lines" Link | sed 's/^<\(.*\)>.*/\1/')
check "the next one" has "$(get "$link")" '"line":2,'
check "from the end" has \
    "$(get '/api/v1/runs/1/nodes/load/log?format=jsonl&from_line=-1')" '"line":2,'
check "what an earlier attempt printed" has \
    "$(get '/api/v1/runs/3/nodes/load/log?try=1')" 'no such file'
is "an attempt that was none" "$(status "$(get '/api/v1/runs/3/nodes/load/log?try=9')")" 404
is "a node that is none" "$(status "$(get /api/v1/runs/3/nodes/lod/log)")" 404
is "no way out of the folder" "$(status "$(get /api/v1/runs/1/nodes/..%2f..%2fx/log)")" 400

# ---- tables

is "no tables yet" "$(body "$(get /api/v1/tables)")" '{"items":[]}'
cat >sales.yaml <<'EOF'
flow: sales
tables: tables/*.sql
params: {var: "${yyyymmdd}"}
nodes:
  fill:
    type: sync
    from: {connection: oss, file: "sold.csv", format: csv}
    to: {table: sold, partition: "dt=${var}", mode: overwrite}
EOF
mkdir -p tables
echo 'CREATE TABLE IF NOT EXISTS sold (name STRING, num BIGINT) PARTITIONED BY (dt STRING);' \
    >tables/sold.sql
printf "cola,3\n<b>,7\n" >data/sold.csv
made=$(post /api/v1/runs '{"flow":"sales","date":"2021-11-11"}' "$bearer")
made=$(header "$made" Location | grep -o '[0-9]*$')
check "a table is filled" wait_for success "$made"
check "it is listed" has "$(get /api/v1/tables)" '"name":"sold"'
check "with its columns and partitions" has "$(get /api/v1/tables/sold)" '"partition":"dt=20211111"'
is "an unknown one is 404" "$(status "$(get /api/v1/tables/slod)")" 404
rows=$(body "$(get '/api/v1/tables/sold/rows?dt=20211111&num__ge=5')")
check "rows by filters" has "$rows" '"num":7'
is "and no others" "$(printf '%s' "$rows" | grep -c cola)" 0
rows=$(body "$(get '/api/v1/tables/sold/rows?_sort=num&_limit=1')")
check "one row" has "$rows" '"name":"cola"'
check "the next" has "$(get "$(printf '%s' "$rows" | json next)")" '"num":7'
is "an unknown column is 400" "$(status "$(get '/api/v1/tables/sold/rows?nmu=1')")" 400

# ---- the document

document=$(body "$(get /api/v1/openapi.json)")
paths=$(printf '%s' "$document" | grep -o '"/[a-z][^"]*":{"[gp]' | sed 's/^"//; s/":{".*//')
check "the document names routes" test "$(printf '%s\n' "$paths" | wc -l)" -ge 14
wrong=
for path in $paths; do
    filled=$(printf '%s' "$path" | sed 's/{id}/1/; s/{flow}/etl/; s/{node}/load/; s/{table}/sold/')
    case $path in
    */events) continue ;;
    */actions) got=$(status "$(post "$filled" '{}')") want=401 ;;
    *) got=$(status "$(get "$filled")") want=200 ;;
    esac
    [ "$got" = "$want" ] || wrong="$wrong $path:$got"
done
is "and each is there" "$wrong" ''
is "others are not" "$(status "$(get /api/v1/nothing)")" 404
check "as a problem" has "$(get /api/v1/nothing)" 'application/problem+json'

# ---- streams

post /api/v1/runs '{"flow":"slow"}' "$bearer" >"$work/made"
slow=$(header "$(cat "$work/made")" Location | grep -o '[0-9]*$')
timeout 8 bash -c "exec 7<>/dev/tcp/127.0.0.1/$port
printf 'GET /api/v1/events?run=$slow HTTP/1.1\r\n$local\r\n$close\r\n\r\n' >&7
cat <&7" >"$work/stream" &
reader=$!
timeout 2.5 bash -c "exec 7<>/dev/tcp/127.0.0.1/$port
printf 'GET /api/v1/events?run=$slow&after=0 HTTP/1.1\r\n$local\r\n\r\n' >&7
cat <&7" >"$work/broken"
last=$(tr -d '\r' <"$work/broken" | sed -n 's/^id: //p' | tail -1)
wait_for success "$slow"
sleep 1
check "a stream: retry" grep -q '^retry: 3000' "$work/stream"
check "lines of the log, each once and in order" test \
    "$(grep -o '"line":[0-9]*' "$work/stream" | cut -d: -f2)" = "$(seq 40)"
check "the node's end" \
    grep -q '"node":"count","state":"success","label":"success","try":1' "$work/stream"
check "the run's" grep -q "\"run\":$slow,\"state\":\"success\"" "$work/stream"
check "and the end" grep -q '^event: end' "$work/stream"
wait $reader
check "the stream was closed by the server" test $? -ne 124
rest=$(get "/api/v1/events?run=$slow" "Last-Event-ID: $last")
ids=$( (cat "$work/broken"; printf '%s\n' "$rest") | tr -d '\r' | sed -n 's/^id: //p')
whole=$(get "/api/v1/events?run=$slow&after=0" | tr -d '\r' | sed -n 's/^id: //p')
is "one that broke goes on exactly behind its last event" \
    "$(printf '%s\n' "$ids" | uniq)" "$(printf '%s\n' "$whole" | uniq)"
newest=$(printf '%s\n' "$whole" | tail -1)
is "what is over and told is 204" \
    "$(status "$(get "/api/v1/events?run=$slow" "Last-Event-ID: $newest")")" 204
is "of a run that is not there" "$(status "$(get /api/v1/events?run=999)")" 404
is "one thing at a time" "$(status "$(get '/api/v1/events?run=1&flow=etl')")" 400

# 300 lines of 3,000 bytes are more than a queue holds: what is not read yet waits, nothing is lost.
cat >long.yaml <<'EOF'
flow: long
nodes:
  tell:
    run: |
      i=1
      while [ $i -le 300 ]; do
        printf 'start %d ' $i; head -c 3000 /dev/zero | tr '\0' x; echo " end"; i=$((i+1))
      done
      sleep 5
EOF
long=$(header "$(post /api/v1/runs '{"flow":"long"}' "$bearer")" Location | grep -o '[0-9]*$')
for _ in $(seq 100); do
    has "$(get "/api/v1/runs/$long/nodes/tell/log?format=jsonl&from_line=-1")" 'start 300 ' \
        >/dev/null && break
    sleep 0.1
done
told=$(get "/api/v1/events?run=$long&after=0")
is "long lines that were there before: the last 200, whole" \
    "$(printf '%s' "$told" | grep -o 'start [0-9]* ' | wc -l)" 200
is "the newest among them" "$(printf '%s' "$told" | grep -o 'start [0-9]* ' | tail -1)" "start 300 "
check "and the end" has "$(printf '%s' "$told" | tail -12)" 'event: end'

pids=
for i in $(seq 64); do
    bash -c "exec 7<>/dev/tcp/127.0.0.1/$port
    printf 'GET /api/v1/events?flow=etl HTTP/1.1\r\nHost: localhost\r\n\r\n' >&7
    exec timeout 20 cat <&7" >"$work/stream.$i" 2>/dev/null &
    pids="$pids $!"
done
for _ in $(seq 50); do
    [ "$(body "$(get /api/v1/health)" | json streams)" = 64 ] && break
    sleep 0.1
done
is "64 streams are open" "$(body "$(get /api/v1/health)" | json streams)" 64
more=$(get /api/v1/events)
is "one more is 503" "$(status "$more")" 503
check "with Retry-After" test -n "$(header "$more" Retry-After)"
post /api/v1/runs '{"flow":"etl","date":"2021-12-01"}' "$bearer" >/dev/null
sleep 2
is "all of them hear of a run" \
    "$(grep -l '"node":"stat","state":"success"' "$work"/stream.* | wc -l)" 64
kill $pids 2>/dev/null
wait $pids 2>/dev/null
for _ in $(seq 50); do
    [ "$(body "$(get /api/v1/health)" | json streams)" = 0 ] && break
    sleep 0.1
done
is "they are let go" "$(body "$(get /api/v1/health)" | json streams)" 0

# ---- metrics and health

health=$(body "$(get /api/v1/health)")
is "the engine is the server" "$(printf '%s' "$health" | json state)" server
metrics=$(body "$(get /metrics)")
check "metrics: engine" has "$metrics" 'datemill_engine_up 1'
check "metrics: pools" has "$metrics" 'datemill_pool_size{pool="narrow"} 2'
check "metrics: requests" has "$metrics" 'datemill_web_requests_total{status="4xx"}'
is "each has a type" \
    "$(printf '%s\n' "$metrics" | grep -v '^#' | sed 's/[{ ].*//' | sort -u | wc -l)" \
    "$(printf '%s\n' "$metrics" | grep -c '^# TYPE')"
is "healthz" "$(body "$(get /healthz)")" ok

# ---- clients that misbehave

is "a Host of somebody else" \
    "$(status "$(raw "GET /api/v1/runs HTTP/1.1\r\nHost: evil.example\r\n$close\r\n\r\n")")" 421
is "no Host" "$(status "$(raw "GET /api/v1/runs HTTP/1.1\r\nConnection: close\r\n\r\n")")" 400
long=$(head -c 40000 /dev/zero | tr '\0' a)
code=$(status "$(raw "GET / HTTP/1.1\r\nHost: localhost\r\nX: $long\r\nConnection: close\r\n\r\n")")
check "headers that are too large ($code)" test "$code" = 431 -o "$code" = 413 -o -z "$code"
code=$(status "$(raw "GET /$long HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")")
check "a line that is too long ($code)" test "$code" = 414 -o -z "$code"
is "a line that is none" "$(status "$(raw "NONSENSE\r\n\r\n")")" ''
is "a body that is too large" "$(status "$(raw "POST /api/v1/runs HTTP/1.1\r\nHost: localhost\r\n\
$bearer\r\n$json_body\r\nContent-Length: 1100000\r\n$close\r\n\r\n%s" \
    "$(head -c 1100000 /dev/zero | tr '\0' ' ')")")" 413
is "two requests in one piece get two answers" \
    "$(raw "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n\
GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n" | grep -c '^HTTP/1.1 200')" 2
exec 8<>"/dev/tcp/127.0.0.1/$port"
printf 'GET /healthz HT' >&8
is "one who stops in the middle holds up nobody" "$(body "$(get /healthz)")" ok
exec 8<&- 8>&-
check "the page is still the same process" kill -0 "$server"
is "and no request failed by itself" "$(body "$(get /metrics)" | sed -n 's/.*status="5xx"} //p')" 1
tap_end
