/* Questions about backfills: lists in pages, dates with their runs, operations, medians. */
#include "scheduler/store/view_backfill.h"
#include "tests/unit/store/backfill_world.h"

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

static void one_is_shown_with_its_counts(void **state)
{
    struct world *world = *state;
    struct view_backfill found;
    OK(store_begin(world->store, ok));
    struct store_backfill backfill = world_backfill(world, "f");
    struct store_date *dates = world_dates(world, 10);
    dates[3].decision = DATE_KEEP;
    dates[3].state = DATE_LEFT_OUT;
    dates[4].decision = DATE_REDO;
    dates[5].decision = DATE_CONFLICT;
    dates[5].state = DATE_IN_CONFLICT;
    dates[9].bizdate = "2019-01-01"; /* the first is not the one of position 0 */
    OK(store_put_backfill(world->store, &backfill, dates, 10, ok));
    world_set_date(world, backfill.id, 0, DATE_SUCCESS, 0);
    OK(store_commit(world->store, ok));
    OK(view_find_backfill(world->store, backfill.id, &world->arena, &found, ok));
    assert_int_equal(found.row.id, backfill.id);
    assert_string_equal(found.row.selection, "+stat");
    assert_int_equal(found.row.var_count, 2);
    assert_string_equal(found.version, "9f2c1ab");
    assert_string_equal(found.first, "2019-01-01");
    assert_string_equal(found.last, "2021-01-09");
    assert_int_equal(found.counts.items[DATE_WAITING], 7);
    assert_int_equal(found.counts.items[DATE_SUCCESS], 1);
    assert_int_equal(found.counts.items[DATE_LEFT_OUT], 1);
    assert_int_equal(found.counts.items[DATE_IN_CONFLICT], 1);
    assert_int_equal(found.decided[DATE_RUN], 7);
    assert_int_equal(found.decided[DATE_KEEP], 1);
    assert_int_equal(found.decided[DATE_REDO], 1);
    assert_int_equal(found.decided[DATE_CONFLICT], 1);
    assert_int_equal(found.decided[DATE_NONE], 0);
    struct error err = {0};
    assert_int_equal(view_find_backfill(world->store, 99, &world->arena, &found, &err), -1);
    assert_int_equal(err.kind, ERROR_KIND_NOT_FOUND);
    assert_non_null(strstr(err.help, "the newest is 1"));
}

static void one_without_dates_is_shown(void **state)
{
    struct world *world = *state;
    struct view_backfill found;
    int64_t id = world_put_backfill(world, "f", 0);
    OK(view_find_backfill(world->store, id, &world->arena, &found, ok));
    assert_string_equal(found.first, "");
    assert_string_equal(found.last, "");
}

/* Ids of a list, page after page, as "9 7 5". */
static const char *list_ids(struct world *world, struct store *store, const char *flow,
                            int32_t limit)
{
    struct view_backfill_list list = {.flow = flow, .page = {.limit = limit}};
    struct view_backfills page;
    SCOPED_TEXT struct text text = {0};
    do {
        OK(view_list_backfills(store, &list, &world->arena, &page, ok));
        assert_true(page.count <= (size_t)limit);
        assert_true(page.next == 0 || page.count == (size_t)limit);
        for (size_t i = 0; i < page.count; i++) {
            assert_true(flow == NULL || strcmp(page.items[i].row.flow, flow) == 0);
            text_append_format(&text, "%s%lld", text.length == 0 ? "" : " ",
                               (long long)page.items[i].row.id);
        }
        list.page.after = page.next;
    } while (page.next != 0);
    return arena_copy_string(&world->arena, text_string(&text));
}

static void lists_come_newest_first_in_pages(void **state)
{
    struct world *world = *state;
    assert_string_equal(list_ids(world, world->store, NULL, 10), "");
    for (int i = 0; i < 9; i++)
        world_put_backfill(world, i % 3 == 0 ? "g" : "f", (size_t)i);
    for (int32_t limit = 1; limit <= 11; limit++) {
        assert_string_equal(list_ids(world, world->store, NULL, limit), "9 8 7 6 5 4 3 2 1");
        assert_string_equal(list_ids(world, world->store, "g", limit), "7 4 1");
        assert_string_equal(list_ids(world, world->store, "nothing", limit), "");
    }
    struct store *reader = NULL;
    OK(store_open_reader(world->state, &reader, ok));
    assert_string_equal(list_ids(world, reader, "f", 2), "9 8 6 5 3 2");
    store_close(reader);
}

static void dates_are_shown_with_their_runs(void **state)
{
    struct world *world = *state;
    struct view_date_runs dates;
    int64_t id = world_put_backfill(world, "f", 5);
    int64_t failed = world_start(world);
    world_fail(world, failed, "no such column: s.machineId");
    OK(store_begin(world->store, ok));
    int64_t good = world_done(world, "f", "2021-01-03T00:30:00", "2021-01-02", false);
    world_set_date(world, id, 1, DATE_SUCCESS, good);
    world_set_date(world, id, 3, DATE_FAILED, failed);
    OK(store_commit(world->store, ok));
    struct load_dates_of which = {id, ALL_DATE_STATES, -1, 5};
    OK(view_backfill_dates(world->store, &which, &world->arena, &dates, ok));
    assert_int_equal(dates.count, 5);
    assert_int_equal(dates.next, -1);
    assert_int_equal(dates.items[0].started_at.us, 0);
    assert_string_equal(dates.items[0].failure.node, "");
    assert_string_equal(dates.items[0].failure.text, "");
    assert_int_equal(dates.items[1].date.run_id, good);
    assert_int_equal(dates.items[1].ended_at.us, T0 + 2000000);
    assert_string_equal(dates.items[1].failure.node, "");
    assert_int_equal(dates.items[3].started_at.us, T0 + 2);
    assert_int_equal(dates.items[3].ended_at.us, T0 + 9);
    assert_string_equal(dates.items[3].failure.node, "load");
    assert_string_equal(dates.items[3].failure.code, "E204");
    assert_string_equal(dates.items[3].failure.text, "no such column: s.machineId");
    assert_int_equal(dates.items[3].failure.attempt_id, 5);
    which.states = 1u << DATE_WAITING;
    which.limit = 2;
    OK(view_backfill_dates(world->store, &which, &world->arena, &dates, ok));
    assert_int_equal(dates.count, 2);
    assert_int_equal(dates.next, 2);
    which.after = (int32_t)dates.next;
    OK(view_backfill_dates(world->store, &which, &world->arena, &dates, ok));
    assert_int_equal(dates.count, 1);
    assert_int_equal(dates.items[0].date.position, 4);
    assert_int_equal(dates.next, -1);
    which = (struct load_dates_of){99, ALL_DATE_STATES, -1, INT32_MAX};
    OK(view_backfill_dates(world->store, &which, &world->arena, &dates, ok));
    assert_int_equal(dates.count, 0);
    assert_int_equal(dates.next, -1);
}

static void operations_are_told_in_order(void **state)
{
    struct world *world = *state;
    struct view_operations found;
    struct view_events events;
    int64_t other = world_put_backfill(world, "f", 1);
    int64_t id = world_put_backfill(world, "f", 1);
    static const enum store_operation_kind kinds[] = {STORE_OPERATION_BACKFILL,
                                                      STORE_OPERATION_PAUSE, STORE_OPERATION_RESUME,
                                                      STORE_OPERATION_RETRY, STORE_OPERATION_SET};
    OK(store_begin(world->store, ok));
    for (size_t i = 0; i < 5; i++) {
        struct store_operation operation = {.kind = kinds[i],
                                            .at = {T0 + (int64_t)i},
                                            .who = "lin",
                                            .reason = "r",
                                            .detail = i == 4 ? "parallel 9" : "",
                                            .flow = "f",
                                            .node = STORE_NO_NODE,
                                            .backfill_id = id};
        OK(store_put_operation(world->store, &operation, ok));
    }
    OK(store_commit(world->store, ok));
    OK(view_backfill_operations(world->store, id, &world->arena, &found, ok));
    assert_int_equal(found.count, 5);
    for (size_t i = 0; i < 5; i++) {
        assert_int_equal(found.items[i].kind, kinds[i]);
        assert_int_equal(found.items[i].at.us, T0 + (int64_t)i);
        assert_int_equal(found.items[i].backfill_id, id);
        assert_int_equal(found.items[i].run_id, 0);
        assert_int_equal(found.items[i].node, STORE_NO_NODE);
        assert_string_equal(found.items[i].flow, "f");
        assert_string_not_equal(store_operation_kind_name(kinds[i]), "?");
    }
    OK(view_backfill_operations(world->store, other, &world->arena, &found, ok));
    assert_int_equal(found.count, 0);
    struct view_event_list story = {.page = {.limit = 100}};
    OK(view_events(world->store, &story, &world->arena, &events, ok));
    assert_int_equal(events.count, 5);
    assert_string_equal(events.items[0].text, "backfill 2");
    assert_string_equal(events.items[1].text, "pause backfill 2");
    assert_string_equal(events.items[4].text, "set backfill 2 parallel 9");
    OK(store_begin(world->store, ok));
    struct store_operation nobody = {
        .kind = STORE_OPERATION_PAUSE, .node = STORE_NO_NODE, .backfill_id = 4711};
    struct error err = {0};
    assert_int_equal(store_put_operation(world->store, &nobody, &err), -1);
    assert_int_equal(err.kind, ERROR_KIND_BUG);
    store_rollback(world->store);
}

/* A run of an hour and so many seconds. */
static int64_t timed_run(struct world *world, const struct store_date *date, int64_t seconds)
{
    struct store_run run =
        world_run(world, "f", world_version(world, "f"), date->cyctime, date->bizdate);
    OK(store_put_run(world->store, &run, ok));
    world_state(world, run.run_id, RUN_RUNNING, T0);
    world_state(world, run.run_id, RUN_SUCCESS, T0 + (3600 + seconds) * 1000000);
    return run.run_id;
}

static void medians_are_of_the_last_twenty_dates(void **state)
{
    struct world *world = *state;
    struct view_median median;
    int64_t id = world_put_backfill(world, "f", 60);
    struct store_date *dates = world_dates(world, 60);
    OK(view_backfill_median(world->store, id, &median, ok));
    assert_int_equal(median.samples, 0);
    OK(store_begin(world->store, ok));
    for (int32_t i = 0; i < 50; i++)
        world_set_date(world, id, i, i % 2 == 0 ? DATE_SUCCESS : DATE_FAILED,
                       timed_run(world, &dates[i], i));
    world_set_date(world, id, 51, DATE_SUCCESS, 0); /* its run was forgotten */
    OK(view_backfill_median(world->store, id, &median, ok));
    assert_int_equal(median.samples, VIEW_MEDIAN_SAMPLES);
    assert_int_equal(median.median.us, (3600 + 29) * INT64_C(1000000)); /* 10, 12 … 48 */
    store_rollback(world->store);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(one_is_shown_with_its_counts),     TEST(one_without_dates_is_shown),
        TEST(lists_come_newest_first_in_pages), TEST(dates_are_shown_with_their_runs),
        TEST(operations_are_told_in_order),     TEST(medians_are_of_the_last_twenty_dates),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
