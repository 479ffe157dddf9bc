#!/usr/bin/env bash
# The sample data program: what it writes, and what it says when it cannot.
. "$(dirname "$0")/tap.bash"
program smartrm
smartrm=$build_dir/smartrm

events()
{
    cat "$1"/event/OrderSucceededEvent/"$2"data
}

is 'a range is written' \
    "$(status_of "$smartrm" --out "$work/a/b" --from 2021-11-09 --to 2021-11-11 --events 5000)" 0
is 'one file for each date, both ends included, and nothing left over' \
    "$(ls -A "$work/a/b/event/OrderSucceededEvent" | tr '\n' ' ')" \
    '20211109data 20211110data 20211111data '
is 'as many events as asked for' "$(events "$work/a/b" 20211111 | wc -l)" 5000
is 'every line has the first commodity where the SQL looks for it' \
    "$(events "$work/a/b" 20211111 | grep -cE '"commodities":\[\{"commodityId":"10000[01][0-9]"')" \
    5000
unknown=$(events "$work/a/b" 20211111 | grep -cE '"commodities":\[\{"commodityId":"100001[1-3]"')
check "a few events ($unknown) have a commodity that nobody knows" \
    test "$unknown" -gt 5 -a "$unknown" -lt 60
is 'ten commodities' \
    "$(grep -c '"commodityId": "10000' "$work/a/b/commodity/commodity_new.json")" 10
is 'order numbers are unique' "$(cat "$work"/a/b/event/*/* | grep -oE '"orderId":[0-9]+' | sort -u |
    wc -l)" 15000

"$smartrm" --out "$work/c" --from 20211111 --to 2021-11-11 --events 5000
check 'the same bytes again, whatever the range' \
    cmp "$work/a/b/event/OrderSucceededEvent/20211111data" \
    "$work/c/event/OrderSucceededEvent/20211111data"
check 'the commodity file too' cmp "$work/a/b/commodity/commodity_new.json" \
    "$work/c/commodity/commodity_new.json"
is 'the bytes of this version' \
    "$(cat "$work"/a/b/*/*.json "$work"/a/b/event/*/* | cksum)" '34862322 3929031'
"$smartrm" --out "$work/c" --from 2021-11-11 --events 5000 --seed 2
is 'another seed, another file in its place' \
    "$(cmp -s "$work/a/b/event/OrderSucceededEvent/20211111data" \
        "$work/c/event/OrderSucceededEvent/20211111data"; echo $?)" 1
"$smartrm" --out "$work/d" --from 2021-11-11 --events 1000 --unknown-per-thousand 0
is 'no unknown commodities when none are wanted' \
    "$(events "$work/d" 20211111 | grep -cE '"commodities":\[\{"commodityId":"100001[1-3]"')" 0
"$smartrm" --out "$work/e" --from 2021-11-11 --events 0
is 'a day without events is an empty file' "$(events "$work/e" 20211111 | wc -c)" 0

bad()
{
    is "$1" "$(status_of "$smartrm" "${@:3}") $(head -n 1 "$work/stderr")" "$2"
}
bad 'a date that does not exist' \
    '2 smartrm: --from: 2021-02-30 is not a date: February 2021 has 28 days' \
    --out "$work/x" --from 2021-02-30
bad 'dates in the wrong order' '2 smartrm: --to 2021-02-02 is before --from 2021-02-03' \
    --out "$work/x" --from 2021-02-03 --to 2021-02-02
bad 'too many dates' '2 smartrm: 3652059 dates are too many: at most 36600' \
    --out "$work/x" --from 0001-01-01 --to 9999-12-31
bad 'an unknown option' '2 smartrm: unknown option `--evnets`' --evnets 3
bad 'a number that is none' '2 smartrm: --events: `3x` is not a number from 0 to 100000000' \
    --out "$work/x" --from 2021-02-03 --events 3x
bad 'no folder named' '2 smartrm: --out DIR is missing' --from 2021-02-03
bad 'a folder that cannot be made' \
    '6 smartrm: cannot make the folder /dev/null/x: Not a directory' \
    --out /dev/null/x --from 2021-02-03
is 'nothing was written by any of them' "$(ls -A "$work" | grep -c '^x$')" 0
is '--help goes to standard output' \
    "$(status_of "$smartrm" --help) $(head -c 14 "$work/stdout")" '0 usage: smartrm'
tap_end
