#!/usr/bin/env bash
# `datemill schedule`: expressions and flows, clock changes, wrong input.
. "$(dirname "$0")/tap.bash"
program datemill
datemill=$build_dir/datemill
mkdir -p "$work/project"
cd "$work/project" || exit 1
echo 'timezone: Asia/Shanghai' >datemill.yaml
cat >nightly.yaml <<'END'
flow: nightly
schedule:
  at: [daily 00:30, "monthly last 12:00"]
  timezone: Europe/Berlin
  until: 2024-04-30
nodes: {a: {type: virtual}}
END
printf 'flow: by_hand\nnodes: {a: {type: virtual}}\n' >by_hand.yaml

# fails STATUS TEXT ARGUMENTS…
fails()
{
    local wanted=$1 text=$2 status=0
    shift 2
    "$datemill" schedule "$@" >"$work/out" 2>&1 || status=$?
    is "schedule $* ends $wanted" $status "$wanted"
    check "and says: $text" grep -qF "$text" "$work/out"
}

is 'a form: normalised, in words, the next times' \
    "$("$datemill" schedule 'daily 02:30' --tz Asia/Shanghai -n 2 --from 2021-11-13)" \
    'input       daily 02:30
normalised  30 2 * * *   Asia/Shanghai
in words    every day at 02:30, processing the day before
next        2021-11-13 02:30 +08:00                for business date 2021-11-12
            2021-11-14 02:30 +08:00                for business date 2021-11-13'
is 'without quotes, in the zone of the project' \
    "$("$datemill" schedule daily 02:30 -n 1 --from 2021-11-13 --json)" \
    "$(printf '%s' '{"schema":1,"input":"daily 02:30","normalised":"30 2 * * *",' \
        '"zone":"Asia/Shanghai","words":"every day at 02:30","next":[' \
        '{"at":"2021-11-13T02:30:00.000+08:00","bizdate":"2021-11-12",' \
        '"cyctime":"2021-11-13T02:30:00"}]}')"
"$datemill" schedule nightly -n 4 --from 2024-03-29 >"$work/out"
check 'a flow has its rules' grep -qx 'normalised  30 0 \* \* \*   Europe/Berlin' "$work/out"
check 'each of them' grep -qx '            0 12 L \* \*   Europe/Berlin' "$work/out"
is 'and their times in order' \
    "$(awk '/^clock/ { exit } /business date/ { print $(NF-6), $(NF-5) }' "$work/out" |
        sed 's/^next *//' | tr '\n' ' ')" \
    '2024-03-29 00:30 2024-03-30 00:30 2024-03-31 00:30 2024-03-31 12:00 '
check 'a gap is told' \
    grep -q '^clock       2024-03-31 02:00 +01:00 becomes 03:00 +02:00' "$work/out"
"$datemill" schedule 'daily 02:30' --tz America/New_York --from 2024-03-10 -n 1 >"$work/out"
check 'a skipped time starts after the gap' \
    grep -q '2024-03-10 02:30 .* starts at 03:00:00' "$work/out"
is 'an hourly one comes twice' \
    "$("$datemill" schedule hourly --tz America/New_York --from 2024-11-03T01:00 -n 3 --json |
        grep -o '"cyctime":"2024-11-03T01:00:00"' | wc -l)" 4
"$datemill" schedule nightly --from 2024-05-01 >"$work/out"
check 'one that is over says so' grep -q 'none: it is over' "$work/out"
check 'a cron line with seconds' \
    "$datemill" schedule '00 00 02 * * ?' --from 2021-11-13
fails 3 'it never fires' '31 2 30 2 *'
fails 3 'expected a time such as 00:30' 'daily 2:30'
fails 4 'no flow `nosuch`' nosuch
fails 4 'it is started by hand' by_hand
fails 2 'there is no time zone `Mars/X`' 'daily 02:30' --tz Mars/X
fails 2 '2024-02-30 is not a date' 'daily 02:30' --from 2024-02-30
fails 2 '1 to 1000' 'daily 02:30' -n 0
tap_end
