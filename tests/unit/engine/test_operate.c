/* Stop, skip, mark, freeze, unfreeze, rerun, and how they cross with starts and ends. */
#include "tests/unit/engine/engine_world.h"

static struct event stop(bool is_kill)
{
    return (struct event){.kind = EVENT_STOP_RUN, .run_id = 1, .is_kill = is_kill};
}

static struct event mark(uint32_t node, bool is_success)
{
    struct event event = world_node_event(EVENT_MARK, 1, node);
    event.is_success = is_success;
    return event;
}

static struct event rerun(enum rerun_scope scope, uint32_t node)
{
    struct event event = world_node_event(EVENT_RERUN, 1, node);
    event.scope = scope;
    return event;
}

/* 0 runs, 1 is granted, 2 waits for 0, 3 waits for 1. */
static void open_four(struct world *world)
{
    world_open(world, 1);
    world_begin(world);
    world_add(world, 1,
              (struct spec[]){{.retry = world_retry(1, 60)}, {0}, {.needs = "0"}, {.needs = "1"}},
              4);
    world_started(world, 1);
    world_ignore(world);
}

static void test_stop(void **state)
{
    (void)state;
    struct world world;
    open_four(&world);
    world_do(&world, stop(false));
    world_expect(&world, "task 1/0 running tries 1 of 1 wish stop: stop\n"
                         "stop 1 1/0 #1\n"
                         "task 1/1 waiting slot tries 1 of 1 wish stop: stop\n"
                         "revoke 2 1/1 #1\n"
                         "task 1/2 stopped: stop\n"
                         "task 1/3 stopped: stop\n");
    world_do(&world, stop(true));
    world_expect(&world, "task 1/0 running tries 1 of 1 wish kill: stop\n"
                         "kill 1 1/0 #1\n"
                         "task 1/1 waiting slot tries 1 of 1 wish kill: stop\n");
    world_revoked(&world, 2);
    world_expect(&world, "attempt 2 1/1 #1 revoked\n"
                         "task 1/1 stopped: stop\n");
    world_ended(&world, 1, ATTEMPT_END_STOPPED, 0);
    world_expect(&world, "attempt 1 1/0 #1 stopped\n"
                         "task 1/0 stopped tries 1 of 1: ended\n"
                         "run 1 stopped\n");
    world_close(&world);
}

static void test_stop_crosses_a_start(void **state)
{
    (void)state;
    struct world world;
    open_four(&world);
    world_do(&world, stop(false));
    world_ignore(&world);
    world_started(&world, 2);
    world_expect(&world, "attempt 2 1/1 #1 running\n"
                         "task 1/1 running tries 1 of 1 wish stop: started\n"
                         "stop 2 1/1 #1\n");
    world_ended(&world, 2, ATTEMPT_END_SUCCESS, 0);
    world_expect(&world, "attempt 2 1/1 #1 success\n"
                         "task 1/1 success tries 1 of 1: ended\n");
    /* it failed by itself and would have been tried again */
    world_ended(&world, 1, ATTEMPT_END_FAILURE, 1);
    world_expect(&world, "attempt 1 1/0 #1 failure 1\n"
                         "task 1/0 stopped tries 1 of 1: stop\n"
                         "run 1 stopped\n");
    world_close(&world);
}

static void test_last_failure_under_stop_is_a_failure(void **state)
{
    (void)state;
    struct world world;
    world_open(&world, 1);
    world_begin(&world);
    world_add(&world, 1, (struct spec[]){{0}}, 1);
    world_started(&world, 1);
    world_do(&world, stop(false));
    world_ignore(&world);
    world_ended(&world, 1, ATTEMPT_END_LOST, 0);
    world_expect(&world, "attempt 1 1/0 #1 lost\n"
                         "task 1/0 failed tries 1 of 1: ended\n"
                         "run 1 failed\n");
    world_close(&world);
}

static void test_skip(void **state)
{
    (void)state;
    struct world world;
    open_four(&world);
    world_do(&world, world_node_event(EVENT_SKIP, 1, 1));
    world_expect(&world, "task 1/1 waiting slot tries 1 of 1 wish skip: skip\n"
                         "revoke 2 1/1 #1\n");
    world_revoked(&world, 2);
    world_expect(&world, "attempt 2 1/1 #1 revoked\n"
                         "task 1/1 skipped: skip\n"
                         "attempt 3 1/3 #1 granted\n"
                         "grant 3 1/3 #1\n");
    world_do(&world, world_node_event(EVENT_SKIP, 1, 1));
    world_expect(&world, "");
    world_do(&world, world_node_event(EVENT_SKIP, 1, 2));
    world_expect(&world, "task 1/2 skipped: skip\n");
    world_succeed(&world, 3);
    world_refuse(&world, world_node_event(EVENT_SKIP, 1, 3), ERROR_KIND_REFUSED);
    world_close(&world);
}

static void test_skip_crosses_a_start(void **state)
{
    (void)state;
    struct world world;
    open_four(&world);
    world_do(&world, world_node_event(EVENT_SKIP, 1, 1));
    world_ignore(&world);
    world_started(&world, 2);
    world_expect(&world, "attempt 2 1/1 #1 running\n"
                         "task 1/1 running tries 1 of 1 wish skip: started\n"
                         "stop 2 1/1 #1\n");
    world_ended(&world, 2, ATTEMPT_END_STOPPED, 0);
    world_expect(&world, "attempt 2 1/1 #1 stopped\n"
                         "task 1/1 skipped tries 1 of 1: skip\n"
                         "attempt 3 1/3 #1 granted\n"
                         "grant 3 1/3 #1\n");
    world_close(&world);
}

/* Who runs is stopped for it; one that ends well before it is reached has succeeded. */
static void test_skip_running(void **state)
{
    (void)state;
    struct world world;
    open_four(&world);
    world_do(&world, world_node_event(EVENT_SKIP, 1, 0));
    world_expect(&world, "task 1/0 running tries 1 of 1 wish skip: skip\n"
                         "stop 1 1/0 #1\n");
    world_do(&world, stop(false));
    world_ignore(&world);
    world_ended(&world, 1, ATTEMPT_END_STOPPED, 0);
    world_expect(&world, "attempt 1 1/0 #1 stopped\n"
                         "task 1/0 skipped tries 1 of 1: skip\n");
    world_close(&world);
    open_four(&world);
    world_do(&world, world_node_event(EVENT_SKIP, 1, 0));
    world_ignore(&world);
    world_ended(&world, 1, ATTEMPT_END_SUCCESS, 0);
    world_expect(&world, "attempt 1 1/0 #1 success\n"
                         "task 1/0 success tries 1 of 1: ended\n"
                         "attempt 3 1/2 #1 granted\n"
                         "grant 3 1/2 #1\n");
    world_close(&world);
}

/* What a person says of it holds, however it ends. */
static void test_mark_running(void **state)
{
    (void)state;
    struct world world;
    open_four(&world);
    world_do(&world, mark(0, false));
    world_expect(&world, "task 1/0 running tries 1 of 1 wish mark failed: mark\n"
                         "stop 1 1/0 #1\n");
    world_do(&world, mark(0, true));
    world_expect(&world, "task 1/0 running tries 1 of 1 wish mark success: mark\n"
                         "stop 1 1/0 #1\n");
    world_ended(&world, 1, ATTEMPT_END_STOPPED, 0);
    world_expect(&world, "attempt 1 1/0 #1 stopped\n"
                         "task 1/0 success tries 1 of 1: mark\n"
                         "attempt 3 1/2 #1 granted\n"
                         "grant 3 1/2 #1\n");
    world_close(&world);
}

static void test_skip_mends_downstream(void **state)
{
    (void)state;
    struct world world;
    world_open(&world, 1);
    world_begin(&world);
    world_add(&world, 1, (struct spec[]){{0}, {.needs = "0"}, {.needs = "1", .is_virtual = true}},
              3);
    world_started(&world, 1);
    world_ended(&world, 1, ATTEMPT_END_FAILURE, 7);
    world_ignore(&world);
    world_do(&world, world_node_event(EVENT_SKIP, 1, 0));
    world_expect(&world, "task 1/0 skipped tries 1 of 1: skip\n"
                         "task 1/1 waiting slot: upstream\n"
                         "task 1/2 waiting upstream: upstream\n"
                         "attempt 2 1/1 #1 granted\n"
                         "grant 2 1/1 #1\n"
                         "run 1 running\n");
    world_close(&world);
}

static void test_mark(void **state)
{
    (void)state;
    struct world world;
    open_four(&world);
    world_do(&world, mark(1, false));
    world_ignore(&world);
    world_revoked(&world, 2);
    world_expect(&world, "attempt 2 1/1 #1 revoked\n"
                         "task 1/1 failed: mark\n"
                         "task 1/3 blocked: upstream\n");
    world_do(&world, mark(1, true));
    world_expect(&world, "task 1/1 success: mark\n"
                         "task 1/3 waiting slot: upstream\n"
                         "attempt 3 1/3 #1 granted\n"
                         "grant 3 1/3 #1\n");
    /* called failed after all: what was granted on it is taken back, then blocked */
    world_do(&world, mark(1, false));
    world_expect(&world, "task 1/1 failed: mark\n"
                         "revoke 3 1/3 #1\n");
    world_revoked(&world, 3);
    world_expect(&world, "attempt 3 1/3 #1 revoked\n"
                         "task 1/3 waiting upstream: revoked\n"
                         "task 1/3 blocked: upstream\n");
    world_do(&world, mark(1, false));
    world_expect(&world, "");
    world_close(&world);
}

static void test_freeze(void **state)
{
    (void)state;
    struct world world;
    open_four(&world);
    world_do(&world, world_node_event(EVENT_FREEZE, 1, 2));
    world_expect(&world, "task 1/2 frozen: freeze\n");
    world_do(&world, world_node_event(EVENT_FREEZE, 1, 1));
    world_expect(&world, "task 1/1 waiting slot tries 1 of 1 wish freeze: freeze\n"
                         "revoke 2 1/1 #1\n");
    world_refuse(&world, world_node_event(EVENT_FREEZE, 1, 9), ERROR_KIND_NOT_FOUND);
    world_revoked(&world, 2);
    world_expect(&world, "attempt 2 1/1 #1 revoked\n"
                         "task 1/1 frozen: freeze\n"
                         "task 1/3 blocked: upstream\n");
    /* one that runs goes on, and is frozen instead of tried again */
    world_do(&world, world_node_event(EVENT_FREEZE, 1, 0));
    world_expect(&world, "task 1/0 running tries 1 of 1 wish freeze: freeze\n");
    world_ended(&world, 1, ATTEMPT_END_FAILURE, 1);
    world_expect(&world, "attempt 1 1/0 #1 failure 1\n"
                         "task 1/0 frozen at 1060s tries 1 of 1: freeze\n"
                         "run 1 failed\n");
    world_do(&world, world_node_event(EVENT_UNFREEZE, 1, 2));
    world_expect(&world, "task 1/2 waiting upstream: unfreeze\n"
                         "task 1/2 blocked: upstream\n");
    world_do(&world, world_node_event(EVENT_UNFREEZE, 1, 0));
    /* whoever lets it go does not wait for a retry */
    world_expect(&world, "task 1/0 waiting slot tries 1 of 1: unfreeze\n"
                         "task 1/2 waiting upstream: upstream\n"
                         "attempt 3 1/0 #2 granted\n"
                         "grant 3 1/0 #2\n"
                         "run 1 running\n");
    world_do(&world, world_node_event(EVENT_UNFREEZE, 1, 0));
    world_expect(&world, "");
    world_succeed(&world, 3);
    world_refuse(&world, world_node_event(EVENT_FREEZE, 1, 0), ERROR_KIND_REFUSED);
    world_close(&world);
}

static void test_freeze_taken_back(void **state)
{
    (void)state;
    struct world world;
    open_four(&world);
    world_do(&world, world_node_event(EVENT_FREEZE, 1, 1));
    world_ignore(&world);
    world_do(&world, world_node_event(EVENT_UNFREEZE, 1, 1));
    world_expect(&world, "task 1/1 waiting slot tries 1 of 1: unfreeze\n");
    world_revoked(&world, 2);
    world_expect(&world, "attempt 2 1/1 #1 revoked\n"
                         "task 1/1 waiting slot: revoked\n"
                         "attempt 3 1/1 #1 granted\n"
                         "grant 3 1/1 #1\n");
    world_close(&world);
}

/* 0 failed, 1 is blocked by it, 2 succeeded, 3 is virtual and blocked. */
static void open_failed(struct world *world)
{
    world_open(world, 1);
    world_begin(world);
    world_add(world, 1,
              (struct spec[]){{0}, {.needs = "0"}, {0}, {.needs = "12", .is_virtual = true}}, 4);
    world_started(world, 1);
    world_ended(world, 1, ATTEMPT_END_FAILURE, 1);
    world_succeed(world, 2);
}

static void test_rerun_from_failed(void **state)
{
    (void)state;
    struct world world;
    open_failed(&world);
    world_do(&world, rerun(RERUN_FROM_FAILED, 0));
    world_expect(&world, "task 1/0 waiting slot tries 0 of 1: rerun\n"
                         "task 1/1 waiting upstream: upstream\n"
                         "task 1/3 waiting upstream: upstream\n"
                         "attempt 3 1/0 #2 granted\n"
                         "grant 3 1/0 #2\n"
                         "run 1 running opening 2\n");
    world_succeed(&world, 3);
    world_started(&world, 4);
    world_ignore(&world);
    world_ended(&world, 4, ATTEMPT_END_SUCCESS, 0);
    world_expect(&world, "attempt 4 1/1 #1 success\n"
                         "task 1/1 success tries 1 of 1: ended\n"
                         "task 1/3 success: virtual\n"
                         "run 1 success opening 2\n");
    world_refuse(&world, rerun(RERUN_FROM_FAILED, 0), ERROR_KIND_REFUSED);
    world_close(&world);
}

static void test_rerun_all_and_only(void **state)
{
    (void)state;
    struct world world;
    open_failed(&world);
    world_do(&world, rerun(RERUN_ALL, 0));
    world_expect(&world, "task 1/0 waiting slot tries 0 of 1: rerun\n"
                         "task 1/1 blocked: rerun\n"
                         "task 1/2 waiting slot tries 0 of 1: rerun\n"
                         "task 1/3 blocked: rerun\n"
                         "task 1/1 waiting upstream: upstream\n"
                         "task 1/3 waiting upstream: upstream\n"
                         "attempt 3 1/0 #2 granted\ngrant 3 1/0 #2\n"
                         "attempt 4 1/2 #2 granted\ngrant 4 1/2 #2\n"
                         "run 1 running opening 2\n");
    world_succeed(&world, 3);
    world_succeed(&world, 4);
    world_succeed(&world, 5);
    world_do(&world, rerun(RERUN_ONLY_NODE, 1));
    world_expect(&world, "task 1/1 waiting slot tries 0 of 1: rerun\n"
                         "attempt 6 1/1 #2 granted\ngrant 6 1/1 #2\n"
                         "run 1 running opening 3\n");
    world_started(&world, 6);
    world_ignore(&world);
    world_refuse(&world, rerun(RERUN_ONLY_NODE, 1), ERROR_KIND_BUSY);
    world_refuse(&world, rerun(RERUN_FROM_NODE, 0), ERROR_KIND_BUSY);
    world_refuse(&world, rerun(RERUN_ALL, 0), ERROR_KIND_BUSY);
    world_refuse(&world, rerun(RERUN_ONLY_NODE, 4), ERROR_KIND_NOT_FOUND);
    world_ended(&world, 6, ATTEMPT_END_FAILURE, 1);
    world_expect(&world, "attempt 6 1/1 #2 failure 1\n"
                         "task 1/1 failed tries 1 of 2: ended\n"
                         "run 1 failed opening 3\n");
    world_close(&world);
}

static void test_rerun_from_node(void **state)
{
    (void)state;
    struct world world;
    open_failed(&world);
    world_do(&world, rerun(RERUN_FROM_FAILED, 0));
    world_succeed(&world, 3);
    world_succeed(&world, 4);
    world_do(&world, rerun(RERUN_FROM_NODE, 1));
    world_expect(&world, "task 1/1 waiting slot tries 0 of 1: rerun\n"
                         "task 1/3 waiting upstream: rerun\n"
                         "attempt 5 1/1 #2 granted\ngrant 5 1/1 #2\n"
                         "run 1 running opening 3\n");
    world_close(&world);
}

/* An upstream that runs again takes the grant of what had not started. */
static void test_rerun_revokes_downstream(void **state)
{
    (void)state;
    struct world world;
    world_open(&world, 1);
    world_begin(&world);
    world_add(&world, 1, (struct spec[]){{0}, {.needs = "0"}}, 2);
    world_succeed(&world, 1);
    world_do(&world, rerun(RERUN_ONLY_NODE, 0));
    world_expect(&world, "task 1/0 waiting slot tries 0 of 1: rerun\n"
                         "revoke 2 1/1 #1\n"
                         "attempt 3 1/0 #2 granted\ngrant 3 1/0 #2\n"
                         "run 1 running opening 2\n");
    world_revoked(&world, 2);
    world_expect(&world, "attempt 2 1/1 #1 revoked\n"
                         "task 1/1 waiting upstream: revoked\n");
    world_close(&world);
}

static void test_rerun_leaves_frozen_and_unselected(void **state)
{
    (void)state;
    struct world world;
    world_open(&world, 1);
    world_begin(&world);
    world_add(&world, 1,
              (struct spec[]){{.state = TASK_SKIPPED, .is_unselected = true},
                              {.needs = "0"},
                              {.state = TASK_FROZEN}},
              3);
    world_succeed(&world, 1);
    world_do(&world, rerun(RERUN_ALL, 0));
    world_expect(&world, "task 1/1 waiting slot tries 0 of 1: rerun\n"
                         "attempt 2 1/1 #2 granted\ngrant 2 1/1 #2\n"
                         "run 1 running opening 2\n");
    world_refuse(&world, rerun(RERUN_ONLY_NODE, 2), ERROR_KIND_REFUSED);
    world_do(&world, rerun(RERUN_ONLY_NODE, 0));
    world_expect(&world, "task 1/0 waiting slot: rerun\n"
                         "revoke 2 1/1 #2\n"
                         "attempt 3 1/0 #1 granted\ngrant 3 1/0 #1\n"
                         "run 1 running opening 3\n");
    world_close(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_stop),
        cmocka_unit_test(test_stop_crosses_a_start),
        cmocka_unit_test(test_last_failure_under_stop_is_a_failure),
        cmocka_unit_test(test_skip),
        cmocka_unit_test(test_skip_crosses_a_start),
        cmocka_unit_test(test_skip_running),
        cmocka_unit_test(test_mark_running),
        cmocka_unit_test(test_skip_mends_downstream),
        cmocka_unit_test(test_mark),
        cmocka_unit_test(test_freeze),
        cmocka_unit_test(test_freeze_taken_back),
        cmocka_unit_test(test_rerun_from_failed),
        cmocka_unit_test(test_rerun_all_and_only),
        cmocka_unit_test(test_rerun_from_node),
        cmocka_unit_test(test_rerun_revokes_downstream),
        cmocka_unit_test(test_rerun_leaves_frozen_and_unselected),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
