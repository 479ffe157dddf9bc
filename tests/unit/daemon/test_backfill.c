#include "harness.h"

static const char project[] = "timezone: UTC\nslots: 4\n";

/* Each node leaves a line in `ledger`; `bad` names dates that fail, while `gate` is missing all wait.
 */
static const char simple[] = "flow: shop\n"
                             "schedule: {at: daily 00:30}\n"
                             "nodes:\n"
                             "  load:\n"
                             "    run: |\n"
                             "      echo \"$DATEMILL_BIZDATE\" >> ledger\n"
                             "      ! grep -qs \"$DATEMILL_BIZDATE\" bad\n";

static struct request backfill_of(const char *ranges)
{
    return (struct request){.kind = REQUEST_KIND_BACKFILL,
                            .flow = "shop",
                            .ranges = ranges,
                            .typed = ranges,
                            .redo = "failed",
                            .who = "lin",
                            .dates_parallel = 2};
}

static bool is_state(const struct world *world, const char *state)
{
    return world->backfill.state != NULL && strcmp(world->backfill.state, state) == 0;
}

static void test_window(void **state)
{
    (void)state;
    struct world *world = world_new(project, simple);
    struct request request = backfill_of("2021-11-01..2021-11-09");
    world_ask_well(world, &request);
    assert_int_equal(world->reply.backfill_id, 1);
    assert_int_equal(world->reply.total, 9);
    world_until(world, is_state(world, "success"));
    assert_int_equal(world_lines(world, "ledger"), 9);
    assert_int_equal(world->date_count, 9);
    assert_int_equal(world->most_running, 2);
    assert_string_equal(world->dates[8].state, "success");
    assert_int_equal(world->dates[8].done, 9);
    world_ask_well(world, &request);
    assert_int_equal(world->reply.total, 0);
    assert_int_equal(world->reply.backfill_id, 0);
    assert_string_equal(world->reply.remark, "nothing to run: 9 dates are already green");
    world_free(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_window),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
