#!/usr/bin/env bash
# Secrets from files and from the environment reach the attempt, and no log, page, command line or
# database.
. "$(dirname "$0")/tap.bash"
program datemill datemill-keeper
datemill=$build_dir/datemill
project=$work/project
mkdir -p "$project/keys"
cd "$project" || exit 1

end_all()
{
    jobs -p | xargs -r kill -9 2>/dev/null
    [ ! -d .datemill ] || fuser -sk -TERM .datemill/keeper.lock 2>/dev/null
}
at_exit=end_all

# Each is made of two halves, so that not even this test's own text holds one of them.
file_secret=blue-whale-$((40 + 2))-file
variable_secret=grey-heron-$((40 + 3))-env
node_secret=red-otter-$((40 + 4))-node
key_line=c2VjcmV0LWtleS$((40 + 5))lines
short=q$((40 + 6))
printf '%s\n' "$file_secret" >keys/project
printf '%s\n' "$node_secret" >keys/node
printf -- '-----BEGIN TEST KEY-----\n%s\n-----END TEST KEY-----\n' "$key_line" >keys/pem
printf '%s\n' "$short" >keys/short
: >keys/empty

cat >datemill.yaml <<'END'
timezone: Asia/Shanghai
env:
  FROM_FILE: {secret: {file: keys/project}}
  FROM_ENV: {secret: {env: HERON}}
END
cat >writes.yaml <<'END'
flow: writes
nodes:
  plain:
    run: |
      echo "file $FROM_FILE env $FROM_ENV"
      echo "error $FROM_ENV" >&2
      printf '{"key":"%s"}\n' "$FROM_FILE" >&3
      printf '%s' "$FROM_FILE" | cut -c1-9 | tr -d '\n'; sleep 0.3
      printf '%s' "$FROM_FILE" | cut -c10-; echo "no newline $FROM_ENV" | tr -d '\n'
  own:
    needs: [plain]
    env:
      OF_NODE: {secret: {file: keys/node}}
      OF_ENV: {secret: {env: HERON}}
      KEY: {secret: {file: keys/pem}}
      SHORT: {secret: {file: keys/short}}
      EMPTY: {secret: {file: keys/empty}}
    run: |
      echo "node $OF_NODE env $OF_ENV empty [$EMPTY] short $SHORT project $FROM_FILE"
      echo "$KEY"
      [ "$(printf '%s' "$KEY" | wc -l)" = 2 ] && echo "whole key"
  long:
    env: {OF_NODE: {secret: {file: keys/node}}}
    run: head -c 16380 /dev/zero | tr '\0' x; echo "$OF_NODE"; sleep 2
END
cat >fails.yaml <<'END'
flow: fails
nodes:
  n:
    run: |
      echo "Error: cannot log in with $FROM_FILE" >&2
      exit 1
END
cat >missing.yaml <<'END'
flow: missing
nodes:
  file: {run: touch started, env: {KEY: {secret: {file: keys/nobody}}}}
  env: {run: touch started, env: {KEY: {secret: {env: NO_SUCH_HERON}}}}
END

# The texts come from a file: a grep with one on its command line would find itself.
printf '%s\n' "$file_secret" "$variable_secret" "$node_secret" "$key_line" >"$work/secrets"
holds_none()
{
    ! grep -a -q -F -f "$work/secrets" "$@"
}
count_in_command_lines()
{
    cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\0' '\n' | grep -a -c -F -f "$work/secrets"
}

HERON=$variable_secret "$datemill" run writes 2021-11-11 >out 2>&1 &
runner=$!
for _ in $(seq 100); do
    grep -qs 'plain.*success\|own' out && break
    sleep 0.05
done
seen=0
clean=yes
for _ in 1 2 3 4 5; do
    seen=$((seen + $(count_in_command_lines)))
    holds_none -r .datemill || clean=no
    sleep 0.1
done
wait $runner
is 'a flow whose nodes get secrets ends well' $? 0
is 'no command line held one while it ran' $seen 0
is 'nor did a file of the state folder' $clean yes
check 'nor what the terminal showed' holds_none out

run=$("$datemill" runs list --json -n 1 | sed 's/^{[^}]*"id":\([0-9]*\).*/\1/')
"$datemill" logs "$run" plain --lines 0 >plain 2>&1
"$datemill" logs "$run" own --lines 0 >own 2>&1
"$datemill" logs "$run" long --lines 0 >long 2>&1
check 'what was written is there, masked' grep -q 'file \*\*\* env \*\*\*' plain
check 'on both streams' grep -q 'error \*\*\*' plain
check 'split over two writes' grep -q '^.*\*\*\*$' plain
check 'of the node, with one that is too short to be masked' \
    grep -q "node \*\*\* env \*\*\* empty \[\] short $short project \*\*\*" own
check 'a key of several lines reached the node whole' grep -q 'whole key' own
is 'and is masked line by line' "$(grep -c '\*\*\*$' own)" 4
check 'no log holds a secret' holds_none plain own long
check 'not over the end of a piece of a long line either' \
    bash -c "! grep -q 'otter' long && ! grep -rq otter .datemill"

is 'a failure that names a secret' \
    "$(HERON=$variable_secret status_of "$datemill" run fails 2021-11-11)" 1
check 'is shown without it' grep -q 'cannot log in with \*\*\*' "$work/stdout" "$work/stderr"

files=$(find .datemill -type f | wc -l)
check 'the state folder has a database, a journal and logs' \
    test -s .datemill/state.db -a -s .datemill/keeper/journal -a "$files" -gt 5
check 'nothing in it holds a secret' holds_none -r .datemill
"$datemill" runs show "$run" --json >shown 2>&1
check 'what a run shows holds none' holds_none shown
HERON=$variable_secret "$datemill" render writes 2021-11-11 >rendered 2>&1
check 'nor what is rendered' holds_none rendered

is 'a missing secret' "$(HERON=$variable_secret status_of "$datemill" run missing 2021-11-11)" 1
cat "$work/stdout" "$work/stderr" >shown
check 'is told with the path of its file' grep -q "secret file .*keys/nobody.*No such file" shown
check 'or the name of its variable' grep -q 'NO_SUCH_HERON' shown
check 'and nothing was started' test ! -e started
tap_end
