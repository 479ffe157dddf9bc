# What the tests with faults.c share; sourced after tap.bash.
program tests/crash_faults.so
faults=$work/faults
# The library comes before the sanitizer's; what a killed process leaves allocated is no leak.
export ASAN_OPTIONS=verify_asan_link_order=0:detect_leaks=0

# "${with_faults[@]}" [NAME=VALUE]… COMMAND…: its calls that write are counted in the file $faults.
with_faults=(env "FAULTS_STATE=$faults" "LD_PRELOAD=$build_dir/tests/crash_faults.so")

# How many calls were counted, how many of them struck, since the file was made.
faults_calls()
{
    od -An -td8 -N8 "$faults" | tr -d ' '
}
faults_struck()
{
    od -An -td8 -j8 -N8 "$faults" | tr -d ' '
}

# faults_clock SECONDS: moves the wall clock of every process that has the file open, or will.
faults_clock()
{
    local us=$(($1 * 1000000)) bytes='' i
    for i in 0 8 16 24 32 40 48 56; do
        bytes=$bytes$(printf '\\%03o' $(((us >> i) & 255)))
    done
    [ -s "$faults" ] || head -c 24 /dev/zero >"$faults"
    # shellcheck disable=SC2059
    printf "$bytes" | dd of="$faults" bs=1 seek=16 conv=notrunc status=none
}

# sample N PHASE: the numbers to look at of 1…N: all of them in the long form, else the first and
# the last, and every eighth ($SAMPLE_STEP) from PHASE on.
sample()
{
    local step=${SAMPLE_STEP:-8}
    if [ "${DATEMILL_TEST_FULL:-0}" = 0 ]; then
        { echo 1 "$1"; seq $(($2 % step + 2)) "$step" "$1"; } | tr ' ' '\n' | sort -nu
    else
        seq "$1"
    fi
}
