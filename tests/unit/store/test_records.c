/* What the engine records and what comes back: to an engine after a restart, and to people. */
#include "tests/unit/store/store_world.h"

#include "scheduler/store/store_prune.h"

static int setup(void **state)
{
    struct world *world = calloc(1, sizeof *world);
    world_open(world);
    *state = world;
    return 0;
}

static int teardown(void **state)
{
    world_close(*state);
    free(*state);
    return 0;
}

/* ---- for an engine ---- */

static void an_open_run_comes_back_as_it_was(void **state)
{
    struct world *world = *state;
    int64_t id = world_start(world);
    world_reopen(world);
    struct load_runs runs;
    OK(load_open_runs(world->store, &world->arena, &runs, ok));
    assert_int_equal(runs.count, 1);
    const struct load_run *run = &runs.items[0];
    assert_int_equal(run->run_id, id);
    assert_string_equal(run->flow, "f");
    assert_string_equal(run->cyctime, "2021-11-12T00:30:00");
    assert_string_equal(run->bizdate, "2021-11-11");
    assert_string_equal(run->zone, "Asia/Shanghai");
    assert_string_equal(run->selection, "+stat");
    assert_int_equal(run->parallel, 3);
    assert_int_equal(run->priority, 4);
    assert_int_equal(run->state, RUN_RUNNING);
    assert_int_equal(run->opening, 1);
    assert_int_equal(run->node_count, 3);
    assert_string_equal(run->nodes[1].name, "load");
    assert_string_equal(run->nodes[1].type, "shell");
    assert_int_equal(run->nodes[0].state, TASK_SUCCESS);
    assert_int_equal(run->nodes[0].attempt_id, 0);
    assert_int_equal(run->nodes[1].state, TASK_RUNNING);
    assert_int_equal(run->nodes[1].attempt_id, 5);
    assert_int_equal(run->nodes[1].attempt_number, 1);
    assert_true(run->nodes[1].attempt_is_running);
    assert_int_equal(run->nodes[1].tries, 1);
    assert_int_equal(run->nodes[2].state, TASK_WAITING);
}

static void open_attempts_know_their_boot(void **state)
{
    struct world *world = *state;
    world_start(world);
    struct load_attempts attempts;
    OK(load_open_attempts(world->store, BOOT, &world->arena, &attempts, ok));
    assert_int_equal(attempts.count, 1);
    assert_int_equal(attempts.items[0].attempt_id, 5);
    assert_true(attempts.items[0].is_running);
    assert_true(attempts.items[0].is_this_boot);
    OK(load_open_attempts(world->store, "another", &world->arena, &attempts, ok));
    assert_false(attempts.items[0].is_this_boot);
    struct load_attempt attempt;
    OK(load_attempt(world->store, 5, &world->arena, &attempt, ok));
    assert_string_equal(attempt.token, "t0k3n");
    assert_string_equal(attempt.log_path, "logs/1/load.1.log");
    assert_string_equal(attempt.executor, "local");
    assert_string_equal(attempt.boot_id, BOOT);
    assert_int_equal(attempt.started_at.us, T0 + 2);
    struct error err = {0};
    assert_int_equal(load_attempt(world->store, 6, &world->arena, &attempt, &err), -1);
    assert_int_equal(err.kind, ERROR_KIND_NOT_FOUND);
}

static void an_ended_run_is_not_open(void **state)
{
    struct world *world = *state;
    int64_t id = world_start(world);
    struct load_planned planned = {"f", "2021-11-12T00:30:00", false};
    int64_t open = -1;
    OK(load_open_run_of(world->store, &planned, &open, ok));
    assert_int_equal(open, id);
    world_fail(world, id, "no such table");
    OK(load_open_run_of(world->store, &planned, &open, ok));
    assert_int_equal(open, 0);
    struct load_runs runs;
    struct load_attempts attempts;
    OK(load_open_runs(world->store, &world->arena, &runs, ok));
    OK(load_open_attempts(world->store, BOOT, &world->arena, &attempts, ok));
    assert_int_equal(runs.count, 0);
    assert_int_equal(attempts.count, 0);
    struct load_run run;
    OK(load_run(world->store, id, &world->arena, &run, ok));
    assert_int_equal(run.nodes[1].state, TASK_FAILED);
    assert_int_equal(run.nodes[1].attempt_id, 0);
}

static void wishes_retries_and_holds_are_kept(void **state)
{
    struct world *world = *state;
    int64_t id = world_start(world);
    OK(store_begin(world->store, ok));
    world_task_at(world, (struct record_task){.run_id = id,
                                              .node = 1,
                                              .state = TASK_RUNNING,
                                              .wish = TASK_WISH_SKIP,
                                              .why = TASK_WHY_SKIP,
                                              .attempts = 1,
                                              .tries = 1,
                                              .at = {T0 + 5}});
    world_task_at(world, (struct record_task){.run_id = id,
                                              .node = 2,
                                              .state = TASK_WAITING,
                                              .reason = TASK_REASON_RETRY,
                                              .why = TASK_WHY_RETRY,
                                              .attempts = 2,
                                              .tries = 1,
                                              .ready_at = {T0 + 60},
                                              .at = {T0 + 5}});
    OK(store_set_hold(world->store, id, RUN_HOLD_OVERLAP, ok));
    OK(store_commit(world->store, ok));
    struct load_run run;
    OK(load_run(world->store, id, &world->arena, &run, ok));
    assert_int_equal(run.hold, RUN_HOLD_OVERLAP);
    assert_int_equal(run.nodes[1].wish, TASK_WISH_SKIP);
    assert_int_equal(run.nodes[1].state, TASK_RUNNING);
    assert_int_equal(run.nodes[2].ready_at.us, T0 + 60);
    assert_int_equal(run.nodes[2].attempts, 2);
    struct view_nodes nodes;
    OK(view_run_nodes(world->store, id, &world->arena, &nodes, ok));
    assert_int_equal(nodes.items[1].started_at.us, T0 + 2); /* a noted wish changes no time */
    assert_int_equal(nodes.items[1].changed_at.us, T0 + 2);
    assert_int_equal(nodes.items[1].why, TASK_WHY_STARTED);
    assert_int_equal(nodes.items[2].reason, TASK_REASON_RETRY);
}

static void definitions_are_kept_once(void **state)
{
    struct world *world = *state;
    struct flow_file files[2] = {{.path = "f/flow.yaml", .bytes = "a\0b", .length = 3},
                                 {.path = "f/x.sql", .bytes = "", .length = 0}};
    memcpy(files[0].hash, HASH_A, 41);
    memcpy(files[1].hash, HASH_B, 41);
    struct store_version version = {.flow = "f", .hash = HASH_A, .files = files, .file_count = 2};
    int64_t first;
    int64_t same;
    int64_t other;
    OK(store_begin(world->store, ok));
    OK(store_put_version(world->store, &version, (struct instant){T0}, &first, ok));
    OK(store_put_version(world->store, &version, (struct instant){T0}, &same, ok));
    version.commit = "0123";
    version.short_commit = "01";
    version.is_dirty = true;
    version.note = "why";
    OK(store_put_version(world->store, &version, (struct instant){T0}, &other, ok));
    OK(store_commit(world->store, ok));
    assert_int_equal(first, same);
    assert_int_not_equal(first, other);
    int64_t blobs;
    OK(store_read_int(world->store, "SELECT count(*) FROM blob", &blobs, ok));
    assert_int_equal(blobs, 2);
    struct load_definition definition;
    OK(load_definition(world->store, other, &world->arena, &definition, ok));
    assert_string_equal(definition.flow, "f");
    assert_string_equal(definition.commit, "0123");
    assert_true(definition.is_dirty);
    assert_int_equal(definition.file_count, 2);
    assert_int_equal(definition.files[0].length, 3);
    assert_memory_equal(definition.files[0].bytes, "a\0b", 4);
    assert_int_equal(definition.files[1].length, 0);
    assert_string_equal(definition.files[1].hash, HASH_B);
    struct view_files shown;
    OK(view_version_files(world->store, first, &world->arena, &shown, ok));
    assert_int_equal(shown.count, 2);
    assert_string_equal(shown.items[1].path, "f/x.sql");
    assert_int_equal(shown.items[0].length, 3);
}

static void one_run_of_a_time_is_open(void **state)
{
    struct world *world = *state;
    struct error err = {0};
    int64_t id = world_start(world);
    OK(store_begin(world->store, ok));
    struct store_run run =
        world_run(world, "f", world_version(world, "f"), "2021-11-12T00:30:00", "2021-11-11");
    assert_int_equal(store_put_run(world->store, &run, &err), -1);
    assert_int_equal(err.kind, ERROR_KIND_BUSY);
    char expected[32];
    snprintf(expected, sizeof expected, "run %lld", (long long)id);
    assert_non_null(strstr(err.text, expected));
    store_rollback(world->store);
    /* The second time of a wall time that comes twice is another one. */
    OK(store_begin(world->store, ok));
    run = world_run(world, "f", world_version(world, "f"), "2021-11-12T00:30:00", "2021-11-11");
    run.is_second = true;
    OK(store_put_run(world->store, &run, ok));
    OK(store_commit(world->store, ok));
}

static void the_schedule_makes_one_run_of_a_time(void **state)
{
    struct world *world = *state;
    struct error err = {0};
    OK(store_begin(world->store, ok));
    struct store_run run =
        world_run(world, "f", world_version(world, "f"), "2021-11-12T00:30:00", "2021-11-11");
    run.kind = STORE_RUN_SCHEDULE;
    OK(store_put_run(world->store, &run, ok));
    world_state(world, run.run_id, RUN_STOPPED, T0);
    OK(store_commit(world->store, ok));
    OK(store_begin(world->store, ok));
    run.run_id = store_take_run_id(world->store);
    assert_int_equal(store_put_run(world->store, &run, &err), -1);
    assert_int_equal(err.kind, ERROR_KIND_BUSY);
    store_rollback(world->store);
    OK(store_begin(world->store, ok));
    run.run_id = store_take_run_id(world->store);
    run.kind = STORE_RUN_MANUAL;
    OK(store_put_run(world->store, &run, ok));
    OK(store_commit(world->store, ok));
}

static void a_request_finds_its_runs(void **state)
{
    struct world *world = *state;
    int64_t id = world_start(world);
    struct load_ids ids;
    OK(load_runs_of_request(world->store, "key-1", &world->arena, &ids, ok));
    assert_int_equal(ids.count, 1);
    assert_int_equal(ids.items[0], id);
    OK(load_runs_of_request(world->store, "key-2", &world->arena, &ids, ok));
    assert_int_equal(ids.count, 0);
    OK(load_runs_of_request(world->store, "", &world->arena, &ids, ok));
    assert_int_equal(ids.count, 0);
}

static void only_records_are_applied(void **state)
{
    struct world *world = *state;
    struct error err = {0};
    struct action action = {.kind = ACTION_GRANT};
    OK(store_begin(world->store, ok));
    assert_int_equal(store_apply(world->store, &action, &err), -1);
    assert_int_equal(err.kind, ERROR_KIND_BUG);
    store_rollback(world->store);
}

/* ---- for people ---- */

static void a_run_is_shown_in_full(void **state)
{
    struct world *world = *state;
    int64_t id = world_start(world);
    world_fail(world, id, "no such table: 销售\nsecond line");
    struct view_run run;
    OK(view_find_run(world->store, id, &world->arena, &run, ok));
    assert_int_equal(run.state, RUN_FAILED);
    assert_string_equal(run.version, "9f2c1ab");
    assert_int_equal(run.counts[TASK_SUCCESS], 1);
    assert_int_equal(run.counts[TASK_FAILED], 1);
    assert_int_equal(run.counts[TASK_BLOCKED], 1);
    assert_int_equal(run.started_at.us, T0 + 2);
    assert_int_equal(run.ended_at.us, T0 + 9);
    assert_int_equal(run.queued_at.us, T0);
    assert_string_equal(run.failure.node, "load");
    assert_string_equal(run.failure.code, "E204");
    assert_string_equal(run.failure.text, "no such table: 销售");
    assert_int_equal(run.failure.attempt_id, 5);

    struct view_nodes nodes;
    OK(view_run_nodes(world->store, id, &world->arena, &nodes, ok));
    assert_int_equal(nodes.count, 3);
    assert_string_equal(nodes.items[2].name, "stat");
    assert_null(nodes.items[0].attempt);
    assert_int_equal(nodes.items[0].started_at.us, T0 + 1);
    assert_int_equal(nodes.items[0].ended_at.us, T0 + 1);
    const struct view_attempt *attempt = nodes.items[1].attempt;
    assert_non_null(attempt);
    assert_int_equal(attempt->outcome.end, ATTEMPT_END_FAILURE);
    assert_int_equal(attempt->outcome.code, 3);
    assert_int_equal(attempt->cpu.us, 1234);
    assert_int_equal(attempt->peak_bytes, 5678);
    assert_int_equal(attempt->log_bytes, 90);
    assert_int_equal(attempt->log_lost_bytes, 12);
    assert_int_equal(attempt->leftovers, 2);
    assert_int_equal(attempt->pid, 4711);
    assert_int_equal(attempt->opening, 1);

    struct flow_file text;
    OK(view_text(world->store, attempt->text_hash, &world->arena, &text, ok));
    assert_int_equal(text.length, 6);
    assert_string_equal(text.bytes, "echo a");

    struct view_details details;
    OK(view_run_details(world->store, id, &world->arena, &details, ok));
    assert_string_equal(details.commit, "9f2c1ab00000");
    assert_int_equal(details.param_count, 2);
    assert_null(details.params[0].node);
    assert_string_equal(details.params[0].written, "${yyyymmdd}");
    assert_string_equal(details.params[1].node, "load");
    assert_true(details.params[1].is_overridden);
    assert_int_equal(details.var_count, 1);
    assert_int_equal(details.table_count, 1);
    assert_string_equal(details.tables[0].node_name, "load");
    assert_int_equal(details.tables[0].table.rows, 42);
    assert_int_equal(details.output_count, 1);
    assert_string_equal(details.outputs[0].text, "v");
}

static void a_run_that_is_not_there(void **state)
{
    struct world *world = *state;
    struct error err = {0};
    struct view_run run;
    struct view_nodes nodes;
    struct view_details details;
    assert_int_equal(view_find_run(world->store, 9, &world->arena, &run, &err), -1);
    assert_int_equal(err.kind, ERROR_KIND_NOT_FOUND);
    int64_t id = world_start(world);
    assert_int_equal(view_find_run(world->store, 999, &world->arena, &run, &err), -1);
    char expected[32];
    snprintf(expected, sizeof expected, "newest is %lld", (long long)id);
    assert_non_null(strstr(err.help, expected));
    assert_int_equal(view_run_nodes(world->store, 999, &world->arena, &nodes, &err), -1);
    assert_int_equal(view_run_details(world->store, 999, &world->arena, &details, &err), -1);
    assert_int_equal(err.kind, ERROR_KIND_NOT_FOUND);
}

static void marks_are_tagged_and_counts_follow(void **state)
{
    struct world *world = *state;
    int64_t id = world_start(world);
    world_fail(world, id, "x y z");
    struct store_operation operation = {.kind = STORE_OPERATION_MARK,
                                        .at = {T0 + 20},
                                        .who = "lin",
                                        .reason = "loaded by hand",
                                        .detail = "success",
                                        .run_id = id,
                                        .node = 1};
    OK(store_begin(world->store, ok));
    OK(store_put_operation(world->store, &operation, ok));
    world_task_at(world, (struct record_task){.run_id = id,
                                              .node = 1,
                                              .state = TASK_SUCCESS,
                                              .why = TASK_WHY_MARK,
                                              .attempts = 1,
                                              .at = {T0 + 20}});
    OK(store_commit(world->store, ok));
    struct view_run run;
    OK(view_find_run(world->store, id, &world->arena, &run, ok));
    assert_int_equal(run.counts[TASK_SUCCESS], 2);
    assert_int_equal(run.counts[TASK_FAILED], 0);
    assert_string_equal(run.failure.node, "");
    struct view_nodes nodes;
    OK(view_run_nodes(world->store, id, &world->arena, &nodes, ok));
    assert_string_equal(nodes.items[1].tag_who, "lin");
    assert_string_equal(nodes.items[1].tag_reason, "loaded by hand");
    assert_string_equal(nodes.items[2].tag_who, "");
    struct view_details details;
    OK(view_run_details(world->store, id, &world->arena, &details, ok));
    assert_int_equal(details.operation_count, 1);
    assert_string_equal(details.operations[0].node_name, "load");
    assert_string_equal(details.operations[0].detail, "success");
}

static void a_rerun_opens_the_run_again(void **state)
{
    struct world *world = *state;
    int64_t id = world_start(world);
    world_fail(world, id, "x y z");
    OK(store_begin(world->store, ok));
    world_task_at(world, (struct record_task){.run_id = id,
                                              .node = 1,
                                              .state = TASK_WAITING,
                                              .why = TASK_WHY_RERUN,
                                              .attempts = 1,
                                              .at = {T0 + 30}});
    struct action action = {
        .kind = ACTION_RECORD_RUN,
        .run = {.run_id = id, .state = RUN_RUNNING, .opening = 2, .at = {T0 + 30}}};
    OK(store_apply(world->store, &action, ok));
    OK(store_commit(world->store, ok));
    struct view_run run;
    OK(view_find_run(world->store, id, &world->arena, &run, ok));
    assert_int_equal(run.opening, 2);
    assert_int_equal(run.queued_at.us, T0 + 30);
    assert_int_equal(run.ended_at.us, 0);
    assert_int_equal(run.counts[TASK_WAITING], 1);
    struct load_runs runs;
    OK(load_open_runs(world->store, &world->arena, &runs, ok));
    assert_int_equal(runs.count, 1);
    assert_int_equal(runs.items[0].nodes[1].tries, 0);
}

static void freezes_come_and_go(void **state)
{
    struct world *world = *state;
    struct store_freeze flow = {"f", "", {T0}, "2021-12-01", "lin", "vendor outage"};
    struct store_freeze node = {"f", "load", {T0}, "", "wang", "x"};
    struct load_freezes freezes;
    OK(store_begin(world->store, ok));
    OK(store_put_freeze(world->store, &flow, ok));
    OK(store_put_freeze(world->store, &node, ok));
    node.reason = "y";
    OK(store_put_freeze(world->store, &node, ok));
    OK(store_commit(world->store, ok));
    OK(load_freezes(world->store, &world->arena, &freezes, ok));
    assert_int_equal(freezes.count, 2);
    assert_string_equal(freezes.items[0].node, "");
    assert_string_equal(freezes.items[0].until, "2021-12-01");
    assert_string_equal(freezes.items[1].reason, "y");
    OK(store_begin(world->store, ok));
    OK(store_remove_freeze(world->store, "f", "", ok));
    OK(store_remove_freeze(world->store, "f", "none", ok));
    OK(store_commit(world->store, ok));
    OK(load_freezes(world->store, &world->arena, &freezes, ok));
    assert_int_equal(freezes.count, 1);
}

static void the_story_is_told_in_order(void **state)
{
    struct world *world = *state;
    int64_t id = world_start(world);
    struct view_events events;
    struct view_event_list list = {.run_id = id, .page = {.limit = 2}};
    OK(view_events(world->store, &list, &world->arena, &events, ok));
    assert_int_equal(events.count, 2);
    assert_int_equal(events.items[0].kind, VIEW_EVENT_RUN_ADDED);
    assert_string_equal(events.items[0].text, "cli by lin");
    assert_int_equal(events.items[1].kind, VIEW_EVENT_TASK);
    assert_string_equal(events.items[1].node_name, "start");
    assert_int_equal(events.items[1].state, TASK_SUCCESS);
    assert_int_equal(events.items[1].why, TASK_WHY_VIRTUAL);
    list.page.after = events.next;
    OK(view_events(world->store, &list, &world->arena, &events, ok));
    assert_int_equal(events.count, 2);
    assert_int_equal(events.items[0].attempt_id, 5);
    assert_int_equal(events.items[1].kind, VIEW_EVENT_RUN);
    int64_t newest;
    OK(view_newest_event(world->store, id, &newest, ok));
    assert_int_equal(newest, events.next);
    list.page.after = events.next;
    OK(view_events(world->store, &list, &world->arena, &events, ok));
    assert_int_equal(events.count, 0);
    assert_int_equal(events.next, newest);
    OK(view_newest_event(world->store, 77, &newest, ok));
    assert_int_equal(newest, 0);
}

/* Replaying the story of a run gives the states that its rows have. */
static void the_story_and_the_rows_agree(void **state)
{
    struct world *world = *state;
    int64_t id = world_start(world);
    world_fail(world, id, "x y z");
    struct view_events events;
    struct view_event_list list = {.run_id = id, .page = {.limit = 100}};
    struct view_nodes nodes;
    int32_t states[3] = {TASK_WAITING, TASK_WAITING, TASK_WAITING};
    OK(view_events(world->store, &list, &world->arena, &events, ok));
    for (size_t i = 0; i < events.count; i++)
        if (events.items[i].kind == VIEW_EVENT_TASK)
            states[events.items[i].node] = events.items[i].state;
    OK(view_run_nodes(world->store, id, &world->arena, &nodes, ok));
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(states[i], nodes.items[i].state);
}

static void old_runs_are_forgotten_with_all_that_hangs_on_them(void **state)
{
    struct world *world = *state;
    int64_t old = world_start(world);
    world_fail(world, old, "an old error");
    OK(store_begin(world->store, ok));
    int64_t kept = world_done(world, "g", "2021-11-13T00:30:00", "2021-11-12", false);
    world_state(world, kept, RUN_SUCCESS, T0 + 2000000);
    OK(store_commit(world->store, ok));
    int64_t newest;
    int64_t after;
    OK(view_newest_event(world->store, 0, &newest, ok));
    struct store_pruning pruning = {.before = {T0 + 100}, .max_runs = 10};
    OK(store_prune(world->store, &pruning, ok));
    assert_int_equal(pruning.runs, 1);
    for (int i = 0; !pruning.is_done && i < 10; i++)
        OK(store_prune(world->store, &pruning, ok));
    assert_int_equal(pruning.runs, 1);
    assert_true(pruning.is_done);
    OK(view_newest_event(world->store, 0, &after, ok));
    assert_true(after >= newest); /* a cursor never goes back */
    static const char *const tables[] = {"attempt",   "run_param", "run_var",
                                         "run_error", "operation", "attempt_table"};
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) {
        char sql[64];
        sqlite3_stmt *s;
        snprintf(sql, sizeof sql, "SELECT count(*) FROM %s", tables[i]);
        assert_int_equal(sqlite3_prepare_v2(world->store->db, sql, -1, &s, NULL), SQLITE_OK);
        sqlite3_step(s);
        assert_int_equal(sqlite3_column_int(s, 0), 0);
        sqlite3_finalize(s);
    }
    int64_t count;
    OK(store_read_int(world->store, "SELECT count(*) FROM version", &count, ok));
    assert_int_equal(count, 1);
    OK(store_read_int(world->store, "SELECT count(*) FROM blob", &count, ok));
    assert_int_equal(count, 1); /* shared with what is kept */
    OK(store_read_int(world->store, "SELECT count(*) FROM run", &count, ok));
    assert_int_equal(count, 1);
    assert_int_equal(sqlite3_exec(world->store->db, "PRAGMA foreign_key_check", NULL, NULL, NULL),
                     SQLITE_OK);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(an_open_run_comes_back_as_it_was),
        TEST(open_attempts_know_their_boot),
        TEST(an_ended_run_is_not_open),
        TEST(wishes_retries_and_holds_are_kept),
        TEST(definitions_are_kept_once),
        TEST(one_run_of_a_time_is_open),
        TEST(the_schedule_makes_one_run_of_a_time),
        TEST(a_request_finds_its_runs),
        TEST(only_records_are_applied),
        TEST(a_run_is_shown_in_full),
        TEST(a_run_that_is_not_there),
        TEST(marks_are_tagged_and_counts_follow),
        TEST(a_rerun_opens_the_run_again),
        TEST(freezes_come_and_go),
        TEST(the_story_is_told_in_order),
        TEST(the_story_and_the_rows_agree),
        TEST(old_runs_are_forgotten_with_all_that_hangs_on_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
