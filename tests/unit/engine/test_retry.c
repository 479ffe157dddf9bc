/* Which failure is followed by another attempt, and when. */
#include "tests/unit/engine/engine_world.h"

static void open_one(struct world *world, struct event_retry retry)
{
    world_open(world, 1);
    world_begin(world);
    world_add(world, 1, (struct spec[]){{.retry = retry}, {.needs = "0"}}, 2);
    world_started(world, 1);
    world_ignore(world);
}

static void test_delay_and_limit(void **state)
{
    (void)state;
    struct world world;
    open_one(&world, world_retry(2, 60));
    world_ended(&world, 1, ATTEMPT_END_FAILURE, 1);
    world_expect(&world, "attempt 1 1/0 #1 failure 1\n"
                         "task 1/0 waiting retry at 1060s tries 1 of 1: retry\n");
    assert_int_equal(engine_next_wakeup(world.engine).us, 1060 * DURATION_SECOND_US);
    world_at(&world, 1059);
    world_expect(&world, "");
    world_at(&world, 1060);
    world_expect(&world, "attempt 2 1/0 #2 granted\ngrant 2 1/0 #2\n");
    assert_true(instant_is_never(engine_next_wakeup(world.engine)));
    world_started(&world, 2);
    world_expect(&world, "attempt 2 1/0 #2 running\n"
                         "task 1/0 running tries 2 of 2: started\n");
    world_ended(&world, 2, ATTEMPT_END_SIGNAL, 11);
    world_expect(&world, "attempt 2 1/0 #2 signal 11\n"
                         "task 1/0 waiting retry at 1120s tries 2 of 2: retry\n");
    world_at(&world, 5000);
    world_started(&world, 3);
    world_ignore(&world);
    world_ended(&world, 3, ATTEMPT_END_FAILURE, 1);
    world_expect(&world, "attempt 3 1/0 #3 failure 1\n"
                         "task 1/0 failed tries 3 of 3: ended\n"
                         "task 1/1 blocked: upstream\n"
                         "run 1 failed\n");
    world_close(&world);
}

/* Whoever sets the clock changes no delay, and what is stored says so. */
static void test_the_clock_is_set(void **state)
{
    (void)state;
    struct world world;
    const int64_t year = 31536000;
    open_one(&world, world_retry(2, 60));
    world_ended(&world, 1, ATTEMPT_END_FAILURE, 1);
    world_ignore(&world);
    world.second = 1020 + year;
    world_do(&world,
             (struct event){.kind = EVENT_TIME, .clock_set_by = {year * DURATION_SECOND_US}});
    world_expect(&world, "task 1/0 waiting retry at 31537060s tries 1 of 1: retry\n");
    world.second = 1030;
    world_do(&world,
             (struct event){.kind = EVENT_TIME, .clock_set_by = {-year * DURATION_SECOND_US}});
    world_expect(&world, "task 1/0 waiting retry at 1060s tries 1 of 1: retry\n");
    world_at(&world, 1059);
    world_expect(&world, "");
    world_at(&world, 1060);
    world_expect(&world, "attempt 2 1/0 #2 granted\ngrant 2 1/0 #2\n");
    world_close(&world);
}

/* It was set back by a year while no engine was there. */
static void test_a_stored_time_is_too_far_away(void **state)
{
    (void)state;
    struct world world;
    struct event_node node = {.retry = world_retry(2, 60),
                              .pool = ENGINE_NO_POOL,
                              .priority = 1,
                              .has_process = true,
                              .is_selected = true,
                              .attempts = 1,
                              .tries = 1,
                              .ready_at = {31536000 * DURATION_SECOND_US}};
    struct event_run run = {
        .run_id = 1, .priority = 1, .opening = 1, .nodes = &node, .node_count = 1};
    world_open(&world, 1);
    world_begin(&world);
    world_do(&world, (struct event){.kind = EVENT_RUN_ADDED, .run = &run});
    world_ignore(&world);
    assert_int_equal(engine_next_wakeup(world.engine).us, 1060 * DURATION_SECOND_US);
    world_at(&world, 1060);
    world_expect(&world, "attempt 1 1/0 #2 granted\ngrant 1 1/0 #2\n");
    world_close(&world);
}

static void test_without_delay_the_next_is_granted_at_once(void **state)
{
    (void)state;
    struct world world;
    open_one(&world, world_retry(1, 0));
    world_ended(&world, 1, ATTEMPT_END_FAILURE, 2);
    world_expect(&world, "attempt 1 1/0 #1 failure 2\n"
                         "task 1/0 waiting slot at 1000s tries 1 of 1: retry\n"
                         "attempt 2 1/0 #2 granted\n"
                         "grant 2 1/0 #2\n");
    world_close(&world);
}

/* The seconds after each of `count` failures, as text. */
static void expect_delays(struct event_retry retry, const char *expected)
{
    struct world world;
    struct text delays = {0};
    retry.max = 6;
    open_one(&world, retry);
    for (int64_t id = 1; id <= 6; id++) {
        int64_t before = world.second;
        if (id > 1)
            world_started(&world, id);
        world_ended(&world, id, ATTEMPT_END_FAILURE, 1);
        int64_t wakeup = engine_next_wakeup(world.engine).us / DURATION_SECOND_US;
        text_append_format(&delays, "%d ", (int)(wakeup - before));
        world_at(&world, wakeup + 1); /* half seconds are cut above */
    }
    assert_string_equal(text_string(&delays), expected);
    text_free(&delays);
    world_ignore(&world);
    world_close(&world);
}

static void test_backoff(void **state)
{
    (void)state;
    struct event_retry retry = world_retry(6, 10);
    expect_delays(retry, "10 10 10 10 10 10 ");
    retry.backoff_percent = 200;
    expect_delays(retry, "10 20 40 80 160 320 ");
    retry.max_delay = duration_seconds(50);
    expect_delays(retry, "10 20 40 50 50 50 ");
    retry.backoff_percent = 150;
    retry.max_delay = duration_seconds(0);
    retry.delay = duration_seconds(100);
    expect_delays(retry, "100 150 225 337 506 759 ");
    retry.delay = duration_seconds(100);
    retry.max_delay = duration_seconds(30);
    expect_delays(retry, "30 30 30 30 30 30 ");
}

static void test_backoff_does_not_overflow(void **state)
{
    (void)state;
    struct event_retry retry = world_retry(6, 4 * 86400);
    retry.backoff_percent = INT32_MAX;
    expect_delays(retry, "345600 864000000 864000000 864000000 864000000 864000000 ");
}

/* Whether an attempt that ends so is followed by another. */
static bool is_retried(struct event_retry retry, enum attempt_end end, int32_t code)
{
    struct world world;
    retry.max = 1;
    open_one(&world, retry);
    world_ended(&world, 1, end, code);
    struct engine_task task;
    assert_int_equal(engine_look(world.engine, 1, 0, &task, NULL), 0);
    world_ignore(&world);
    world_close(&world);
    assert_true(task.state == TASK_WAITING || task.state == TASK_FAILED ||
                task.state == TASK_STOPPED || task.state == TASK_SUCCESS);
    return task.state == TASK_WAITING;
}

static void test_what_is_retried(void **state)
{
    (void)state;
    struct event_retry retry = world_retry(1, 60);
    assert_false(is_retried(retry, ATTEMPT_END_SUCCESS, 0));
    assert_true(is_retried(retry, ATTEMPT_END_FAILURE, 1));
    assert_true(is_retried(retry, ATTEMPT_END_FAILURE, 0));
    assert_true(is_retried(retry, ATTEMPT_END_SIGNAL, 9));
    assert_true(is_retried(retry, ATTEMPT_END_COULD_NOT_START, 0));
    assert_false(is_retried(retry, ATTEMPT_END_TIMEOUT, 0));
    assert_false(is_retried(retry, ATTEMPT_END_LOST, 0));
    assert_false(is_retried(retry, ATTEMPT_END_STOPPED, 0));
    retry.on_timeout = true;
    assert_true(is_retried(retry, ATTEMPT_END_TIMEOUT, 0));
    assert_false(is_retried(retry, ATTEMPT_END_LOST, 0));
    retry.on_lost = true;
    assert_true(is_retried(retry, ATTEMPT_END_LOST, 0));
    assert_false(is_retried(retry, ATTEMPT_END_STOPPED, 0));
}

static void test_codes_narrow(void **state)
{
    (void)state;
    static const int32_t codes[] = {75, 3};
    struct event_retry retry = world_retry(1, 60);
    retry.codes = codes;
    retry.code_count = 2;
    assert_true(is_retried(retry, ATTEMPT_END_FAILURE, 75));
    assert_true(is_retried(retry, ATTEMPT_END_FAILURE, 3));
    assert_false(is_retried(retry, ATTEMPT_END_FAILURE, 1));
    assert_false(is_retried(retry, ATTEMPT_END_SIGNAL, 75));
    assert_false(is_retried(retry, ATTEMPT_END_COULD_NOT_START, 75));
    assert_false(is_retried(retry, ATTEMPT_END_TIMEOUT, 75));
    retry.on_timeout = true;
    assert_true(is_retried(retry, ATTEMPT_END_TIMEOUT, 0));
}

static void test_rerun_gives_the_retries_back(void **state)
{
    (void)state;
    struct world world;
    open_one(&world, world_retry(1, 0));
    world_ended(&world, 1, ATTEMPT_END_FAILURE, 1);
    world_started(&world, 2);
    world_ended(&world, 2, ATTEMPT_END_FAILURE, 1);
    world_ignore(&world);
    world_do(&world, (struct event){.kind = EVENT_RERUN, .run_id = 1, .scope = RERUN_FROM_FAILED});
    world_expect(&world, "task 1/0 waiting slot tries 0 of 2: rerun\n"
                         "task 1/1 waiting upstream: upstream\n"
                         "attempt 3 1/0 #3 granted\n"
                         "grant 3 1/0 #3\n"
                         "run 1 running opening 2\n");
    world_ended(&world, 3, ATTEMPT_END_FAILURE, 1);
    world_expect(&world, "attempt 3 1/0 #3 failure 1\n"
                         "task 1/0 waiting slot at 1000s tries 1 of 3: retry\n"
                         "attempt 4 1/0 #4 granted\n"
                         "grant 4 1/0 #4\n");
    world_ended(&world, 4, ATTEMPT_END_SUCCESS, 0);
    world_ignore(&world);
    world_succeed(&world, 5);
    world_close(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_delay_and_limit),
        cmocka_unit_test(test_the_clock_is_set),
        cmocka_unit_test(test_a_stored_time_is_too_far_away),
        cmocka_unit_test(test_without_delay_the_next_is_granted_at_once),
        cmocka_unit_test(test_backoff),
        cmocka_unit_test(test_backoff_does_not_overflow),
        cmocka_unit_test(test_what_is_retried),
        cmocka_unit_test(test_codes_narrow),
        cmocka_unit_test(test_rerun_gives_the_retries_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
