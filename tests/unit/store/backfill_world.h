/* Backfills for tests of the store. */
#ifndef DATEMILL_TESTS_BACKFILL_WORLD_H
#define DATEMILL_TESTS_BACKFILL_WORLD_H

#include "scheduler/store/store_backfill.h"
#include "tests/unit/store/store_world.h"

#define ALL_DATE_STATES ((UINT32_C(1) << DATE_STATE_COUNT) - 1)

/* A running backfill of `flow` without dates; the caller may change it before it goes in. */
static inline struct store_backfill world_backfill(struct world *world, const char *flow)
{
    static const struct node_setting vars[] = {{"var", "7"}, {"region", "华东"}};
    return (struct store_backfill){.id = store_take_backfill_id(world->store),
                                   .flow = flow,
                                   .version_id = world_version(world, flow),
                                   .typed = "2021-11",
                                   .ranges = "2021-11-01..2021-11-30",
                                   .redo = BACKFILL_REDO_FAILED,
                                   .is_descending = true,
                                   .parallel = 4,
                                   .max_failures = 3,
                                   .priority = 2,
                                   .selection = "+stat",
                                   .who = "lin",
                                   .reason = "数据修复",
                                   .created_at = {T0},
                                   .opened_at = {T0},
                                   .vars = vars,
                                   .var_count = 2};
}

/* `count` dates that wait, one a day from 2021-01-01 on. */
static inline struct store_date *world_dates(struct world *world, size_t count)
{
    struct store_date *dates = arena_array(&world->arena, count, sizeof *dates);
    struct civil_date first = {2021, 1, 1};
    for (size_t i = 0; i < count; i++) {
        char bizdate[CIVIL_DATE_BYTES];
        char planned[CIVIL_DATE_BYTES];
        civil_date_format(civil_add_days(first, (int32_t)i), bizdate);
        civil_date_format(civil_add_days(first, (int32_t)i + 1), planned);
        dates[i] = (struct store_date){
            .position = (int32_t)i,
            .bizdate = arena_copy_string(&world->arena, bizdate),
            .cyctime = arena_format(&world->arena, "%sT00:30:00", planned),
            .decision = DATE_RUN,
            .reason = "never ran",
        };
    }
    return dates;
}

/* A backfill of so many dates that wait, committed. */
static inline int64_t world_put_backfill(struct world *world, const char *flow, size_t count)
{
    OK(store_begin(world->store, ok));
    struct store_backfill backfill = world_backfill(world, flow);
    OK(store_put_backfill(world->store, &backfill, world_dates(world, count), count, ok));
    OK(store_commit(world->store, ok));
    return backfill.id;
}

static inline void world_set_date(struct world *world, int64_t backfill_id, int32_t position,
                                  enum date_state state, int64_t run_id)
{
    struct store_date date = {.position = position, .state = state, .run_id = run_id};
    OK(store_set_date(world->store, backfill_id, &date, ok));
}

/* What is counted is what is there. */
static inline void world_check_counts(struct world *world)
{
    assert_int_equal(
        count_rows(world->store,
                   "SELECT count(*) FROM backfill_count AS c WHERE dates <> (SELECT count(*)"
                   " FROM backfill_date AS d WHERE d.backfill_id = c.backfill_id"
                   "  AND d.state = c.state)"),
        0);
    assert_int_equal(count_rows(world->store, "SELECT count(*) FROM backfill_count"),
                     DATE_STATE_COUNT * count_rows(world->store, "SELECT count(*) FROM backfill"));
}

#endif
