#!/usr/bin/env bash
# "To add a command" of scheduler/command/README.md, followed to the letter.
. "$(dirname "$0")/tap.bash"
program datemill
list=$work/commands.c
example=$work/command_hello.c

sed -n '/^## To add/,$p' "$source_dir/scheduler/command/README.md" |
    sed -n '/^```c$/,/^```$/{/^```/d;p}' >"$example"
check 'the README has the example' grep -q 'struct command command_hello' "$example"
sed -e '0,/^extern /s//extern const struct command command_hello;\n&/' \
    -e '0,/^    &command/s//    \&command_hello,\n&/' \
    "$source_dir/scheduler/command/commands.c" >"$list"
is 'both lists have it' "$(grep -c command_hello "$list")" 2

# compile FILE: as the build compiles the list of commands (all of it would take a minute).
compile()
{
    local command
    command=$(ninja -C "$build_dir" -t commands libdatemill_command.a |
        grep -- '-c .*/scheduler/command/commands\.c$')
    command=${command%% -MD *}
    (cd "$build_dir" && eval "$command -o $1.o -c $1")
}

# The new objects come first, so the archive's own list stays where it is.
link()
{
    local command
    command=$(ninja -C "$build_dir" -t commands datemill | tail -n 1)
    command=${command/ -o datemill / -o $work/datemill $list.o $example.o }
    (cd "$build_dir" && eval "$command")
}

check 'the example compiles' compile "$example"
check 'the list compiles' compile "$list"
check 'they link' link
is 'it runs' "$("$work/datemill" hello there)" there
check 'it is in the help' grep -q '^  hello  *Print a name.$' <("$work/datemill" help)
is 'and its words are checked' "$(status_of "$work/datemill" hello a b)" 2
tap_end
