#!/usr/bin/env bash
# Every page of a project with a history, in chromium: pages.mjs, on a server of its own.
source_dir=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
. "$source_dir/tests/e2e/tap.bash"
. "$source_dir/tests/browser/fixture.bash"
program datemill datemill-web datemill-keeper datemill-sync datemill-sql datemill-data smartrm
datemill=$build_dir/datemill
at_exit=fixture_end
: "${BROWSER_MODULES:?is the folder that tests/browser/modules has filled}"

fixture_project "$work/project" && fixture_history && fixture_serve && fixture_live || {
    printf 'not ok 1 - the project is made and served\n1..1\n'
    note "$(tail -n 20 "$work"/*.log)"
    exit 1
}
page=$page sign_in=$sign_in project=$fixture_dir node "$source_dir/tests/browser/pages.mjs"
status=$?
[ $status = 0 ] || note "$(tail -n 5 "$work"/*.log)"
exit $status
