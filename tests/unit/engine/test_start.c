/* Why each attempt was granted when it was: what made it ready, what it waited for, who made
 * room, how many went first. */
#include "tests/unit/engine/engine_world.h"

/* What the last step's grant of a node says. */
static struct attempt_start start_of(struct world *world, int64_t run_id, uint32_t node)
{
    world_ignore(world);
    for (size_t i = 0; i < world->actions.count; i++) {
        const struct action *action = &world->actions.items[i];
        if (action->kind == ACTION_RECORD_ATTEMPT && action->attempt.state == ATTEMPT_GRANTED &&
            action->attempt.run_id == run_id && action->attempt.node == node)
            return action->attempt.start;
    }
    fail_msg("%d/%d was not granted in this step", (int)run_id, (int)node);
    return (struct attempt_start){0};
}

static void expect(struct attempt_start start, int64_t ready_s, enum start_cause cause,
                   enum start_wait wait)
{
    assert_int_equal(start.ready.us, ready_s * DURATION_SECOND_US);
    assert_string_equal(start_cause_name(start.cause), start_cause_name(cause));
    assert_string_equal(start_wait_name(start.wait), start_wait_name(wait));
}

/* One slot and nothing ahead: the end of one lets the next go. */
static struct world one_slot(void)
{
    struct world world;
    world_open_ahead(&world, 1, 0);
    world_begin(&world);
    world_ignore(&world);
    return world;
}

static void needs_and_slots(void **state)
{
    (void)state;
    struct world world = one_slot();
    world_add(&world, 7, (struct spec[]){{0}, {.needs = "0"}, {.needs = "0"}, {.needs = "1"}}, 4);
    struct attempt_start start = start_of(&world, 7, 0);
    expect(start, 1000, START_CAUSE_RUN, START_WAIT_NONE);
    assert_int_equal(start.overtaken, 0);
    world_at(&world, 1010);
    world_started(&world, 1);
    world_ended(&world, 1, ATTEMPT_END_SUCCESS, 0);
    start = start_of(&world, 7, 1);
    expect(start, 1010, START_CAUSE_NEED, START_WAIT_NONE);
    assert_int_equal(start.need, 0);
    world_at(&world, 1020);
    world_started(&world, 2);
    world_ended(&world, 2, ATTEMPT_END_SUCCESS, 0);
    start = start_of(&world, 7, 2); /* was ready with 1, which went first */
    expect(start, 1010, START_CAUSE_NEED, START_WAIT_SLOT);
    assert_int_equal(start.need, 0);
    assert_int_equal(start.freed_by, 2);
    assert_int_equal(start.overtaken, 1);
    world_at(&world, 1030);
    world_started(&world, 3);
    world_ended(&world, 3, ATTEMPT_END_FAILURE, 1);
    start = start_of(&world, 7, 3);
    expect(start, 1020, START_CAUSE_NEED, START_WAIT_SLOT);
    assert_int_equal(start.need, 1);
    assert_int_equal(start.freed_by, 3);
    world_close(&world);
}

static void pools_and_limits_of_a_run(void **state)
{
    (void)state;
    struct world world;
    world_open(&world, 8);
    world_capacity(&world, 8, (int32_t[]){1}, 1);
    world_begin(&world);
    world_add(&world, 7, (struct spec[]){{.pool = 1}, {.pool = 1}, {.pool = 1}}, 3);
    world_add_run(&world, (struct event_run){.run_id = 8, .parallel = 1}, (struct spec[]){{0}, {0}},
                  2);
    world_at(&world, 1005);
    world_started(&world, 2);
    world_ended(&world, 2, ATTEMPT_END_SUCCESS, 0);
    struct attempt_start start = start_of(&world, 8, 1);
    expect(start, 1000, START_CAUSE_RUN, START_WAIT_RUN);
    assert_int_equal(start.freed_by, 2);
    world_started(&world, 1);
    world_ended(&world, 1, ATTEMPT_END_SUCCESS, 0);
    start = start_of(&world, 7, 1);
    expect(start, 1000, START_CAUSE_RUN, START_WAIT_POOL);
    assert_int_equal(start.freed_by, 1);
    assert_int_equal(start.overtaken, 3); /* the first of its pool, both of run 8 */
    world_capacity(&world, 8, (int32_t[]){2}, 1);
    expect(start_of(&world, 7, 2), 1000, START_CAUSE_RUN, START_WAIT_SETTING);
    world_close(&world);
}

static void other_causes(void **state)
{
    (void)state;
    struct world world;
    world_open(&world, 8);
    world_begin(&world);
    world_add_run(&world, (struct event_run){.run_id = 7, .hold = RUN_HOLD_OVERLAP},
                  (struct spec[]){{.retry = world_retry(1, 60)}, {.external = 1}}, 2);
    world_at(&world, 1001);
    world_do(&world, (struct event){.kind = EVENT_RELEASE, .run_id = 7});
    expect(start_of(&world, 7, 0), 1001, START_CAUSE_RELEASE, START_WAIT_NONE);
    world_at(&world, 1002);
    world_do(&world, world_node_event(EVENT_NEEDS_MET, 7, 1));
    expect(start_of(&world, 7, 1), 1002, START_CAUSE_OUTSIDE, START_WAIT_NONE);
    world_started(&world, 1);
    world_ended(&world, 1, ATTEMPT_END_FAILURE, 1);
    world_at(&world, 1062);
    expect(start_of(&world, 7, 0), 1062, START_CAUSE_PAUSE, START_WAIT_NONE);
    world_started(&world, 3);
    world_ended(&world, 3, ATTEMPT_END_FAILURE, 1);
    world_started(&world, 2);
    world_ended(&world, 2, ATTEMPT_END_SUCCESS, 0);
    world_at(&world, 1070);
    world_do(&world, (struct event){.kind = EVENT_RERUN, .run_id = 7, .scope = RERUN_FROM_FAILED});
    expect(start_of(&world, 7, 0), 1070, START_CAUSE_RERUN, START_WAIT_NONE);
    world_close(&world);
}

static void by_hand(void **state)
{
    (void)state;
    struct world world;
    world_open(&world, 8);
    world_begin(&world);
    world_add(&world, 7,
              (struct spec[]){{.state = TASK_FROZEN},
                              {.state = TASK_FAILED},
                              {.needs = "1", .state = TASK_BLOCKED}},
              3);
    world_at(&world, 1001);
    world_do(&world, world_node_event(EVENT_UNFREEZE, 7, 0));
    expect(start_of(&world, 7, 0), 1001, START_CAUSE_HAND, START_WAIT_NONE);
    struct event mark = world_node_event(EVENT_MARK, 7, 1);
    mark.is_success = true;
    world_do(&world, mark);
    struct attempt_start start = start_of(&world, 7, 2); /* what it needs is done, by whomever */
    expect(start, 1001, START_CAUSE_NEED, START_WAIT_NONE);
    assert_int_equal(start.need, 1);
    world_close(&world);
}

static void an_engine_takes_up_a_run(void **state)
{
    (void)state;
    struct world world;
    world_open(&world, 8);
    world_add(&world, 7, (struct spec[]){{0}}, 1);
    world_at(&world, 1003);
    world_begin(&world);
    expect(start_of(&world, 7, 0), 1000, START_CAUSE_ENGINE, START_WAIT_ENGINE);
    world_close(&world);
}

/* A grant that is taken back for a run of higher priority: it has been ready all the time. */
static void a_grant_that_is_taken_back(void **state)
{
    (void)state;
    struct world world;
    world_open_ahead(&world, 1, 1);
    world_begin(&world);
    world_add(&world, 7, (struct spec[]){{0}, {0}}, 2);
    world_started(&world, 1);
    world_at(&world, 1001);
    world_add_run(&world, (struct event_run){.run_id = 8, .priority = 8}, (struct spec[]){{0}}, 1);
    world_revoked(&world, 2);
    struct attempt_start start = start_of(&world, 8, 0);
    expect(start, 1001, START_CAUSE_RUN, START_WAIT_SLOT);
    world_at(&world, 1002);
    world_ended(&world, 1, ATTEMPT_END_SUCCESS, 0);
    start = start_of(&world, 7, 1);
    expect(start, 1000, START_CAUSE_RUN, START_WAIT_SLOT);
    assert_int_equal(start.freed_by, 1);
    assert_int_equal(start.overtaken, 3); /* 1, itself before, and the one of run 8 */
    world_close(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(needs_and_slots),
        cmocka_unit_test(pools_and_limits_of_a_run),
        cmocka_unit_test(other_causes),
        cmocka_unit_test(by_hand),
        cmocka_unit_test(an_engine_takes_up_a_run),
        cmocka_unit_test(a_grant_that_is_taken_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
