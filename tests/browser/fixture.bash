# A project with a history, sourced: everything that the pages must be able to show.
#
# fixture_project DIR makes the project, fixture_history fills it, fixture_serve starts scheduler
# and page ($page is its address, $sign_in the link to sign in), fixture_live leaves a run and a
# backfill going. fixture_end ends what was started. Needs $datemill, $build_dir, $source_dir.

fixture_dir=
fixture_long=a_flow_with_the_longest_name_that_there_can_be_of_63_letters_ok
fixture_pids=()

fixture_project()
{
    local i
    fixture_dir=$1
    mkdir -p "$fixture_dir"
    cp -r "$source_dir/workflows/smartrm_study" "$fixture_dir/"
    # without minutes of waiting between tries
    sed -i 's/retry: {max: 2, delay: 1m}/retry: {max: 1, delay: 100ms}/' \
        "$fixture_dir/smartrm_study/flow.yaml"
    # no schedule fires while a test looks
    sed -i 's/^  at: daily 00:30.*/  at: daily 00:30\n  until: 2021-12-31/' \
        "$fixture_dir/smartrm_study/flow.yaml"
    cat >"$fixture_dir/datemill.yaml" <<'END'
timezone: Asia/Shanghai
slots: 4
connections:
  oss: {type: files, path: ./data}
END
    cat >"$fixture_dir/flaky.yaml" <<'END'
flow: flaky
title: Fails once, then works
schedule: {at: "daily 01:00", until: 2021-12-31}
defaults: {retry: {max: 2, delay: 50ms}}
nodes:
  first: {type: virtual}
  second:
    needs: [first]
    run: |
      echo "attempt $DATEMILL_ATTEMPT"
      [ "$DATEMILL_ATTEMPT" != 1 ] || { echo "Error: not yet" >&2; exit 75; }
  third:
    needs: [second]
    run: printf '\033[32mgreen\033[0m and \033[1;31mred\033[0m <script>alert(1)</script> 中文\n'
END
    cat >"$fixture_dir/gate.yaml" <<'END'
flow: gate
title: Waits for a file that the test makes
schedule: {at: "daily 02:00", until: 2021-12-31}
params: {day: "${yyyy-mm-dd}"}
nodes:
  wait_for_the_gate:
    run: |
      echo waiting
      until [ -e "gates/$day" ] || [ -e gates/all ]; do sleep 0.05; done
      echo open
  after:
    needs: [wait_for_the_gate]
    run: "true"
END
    cat >"$fixture_dir/every_hour.yaml" <<'END'
flow: every_hour
title: 每小时
schedule: {at: "hourly :15", until: 2021-12-31}
params: {hour: "$[hh24]"}
nodes:
  count: {run: 'test "$hour" != 07'}
  report: {needs: [count], run: "true"}
END
    cat >"$fixture_dir/$fixture_long.yaml" <<END
flow: $fixture_long
title: 名字很长的业务流程，标题也很长，用来检查页面在窄屏幕上的排版
schedule: yearly 02-29 03:00
nodes:
  a_node_with_the_longest_name_that_there_can_be_of_63_letters_ok: {type: virtual}
END
    {
        printf 'flow: wide\ntitle: 200 nodes\nnodes:\n'
        printf '  node_000: {type: virtual}\n'
        for i in $(seq 1 198); do
            printf '  node_%03d: {type: virtual, needs: [node_%03d]}\n' "$i" $(((i - 1) / 2))
        done
        printf '  node_199: {needs: [node_198], run: "exit 3"}\n'
    } >"$fixture_dir/wide.yaml"
    printf 'flow: never_ran\nnodes:\n  only: {type: virtual}\n' >"$fixture_dir/never_ran.yaml"
    printf 'flow: wrong\nshedule: daily 05:00\nnodes:\n  only: {type: virtual}\n' \
        >"$fixture_dir/wrong.yaml"
    "$build_dir/smartrm" --out "$fixture_dir/data" --from 2021-10-28 --to 2021-11-11 --events 200
    rm "$fixture_dir/data/event/OrderSucceededEvent/20211104data"
}

fixture_datemill()
{
    "$datemill" -C "$fixture_dir" "$@" >>"$fixture_dir/../fixture.log" 2>&1 </dev/null
}

# Runs in the order of their numbers: 1 is the first date of smartrm_study.
fixture_history()
{
    fixture_datemill backfill smartrm_study 2021-10-28..2021-11-11 -y # 2021-11-04 fails
    fixture_datemill run smartrm_study 2021-11-10
    fixture_datemill backfill flaky 2021-11-08..2021-11-11 -y
    fixture_datemill run every_hour 2021-11-10T03:15
    fixture_datemill backfill every_hour 2021-11-11 -y # 07:15 fails
    fixture_datemill run wide 2021-11-11
    fixture_datemill run $fixture_long 2020-02-28
    mkdir -p "$fixture_dir/gates"
    touch "$fixture_dir/gates/2021-11-01"
    fixture_datemill run gate 2021-11-01
    fixture_datemill mark 29 report success --reason "counted by hand"
    fixture_datemill freeze every_hour --reason "vendor is away"
}

fixture_serve()
{
    local i line
    "$datemill" -C "$fixture_dir" serve --listen 127.0.0.1:0 "$@" \
        >"$fixture_dir/../serve.log" 2>&1 </dev/null &
    fixture_pids+=($!)
    for i in $(seq 600); do
        line=$(grep -m 1 -o 'page http://.*' "$fixture_dir/../serve.log") &&
            "$datemill" -C "$fixture_dir" status --json | grep -q '"kind":"server"' && break
        sleep 0.05
    done
    page=$(grep -o -m 1 'http://[0-9.:]*' <<<"$line" | head -n 1)
    for i in $(seq 600); do
        sign_in=$("$datemill" -C "$fixture_dir" web open 2>/dev/null |
            grep -o 'http://.*/login?key=[^ ]*') && break
        sleep 0.05
    done
    [ -n "$page" ] && [ -n "$sign_in" ]
}

fixture_live()
{
    fixture_datemill run gate 2021-11-02 --detach
    fixture_datemill backfill gate 2021-11-03..2021-11-12 --parallel 2 --detach -y
}

fixture_end()
{
    local pid
    for pid in "${fixture_pids[@]}"; do
        kill "$pid" 2>/dev/null
    done
    for pid in "${fixture_pids[@]}"; do
        wait "$pid" 2>/dev/null
    done
    fixture_pids=()
    # the keeper outlives the server: its attempts are ours to end
    [ ! -e "$fixture_dir/.datemill/keeper.lock" ] ||
        fuser -sk -TERM "$fixture_dir/.datemill/keeper.lock" 2>/dev/null
}
