#!/usr/bin/env bash
# The warehouse on the page: tables, rows with filters, the runs that wrote them, downloads; what is
# wrong is named, and what a table holds cannot become markup or SQL.
. "$(dirname "$0")/tap.bash"
program datemill datemill-keeper datemill-sync datemill-sql datemill-data datemill-web
mkdir -p "$work/p/data" && cd "$work/p" || exit 1
datemill=$build_dir/datemill

cat >datemill.yaml <<'END'
timezone: UTC
connections:
  here: {type: files, path: ./data}
END
cat >shop.yaml <<'END'
flow: shop
params: {day: "${yyyymmdd}"}
tables: t.sql
nodes:
  load:
    type: sync
    from: {connection: here, file: sold.csv, format: csv}
    to: {table: sold, partition: "dt=${day}", mode: overwrite}
END
cat >t.sql <<'END'
CREATE TABLE IF NOT EXISTS sold (name STRING COMMENT 'what', n BIGINT, price DECIMAL(10,2))
COMMENT 'what was <sold>' PARTITIONED BY (dt STRING) LIFECYCLE 30;
END
{
    echo 'tea,1,2.50'
    echo "<script>alert(1)</script>,2,3.00"
    echo "it's 100% \\ OR 1=1,3,"
    seq 4 120 | sed 's/.*/row &,&,1.00/'
} >data/sold.csv

end_all()
{
    [ -z "${web_pid:-}" ] || kill "$web_pid" 2>/dev/null
    [ ! -d .datemill ] || fuser -sk -TERM .datemill/keeper.lock 2>/dev/null
}
at_exit=end_all

start_page()
{
    "$build_dir/datemill-web" --project "$PWD" --listen 127.0.0.1:0 --libexec "$build_dir" \
        >"$work/page" 2>"$work/page.err" </dev/null &
    web_pid=$!
    local i
    for i in $(seq 100); do
        page=$(sed -n 's,^page \(http://.*[0-9]\)/$,\1,p' "$work/page")
        [ -z "$page" ] || return 0
        sleep 0.1
    done
    return 1
}
# get PATH: the body; its status is in $work/status.
get()
{
    curl -s -m 20 -H 'Accept-Language: en' -o "$work/body" -w '%{http_code}' "$page$1" \
        >"$work/status"
    cat "$work/body"
}
code()
{
    get "$1" >/dev/null
    cat "$work/status"
}
has()
{
    get "$1" | grep -qF -- "$2"
}
lacks()
{
    ! has "$@" && [ "$(cat "$work/status")" = 200 ]
}
rows()
{
    get "/data/sold/rows.csv?$1" | tail -n +2
}

mkdir -p .datemill && chmod 700 .datemill
start_page
is 'the page begins' $? 0
check 'without a table it says what makes one' has /data 'No table was ever written'
is 'which is no error' "$(cat "$work/status")" 200
for date in 2021-11-10 2021-11-11; do
    "$datemill" run shop $date >/dev/null 2>&1
done
run=$("$datemill" runs list --json -n 1 | sed 's/^{[^}]*"id":\([0-9]*\).*/\1/')

check 'tables with their comment, escaped' has /data 'what was &lt;sold&gt;'
check 'and their rows' has /data '>240<'
check 'a table shows its newest partition' has /data/sold 'The newest partition, dt=20211111.'
check 'fifty rows of it' has /data/sold 'Rows 1 to 50.'
check 'and the way to the others' has /data/sold '_offset=50'
check 'the run that wrote a partition' has /data/sold "href=\"/runs/$run#n-load\""
check 'markup in rows is text' has /data/sold '&lt;script&gt;alert(1)&lt;/script&gt;'
check 'and never markup' lacks /data/sold '<script>alert'
check 'NULL is not an empty text' has /data/sold '<td class="muted">NULL</td>'
check 'the next rows' has '/data/sold?dt=20211111&_offset=100' 'Rows 101 to 120.'
check 'none' has '/data/sold?dt=20211112' 'No rows.'
check 'in Chinese' has '/data/sold?lang=zh' '最新分区 dt=20211111'

is 'filters' "$(rows 'dt=20211111&n__ge=119')" \
    "$(printf 'row 119,119,1,20211111\nrow 120,120,1,20211111')"
is 'sorted' "$(rows 'n__le=2&dt=20211110&_sort=-n')" \
    "$(printf '<script>alert(1)</script>,2,3,20211110\ntea,1,2.5,20211110')"
is 'a value is never SQL' "$(rows "dt=20211111&name=it's%20100%25%20%5C%20OR%201%3D1")" \
    "it's 100% \\ OR 1=1,3,,20211111"
is 'nor are quotes of it' "$(rows "name=x'%20OR%20'1'%3D'1")" ''
is 'all partitions' "$(rows '_all=1&_sort=n' | wc -l)" 240
is 'as JSON' "$(get '/data/sold/rows.json?dt=20211111&n=1')" \
    '[{"name":"tea","n":1,"price":2.5,"dt":"20211111"}]'
is 'what the form adds stands in the address' \
    "$(curl -s -m 20 -o /dev/null -w '%{redirect_url}' \
        "$page/data/sold?_column=n&_is=ge&_value=4&dt=20211111")" \
    "$page/data/sold?dt=20211111&n__ge=4"

is 'no such table' "$(code /data/sodl)" 404
check 'but one like it' has /data/sodl 'did you mean `sold`?'
is 'no such column' "$(code '/data/sold?nam=x')" 400
check 'but one like that' has '/data/sold?nam=x' 'did you mean `name`?'
is 'no such comparison' "$(code '/data/sold?n__gr=1')" 400
is 'no number' "$(code '/data/sold?n=x')" 400
is 'no such order' "$(code '/data/sold?_sort=x')" 400
is 'too far' "$(code '/data/sold?_offset=10000')" 400
is 'no path' "$(code '/data/..%2F..%2Fetc')" 400
is 'too many filters' "$(code "/data/sold?$(seq -s '&' -f 'n__ge=%g&name__ne=%g' 1 1)$(for i in \
    eq ne lt le gt ge contains; do printf '&n__%s=1&name__%s=1&price__%s=1' $i $i $i; done)")" 400
check 'and the page goes on' has /data 'sold'
tap_end
