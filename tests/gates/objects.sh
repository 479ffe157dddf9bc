# Sourced after common.sh: compile_objects puts object files and call graphs of everything but the
# tests under $work/objects, and their list into $work/objects.txt. No optimisation and no position
# independent code: calls stay calls, and tables of constants stay constant.
#
# Where GATE_OBJECTS names a folder, the first gate compiles into it and the others take what is
# there: it belongs to whoever starts the gates, who empties it before.

compile_objects()
{
    if [ -n "${GATE_OBJECTS:-}" ]; then
        mkdir -p "$GATE_OBJECTS" || exit 2
        ln -s "$GATE_OBJECTS" "$work/objects"
        exec 7>"$GATE_OBJECTS/lock"
        flock 7
    else
        mkdir "$work/objects"
    fi
    c_files | grep -v '^tests/' | grep '\.c$' >"$work/sources"
    sed 's/[^\/]*$//' "$work/sources" | sort -u | sed "s|^|$work/objects/|" | xargs mkdir -p
    flags="-std=c17 -D_GNU_SOURCE -I. -w -O0 -fno-pic -fno-pie -fno-stack-protector"
    flags="$flags -DDATEMILL_VERSION='\"\"'"
    flags="$flags -fcallgraph-info $(pkg-config --cflags libcjson)"
    sed "s|.*|$work/objects/&|; s|\.c$|.o|" "$work/sources" >"$work/objects.txt"
    [ ! -f "$work/objects/done" ] || return 0
    # shellcheck disable=SC2016
    xargs -P 2 -I '{}' sh -c '
        gcc '"$flags"' -c "$1" -o "$2/${1%.c}.o" 2>"$2/${1%.c}.log" || {
            echo "$1:1: compile: gcc does not compile it"
            head -n 5 "$2/${1%.c}.log" | sed "s/^/    /"
        }' sh '{}' "$work/objects" <"$work/sources" >"$work/compile"
    if [ -s "$work/compile" ]; then
        cat "$work/compile"
        exit 1
    fi
    : >"$work/objects/done"
    exec 7>&-
}
