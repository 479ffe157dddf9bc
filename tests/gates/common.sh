# Sourced by every gate. A gate takes the folder to look at as its only argument (this repository
# without one), prints `file:line: rule: what is wrong` for each fault, and ends 1 if there is one.
# Nothing but POSIX sh, awk and what it names itself.

set -u
export LC_ALL=C
gates=$(cd "$(dirname "$0")" && pwd)
root=$(cd "${1:-$gates/../..}" && pwd) || exit 2
cd "$root" || exit 2
work=$(mktemp -d "${TMPDIR:-/tmp}/datemill-gate.XXXXXX") || exit 2
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM

# Ours, wherever it is; build folders hold none of it.
c_files()
{
    for folder in scheduler nodes web tests contrib; do
        [ -d "$folder" ] &&
            find "$folder" -type f \( -name '*.[ch]' -o -name '*.def' \) ! -path '*/build*/*'
    done | sort
}

# The files named on standard input as lines `file<TAB>line<TAB>code`, without comments and without
# what stands in quotes.
code_lines()
{
    xargs awk -f "$gates/code.awk" </dev/stdin
}

# Ends the gate: the faults are the lines of $work/faults; nothing looked at is a fault, too.
finish()
{
    if [ "$1" -eq 0 ]; then
        echo "$(basename "$0"): found nothing to look at in $root"
        exit 1
    fi
    [ -s "$work/faults" ] || exit 0
    sort -t: -k1,1 -k2,2n -u "$work/faults"
    exit 1
}
