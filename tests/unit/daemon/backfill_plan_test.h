/* A project with a flow, and a store in which some dates of it have run. */
#ifndef DATEMILL_TESTS_BACKFILL_PLAN_TEST_H
#define DATEMILL_TESTS_BACKFILL_PLAN_TEST_H

#include "scheduler/daemon/backfill_plan.h"
#include "scheduler/store/store_load.h"
#include "tests/unit/plan/plan_test.h"

#define NOON ((int64_t)1636650000000000) /* 2021-11-11T17:00:00Z */

struct fixture {
    struct flow_test test;
    struct flow *flow;
    struct store *store;
    struct error err; /* of the last plan that failed */
};

#define OK(call)                                                                                   \
    do {                                                                                           \
        struct error ok_error = {0};                                                               \
        struct error *ok = &ok_error;                                                              \
        if ((call) != 0)                                                                           \
            fail_msg("%s: %s", #call, ok_error.text);                                              \
    } while (0)

static inline void fixture_begin(struct fixture *fixture, const char *yaml)
{
    memset(fixture, 0, sizeof *fixture);
    plan_test_begin(&fixture->test, "timezone: UTC\n"
                                    "connections: {oss: {type: files, path: .}}\n");
    write_text("other.yaml", "flow: other\nnodes: {a: {type: virtual}}\n");
    fixture->flow = plan_test_flow(&fixture->test, yaml);
    OK(store_open_writer(fixture->test.project->state_dir, "test", &fixture->store, ok));
}

static inline void fixture_end(struct fixture *fixture)
{
    store_close(fixture->store);
    flow_free(fixture->flow);
    flow_test_end(&fixture->test);
}

/* A run that was. */
struct past {
    const char *cyctime;
    const char *states; /* a letter a node: success, failed, blocked, left out (-), x stopped,
                           frozen (z), waiting */
    const char *reason; /* of what failed */
    bool is_second;
    bool is_open;
    int64_t seconds; /* that it took */
};

static inline enum task_state past_state(char letter)
{
    switch (letter) {
    case 's':
        return TASK_SUCCESS;
    case 'f':
        return TASK_FAILED;
    case 'b':
        return TASK_BLOCKED;
    case '-':
        return TASK_SKIPPED;
    case 'x':
        return TASK_STOPPED;
    case 'z':
        return TASK_FROZEN;
    default:
        return TASK_WAITING;
    }
}

static inline void past_record(struct fixture *fixture, const struct action *action)
{
    OK(store_apply(fixture->store, action, ok));
}

static inline void past_attempt(struct fixture *fixture, struct record_attempt attempt)
{
    past_record(fixture, &(struct action){.kind = ACTION_RECORD_ATTEMPT, .attempt = attempt});
}

static inline void past_task(struct fixture *fixture, struct record_task task)
{
    past_record(fixture, &(struct action){.kind = ACTION_RECORD_TASK, .task = task});
}

/* An attempt that began and ended at once. */
static inline void past_node(struct fixture *fixture, int64_t run_id, uint32_t node,
                             enum task_state state, const char *reason)
{
    bool is_good = state == TASK_SUCCESS;
    struct record_attempt attempt = {.attempt_id = store_next_attempt_id(fixture->store),
                                     .run_id = run_id,
                                     .node = node,
                                     .number = 1,
                                     .state = ATTEMPT_GRANTED,
                                     .at = {NOON}};
    struct record_task task = {.run_id = run_id,
                               .node = node,
                               .state = TASK_RUNNING,
                               .why = TASK_WHY_STARTED,
                               .attempts = 1,
                               .tries = 1,
                               .at = {NOON},
                               .attempt_id = attempt.attempt_id};
    struct store_grant grant = {.attempt_id = attempt.attempt_id,
                                .executor = "local",
                                .boot_id = "b",
                                .text = "true",
                                .text_length = 4,
                                .text_hash = "cccccccccccccccccccccccccccccccccccccccc"};
    past_attempt(fixture, attempt);
    OK(store_put_grant(fixture->store, &grant, ok));
    attempt.state = ATTEMPT_RUNNING;
    past_task(fixture, task);
    past_attempt(fixture, attempt);
    attempt.state = ATTEMPT_ENDED;
    attempt.outcome =
        (struct attempt_outcome){is_good ? ATTEMPT_END_SUCCESS : ATTEMPT_END_FAILURE, !is_good};
    past_attempt(fixture, attempt);
    struct store_end end = {.attempt_id = attempt.attempt_id, .reason = is_good ? "" : reason};
    OK(store_put_end(fixture->store, &end, ok));
    task.state = state;
    task.why = TASK_WHY_ENDED;
    past_task(fixture, task);
}

static inline int64_t past_version(struct fixture *fixture)
{
    const struct flow *flow = fixture->flow;
    struct store_version version = {.flow = flow->name,
                                    .hash = flow->hash,
                                    .files = flow->files,
                                    .file_count = flow->file_count};
    int64_t id = 0;
    OK(store_put_version(fixture->store, &version, (struct instant){NOON}, &id, ok));
    return id;
}

static inline enum run_state past_end(const struct past *past)
{
    if (past->is_open)
        return RUN_RUNNING;
    return strpbrk(past->states, "fbxz") == NULL ? RUN_SUCCESS : RUN_FAILED;
}

/* Its run's id. */
static inline int64_t past_put(struct fixture *fixture, struct past past)
{
    const struct flow *flow = fixture->flow;
    char bizdate[CIVIL_DATE_BYTES];
    struct store_run_node *nodes =
        arena_array(&fixture->test.arena, flow->node_count, sizeof *nodes);
    assert_int_equal(strlen(past.states), flow->node_count);
    for (size_t i = 0; i < flow->node_count; i++) {
        bool is_selected = past.states[i] != '-';
        nodes[i] = (struct store_run_node){flow->nodes[i].name, flow->nodes[i].type->name,
                                           is_selected ? TASK_WAITING : TASK_SKIPPED, is_selected};
    }
    civil_date_format(civil_add_days(plan_test_time(past.cyctime).date, -1), bizdate);
    OK(store_begin(fixture->store, ok));
    struct store_run run = {.run_id = store_take_run_id(fixture->store),
                            .flow = flow->name,
                            .version_id = past_version(fixture),
                            .cyctime = past.cyctime,
                            .is_second = past.is_second,
                            .bizdate = bizdate,
                            .zone = zone_name(flow->zone),
                            .created_at = {NOON},
                            .kind = STORE_RUN_MANUAL,
                            .trigger = "cli by lin",
                            .priority = 4,
                            .nodes = nodes,
                            .node_count = flow->node_count};
    OK(store_put_run(fixture->store, &run, ok));
    struct record_run record = {
        .run_id = run.run_id, .state = RUN_RUNNING, .opening = 1, .at = {NOON}};
    past_record(fixture, &(struct action){.kind = ACTION_RECORD_RUN, .run = record});
    for (uint32_t i = 0; i < flow->node_count; i++) {
        enum task_state state = past_state(past.states[i]);
        if (state == TASK_SUCCESS || state == TASK_FAILED)
            past_node(fixture, run.run_id, i, state, past.reason);
        else if (state != nodes[i].state)
            past_task(fixture, (struct record_task){.run_id = run.run_id,
                                                    .node = i,
                                                    .state = state,
                                                    .why = TASK_WHY_UPSTREAM,
                                                    .at = {NOON}});
    }
    record.state = past_end(&past);
    record.at.us = NOON + past.seconds * DURATION_SECOND_US;
    past_record(fixture, &(struct action){.kind = ACTION_RECORD_RUN, .run = record});
    OK(store_commit(fixture->store, ok));
    return run.run_id;
}

static inline struct plan_dates *fixture_dates(struct fixture *fixture, const char *range)
{
    struct plan_dates_request request = {.words = &range, .word_count = 1, .today = {2021, 11, 22}};
    struct plan_dates *dates = arena_alloc(&fixture->test.arena, sizeof *dates);
    OK(plan_dates_parse(&request, &fixture->test.arena, dates, NULL, ok));
    return dates;
}

/* The plan of a range; wish.flow and wish.dates are filled in. The caller frees it. */
static inline struct backfill_plan *fixture_plan(struct fixture *fixture, const char *range,
                                                 struct backfill_wish wish)
{
    struct backfill_plan *plan = NULL;
    wish.flow = fixture->flow;
    wish.dates = fixture_dates(fixture, range);
    wish.parallel = wish.parallel == 0 ? 1 : wish.parallel;
    OK(backfill_plan_make(fixture->store, &wish, &plan, ok));
    return plan;
}

/* Fails, with the error in fixture->err. */
static inline void fixture_refuse(struct fixture *fixture, const char *range,
                                  struct backfill_wish wish, enum error_kind kind)
{
    struct backfill_plan *plan = NULL;
    wish.flow = fixture->flow;
    wish.dates = fixture_dates(fixture, range);
    wish.parallel = 1;
    fixture->err = (struct error){0};
    assert_int_equal(backfill_plan_make(fixture->store, &wish, &plan, &fixture->err), -1);
    assert_null(plan);
    assert_int_equal(fixture->err.kind, kind);
}

#endif
