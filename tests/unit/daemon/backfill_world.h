/* Backfills in a world of their own, for their tests. */
#ifndef DATEMILL_TESTS_UNIT_DAEMON_BACKFILL_WORLD_H
#define DATEMILL_TESTS_UNIT_DAEMON_BACKFILL_WORLD_H

#include "tests/unit/daemon/harness.h"

#include "scheduler/store/store_load.h"

#define PROJECT "timezone: UTC\nslots: 4\n"

/* Each date leaves a line in `ledger`; those that `bad` names fail; while `gate` is there they
 * wait. */
#define SCRIPT                                                                                     \
    "    run: |\n"                                                                                 \
    "      echo \"$DATEMILL_BIZDATE\" >> ledger\n"                                                 \
    "      while [ -e gate ] || [ -e gate-$DATEMILL_BIZDATE ]; do sleep 0.02; done\n"              \
    "      ! grep -qs \"$DATEMILL_BIZDATE\" bad\n"

#define FLOW "flow: shop\nschedule: {at: daily 00:30}\nnodes:\n  load:\n"
#define SIMPLE FLOW SCRIPT
#define CHAINED FLOW "    needs: [load@-1]\n" SCRIPT /* each date needs the one before */

static inline struct request backfill_of(const char *ranges)
{
    return (struct request){.kind = REQUEST_KIND_BACKFILL,
                            .flow = "shop",
                            .ranges = ranges,
                            .typed = ranges,
                            .redo = "failed",
                            .who = "lin",
                            .dates_parallel = 2};
}

static inline struct request about(enum request_kind kind, int64_t backfill_id)
{
    return (struct request){.kind = kind,
                            .backfill_id = backfill_id,
                            .who = "wang",
                            .dates_parallel = -1,
                            .max_failures = -1};
}

static inline bool is_state(const struct world *world, const char *state)
{
    return world->backfill.state != NULL && strcmp(world->backfill.state, state) == 0;
}

static inline void begin(struct world *world, const char *ranges)
{
    struct request request = backfill_of(ranges);
    world_ask_well(world, &request);
    assert_int_equal(world->reply.backfill_id, 1);
}

static inline void open_gate(const struct world *world)
{
    world_remove(world, "gate");
}

/* How many dates of the backfill are in a state, in the store. */
static inline int64_t count_dates(const struct world *world, enum date_state state)
{
    struct store *store;
    struct date_counts counts;
    assert_int_equal(store_open_reader(world->state_dir, &store, NULL), 0);
    assert_int_equal(load_date_counts(store, 1, &counts, NULL), 0);
    store_close(store);
    return counts.items[state];
}

static inline enum backfill_state stored_state(const struct world *world)
{
    struct store *store;
    struct store_backfill row;
    SCOPED_ARENA struct arena arena = {0};
    assert_int_equal(store_open_reader(world->state_dir, &store, NULL), 0);
    assert_int_equal(load_backfill(store, 1, &arena, &row, NULL), 0);
    store_close(store);
    return row.state;
}

/* No run of the backfill is open, and no date says so. */
static inline void check_nothing_open(const struct world *world)
{
    struct store *store;
    struct load_runs runs;
    SCOPED_ARENA struct arena arena = {0};
    assert_int_equal(store_open_reader(world->state_dir, &store, NULL), 0);
    assert_int_equal(load_open_runs(store, &arena, &runs, NULL), 0);
    assert_int_equal(runs.count, 0);
    store_close(store);
    assert_int_equal(count_dates(world, DATE_OPEN), 0);
}

/* Each date of 2021-11-01 … 2021-11-<last> has run so often. */
static inline void check_ledger(const struct world *world, int last, int times)
{
    for (int day = 1; day <= last; day++) {
        char line[32];
        snprintf(line, sizeof line, "2021-11-%02d", day);
        if (world_count_line(world, "ledger", line) != times)
            fail_msg("%s ran %d times, not %d", line, world_count_line(world, "ledger", line),
                     times);
    }
}

#endif
