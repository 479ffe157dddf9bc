#!/usr/bin/env bash
# `on`: nodes that run on some days only, and what people see of it.
. "$(dirname "$0")/tap.bash"
program datemill datemill-keeper
datemill=$build_dir/datemill
mkdir -p "$work/project"
cd "$work/project" || exit 1

end_all()
{
    [ ! -d .datemill ] || fuser -sk -TERM .datemill/keeper.lock 2>/dev/null
}
at_exit=end_all

printf 'timezone: Asia/Shanghai\nslots: 4\n' >datemill.yaml
cat >days.yaml <<'END'
flow: days
schedule: daily 02:00
nodes:
  load: {run: 'sleep 0.2; date +%s%N >loaded'}
  weekly: {run: echo weekly >>ran, needs: [load], on: weekly mon}
  month_end: {run: echo month_end >>ran, needs: [weekly], on: [monthly last, yearly 01-01]}
  rest: {run: 'date +%s%N >rested', needs: [month_end]}
END
says()
{
    grep -qF -- "$1" "$work/stdout"
}

# ---- before anything runs ----

is 'the file is valid' "$(status_of "$datemill" validate days)" 0
status_of "$datemill" show days >/dev/null
check 'show has the days' says 'monthly last; yearly 01-01'
status_of "$datemill" show days --json >/dev/null
check 'also for programs' says '"on":"weekly mon"'
status_of "$datemill" schedule days -n 3 --from 2021-11-28 >/dev/null
check 'schedule says what is left out on a Sunday' \
    says 'for business date 2021-11-27   without weekly, month_end'
check 'on a Monday' says 'for business date 2021-11-28   without month_end'
check 'on the last of a month' says 'for business date 2021-11-29   without weekly'
status_of "$datemill" schedule days -n 1 --from 2021-11-28 --json >/dev/null
check 'also for programs' says '"without":"weekly, month_end"'
status_of "$datemill" run days 2021-11-27 --dry-run >/dev/null
check 'the plan has the reason' says 'not on 2021-11-28, a Sunday (on: weekly mon)'
status_of "$datemill" render days 2021-11-27 >/dev/null
check 'render, too' says 'skipped   not on 2021-11-28, a Sunday (on: weekly mon)'

# ---- a day that leaves two out ----

is 'a Sunday is a success' "$(status_of "$datemill" run days 2021-11-27)" 0
check 'the live view says why' grep -q 'node=weekly state=skipped.*reason="not on 2021-11-28' \
    "$work/stderr"
check 'nothing of them ran' test ! -e ran
check 'what comes behind them waited for what is before them' \
    test "$(cat loaded)" -lt "$(cat rested)"
status_of "$datemill" runs show 1 >/dev/null
check 'runs show has the reason' says 'not on 2021-11-28, a Sunday (on: weekly mon)'
status_of "$datemill" runs show 1 --json >/dev/null
check 'also for programs' \
    says '"state":"skipped","why":"not on 2021-11-28, a Sunday (on: weekly mon)"'

# ---- a backfill ----

is 'a backfill over a month end' "$(status_of "$datemill" backfill days 2021-11-27..2021-11-30)" 0
is 'each ran on its day' "$(sort ran | tr '\n' ' ')" 'month_end weekly '
status_of "$datemill" backfill days 2021-11-27..2021-11-30 --dry-run >/dev/null
check 'a skipped node counts as done: nothing is left' says 'keep    4 already green'

# ---- opened again ----

is 'a rerun of all leaves the day as it is' "$(status_of "$datemill" rerun 1 --all)" 0
is 'also of that very node' "$(status_of "$datemill" rerun 1 --only weekly)" 0
is 'nothing of them ran' "$(wc -l <ran)" 2
sed -i 's/, on: weekly mon//' days.yaml
is 'without its days, in the definition of now' \
    "$(status_of "$datemill" rerun 1 --only weekly --use-version current)" 0
is 'it runs' "$(wc -l <ran)" 3

# ---- mistakes ----

sed -i 's/monthly last, yearly/monthly lst, yearly/' days.yaml
is 'a wrong day' "$(status_of "$datemill" validate days)" 3
check 'is shown with its place' grep -q 'days.yaml:6:' "$work/stderr"
check 'and what may stand there' grep -q '1 to 31, or last' "$work/stderr"
tap_end
