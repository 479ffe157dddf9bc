/* Lists of runs: what matches, pages, and that nothing of 100,000 runs is scanned or sorted. */
#include "tests/unit/store/backfill_world.h"

#include "scheduler/store/store_prune.h"
#include "scheduler/store/view_backfill.h"
#include "scheduler/store/view_bars.h"
#include "scheduler/store/view_grid.h"
#include "scheduler/store/view_internal.h"

#include <time.h>

#define MANY_RUNS 100000
#define MANY_FLOWS 20

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

static struct view_runs ask(struct world *world, const char *text, struct view_page page)
{
    struct run_query query;
    struct view_runs runs;
    OK(run_query_parse(text, (struct instant){T0 + DURATION_DAY_US}, &world->arena, &query, ok));
    page.query = &query;
    OK(view_list_runs(world->store, &page, &world->arena, &runs, ok));
    return runs;
}

/* The ids that match, in order, as text: "5 3 1". */
static const char *ids(struct world *world, const char *text)
{
    struct view_runs runs = ask(world, text, (struct view_page){.limit = 100});
    struct text list = {0};
    for (size_t i = 0; i < runs.count; i++)
        text_append_format(&list, "%s%lld", i == 0 ? "" : " ", (long long)runs.items[i].id);
    const char *copy = arena_copy_string(&world->arena, text_string(&list));
    text_free(&list);
    return copy;
}

/* An attempt that ended; 9 and later ones are second attempts. */
static void add_error(struct world *world, int64_t run_id, int64_t attempt_id, const char *reason)
{
    struct record_attempt attempt = {
        .attempt_id = attempt_id, .run_id = run_id, .node = 1, .number = attempt_id < 9 ? 1 : 2};
    world_attempt(world, attempt);
    attempt.state = ATTEMPT_ENDED;
    world_attempt(world, attempt);
    struct store_end end = {.attempt_id = attempt_id, .reason = reason};
    OK(store_put_end(world->store, &end, ok));
}

/* Runs 1 to 6. */
static void make_some(struct world *world)
{
    OK(store_begin(world->store, ok));
    assert_int_equal(world_done(world, "alpha", "2021-11-12T00:30:00", "2021-11-11", false), 1);
    assert_int_equal(world_done(world, "alpha", "2021-11-13T00:30:00", "2021-11-12", true), 2);
    assert_int_equal(world_done(world, "beta", "2021-12-01T00:30:00", "2021-11-30", true), 3);
    assert_int_equal(world_done(world, "alpine", "2021-12-02T00:30:00", "2021-12-01", false), 4);
    struct store_run run =
        world_run(world, "beta", world_version(world, "beta"), "2021-12-03T00:30:00", "2021-12-02");
    run.trigger = "schedule";
    run.kind = STORE_RUN_SCHEDULE;
    run.created_at.us = T0 - 10 * DURATION_DAY_US;
    OK(store_put_run(world->store, &run, ok));
    static const struct store_run_node nodes[] = {{"only", "shell", TASK_WAITING, true}};
    run = world_run(world, "gamma", world_version(world, "gamma"), "2022-12-03T00:30:00",
                    "2022-12-02");
    run.nodes = nodes;
    run.node_count = 1;
    run.trigger = "web by wang";
    OK(store_put_run(world->store, &run, ok));
    add_error(world, 2, 1, "no such column: s.machineId");
    add_error(world, 3, 2, "NO SUCH table \"x\"");
    add_error(world, 1, 3, "表不存在，请检查");
    OK(store_commit(world->store, ok));
}

static void queries_find_what_they_say(void **state)
{
    struct world *world = *state;
    static const char *const cases[][2] = {
        {"", "6 5 4 3 2 1"},
        {"flow:alpha", "2 1"},
        {"flow:alp*", "4 2 1"},
        {"flow:beta,alpha", "5 3 2 1"},
        {"flow:none", ""},
        {"flow:ALPHA", ""},
        {"state:failed", "3 2"},
        {"state:failed,success", "4 3 2 1"},
        {"state:waiting", "6 5"},
        {"state:success", "4 1"},
        {"flow:alpha state:failed", "2"},
        {"flow:al* state:success", "4 1"},
        {"date:2021-11-12", "2"},
        {"date:2021-11", "3 2 1"},
        {"date:2021", "5 4 3 2 1"},
        {"date:2021-11-12..2021-12-01", "4 3 2"},
        {"flow:alpha date:2021-11", "2 1"},
        {"flow:al* date:2021-11-12,2021-12-01", "4 2"},
        {"flow:alpha state:failed date:2021-11-11", ""},
        {"trigger:cli", "4 3 2 1"},
        {"trigger:\"cli by lin\"", "4 3 2 1"},
        {"trigger:*by*", "6 4 3 2 1"},
        {"trigger:schedule,web", "6 5"},
        {"trigger:lin", ""},
        {"kind:schedule", "5"},
        {"kind:manual,schedule flow:beta", "5 3"},
        {"since:7d", "6 4 3 2 1"},
        {"since:7d flow:beta", "3"},
        {"node:only", "6"},
        {"node:load", "5 4 3 2 1"},
        {"node:load state:failed", "3 2"},
        {"node:stat state:blocked", "3 2"},
        {"node:stat state:blocked flow:beta", "3"},
        {"node:s*t state:success", "4 3 2 1"},
        {"node:* state:blocked", "3 2"},
        {"node:* state:waiting", "6 5"},
        {"node:*", "6 5 4 3 2 1"},
        {"\"no such\"", "3 2"},
        {"\"no such\" machineid", "2"},
        {"MACHINEID", "2"},
        {"\"\\\"x\\\"\"", "3"},
        {"不存在", "1"},
        {"\"no such\" flow:beta", "3"},
        {"\"no such\" node:load state:failed", "3 2"},
        {"\"no such\" node:stat state:failed", ""},
        {"\"no such\" node:* state:blocked", "3 2"},
        {"nothing-of-it", ""},
    };
    make_some(world);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *found = ids(world, cases[i][0]);
        if (strcmp(found, cases[i][1]) != 0)
            fail_msg("%s: found `%s` instead of `%s`", cases[i][0], found, cases[i][1]);
    }
}

/* Those that it made: "backfill 1" is not "backfill 12", nor a text that begins so. */
static void the_runs_of_a_backfill_are_found(void **state)
{
    struct world *world = *state;
    static const char *const triggers[] = {"backfill 1", "backfill 12",  "backfill 12",
                                           "schedule",   "backfill 12x", "cli by backfill 12"};
    static const char *const cases[][2] = {
        {"backfill:12", "3 2"},
        {"backfill:1", "1"},
        {"backfill:12,1", "3 2 1"},
        {"backfill:1 backfill:12", "3 2 1"},
        {"backfill:13", ""},
        {"backfill:12 flow:f", "3 2"},
        {"backfill:12 flow:g", ""},
        {"backfill:12 date:2021-01-02", "2"},
        {"backfill:12 state:waiting", "3 2"},
        {"backfill:12 state:failed", ""},
        {"backfill:12 node:load state:waiting", "3 2"},
        {"backfill:12 trigger:backfill", "3 2"},
        {"backfill:12 trigger:schedule", ""},
        {"backfill:12 \"no such column\"", "3"},
        {"trigger:backfill", "5 3 2 1"},
    };
    OK(store_begin(world->store, ok));
    for (size_t i = 0; i < sizeof triggers / sizeof *triggers; i++) {
        const char *cyctime = arena_format(&world->arena, "2021-01-%02dT00:30:00", (int)i + 2);
        const char *bizdate = arena_format(&world->arena, "2021-01-%02d", (int)i + 1);
        struct store_run run = world_run(world, "f", world_version(world, "f"), cyctime, bizdate);
        run.trigger = triggers[i];
        OK(store_put_run(world->store, &run, ok));
    }
    add_error(world, 3, 1, "no such column: s.machineId");
    add_error(world, 4, 2, "no such column: s.machineId");
    OK(store_commit(world->store, ok));
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *found = ids(world, cases[i][0]);
        if (strcmp(found, cases[i][1]) != 0)
            fail_msg("%s: found `%s` instead of `%s`", cases[i][0], found, cases[i][1]);
    }
}

static void readers_find_the_same(void **state)
{
    struct world *world = *state;
    make_some(world);
    struct store *writer = world->store;
    OK(store_open_reader(world->state, &world->store, ok));
    assert_string_equal(ids(world, "\"no such\" flow:al*"), "2");
    assert_string_equal(ids(world, "node:* state:blocked"), "3 2");
    store_close(world->store);
    world->store = writer;
}

static void errors_of_retries_are_found_and_forgotten(void **state)
{
    struct world *world = *state;
    make_some(world);
    OK(store_begin(world->store, ok));
    add_error(world, 2, 9, "connection refused");
    OK(store_commit(world->store, ok));
    assert_string_equal(ids(world, "refused"), "2");
    assert_string_equal(ids(world, "machineid"), "2");
    struct store_pruning pruning = {.before = {INT64_MAX}, .max_runs = 3};
    OK(store_prune(world->store, &pruning, ok));
    assert_int_equal(pruning.runs, 3);
    assert_string_equal(ids(world, "refused"), "");
    assert_string_equal(ids(world, ""), "6 5 4");
}

static void rows_tell_what_failed_first(void **state)
{
    struct world *world = *state;
    make_some(world);
    struct view_runs runs = ask(world, "state:failed flow:alpha", (struct view_page){.limit = 1});
    assert_string_equal(runs.items[0].failure.node, "load");
    assert_string_equal(runs.items[0].failure.text, "no such column: s.machineId");
    assert_int_equal(runs.items[0].counts[TASK_BLOCKED], 1);
    assert_string_equal(runs.items[0].version, "9f2c1ab");
}

static void too_many_nodes_are_refused(void **state)
{
    struct world *world = *state;
    struct error err = {0};
    struct run_query query;
    struct view_runs runs;
    static struct store_run_node nodes[300];
    static char names[300][8];
    for (int i = 0; i < 300; i++) {
        snprintf(names[i], sizeof names[i], "n%d", i);
        nodes[i] = (struct store_run_node){names[i], "shell", TASK_WAITING, true};
    }
    OK(store_begin(world->store, ok));
    struct store_run run =
        world_run(world, "f", world_version(world, "f"), "2021-12-03T00:30:00", "2021-12-02");
    run.nodes = nodes;
    run.node_count = 300;
    OK(store_put_run(world->store, &run, ok));
    OK(store_commit(world->store, ok));
    OK(run_query_parse("node:n*", (struct instant){T0}, &world->arena, &query, ok));
    struct view_page page = {.limit = 10, .query = &query};
    assert_int_equal(view_list_runs(world->store, &page, &world->arena, &runs, &err), -1);
    assert_int_equal(err.kind, ERROR_KIND_USAGE);
    assert_string_equal(ids(world, "node:n29*"), "1");
}

/* ---- many ---- */

/* 100,000 runs of 20 flows: every 1,000th failed, one a flow is open. */
static void make_many(struct world *world)
{
    OK(store_execute(world->store, "PRAGMA synchronous = OFF", ok));
    OK(store_begin(world->store, ok));
    for (int i = 0; i < MANY_FLOWS; i++) {
        char flow[16];
        snprintf(flow, sizeof flow, "flow%02d", i);
        world_version(world, flow);
    }
    OK(store_execute(
        world->store,
        "INSERT INTO node(flow_id, name) SELECT id, 'load' FROM flow;"
        "WITH RECURSIVE n(i) AS (VALUES(1) UNION ALL SELECT i + 1 FROM n WHERE i < 100000)"
        "INSERT INTO run(id, flow_id, version_id, cyctime, is_second, bizdate, zone, fires_at,"
        " kind, trigger, request, reason, selection, state, opening, priority, parallel, hold,"
        " created_at, queued_at, started_at, ended_at, counts)"
        "SELECT i, i % 20 + 1, i % 20 + 1, date('2010-01-01', (i / 20) || ' days') || 'T00:30:00',"
        " 0, date('2009-12-31', (i / 20) || ' days'), 'UTC', 1, i % 3,"
        " CASE i % 3 WHEN 0 THEN 'schedule' WHEN 1 THEN 'backfill 1' ELSE 'cli by lin' END, '',"
        " '', '', CASE WHEN i > 99980 THEN 1 WHEN i % 1000 = 7 THEN 3 ELSE 2 END, 1, 4, 0, 0,"
        " 1636650000000000 + i * 1000000, 1, 1, 2, CASE WHEN i > 99980 THEN NULL WHEN i % 1000 = 7"
        " THEN '0,0,0,1,0,0,0,0' ELSE '0,0,1,0,0,0,0,0' END FROM n;"
        "INSERT INTO node_run(run_id, node, node_id, type, is_selected, state, reason, wish, why,"
        " attempts, tries, ready_at, changed_at, started_at, ended_at, event_id)"
        "SELECT run.id, 0, node.id, 'shell', 1, state, 0, 0, 2, 1, 1, 0, 1, 1, 2, run.id"
        " FROM run JOIN node USING (flow_id);"
        "INSERT INTO attempt(id, run_id, node, number, opening, state, granted_at, reason)"
        "SELECT id, id, 0, 1, 1, iif(state = 1, 1, 2), 1, iif(state = 3, 'it broke ' || id, '')"
        " FROM run;"
        "INSERT INTO run_error SELECT run_id, reason FROM attempt WHERE reason <> '';"
        "INSERT INTO run_error_text(run_error_text) VALUES ('rebuild');"
        "INSERT INTO event(at, kind, run_id, node, state) SELECT 1, 2, id, 0, 2 FROM run;",
        ok));
    OK(store_commit(world->store, ok));
    world_reopen(world);
}

static const char *const many_queries[] = {
    "",
    "flow:flow07",
    "flow:flow0*",
    "state:failed",
    "state:running",
    "flow:flow07 state:failed",
    "flow:flow07,flow08 date:2012-02",
    "date:2012-02-29",
    "date:2012",
    "flow:flow07 date:2012",
    "trigger:cli",
    "kind:schedule flow:flow03",
    "since:1d",
    "node:load",
    "node:load flow:flow11",
    "node:load state:failed",
    "node:load state:failed,running",
    "node:* state:failed",
    "broke",
    "\"it broke 12007\" flow:flow07",
    "state:success",
    "backfill:1",
    "backfill:1,2 state:failed",
    "backfill:1 flow:flow07 date:2012",
};

/* Up to 500 ids of a query, page after page. */
static size_t collect(struct world *world, const char *text, int32_t limit, int64_t ret_ids[500])
{
    struct view_page page = {.limit = limit};
    size_t count = 0;
    do {
        struct view_runs part = ask(world, text, page);
        assert_true(part.next == 0 || page.after == 0 || part.next < page.after);
        for (size_t i = 0; i < part.count && count < 500; i++)
            ret_ids[count++] = part.items[i].id;
        page.after = part.next;
    } while (page.after != 0 && count < 500);
    return count;
}

/* Pages of a query hold the same runs whatever their size. */
static void pages_fit_together(void **state)
{
    struct world *world = *state;
    static int64_t whole[500];
    static int64_t pieces[500];
    for (size_t i = 0; i < sizeof many_queries / sizeof *many_queries; i++) {
        size_t count = collect(world, many_queries[i], VIEW_MAX_ROWS, whole);
        assert_true(count > 0);
        assert_int_equal(collect(world, many_queries[i], 7, pieces), count);
        assert_memory_equal(whole, pieces, count * sizeof *whole);
        for (size_t k = 1; k < count; k++)
            assert_true(whole[k] < whole[k - 1]);
    }
    assert_int_equal(ask(world, "state:failed", (struct view_page){.limit = 1000}).count, 100);
    assert_int_equal(ask(world, "broke", (struct view_page){.limit = 1000}).count, 100);
    assert_int_equal(ask(world, "state:running", (struct view_page){.limit = 1000}).count, 20);
}

/* A backfill, whatever is asked about it, and what forgets it. */
static void ask_about_backfills(struct world *world)
{
    static const char *const asked[] = {"load"};
    struct view_instances_of which = {"flow07", "2012-01-01", "2012-12-31", asked, 1};
    struct view_backfill_list list = {.page = {.limit = 10}};
    struct store_date date = {.position = 3, .state = DATE_FAILED, .run_id = 99988};
    int64_t id = world_put_backfill(world, "flow07", 50);
    struct load_dates_of dates_of = {id, ALL_DATE_STATES, -1, 20};
    struct view_backfills backfills;
    struct view_instances instances;
    struct view_date_runs date_runs;
    struct view_operations operations;
    struct view_median median;
    struct load_backfills open;
    struct load_dates dates;
    struct date_counts counts;
    struct store_backfill one;
    int64_t found;
    OK(store_begin(world->store, ok));
    OK(store_set_date(world->store, id, &date, ok));
    OK(store_reset_dates(world->store, id, 1u << DATE_STOPPED, &found, ok));
    OK(load_backfill(world->store, id, &world->arena, &one, ok));
    OK(store_set_backfill(world->store, &one, ok));
    OK(store_commit(world->store, ok));
    OK(load_open_backfills(world->store, &world->arena, &open, ok));
    OK(load_backfill_of_request(world->store, "key", &found, ok));
    OK(load_dates(world->store, &dates_of, &world->arena, &dates, ok));
    OK(load_date_counts(world->store, id, &counts, ok));
    OK(view_list_backfills(world->store, &list, &world->arena, &backfills, ok));
    list.flow = "flow07";
    OK(view_list_backfills(world->store, &list, &world->arena, &backfills, ok));
    OK(view_backfill_dates(world->store, &dates_of, &world->arena, &date_runs, ok));
    OK(view_backfill_operations(world->store, id, &world->arena, &operations, ok));
    OK(view_backfill_median(world->store, id, &median, ok));
    OK(view_instances(world->store, &which, &world->arena, &instances, ok));
    assert_int_equal(backfills.count, 1);
    assert_int_equal(dates.count, 20);
    assert_int_equal(date_runs.items[3].date.run_id, 99988);
    assert_int_equal(instances.count, 366);
    struct store_pruning pruning = {.before = {1}, .max_runs = 1};
    OK(store_prune(world->store, &pruning, ok)); /* there is none so old, but it looks */
    pruning.has_all_runs = true;
    OK(store_prune(world->store, &pruning, ok));
    assert_int_equal(pruning.runs + pruning.backfills, 0);
}

/* What the page of a run asks. */
static void ask_about_a_run(struct world *world)
{
    struct view_run run;
    struct view_node_medians medians;
    struct view_files files;
    struct view_starts starts;
    OK(view_run_starts(world->store, 7, &world->arena, &starts, ok));
    OK(view_find_run(world->store, 7, &world->arena, &run, ok));
    OK(view_version_files(world->store, run.version_id, &world->arena, &files, ok));
    OK(view_node_medians(world->store, run.flow, &world->arena, &medians, ok));
    assert_true(files.count > 0);
}

/* What the page of flows asks. */
static void ask_about_bars(struct world *world)
{
    struct view_bars_of which = {.flow = "flow07", .each = 30};
    struct view_bars bars;
    int64_t failing;
    OK(view_flow_bars(world->store, &which, &world->arena, &bars, ok));
    assert_int_equal(bars.count, 30);
    for (size_t i = 0; i < bars.count; i++) {
        struct view_run run;
        OK(view_find_run(world->store, bars.items[i].run_id, &world->arena, &run, ok));
        assert_string_equal(run.flow, "flow07");
        assert_int_equal(run.state, bars.items[i].state);
        assert_string_equal(run.bizdate, bars.items[i].bizdate);
        assert_true(i == 0 || bars.items[i].run_id < bars.items[i - 1].run_id);
    }
    which.flow = "no_such_flow";
    OK(view_flow_bars(world->store, &which, &world->arena, &bars, ok));
    assert_int_equal(bars.count, 0);
    /* the same as by the flows' newest runs, one by one */
    struct view_flows flows;
    int64_t expected = 0;
    OK(view_list_flows(world->store, 1, &world->arena, &flows, ok));
    for (size_t i = 0; i < flows.count; i++) {
        enum run_state newest = flows.items[i].runs[0].state;
        expected += newest == RUN_FAILED || newest == RUN_STOPPED;
    }
    OK(view_count_failing(world->store, &failing, ok));
    assert_int_equal(failing, expected);
}

/* Every statement that the questions prepared, explained. */
static void ask_about_attempts(struct world *world)
{
    struct instant started;
    struct instant ended;
    struct view_attempt one_attempt;
    struct view_attempts open_attempts;
    int64_t newest;
    OK(view_attempt_times(world->store, 7, &started, &ended, ok));
    OK(view_find_attempt(world->store, 7, &world->arena, &one_attempt, ok));
    assert_int_equal(one_attempt.id, 7);
    OK(view_open_attempts(world->store, 7, &world->arena, &open_attempts, ok));
    OK(view_newest_event(world->store, 7, &newest, ok));
    OK(view_newest_event(world->store, 0, &newest, ok));
}

static void nothing_is_scanned_or_sorted(void **state)
{
    struct world *world = *state;
    struct view_status status;
    struct view_flows flows;
    struct view_median median;
    struct view_place place = {"flow07", ""};
    struct view_node_list history = {.place = {"flow07", "load"}, .page = {.limit = 20}};
    struct view_planned planned = {"flow07", "2012-02-29T00:30:00", false};
    struct view_event_list story = {.run_id = 7, .page = {.limit = 10}};
    struct view_attempts attempts;
    struct view_events events;
    struct view_date date;
    for (size_t i = 0; i < sizeof many_queries / sizeof *many_queries; i++)
        ask(world, many_queries[i], (struct view_page){.limit = 50});
    OK(view_status(world->store, &world->arena, &status, ok));
    OK(view_list_flows(world->store, 14, &world->arena, &flows, ok));
    OK(view_median(world->store, &place, &median, ok));
    place.node = "load";
    OK(view_median(world->store, &place, &median, ok));
    OK(view_node_history(world->store, &history, &world->arena, &attempts, ok));
    ask_about_a_run(world);
    ask_about_bars(world);
    OK(view_date_state(world->store, &planned, &world->arena, &date, ok));
    struct view_grid grid;
    struct view_grid_of dates = {.flow = "flow07", .from = "", .to = "2012-03-10", .limit = 20};
    OK(view_grid(world->store, &dates, &world->arena, &grid, ok));
    assert_int_equal(grid.count, 20);
    char first[CIVIL_TIME_BYTES];
    OK(view_first_planned(world->store, "flow07", first, ok));
    OK(view_events(world->store, &story, &world->arena, &events, ok));
    story.run_id = 0;
    OK(view_events(world->store, &story, &world->arena, &events, ok));
    ask_about_attempts(world);
    struct load_backfills group;
    struct load_date_of one = {1, "2021-01-01", "2021-01-02T00:30:00", false};
    struct store_date found;
    OK(load_backfill_group(world->store, 1, &world->arena, &group, ok));
    OK(load_date(world->store, &one, &world->arena, &found, ok));
    ask_about_backfills(world);
    assert_int_equal(status.open_count, 20);
    assert_int_equal(attempts.count, 20);
    assert_int_equal(date.node_count, 1);
    int explained = 0;
    for (sqlite3_stmt *s = sqlite3_next_stmt(world->store->db, NULL); s != NULL;
         s = sqlite3_next_stmt(world->store->db, s)) {
        SCOPED_TEXT struct text sql = {0};
        sqlite3_stmt *plan;
        text_append_format(&sql, "EXPLAIN QUERY PLAN %s", sqlite3_sql(s));
        if (sqlite3_prepare_v2(world->store->db, text_string(&sql), -1, &plan, NULL) != SQLITE_OK)
            continue; /* BEGIN, PRAGMA */
        while (sqlite3_step(plan) == SQLITE_ROW) {
            const char *detail = (const char *)sqlite3_column_text(plan, 3);
            bool is_bad =
                strstr(detail, "TEMP B-TREE") != NULL || strcmp(detail, "SCAN run") == 0 ||
                strcmp(detail, "SCAN event") == 0 || strcmp(detail, "SCAN attempt") == 0 ||
                strcmp(detail, "SCAN backfill") == 0 || strcmp(detail, "SCAN backfill_date") == 0 ||
                strcmp(detail, "SCAN node_run") == 0;
            if (is_bad)
                fail_msg("%s: %s", sqlite3_sql(s), detail);
            explained++;
        }
        sqlite3_finalize(plan);
    }
    assert_true(explained > 30);
}

/* A question that finds nothing for long says so instead of taking for ever, and goes on. */
static void a_long_search_comes_in_parts(void **state)
{
    struct world *world = *state;
    OK(store_begin(world->store, ok));
    OK(store_execute(
        world->store,
        "WITH RECURSIVE n(i) AS (VALUES(100001) UNION ALL SELECT i + 1 FROM n WHERE i < 310000)"
        "INSERT INTO run(id, flow_id, version_id, cyctime, is_second, bizdate, zone, fires_at,"
        " kind, trigger, request, reason, selection, state, opening, priority, parallel, hold,"
        " created_at, queued_at, started_at, ended_at, counts)"
        "SELECT i, 1, 1, 'x' || i, 0, '2021-01-01', 'UTC', 1, 0, 'schedule', '', '', '', 2, 1, 4,"
        " 0, 0, 1, 1, 1, 2, '0,0,1,0,0,0,0,0' FROM n",
        ok));
    OK(store_commit(world->store, ok));
    struct view_page page = {.limit = 5};
    struct view_runs runs = ask(world, "kind:manual state:success", page);
    assert_true(runs.is_partial);
    assert_int_equal(runs.count, 0);
    assert_int_equal(runs.next, 310000 - VIEW_MAX_EXAMINED + 1);
    page.after = runs.next;
    int parts = 1;
    for (; runs.is_partial && parts < 100; parts++) {
        page.after = runs.next;
        runs = ask(world, "kind:manual state:success", page);
    }
    assert_int_equal(parts, 210000 / VIEW_MAX_EXAMINED + 1);
    assert_int_equal(runs.count, 5);
    assert_int_equal(runs.items[0].id, 99980);
}

/* One store for all tests that need many runs, the last of which adds some. */
static int setup_many(void **state)
{
    setup(state);
    make_many(*state);
    return 0;
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest few[] = {
        TEST(queries_find_what_they_say),  TEST(the_runs_of_a_backfill_are_found),
        TEST(readers_find_the_same),       TEST(errors_of_retries_are_found_and_forgotten),
        TEST(rows_tell_what_failed_first), TEST(too_many_nodes_are_refused),
    };
    const struct CMUnitTest many[] = {
        cmocka_unit_test(pages_fit_together),
        cmocka_unit_test(nothing_is_scanned_or_sorted),
        cmocka_unit_test(a_long_search_comes_in_parts),
    };
    int failed = cmocka_run_group_tests(few, NULL, NULL);
    return failed + cmocka_run_group_tests(many, setup_many, teardown);
}
