/* The dates of a flow as a grid shows them. */
#include "scheduler/store/view_grid.h"
#include "tests/unit/store/store_world.h"

static int setup(void **state)
{
    struct world *world = calloc(1, sizeof *world);
    world_open(world);
    OK(store_begin(world->store, ok));
    for (int day = 1; day <= 20; day++) { /* business dates 2021-01-01 to 20, without the 10th */
        char cyctime[CIVIL_TIME_BYTES];
        char bizdate[CIVIL_DATE_BYTES];
        snprintf(cyctime, sizeof cyctime, "2021-01-%02dT00:30:00", day + 1);
        snprintf(bizdate, sizeof bizdate, "2021-01-%02d", day);
        if (day != 10)
            world_done(world, "f", cyctime, bizdate, day == 7);
    }
    world_done(world, "g", "2021-01-11T00:30:00", "2021-01-10", false);
    OK(store_commit(world->store, ok));
    *state = world;
    return 0;
}

static int teardown(void **state)
{
    world_close(*state);
    free(*state);
    return 0;
}

static struct view_grid ask(struct world *world, struct view_grid_of which)
{
    struct view_grid grid;
    which.flow = which.flow == NULL ? "f" : which.flow;
    which.from = which.from == NULL ? "" : which.from;
    which.to = which.to == NULL ? "" : which.to;
    OK(view_grid(world->store, &which, &world->arena, &grid, ok));
    return grid;
}

static void is_from_to(const struct view_grid *grid, size_t count, const char *first,
                       const char *last)
{
    assert_int_equal(grid->count, count);
    assert_string_equal(grid->items[0].bizdate, first);
    assert_string_equal(grid->items[count - 1].bizdate, last);
    for (size_t i = 1; i < count; i++)
        assert_true(strcmp(grid->items[i - 1].bizdate, grid->items[i].bizdate) < 0);
}

static void test_newest(void **state)
{
    struct view_grid grid = ask(*state, (struct view_grid_of){.limit = 5});
    is_from_to(&grid, 5, "2021-01-16", "2021-01-20");
    assert_string_equal(grid.older, "2021-01-15");
    assert_string_equal(grid.newer, "");
    assert_int_equal(grid.items[0].count, 1);
    assert_int_equal(grid.items[0].run_count, 1);
    assert_int_equal(grid.items[0].newest->state, RUN_SUCCESS);
    assert_string_equal(grid.items[0].newest->cyctime, "2021-01-17T00:30:00");
}

static void test_older_and_newer(void **state)
{
    struct view_grid grid = ask(*state, (struct view_grid_of){.to = "2021-01-12", .limit = 4});
    is_from_to(&grid, 4, "2021-01-08", "2021-01-12"); /* over the hole */
    assert_string_equal(grid.older, "2021-01-07");
    assert_string_equal(grid.newer, "2021-01-13");
    grid =
        ask(*state, (struct view_grid_of){.from = "2021-01-07", .is_ascending = true, .limit = 4});
    is_from_to(&grid, 4, "2021-01-07", "2021-01-11");
    assert_int_equal(grid.items[0].newest->state, RUN_FAILED);
    assert_string_equal(grid.older, "2021-01-06");
    assert_string_equal(grid.newer, "2021-01-12");
}

static void test_range(void **state)
{
    struct view_grid_of which = {.from = "2021-01-09", .to = "2021-01-11", .limit = 400};
    struct view_grid grid = ask(*state, which);
    is_from_to(&grid, 2, "2021-01-09", "2021-01-11");
    assert_string_equal(grid.older, "2021-01-08");
    assert_string_equal(grid.newer, "2021-01-12");
    which = (struct view_grid_of){.limit = 400};
    grid = ask(*state, which);
    is_from_to(&grid, 19, "2021-01-01", "2021-01-20");
    assert_string_equal(grid.older, "");
}

static void test_nothing(void **state)
{
    struct view_grid grid = ask(*state, (struct view_grid_of){.flow = "unknown", .limit = 5});
    assert_int_equal(grid.count, 0);
    assert_string_equal(grid.older, "");
    assert_string_equal(grid.newer, "");
    grid = ask(*state, (struct view_grid_of){.to = "2020-12-31", .limit = 5});
    assert_int_equal(grid.count, 0);
    assert_string_equal(grid.newer, "2021-01-01");
    grid = ask(*state, (struct view_grid_of){.from = "2021-01-10", .to = "2021-01-10", .limit = 5});
    assert_int_equal(grid.count, 0);
    assert_string_equal(grid.older, "2021-01-09");
    assert_string_equal(grid.newer, "2021-01-11");
    grid = ask(*state, (struct view_grid_of){.to = "9999-12-31", .from = "0001-01-01", .limit = 1});
    is_from_to(&grid, 1, "2021-01-20", "2021-01-20");
}

/* Several times a day, several runs of each: of each the newest; the newest of all by its number,
 * not by its time. */
static void test_times(void **state)
{
    struct world *world = *state;
    int64_t again;
    int64_t latest;
    OK(store_begin(world->store, ok));
    world_done(world, "h", "2021-03-02T13:00:00", "2021-03-01", true);
    again = world_done(world, "h", "2021-03-02T13:00:00", "2021-03-01", false);
    world_done(world, "h", "2021-03-02T14:00:00", "2021-03-01", false);
    latest = world_done(world, "h", "2021-03-02T01:00:00", "2021-03-01", true);
    OK(store_commit(world->store, ok));
    struct view_grid grid = ask(world, (struct view_grid_of){.flow = "h", .limit = 5});
    assert_int_equal(grid.count, 1);
    const struct view_grid_date *date = &grid.items[0];
    assert_int_equal(date->count, 3);
    assert_int_equal(date->run_count, 4);
    assert_string_equal(date->runs[0].cyctime, "2021-03-02T01:00:00");
    assert_int_equal(date->runs[1].id, again);
    assert_int_equal(date->runs[1].state, RUN_SUCCESS);
    assert_int_equal(date->runs[1].ended_at.us, T0 + 2000000);
    assert_int_equal(date->newest->id, latest);
}

static void test_by_hand(void **state)
{
    struct world *world = *state;
    struct view_date date;
    OK(store_begin(world->store, ok));
    int64_t run = world_done(world, "m", "2021-03-02T13:00:00", "2021-03-01", true);
    OK(store_commit(world->store, ok));
    struct view_planned planned = {.flow = "m", .cyctime = "2021-03-02T13:00:00"};
    OK(view_date_state(world->store, &planned, &world->arena, &date, ok));
    for (size_t i = 0; i < date.node_count; i++)
        assert_false(date.nodes[i].is_by_hand);
    OK(store_begin(world->store, ok));
    world_task_at(world, (struct record_task){.run_id = run,
                                              .node = 1,
                                              .state = TASK_SUCCESS,
                                              .why = TASK_WHY_MARK,
                                              .at = {T0 + 3000000}});
    OK(store_commit(world->store, ok));
    OK(view_date_state(world->store, &planned, &world->arena, &date, ok));
    for (size_t i = 0; i < date.node_count; i++)
        assert_int_equal(date.nodes[i].is_by_hand, strcmp(date.nodes[i].name, "load") == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_newest, setup, teardown),
        cmocka_unit_test_setup_teardown(test_older_and_newer, setup, teardown),
        cmocka_unit_test_setup_teardown(test_range, setup, teardown),
        cmocka_unit_test_setup_teardown(test_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(test_times, setup, teardown),
        cmocka_unit_test_setup_teardown(test_by_hand, setup, teardown),
    };
    return cmocka_run_group_tests_name("view_grid", tests, NULL, NULL);
}
