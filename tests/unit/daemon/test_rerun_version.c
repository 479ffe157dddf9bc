/* Reruns in the definition as it is now, asked of a real engine. */
#include "scheduler/store/view_run.h"
#include "tests/unit/daemon/harness.h"

#define PROJECT "timezone: UTC\nslots: 2\n"
#define HEAD                                                                                       \
    "flow: shop\n"                                                                                 \
    "params: {day: '${yyyymmdd}', gone: '7'}\n"                                                    \
    "nodes:\n"
#define FIRST                                                                                      \
    HEAD "  fetch: {run: 'echo fetch $day >>ran'}\n"                                               \
         "  old: {run: 'echo old >>ran', needs: [fetch]}\n"                                        \
         "  load: {run: 'echo load $day; exit 3', needs: [old]}\n"                                 \
         "  after: {run: 'echo after >>ran', needs: [load]}\n"
/* Reordered; old became check; load is mended; report is new; day means something else. */
#define SECOND                                                                                     \
    "flow: shop\n"                                                                                 \
    "params: {day: '$[yyyy]', unit: 'x$<day>'}\n"                                                  \
    "nodes:\n"                                                                                     \
    "  report: {run: 'echo report $unit >>ran', needs: [after]}\n"                                 \
    "  after: {run: 'echo after2 >>ran', needs: [load]}\n"                                         \
    "  load: {run: 'echo load2 $day >>ran', needs: [check]}\n"                                     \
    "  check: {run: 'echo check >>ran', needs: [fetch]}\n"                                         \
    "  fetch: {run: 'echo fetch2 >>ran'}\n"

static struct request rerun_of(enum request_scope scope, const char *node)
{
    struct request request = {.kind = REQUEST_KIND_RERUN,
                              .who = "lin",
                              .scope = scope,
                              .nodes = node,
                              .uses_current_version = true,
                              .run_count = 1};
    request.run_ids[0] = 1;
    return request;
}

static struct world *world_with_failed_run(void)
{
    struct world *world = world_new(PROJECT, FIRST);
    struct request_setting var = {"gone", "8"};
    struct request run = {.kind = REQUEST_KIND_RUN,
                          .who = "lin",
                          .flow = "shop",
                          .date = "2021-11-11",
                          .nodes = "",
                          .vars = &var,
                          .var_count = 1};
    world_ask_well(world, &run);
    world_until(world, world->run_ends == 1);
    return world;
}

/* What people see of run 1. */
struct seen {
    struct arena arena;
    struct store *store;
    struct view_run run;
    struct view_nodes nodes;
    struct view_attempts attempts;
    struct view_details details;
};

static void look(const struct world *world, struct seen *seen)
{
    struct error err = {0};
    *seen = (struct seen){0};
    if (store_open_reader(world->state_dir, &seen->store, &err) < 0 ||
        view_find_run(seen->store, 1, &seen->arena, &seen->run, &err) < 0 ||
        view_run_nodes(seen->store, 1, &seen->arena, &seen->nodes, &err) < 0 ||
        view_run_attempts(seen->store, 1, &seen->arena, &seen->attempts, &err) < 0 ||
        view_run_details(seen->store, 1, &seen->arena, &seen->details, &err) < 0)
        fail_msg("%s", err.text);
}

static void look_away(struct seen *seen)
{
    store_close(seen->store);
    arena_free(&seen->arena);
}

static const struct view_node *node_of(const struct seen *seen, const char *name)
{
    for (size_t i = 0; i < seen->nodes.count; i++) {
        if (strcmp(seen->nodes.items[i].name, name) == 0)
            return &seen->nodes.items[i];
    }
    fail_msg("no node %s", name);
    return NULL;
}

static int attempts_of(const struct seen *seen, const char *name)
{
    int count = 0;
    for (size_t i = 0; i < seen->attempts.count; i++)
        count += strcmp(seen->attempts.items[i].node_name, name) == 0;
    return count;
}

static const char *param_of(const struct seen *seen, const char *name)
{
    for (size_t i = 0; i < seen->details.param_count; i++) {
        if (strcmp(seen->details.params[i].name, name) == 0)
            return seen->details.params[i].value;
    }
    return NULL;
}

static void check_rows(const struct world *world)
{
    struct seen seen;
    look(world, &seen);
    assert_int_equal(seen.run.state, RUN_SUCCESS);
    assert_int_equal(seen.run.opening, 2);
    assert_int_equal(seen.run.counts[TASK_SUCCESS], 5);
    assert_int_equal(seen.run.counts[TASK_SKIPPED], 0);
    assert_int_equal(seen.nodes.count, 6);
    assert_string_equal(seen.nodes.items[0].name, "report");
    assert_string_equal(seen.nodes.items[4].name, "fetch");
    assert_int_equal(node_of(&seen, "fetch")->attempts, 1);
    assert_int_equal(node_of(&seen, "load")->attempts, 2);
    assert_int_equal(node_of(&seen, "load")->state, TASK_SUCCESS);
    const struct view_node *old = node_of(&seen, "old");
    assert_int_equal(old->index, 5);
    assert_int_equal(old->state, TASK_SKIPPED);
    assert_string_equal(old->type, "");
    assert_non_null(old->attempt);
    assert_int_equal(old->attempt->outcome.end, ATTEMPT_END_SUCCESS);
    assert_int_equal(attempts_of(&seen, "old"), 1);
    assert_int_equal(attempts_of(&seen, "load"), 2);
    assert_string_equal(param_of(&seen, "day"), "20211111");
    assert_string_equal(param_of(&seen, "unit"), "x20211111");
    assert_null(param_of(&seen, "gone"));
    assert_int_equal(seen.details.var_count, 0);
    assert_int_equal(seen.details.operation_count, 1);
    assert_non_null(strstr(seen.details.operations[0].detail, "from failed, in "));
    assert_non_null(strstr(seen.details.operations[0].detail, seen.run.version));
    assert_non_null(strstr(seen.details.operations[0].detail, " instead of "));
    look_away(&seen);
}

static void test_added_removed_renamed_reordered(void **state)
{
    (void)state;
    struct world *world = world_with_failed_run();
    world_write(world, "shop.yaml", SECOND);
    struct request rerun = rerun_of(REQUEST_SCOPE_FAILED, "");
    world_ask_well(world, &rerun);
    world_until(world, world->run_ends == 2);
    assert_int_equal(world_count_line(world, "ran", "fetch 20211111"), 1);
    assert_int_equal(world_count_line(world, "ran", "fetch2"), 0);
    assert_int_equal(world_count_line(world, "ran", "check"), 1);
    assert_int_equal(world_count_line(world, "ran", "load2 20211111"), 1);
    assert_int_equal(world_count_line(world, "ran", "after2"), 1);
    assert_int_equal(world_count_line(world, "ran", "report x20211111"), 1);
    assert_int_equal(world_lines(world, "ran"), 6);
    check_rows(world);
    world_leave(world); /* the next engine reads it as it is stored */
    world_open(world);
    check_rows(world);
    struct request again = rerun_of(REQUEST_SCOPE_ONLY, "check");
    again.uses_current_version = false;
    world_ask_well(world, &again);
    world_until(world, world->run_ends == 3);
    assert_int_equal(world_count_line(world, "ran", "check"), 2);
    world_free(world);
}

/* A node that had gone comes back, with its attempts. */
static void test_there_and_back(void **state)
{
    (void)state;
    struct world *world = world_with_failed_run();
    world_write(world, "shop.yaml", SECOND);
    struct request rerun = rerun_of(REQUEST_SCOPE_ONLY, "check");
    world_ask_well(world, &rerun);
    world_until(world, world->run_ends == 2);
    struct seen seen;
    look(world, &seen);
    assert_int_equal(seen.run.state, RUN_FAILED);
    assert_int_equal(node_of(&seen, "report")->state, TASK_STOPPED);
    assert_int_equal(node_of(&seen, "load")->state, TASK_FAILED);
    look_away(&seen);
    world_write(world, "shop.yaml", FIRST);
    struct request back = rerun_of(REQUEST_SCOPE_ALL, "");
    world_ask_well(world, &back);
    world_until(world, world->run_ends == 3);
    look(world, &seen);
    assert_int_equal(seen.nodes.count, 6);
    assert_string_equal(seen.nodes.items[1].name, "old");
    assert_string_equal(seen.nodes.items[1].type, "shell");
    assert_int_equal(seen.nodes.items[1].attempts, 2);
    assert_int_equal(attempts_of(&seen, "old"), 2);
    assert_int_equal(attempts_of(&seen, "check"), 1);
    assert_int_equal(node_of(&seen, "load")->state, TASK_FAILED);
    assert_int_equal(seen.run.counts[TASK_BLOCKED], 1);
    assert_int_equal(seen.run.failure.attempt_id, node_of(&seen, "load")->attempt->id);
    look_away(&seen);
    world_free(world);
}

static void refuses(struct world *world, struct request *request, enum error_kind kind)
{
    struct seen before;
    struct seen after;
    look(world, &before);
    world_ask(world, request);
    assert_int_equal(world->reply.error.kind, kind);
    world_wait(world, 100);
    look(world, &after);
    assert_int_equal(before.run.version_id, after.run.version_id);
    assert_int_equal(before.run.state, after.run.state);
    assert_int_equal(before.nodes.count, after.nodes.count);
    assert_int_equal(before.details.operation_count, after.details.operation_count);
    for (size_t i = 0; i < before.nodes.count; i++)
        assert_int_equal(before.nodes.items[i].state, after.nodes.items[i].state);
    look_away(&before);
    look_away(&after);
}

static void test_what_is_refused_changes_nothing(void **state)
{
    (void)state;
    struct world *world = world_with_failed_run();
    world_write(world, "shop.yaml", SECOND);
    struct request unknown = rerun_of(REQUEST_SCOPE_FROM, "old");
    refuses(world, &unknown, ERROR_KIND_NOT_FOUND);
    struct request freeze = {.kind = REQUEST_KIND_FREEZE,
                             .who = "lin",
                             .flow = "shop",
                             .nodes = "check",
                             .reason = "x",
                             .until = ""};
    world_ask_well(world, &freeze);
    struct request frozen = rerun_of(REQUEST_SCOPE_ONLY, "check");
    refuses(world, &frozen, ERROR_KIND_REFUSED);
    freeze.nodes = "";
    world_ask_well(world, &freeze);
    struct request rerun = rerun_of(REQUEST_SCOPE_ALL, "");
    refuses(world, &rerun, ERROR_KIND_REFUSED);
    world_write(world, "shop.yaml", "flow: shop\nnodes: {a: {run: x, needs: [b]}}\n");
    refuses(world, &rerun, ERROR_KIND_INVALID);
    world_remove(world, "shop.yaml");
    refuses(world, &rerun, ERROR_KIND_NOT_FOUND);
    rerun.run_ids[0] = 9;
    refuses(world, &rerun, ERROR_KIND_NOT_FOUND);
    world_free(world);
}

static void test_an_open_run_is_refused_and_the_same_files_are_no_change(void **state)
{
    (void)state;
    struct world *world = world_with_failed_run();
    struct request same = rerun_of(REQUEST_SCOPE_FAILED, "");
    world_ask_well(world, &same);
    world_until(world, world->run_ends == 2);
    struct seen seen;
    look(world, &seen);
    assert_string_equal(seen.details.operations[0].detail, "from failed");
    assert_int_equal(seen.nodes.count, 4);
    look_away(&seen);
    struct request skip = {
        .kind = REQUEST_KIND_SKIP, .who = "lin", .nodes = "load", .reason = "x", .run_count = 1};
    skip.run_ids[0] = 1;
    world_write(world, "shop.yaml", SECOND);
    world_leave(world); /* nobody drives what the mark opens */
    world_open(world);
    world_ask_well(world, &skip);
    struct request open = rerun_of(REQUEST_SCOPE_FAILED, "");
    refuses(world, &open, ERROR_KIND_REFUSED);
    world_free(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_added_removed_renamed_reordered),
        cmocka_unit_test(test_there_and_back),
        cmocka_unit_test(test_what_is_refused_changes_nothing),
        cmocka_unit_test(test_an_open_run_is_refused_and_the_same_files_are_no_change),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
