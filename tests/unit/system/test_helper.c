#include "scheduler/system/clock.h"
#include "scheduler/system/helper.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define TURNS 2000

struct world {
    struct loop *loop;
    struct helper *helper;
    bool has_ended;
    struct helper_end end;
    char output[256];
};

static void ended(void *owner, const struct helper_end *end)
{
    struct world *world = owner;
    world->has_ended = true;
    world->end = *end;
    world->helper = NULL;
    snprintf(world->output, sizeof world->output, "%.*s", (int)end->output_length, end->output);
    world->end.output = world->output;
}

static int set_up(void **state)
{
    struct world *world = calloc(1, sizeof *world);
    assert_int_equal(loop_open(&world->loop, NULL), 0);
    *state = world;
    return 0;
}

static int tear_down(void **state)
{
    struct world *world = *state;
    helper_cancel(world->helper);
    loop_close(world->loop);
    free(world);
    return 0;
}

static int start(struct world *world, const char *script, const char *input, struct duration limit)
{
    const char *const arguments[] = {"/bin/sh", "-c", script, NULL};
    const char *const environment[] = {"PATH=/usr/bin:/bin", "WORD=from the engine", NULL};
    struct helper_options options = {.loop = world->loop,
                                     .arguments = arguments,
                                     .environment = environment,
                                     .folder = "/",
                                     .input = input,
                                     .input_length = strlen(input),
                                     .output_limit = 200,
                                     .limit = limit,
                                     .ended = ended,
                                     .owner = world};
    return helper_start(&options, &world->helper, NULL);
}

static void run(struct world *world, const char *script, const char *input)
{
    assert_int_equal(start(world, script, input, duration_seconds(60)), 0);
    for (int i = 0; i < TURNS && !world->has_ended; i++)
        assert_int_equal(loop_turn(world->loop, duration_ms(50), NULL), 0);
    assert_true(world->has_ended);
}

static void input_goes_in_and_output_comes_out(void **state)
{
    struct world *world = *state;
    run(world, "cat; printf ' %s %s' \"$WORD\" \"$(pwd)\"; exit 3", "hello");
    assert_int_equal(world->end.kind, HELPER_END_EXITED);
    assert_int_equal(world->end.status, 3);
    assert_string_equal(world->output, "hello from the engine /");
}

static void nothing_of_our_environment_is_there(void **state)
{
    struct world *world = *state;
    setenv("SECRET_OF_OURS", "x", 1);
    run(world, "env | grep -c SECRET_OF_OURS", "");
    assert_string_equal(world->output, "0\n");
}

static void more_output_than_wanted_is_dropped(void **state)
{
    struct world *world = *state;
    run(world, "head -c 1000000 /dev/zero | tr '\\0' x", "");
    assert_int_equal(world->end.status, 0);
    assert_int_equal(world->end.output_length, 200);
}

static void one_that_hangs_is_killed_with_its_children(void **state)
{
    struct world *world = *state;
    struct duration before = clock_monotonic();
    assert_int_equal(start(world, "trap '' TERM; sleep 300 & echo $!; wait", "", duration_ms(300)),
                     0);
    for (int i = 0; i < TURNS && !world->has_ended; i++)
        loop_turn(world->loop, duration_ms(50), NULL);
    assert_true(world->has_ended);
    assert_int_equal(world->end.kind, HELPER_END_TOO_LONG);
    assert_true(clock_monotonic().us - before.us < 60 * DURATION_SECOND_US);
    pid_t child = (pid_t)strtol(world->output, NULL, 10);
    assert_true(child > 1);
    for (int i = 0; i < TURNS && kill(child, 0) == 0; i++)
        usleep(10000);
    assert_int_not_equal(kill(child, 0), 0);
}

static void what_a_helper_leaves_behind_dies_with_it(void **state)
{
    struct world *world = *state;
    run(world, "sleep 300 >/dev/null & echo $!", "");
    pid_t child = (pid_t)strtol(world->output, NULL, 10);
    for (int i = 0; i < TURNS && kill(child, 0) == 0; i++)
        usleep(10000);
    assert_int_not_equal(kill(child, 0), 0);
}

static void a_signal_is_told(void **state)
{
    struct world *world = *state;
    run(world, "kill -SEGV $$", "");
    assert_int_equal(world->end.kind, HELPER_END_SIGNALED);
    assert_int_equal(world->end.status, SIGSEGV);
}

static void one_that_does_not_exist_is_an_error(void **state)
{
    struct world *world = *state;
    const char *const arguments[] = {"/nowhere/program", NULL};
    struct helper_options options = {.loop = world->loop,
                                     .arguments = arguments,
                                     .input = "",
                                     .limit = duration_seconds(1),
                                     .ended = ended,
                                     .owner = world};
    struct error err = {0};
    assert_int_equal(helper_start(&options, &world->helper, &err), -1);
    assert_non_null(strstr(err.text, "/nowhere/program"));
    assert_false(world->has_ended);
}

static void a_cancelled_one_is_told_of_no_more(void **state)
{
    struct world *world = *state;
    assert_int_equal(start(world, "sleep 300", "", duration_seconds(60)), 0);
    helper_cancel(world->helper);
    world->helper = NULL;
    for (int i = 0; i < 5; i++)
        loop_turn(world->loop, duration_ms(10), NULL);
    assert_false(world->has_ended);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(input_goes_in_and_output_comes_out, set_up, tear_down),
        cmocka_unit_test_setup_teardown(nothing_of_our_environment_is_there, set_up, tear_down),
        cmocka_unit_test_setup_teardown(more_output_than_wanted_is_dropped, set_up, tear_down),
        cmocka_unit_test_setup_teardown(one_that_hangs_is_killed_with_its_children, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(what_a_helper_leaves_behind_dies_with_it, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_signal_is_told, set_up, tear_down),
        cmocka_unit_test_setup_teardown(one_that_does_not_exist_is_an_error, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_cancelled_one_is_told_of_no_more, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
