#!/usr/bin/env bash
# What a run knows of the definition it was made of: commit, modified, content, text that ran.
. "$(dirname "$0")/tap.bash"
program datemill datemill-keeper
datemill=$build_dir/datemill
export GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_SYSTEM=/dev/null HOME=$work
chmod 755 "$work"

end_all()
{
    local lock
    jobs -p | xargs -r kill -9 2>/dev/null
    for lock in "$work"/*/.datemill/keeper.lock "$work"/*/*/.datemill/keeper.lock; do
        [ ! -e "$lock" ] || kill -TERM "$(sed -n 's/^pid //p' "$lock")" 2>/dev/null
    done
}
at_exit=end_all

run()
{
    status_of "$datemill" run "$@"
}
# project FOLDER: makes it, and goes there.
project()
{
    mkdir -p "$1"
    cd "$1" || exit 1
    printf 'timezone: Asia/Shanghai\nslots: 4\n' >datemill.yaml
    cat >v.yaml <<'END'
flow: v
params: {var: "${yyyymmdd}"}
nodes:
  a: {run: echo one $var}
END
    printf 'flow: other\nnodes:\n  a: {run: echo other}\n' >other.yaml
}
git_here()
{
    git -c user.name=Lin -c user.email=lin@example.org "$@"
}
# shown WORDS…: the newest run shows that.
shown()
{
    "$datemill" runs show latest | grep -qE -- "$1"
}
# field NAME: of the newest run, as JSON.
field()
{
    "$datemill" runs show latest --json | grep -oE "\"$1\":(\"[^\"]*\"|[a-z0-9]+)" | head -n 1 |
        cut -d: -f2- | tr -d '"'
}
blob()
{
    { printf 'blob %d\0' "$(wc -c <"$1")"; cat "$1"; } | sha1sum | cut -d' ' -f1
}

# --- no repository ---
project "$work/plain"
is 'outside a repository' "$(run v 2021-11-01)" 0
hash=$(field hash)
check 'the content hash is shown' shown "^version +$(printf %.12s "$hash")"
is 'there is no commit' "$(field commit)" null
is 'and nothing to note' "$(field version_note)" null
is 'files are known by the id git would give them' "$(field blob)" "$(blob v.yaml)"
is 'the same again' "$(run v 2021-11-02)" 0
is 'is the same version' "$(field hash)" "$hash"
sed -i 's/one/two/' v.yaml
is 'an edited one' "$(run v 2021-11-03)" 0
check 'is another' test "$(field hash)" != "$hash"

# --- a repository ---
project "$work/repo"
git init -q . && git_here add -A && git_here commit -qm 'first'
commit=$(git rev-parse HEAD)
is 'in a repository' "$(run v 2021-11-01)" 0
is 'the commit is known' "$(field commit)" "$commit"
check 'and shown short, clean' shown "^version +$(git rev-parse --short HEAD)\$"
is 'JSON says clean' "$(field dirty)" false
is '.datemill is nothing git sees' "$(git status --porcelain)" ''
is '.datemill does not count: clean again' "$(run v 2021-11-02; field dirty)" '0
false'
echo '# changed' >>other.yaml
echo 'new' >untracked.txt
is 'files that the flow does not read do not count' "$(run v 2021-11-03; field dirty)" '0
false'
echo '# changed' >>v.yaml
is 'its own file does' "$(run v 2021-11-04; field dirty)" '0
true'
check 'shown with a plus, in words' shown "^version +$(git rev-parse --short HEAD)\\+ .*modified"
git_here add v.yaml
is 'staged is modified too' "$(run v 2021-11-05; field dirty)" '0
true'
git_here commit -qm 'second' v.yaml
is 'committed it is clean' "$(run v 2021-11-06; field dirty)" '0
false'
check 'at the new commit' test "$(field commit)" = "$(git rev-parse HEAD)"
echo '# a comment' >>datemill.yaml
is 'datemill.yaml counts' "$(run v 2021-11-07; field dirty)" '0
true'
git checkout -q datemill.yaml
printf 'flow: fresh\nnodes:\n  a: {run: echo x}\n' >fresh.yaml
is 'a flow that was never committed is modified' "$(run fresh 2021-11-01; field dirty)" '0
true'
git worktree add -q "$work/tree" HEAD
cd "$work/tree" || exit 1
is 'a work tree of it' "$(run v 2021-11-01; field commit)" "0
$(git rev-parse HEAD)"

# --- a project below the top, and a repository without a commit ---
mkdir "$work/top"
cd "$work/top" || exit 1
git init -q .
project "$work/top/below"
is 'a repository without a commit' "$(run v 2021-11-01; field commit)" '0
null'
check 'the content hash stands in' shown "^version +$(printf %.12s "$(field hash)")"
git_here add -A && git_here commit -qm first
is 'a project in a folder of a repository' "$(run v 2021-11-02; field commit)" "0
$(git rev-parse HEAD)"
is 'clean' "$(field dirty)" false
cd .. && git mv below moved && cd moved || exit 1
is 'moved, not committed' "$(run v 2021-11-03; field dirty)" '0
true'

# --- what libgit2 refuses ---
if git init -q --object-format=sha256 "$work/sha256" 2>/dev/null; then
    project "$work/sha256"
    git_here add -A && git_here commit -qm first
    # libgit2 1.5 loses memory when it refuses one
    is 'a repository of SHA-256' "$(ASAN_OPTIONS=detect_leaks=0 run v 2021-11-01)" 0
    is 'has no commit for us' "$(field commit)" null
    check 'but the content' test -n "$(field hash)"
    check "and a note: $(field version_note)" test "$(field version_note)" != null
    check 'that is shown' shown '(SHA-256|sha256|repository|extension)'
fi
project "$work/broken"
git init -q . && git_here add -A && git_here commit -qm first
rm -rf .git/objects/??
is 'a damaged repository' "$(run v 2021-11-01)" 0
echo garbage >.git/HEAD
is 'and one without a head' "$(run v 2021-11-02)" 0
check 'the content hash stands in' shown "^version +$(printf %.12s "$(field hash)")"
as_nobody='setpriv --reuid=65534 --regid=65534 --clear-groups'
if [ "$(id -u)" = 0 ] && $as_nobody test -x "$datemill"; then
    mkdir "$work/owned"
    git init -q "$work/owned"
    project "$work/owned/project"
    git_here add -A && git_here commit -qm first
    chown -R 65534:65534 "$work/owned/project"
    cd "$work/owned/project" || exit 1
    $as_nobody "$datemill" run v 2021-11-01 \
        >"$work/stdout" 2>"$work/stderr"
    is 'a repository that another user owns' "$?" 0
    asked=$($as_nobody "$datemill" runs show 1 --json)
    is 'gives no commit' "$(grep -c '"commit":null' <<<"$asked")" 1
    check 'and a note that says why' grep -qE '"version_note":"[^"]*another user' <<<"$asked"
fi

# --- edited between run and rerun ---
project "$work/edited"
cat >v.yaml <<'END'
flow: v
params: {var: "${yyyymmdd}"}
nodes:
  a: {run: echo one $var}
  b: {run: 'echo before $var; test -e fixed', needs: [a]}
END
is 'a run that fails' "$(run v 2021-11-01)" 1
hash=$(field hash)
cat >v.yaml <<'END'
flow: v
params: {var: changed}
nodes:
  b: {run: 'echo after $var; exit 9'}
  z: {run: exit 9, needs: [b]}
END
touch fixed
is 'is run again in its own definition' "$(status_of "$datemill" rerun 1 --from-failed)" 0
is 'node b said what it did before' "$("$datemill" logs 1 b --raw)" 'before 20211101'
is 'the version is still the same' "$(field hash)" "$hash"
is 'all of it, too' "$(status_of "$datemill" rerun 1 --all)" 0
is 'node a is still there' "$("$datemill" logs 1 a --raw)" 'one 20211101'
rm v.yaml
is 'even when the file is gone' "$(status_of "$datemill" rerun 1 --only b)" 0
is 'a new run is not to be had then' "$(run v 2021-11-02)" 4

# --- edited while it runs, and the engine killed ---
cat >v.yaml <<END
flow: v
nodes:
  a: {run: 'touch $work/a_runs; sleep 1'}
  b: {run: echo as it was, needs: [a]}
END
"$datemill" run v 2021-11-05 >"$work/one" 2>&1 &
pid=$!
for _ in $(seq 100); do
    [ ! -e "$work/a_runs" ] || break
    sleep 0.05
done
sed -i 's/as it was/as it is/' v.yaml
kill -9 $pid
wait $pid 2>/dev/null
is 'the same command is told that the open run is another' "$(run v 2021-11-05)" 5
check 'and how to go on' grep -qE 'datemill rerun [0-9]+' "$work/stderr"
is 'which does' "$(status_of "$datemill" rerun latest)" 0
is 'in the definition of the run' "$("$datemill" logs latest b --raw)" 'as it was'

# --- the text that ran ---
is 'the text that ran is shown' \
    "$("$datemill" runs show latest --text b 2>/dev/null | head -n 1)" 'echo as it was'
tap_end
