#!/bin/bash
# The pages of a run, an attempt, a definition, a node: what they say, that nothing in a log, a name
# or a URL gets further than it should.
. "$(dirname "$0")/tap.bash"
datemill=$build_dir/datemill
project=$work/p
web=

end_web()
{
    [ -z "$web" ] || kill "$web" 2>/dev/null
}
at_exit=end_web

mkdir -p "$project"
cd "$project" || exit 1
printf 'timezone: Asia/Shanghai\n' >datemill.yaml
cat >shop.yaml <<'YAML'
flow: shop
title: 商店 <script>
schedule: daily 02:30
params:
  var: ${yyyymmdd}
defaults:
  retry: {max: 1, delay: 1ms}
nodes:
  start: {type: virtual}
  load:
    title: 装载 <b>
    needs: [start]
    run: |
      seq 1 300
      printf '\033[31merror: <script>alert(1)</script> \033]0;title\007no such column\033[0m\n' >&2
      exit 3
  mail:
    needs: [load, mail@-1]
    run: echo mail
YAML
cat >wrong.yaml <<'YAML'
flow: wrong
nodes:
  a: {run: "true", neds: [b]}
YAML
"$datemill" run shop 2021-11-11 >/dev/null 2>&1
"$datemill" run shop 2021-11-12 --reason 'because <i>' >/dev/null 2>&1
"$datemill" mark 2 load success --reason 'seen & done' >/dev/null 2>&1

"$build_dir/datemill-web" --project "$project" --listen 127.0.0.1:0 >web.out 2>&1 &
web=$!
for _ in $(seq 100); do
    grep -q http web.out && break
    sleep 0.05
done
url=$(grep -o 'http://[^/]*' web.out | head -n 1)

get()
{
    curl -s -m 10 -H 'Accept-Language: en' "$url$1"
}
status()
{
    curl -s -m 10 -o /dev/null -w '%{http_code}' "${@:2}" "$url$1"
}
says()
{
    get "$2" >page.html
    check "$1" grep -qF -- "$3" page.html
}
# What no page may hold: styles and scripts in attributes, markup from elsewhere, escapes.
is_clean()
{
    ! get "$1" | grep -qE '<script>|<b>|<i>| style=| on[a-z]+=|'$'\033'
}

# --- a run ---
is 'a run has a page' "$(status /runs/1)" 200
says 'it says which node failed' /runs/1 '<a href="#n-load">load</a>'
says '… how often it was tried' /runs/1 'failed after 2 tries:'
says '… with the line of its log' /runs/1 \
    '<pre><span class="f1">error: &lt;script&gt;alert(1)&lt;/script&gt; </span>'
says '… and the way to that line' /runs/1 'href="#L301"'
says '… which is there' /runs/1 'id="L301"'
says 'both dates are shown' /runs/1 '2021-11-12 02:30'
says 'an action stands beside its command line' /runs/1 'datemill rerun 1 --from-failed'
says 'a value with how it came about' /runs/1 \
    '<code>20211111</code> <span class="muted">← ${yyyymmdd}'
says 'the graph has a box for each node' /runs/1 '<g class="node failed" data-node="load">'
says '… and dashed ones for what is outside' /runs/1 '<g class="node outside">'
is 'the timeline has two bars for the two tries' \
    "$(get /runs/1 | grep -o '<title>load · #' | wc -l)" 2
says 'the last 200 lines are shown' /runs/1 'last 200 of 301 lines'
says 'what is blocked says why' /runs/1 '<div>load is failed</div>'
says 'what people did is listed' /runs/2 'seen &amp; done'
says 'the table can be sorted' '/runs/1?sort=duration' 'aria-sort="descending"'
check 'a run is clean' is_clean /runs/1
check '… and one with a reason' is_clean /runs/2
says '中文' '/runs/1?lang=zh' '从失败处重跑'
tag=$(curl -sI "$url/runs/1" | tr -d '\r' | sed -n 's/^ETag: //p')
is 'what has not changed is not sent again' \
    "$(status /runs/1 -H "If-None-Match: $tag")" 304
is 'no such run' "$(status /runs/99)" 404
is 'no number' "$(status /runs/1x)" 404
is 'a wrong sort' "$(status '/runs/1?sort=colour')" 400

# --- an attempt ---
is 'an attempt has a page' "$(status '/runs/1/nodes/load?try=1')" 200
says 'it shows what ran' /runs/1/nodes/load '<a href="#T1">1</a>seq 1 300'
says '… and how it ended' /runs/1/nodes/load 'failure 3'
older=$(get /runs/1/nodes/load | grep -o 'before=[0-9]*' | head -n 1)
says 'older lines are a link away' "/runs/1/nodes/load?$older" '>1</a>'
says '… which ends before the others begin' "/runs/1/nodes/load?$older" 'lines 1 to 101 of 301'
check 'an attempt is clean' is_clean /runs/1/nodes/load
is 'no such try' "$(status '/runs/1/nodes/load?try=9')" 404
is 'no such node' "$(status /runs/1/nodes/lod)" 404
is 'a place beyond the log is its end' "$(status '/runs/1/nodes/load?before=999999999')" 200
is 'the raw log is text' \
    "$(curl -sI "$url/runs/1/nodes/load/log" | tr -d '\r' | grep -i '^content-type')" \
    'Content-Type: text/plain; charset=utf-8'
log=$(find .datemill/logs -path '*/1/load.2.log')
is '… byte for byte' "$(get /runs/1/nodes/load/log | cksum)" "$(cksum <"$log")"
is '… in ranges' "$(curl -s -r 0-9 "$url/runs/1/nodes/load/log")" "$(head -c 10 "$log")"
is '… which are answered as such' "$(status /runs/1/nodes/load/log -r -10)" 206
is '… from the end, too' "$(curl -s -r -10 "$url/runs/1/nodes/load/log")" "$(tail -c 10 "$log")"
is '… and refused beyond it' "$(status /runs/1/nodes/load/log -H 'Range: bytes=99999999-')" 416
is 'no path from a URL is a file' \
    "$(status '/runs/1/nodes/..%2f..%2fdb/log') $(status '/runs/1/nodes/%2e%2e/log')" '400 400'
mv "$log" "$log.old"
says 'a log that is gone is called so' /runs/1/nodes/load 'The log is gone'
is '… and not to be had' "$(status /runs/1/nodes/load/log)" 404
ln -s /etc/hostname "$log"
is 'a link out of the folder is not followed' "$(status /runs/1/nodes/load/log)" 404
rm "$log"
mv "$log.old" "$log"

# --- a definition, a node, a difference ---
is 'a definition has a page' "$(status /flows/shop/definition)" 200
says 'its lines can be linked to' /flows/shop/definition '<span class="l" id="L5">'
says 'its parameters have values' /flows/shop/definition '<small>${yyyymmdd}</small>'
check 'it is clean' is_clean /flows/shop/definition
is 'a flow that is wrong has one, too' "$(status /flows/wrong/definition)" 200
says '… with what is wrong' /flows/wrong/definition 'href="#L3">wrong.yaml:3:20</a>'
says '… and the line' /flows/wrong/definition '<span class="l err" id="L3">'
is 'no such flow' "$(status /flows/shpo/definition)" 404
is 'a node has a page' "$(status /flows/shop/nodes/load)" 200
says 'its runs are listed' /flows/shop/nodes/load \
    '<a href="/runs/1/nodes/load?try=2">2021-11-11</a>'
check 'it is clean' is_clean /flows/shop/nodes/load
says 'an unknown one is told' /flows/shop/nodes/laod 'did you mean `load`'
says 'nothing has changed yet' /runs/1/diff 'Nothing: the files are the same.'
sed -i 's/seq 1 300/seq 1 <300>/' shop.yaml
sleep 1.2
says 'what has changed since is shown' /runs/1/diff 'class="l ins">+      seq 1 &lt;300&gt;'
check 'it is clean' is_clean /runs/1/diff
says 'the definition of a run stays' '/flows/shop/definition?run=1' 'seq 1 300'
is 'a run of another flow' "$(status '/flows/wrong/definition?run=1')" 404

# --- a run that is open ---
cat >slow.yaml <<'YAML'
flow: slow
nodes:
  first: {run: 'echo started; sleep 30'}
  second: {needs: [first], run: 'true'}
YAML
"$datemill" run slow 2021-11-11 >/dev/null 2>&1 &
slow=$!
for _ in $(seq 100); do
    get /runs/3 | grep -q started && break
    sleep 0.05
done
says 'the engine says what a node waits for' /runs/3 '<div>first is running</div>'
says 'an open run can be stopped' /runs/3 'datemill stop 3'
says 'it is live' /runs/3 'data-live="/api/v1/events?run=3&amp;after='
says '… without scripts, too' /runs/3 'http-equiv="refresh"'
says 'its log grows' /runs/3 'data-log="3/first/1"'
kill -9 $slow
wait $slow 2>/dev/null
says 'without an engine the history says it' /runs/3 'No scheduler answers'
"$datemill" stop 3 --kill >/dev/null 2>&1
tap_end
