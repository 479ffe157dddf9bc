/* How the dates of a flow stand, in bulk: the same as asked one by one, whatever happened. */
#include "scheduler/store/statement.h"
#include "scheduler/store/view_backfill.h"
#include "tests/unit/store/store_world.h"

#define NAMES 6
#define PLANNED 8
#define DEFINITIONS 3
#define MAX_RUNS 200
#define HISTORIES 40
#define STEPS 160
#define MIN_OF_EACH 300 /* verdicts, so that the histories are not all alike */

static const char *const names[NAMES] = {"a", "b", "c", "d", "e", "f"};

/* Some are hourly, one comes twice. */
static const struct {
    const char *cyctime;
    const char *bizdate;
    bool is_second;
} planned_times[PLANNED] = {
    {"2021-01-02T00:30:00", "2021-01-01", false}, {"2021-01-02T01:30:00", "2021-01-01", false},
    {"2021-01-02T01:30:00", "2021-01-01", true},  {"2021-01-02T02:30:00", "2021-01-01", false},
    {"2021-01-04T00:30:00", "2021-01-03", false}, {"2021-01-05T00:30:00", "2021-01-04", false},
    {"2021-01-06T00:30:00", "2021-01-05", false}, {"2021-02-01T00:30:00", "2021-01-31", false},
};

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

/* ---- histories by chance ---- */

struct old_node {
    const char *name;
    enum task_state state;
    int32_t attempts;
};

struct old_run {
    int64_t id;
    size_t planned;
    bool is_open;
    int32_t opening;
    struct old_node nodes[NAMES];
    uint32_t node_count;
};

struct history {
    struct world *world;
    uint64_t seed;
    struct old_run runs[MAX_RUNS];
    size_t run_count;
};

static uint32_t pick(struct history *history, uint32_t count)
{
    history->seed = history->seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(history->seed >> 33) % count;
}

/* Which nodes a definition has, and in which order, follows from its number. */
static uint32_t definition_nodes(uint32_t definition, const char *ret_names[NAMES])
{
    static const int orders[DEFINITIONS][NAMES] = {
        {0, 1, 2, -1, -1, -1}, {2, 1, 0, 3, 4, -1}, {5, 3, 0, -1, -1, -1}};
    uint32_t count = 0;
    while (count < NAMES && orders[definition][count] >= 0) {
        ret_names[count] = names[orders[definition][count]];
        count++;
    }
    return count;
}

static int64_t definition_version(struct history *history, uint32_t definition)
{
    char hash[41];
    struct flow_file file = {.path = "f/flow.yaml", .bytes = "flow: f\n", .length = 8};
    memcpy(file.hash, HASH_A, sizeof file.hash);
    memset(hash, 'a' + (int)definition, 40);
    hash[40] = '\0';
    struct store_version version = {.flow = "f", .hash = hash, .files = &file, .file_count = 1};
    int64_t id = 0;
    OK(store_put_version(history->world->store, &version, (struct instant){T0}, &id, ok));
    return id;
}

static void add_run(struct history *history, size_t planned)
{
    struct old_run *run = &history->runs[history->run_count++];
    struct store_run_node nodes[NAMES];
    const char *of_definition[NAMES];
    uint32_t definition = pick(history, DEFINITIONS);
    bool is_partial = pick(history, 3) == 0;
    *run = (struct old_run){.planned = planned, .is_open = true, .opening = 1};
    run->node_count = definition_nodes(definition, of_definition);
    for (uint32_t i = 0; i < run->node_count; i++) {
        bool is_selected = !is_partial || pick(history, 2) == 0;
        enum task_state state = !is_selected             ? TASK_SKIPPED
                                : pick(history, 30) == 0 ? TASK_FROZEN
                                                         : TASK_WAITING;
        run->nodes[i] = (struct old_node){.name = of_definition[i], .state = state};
        nodes[i] = (struct store_run_node){of_definition[i], "shell", state, is_selected};
    }
    struct store_run row =
        world_run(history->world, "f", definition_version(history, definition),
                  planned_times[planned].cyctime, planned_times[planned].bizdate);
    row.is_second = planned_times[planned].is_second;
    row.nodes = nodes;
    row.node_count = run->node_count;
    run->id = row.run_id;
    OK(store_put_run(history->world->store, &row, ok));
}

static void change(struct history *history, struct old_run *run, uint32_t node,
                   enum task_state state, enum task_why why)
{
    struct old_node *old = &run->nodes[node];
    if (state == TASK_RUNNING)
        old->attempts++;
    old->state = state;
    world_task_at(history->world, (struct record_task){.run_id = run->id,
                                                       .node = node,
                                                       .state = state,
                                                       .why = why,
                                                       .attempts = old->attempts,
                                                       .tries = old->attempts,
                                                       .at = {T0}});
}

static void end_run(struct history *history, struct old_run *run)
{
    bool is_good = pick(history, 3) != 0;
    for (uint32_t i = 0; i < run->node_count; i++) {
        if (run->nodes[i].state == TASK_WAITING && (is_good || pick(history, 2) == 0))
            change(history, run, i, TASK_RUNNING, TASK_WHY_STARTED);
        if (run->nodes[i].state == TASK_RUNNING)
            change(history, run, i, is_good ? TASK_SUCCESS : TASK_FAILED, TASK_WHY_ENDED);
        else if (run->nodes[i].state == TASK_WAITING)
            change(history, run, i, TASK_BLOCKED, TASK_WHY_UPSTREAM);
    }
    struct action action = {.kind = ACTION_RECORD_RUN,
                            .run = {.run_id = run->id,
                                    .state = is_good ? RUN_SUCCESS : RUN_FAILED,
                                    .opening = run->opening,
                                    .at = {T0}}};
    OK(store_apply(history->world->store, &action, ok));
    run->is_open = false;
}

static void rerun(struct history *history, struct old_run *run)
{
    struct action action = {
        .kind = ACTION_RECORD_RUN,
        .run = {.run_id = run->id, .state = RUN_RUNNING, .opening = ++run->opening, .at = {T0}}};
    OK(store_apply(history->world->store, &action, ok));
    run->is_open = true;
    for (uint32_t i = 0; i < run->node_count; i++)
        if (run->nodes[i].state != TASK_SKIPPED && pick(history, 2) == 0)
            change(history, run, i, TASK_WAITING, TASK_WHY_RERUN);
}

/* By hand, in a run that is open or over. */
static void decide(struct history *history, struct old_run *run)
{
    static const enum task_state decided[] = {TASK_SUCCESS, TASK_FAILED, TASK_SKIPPED, TASK_FROZEN};
    uint32_t node = pick(history, run->node_count);
    enum task_state state = decided[pick(history, 4)];
    if (run->nodes[node].state != TASK_RUNNING)
        change(history, run, node, state,
               state == TASK_SKIPPED  ? TASK_WHY_SKIP
               : state == TASK_FROZEN ? TASK_WHY_FREEZE
                                      : TASK_WHY_MARK);
}

static void proceed(struct history *history, struct old_run *run)
{
    static const enum task_state ends[] = {TASK_SUCCESS, TASK_SUCCESS, TASK_SUCCESS,
                                           TASK_FAILED,  TASK_STOPPED, TASK_WAITING};
    uint32_t node = pick(history, run->node_count);
    switch (pick(history, 5)) {
    case 0:
        end_run(history, run);
        break;
    case 1:
        decide(history, run);
        break;
    default:
        if (run->nodes[node].state == TASK_WAITING)
            change(history, run, node, TASK_RUNNING, TASK_WHY_STARTED);
        else if (run->nodes[node].state == TASK_RUNNING)
            change(history, run, node, ends[pick(history, 6)], TASK_WHY_ENDED);
    }
}

static void step(struct history *history)
{
    size_t planned = pick(history, PLANNED - 1); /* the last never runs */
    struct old_run *open = NULL;
    struct old_run *some = NULL;
    for (size_t i = 0; i < history->run_count; i++) {
        struct old_run *run = &history->runs[i];
        if (run->planned != planned)
            continue;
        if (run->is_open)
            open = run;
        if (some == NULL || pick(history, 2) == 0)
            some = run;
    }
    if (open != NULL)
        proceed(history, open);
    else if (some == NULL || (pick(history, 3) == 0 && history->run_count < MAX_RUNS))
        add_run(history, planned);
    else if (pick(history, 2) == 0)
        rerun(history, some);
    else
        decide(history, some);
}

/* ---- the same, one by one ---- */

struct question {
    struct world *world;
    const char *const *asked; /* NULL = all of the newest run */
    size_t asked_count;
};

static bool is_by_hand(struct world *world, int64_t run_id, const char *name)
{
    STATEMENT(s);
    OK(statement_open(&s, world->store,
                      "SELECT event_id FROM node_run JOIN node ON node.id = node_id"
                      " WHERE run_id = ? AND name = ?",
                      ok));
    statement_int(&s, run_id);
    statement_text(&s, name);
    assert_int_equal(statement_step(&s, NULL), 1);
    return statement_get_int(&s, 0) > 0;
}

static bool is_asked(const struct question *question, const char *name)
{
    for (size_t i = 0; i < question->asked_count; i++)
        if (strcmp(question->asked[i], name) == 0)
            return true;
    return question->asked == NULL;
}

static struct view_instance judge_date(const struct question *question,
                                       const struct view_date *date)
{
    struct world *world = question->world;
    struct view_instance answer = {.verdict = VIEW_INSTANCE_NOT, .run_id = date->newest_run_id};
    struct view_nodes newest;
    OK(view_run_nodes(world->store, date->newest_run_id, &world->arena, &newest, ok));
    for (size_t i = 0; i < date->node_count; i++) {
        const struct view_date_node *node = &date->nodes[i];
        if (!is_asked(question, node->name) || (question->asked == NULL && i >= newest.count))
            continue;
        bool is_skip = node->state == TASK_SKIPPED && is_by_hand(world, node->run_id, node->name);
        if (node->state == TASK_SUCCESS || is_skip)
            continue;
        answer.node = node->name;
        answer.state = node->state == TASK_SKIPPED ? TASK_WAITING : node->state;
        return answer;
    }
    for (size_t i = 0; i < question->asked_count; i++) {
        bool is_seen = false;
        for (size_t k = 0; k < date->node_count; k++)
            is_seen = is_seen || strcmp(date->nodes[k].name, question->asked[i]) == 0;
        if (!is_seen) {
            answer.node = question->asked[i];
            answer.state = TASK_WAITING;
            return answer;
        }
    }
    answer.verdict = VIEW_INSTANCE_SUCCESS;
    return answer;
}

struct tally {
    int verdicts[VIEW_INSTANCE_OPEN + 1];
};

static void compare_one(const struct question *question, size_t planned,
                        const struct view_instance *found, struct tally *tally)
{
    struct world *world = question->world;
    struct view_planned place = {"f", planned_times[planned].cyctime,
                                 planned_times[planned].is_second};
    struct load_planned open = {"f", place.cyctime, place.is_second};
    struct view_date date;
    int64_t open_id;
    OK(load_open_run_of(world->store, &open, &open_id, ok));
    OK(view_date_state(world->store, &place, &world->arena, &date, ok));
    assert_string_equal(found->bizdate, planned_times[planned].bizdate);
    tally->verdicts[found->verdict]++;
    if (open_id != 0) {
        assert_int_equal(found->verdict, VIEW_INSTANCE_OPEN);
        assert_int_equal(found->run_id, open_id);
        return;
    }
    struct view_instance expected = judge_date(question, &date);
    assert_int_equal(found->verdict, expected.verdict);
    assert_int_equal(found->run_id, expected.run_id);
    if (expected.verdict == VIEW_INSTANCE_NOT) {
        assert_string_equal(found->node, expected.node);
        assert_int_equal(found->state, expected.state);
    }
}

/* Planned times stand in ascending order above. */
static void compare_all(const struct question *question, struct tally *tally)
{
    struct world *world = question->world;
    struct view_instances_of which = {"f", "2021-01-01", "2021-01-31", question->asked,
                                      question->asked_count};
    struct view_instances found;
    size_t at = 0;
    OK(view_instances(world->store, &which, &world->arena, &found, ok));
    for (size_t i = 0; i < PLANNED; i++) {
        if (at == found.count || strcmp(found.items[at].cyctime, planned_times[i].cyctime) != 0 ||
            found.items[at].is_second != planned_times[i].is_second)
            continue;
        compare_one(question, i, &found.items[at++], tally);
    }
    assert_int_equal(at, found.count);
    assert_int_equal(found.count,
                     count_rows(world->store, "SELECT count(*) FROM (SELECT DISTINCT cyctime,"
                                              " is_second FROM run)"));
}

static void asked_together_is_asked_one_by_one(void **state)
{
    struct world *world = *state;
    static const char *const one[] = {"c"};
    static const char *const some[] = {"d", "a", "d"};
    static const char *const odd[] = {"a", "zebra"};
    struct tally tally = {0};
    for (uint64_t seed = 1; seed <= HISTORIES; seed++) {
        struct history history = {.world = world, .seed = seed};
        OK(store_begin(world->store, ok));
        for (int i = 1; i <= STEPS; i++) {
            step(&history);
            if (i % 40 != 0)
                continue;
            compare_all(&(struct question){world, NULL, 0}, &tally);
            compare_all(&(struct question){world, one, 1}, &tally);
            compare_all(&(struct question){world, some, 3}, &tally);
            compare_all(&(struct question){world, odd, 2}, &tally);
        }
        store_rollback(world->store);
        arena_free(&world->arena);
    }
    for (int i = 0; i <= VIEW_INSTANCE_OPEN; i++)
        if (tally.verdicts[i] < MIN_OF_EACH)
            fail_msg("only %d of verdict %d", tally.verdicts[i], i);
}

/* ---- by hand ---- */

static struct view_instance ask_one(struct world *world, const char *node)
{
    const char *const asked[] = {node};
    struct view_instances_of which = {"f", "2021-11-11", "2021-11-11", node == NULL ? NULL : asked,
                                      node == NULL ? 0 : 1};
    struct view_instances found;
    OK(view_instances(world->store, &which, &world->arena, &found, ok));
    assert_int_equal(found.count, 1);
    return found.items[0];
}

static void a_failure_has_its_reason(void **state)
{
    struct world *world = *state;
    int64_t run_id = world_start(world);
    struct view_instance found = ask_one(world, NULL);
    assert_int_equal(found.verdict, VIEW_INSTANCE_OPEN);
    assert_int_equal(found.run_id, run_id);
    assert_string_equal(found.node, "");
    world_fail(world, run_id, "no such column: s.machineId");
    found = ask_one(world, NULL);
    assert_int_equal(found.verdict, VIEW_INSTANCE_NOT);
    assert_string_equal(found.node, "load");
    assert_int_equal(found.state, TASK_FAILED);
    assert_string_equal(found.reason, "no such column: s.machineId");
    assert_int_equal(ask_one(world, "start").verdict, VIEW_INSTANCE_SUCCESS);
    found = ask_one(world, "stat");
    assert_int_equal(found.state, TASK_BLOCKED);
    assert_string_equal(found.reason, "");
    OK(store_begin(world->store, ok));
    world_task_at(
        world,
        (struct record_task){
            .run_id = run_id, .node = 2, .state = TASK_FAILED, .why = TASK_WHY_MARK, .at = {T0}});
    struct store_operation mark = {.kind = STORE_OPERATION_MARK,
                                   .who = "lin",
                                   .reason = "数据不对",
                                   .run_id = run_id,
                                   .node = 2};
    OK(store_put_operation(world->store, &mark, ok));
    OK(store_commit(world->store, ok));
    assert_string_equal(ask_one(world, "stat").reason, "marked failed by lin: 数据不对");
}

/* The newest run is all success, but something happened in an older one since. */
static void an_older_run_that_was_touched_again_counts(void **state)
{
    struct world *world = *state;
    OK(store_begin(world->store, ok));
    int64_t first = world_done(world, "f", "2021-11-12T00:30:00", "2021-11-11", true);
    int64_t second = world_done(world, "f", "2021-11-12T00:30:00", "2021-11-11", false);
    assert_int_equal(ask_one(world, NULL).verdict, VIEW_INSTANCE_SUCCESS);
    assert_int_equal(ask_one(world, "load").verdict, VIEW_INSTANCE_SUCCESS);
    world_task_at(
        world,
        (struct record_task){
            .run_id = first, .node = 2, .state = TASK_FAILED, .why = TASK_WHY_MARK, .at = {T0}});
    struct view_instance found = ask_one(world, NULL);
    assert_int_equal(found.verdict, VIEW_INSTANCE_NOT);
    assert_string_equal(found.node, "stat");
    assert_int_equal(found.run_id, second);
    assert_int_equal(ask_one(world, "load").verdict, VIEW_INSTANCE_SUCCESS);
    store_rollback(world->store);
}

static void left_out_is_not_done_and_skipped_by_hand_is(void **state)
{
    struct world *world = *state;
    static const struct store_run_node part[] = {
        {"start", "virtual", TASK_SKIPPED, false},
        {"load", "shell", TASK_WAITING, true},
    };
    OK(store_begin(world->store, ok));
    struct store_run run =
        world_run(world, "f", world_version(world, "f"), "2021-11-12T00:30:00", "2021-11-11");
    run.nodes = part;
    run.node_count = 2;
    OK(store_put_run(world->store, &run, ok));
    world_task_at(world, (struct record_task){.run_id = run.run_id,
                                              .node = 1,
                                              .state = TASK_SKIPPED,
                                              .why = TASK_WHY_SKIP,
                                              .at = {T0}});
    world_state(world, run.run_id, RUN_SUCCESS, T0);
    assert_int_equal(ask_one(world, "load").verdict, VIEW_INSTANCE_SUCCESS);
    struct view_instance found = ask_one(world, NULL);
    assert_int_equal(found.verdict, VIEW_INSTANCE_NOT);
    assert_string_equal(found.node, "start");
    assert_int_equal(found.state, TASK_WAITING);
    found = ask_one(world, "no_such_node");
    assert_int_equal(found.verdict, VIEW_INSTANCE_NOT);
    assert_string_equal(found.node, "no_such_node");
    assert_int_equal(found.state, TASK_WAITING);
    store_rollback(world->store);
}

static void there_may_be_nothing(void **state)
{
    struct world *world = *state;
    struct view_instances_of which = {.flow = "f", .from = "2021-01-01", .to = "2021-12-31"};
    struct view_instances found;
    OK(view_instances(world->store, &which, &world->arena, &found, ok));
    assert_int_equal(found.count, 0);
    OK(store_begin(world->store, ok));
    world_done(world, "f", "2022-01-01T00:30:00", "2021-12-31", false);
    world_done(world, "f", "2022-01-02T00:30:00", "2022-01-01", false);
    world_done(world, "g", "2021-06-02T00:30:00", "2021-06-01", false);
    OK(store_commit(world->store, ok));
    OK(view_instances(world->store, &which, &world->arena, &found, ok));
    assert_int_equal(found.count, 1);
    assert_string_equal(found.items[0].bizdate, "2021-12-31");
    which.from = "2022-01-01"; /* the wrong way round */
    OK(view_instances(world->store, &which, &world->arena, &found, ok));
    assert_int_equal(found.count, 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(asked_together_is_asked_one_by_one),
        TEST(a_failure_has_its_reason),
        TEST(an_older_run_that_was_touched_again_counts),
        TEST(left_out_is_not_done_and_skipped_by_hand_is),
        TEST(there_may_be_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
