#!/usr/bin/env bash
# What `cmake --install` puts where, and that it works from there.
. "$(dirname "$0")/tap.bash"
program datemill datemill-keeper datemill-sync datemill-sql datemill-data datemill-look \
    datemill-notify datemill-web
prefix=$work/prefix

check 'it installs' cmake --install "$build_dir" --prefix "$prefix"
is 'one program on the PATH' "$(ls "$prefix/bin")" datemill
is 'its companions out of the way' "$(ls "$prefix/libexec/datemill" | tr '\n' ' ')" \
    "$(printf 'datemill-%s ' data keeper look notify sql sync web)"

mkdir "$work/project"
printf 'slots: 2\n' >"$work/project/datemill.yaml"
printf 'flow: hello\nnodes:\n  n: {run: echo hello}\n' >"$work/project/hello.yaml"
is 'a flow runs from there' \
    "$(status_of "$prefix/bin/datemill" -C "$work/project" run hello 2021-11-11)" 0
is 'the warehouse answers from there' \
    "$("$prefix/bin/datemill" -C "$work/project" query 'SELECT 1 AS n' --format csv)" "n
1"
"$prefix/bin/datemill" -C "$work/project" query 'SELECT nope' --json >"$work/out" 2>&1
is 'with --json an error is one object' "$(sed 's/"message":"[^"]*",//' "$work/out")" \
    '{"error":{"code":null,"file":null,"line":1,"column":8,"help":null,"exit_code":3}}'
"$prefix/bin/datemill" -C "$work/project" data tables >"$work/out" 2>&1
check 'it says that it has no tables yet' grep -q 'no warehouse here yet' "$work/out"
ln -s "$prefix/bin/datemill" "$work/link"
is 'also through a link' "$(status_of "$work/link" -C "$work/project" run hello 2021-11-12)" 0

# ---- systemd ----

is 'units, for the machine and for a user' \
    "$(cd "$prefix/lib/systemd" && find . -type f | sort | tr '\n' ' ')" \
    './system/datemill@.service ./user/datemill@.service '
is 'they name the program where it is' \
    "$(grep -h '^ExecStart=' "$prefix"/lib/systemd/*/* | cut -d ' ' -f 1 | sort -u)" \
    "ExecStart=$prefix/bin/datemill"
is 'nothing is left to fill in' "$(grep -h '@[A-Z_]*@' "$prefix"/lib/systemd/*/*)" ''
# verify UNIT-FOLDER OPTION…: as systemd reads it, for this project.
verify()
{
    local unit
    unit=$work/datemill@$(systemd-escape --path "$work/project").service
    cp "$prefix/lib/systemd/$1/datemill@.service" "$unit"
    shift
    XDG_RUNTIME_DIR=$work systemd-analyze "$@" verify "$unit" >"$work/out" 2>&1 &&
        [ ! -s "$work/out" ] || { cat "$work/out"; return 1; }
}
if command -v systemd-analyze >/dev/null; then
    check 'systemd takes the one' verify system
    check 'and the other' verify user --user
else
    note 'no systemd-analyze here'
fi
tap_end
