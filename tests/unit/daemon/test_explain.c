/* Why a node waits when it is not its run that is in the way: asked of a real engine. */
#include "tests/unit/daemon/backfill_world.h"

#include <sys/resource.h>

#define WAITING                                                                                    \
    "flow: shop\nschedule: {at: daily 00:30}\nnodes:\n"                                            \
    "  load: {run: 'echo load >>ledger; while [ -e gate ]; do sleep 0.02; done'}\n"                \
    "  report: {run: 'echo report >>ledger', needs: [load]}\n"

static struct request run_of(const char *date)
{
    return (struct request){
        .kind = REQUEST_KIND_RUN, .who = "lin", .flow = "shop", .date = date, .nodes = ""};
}

static struct request explain_of(int64_t run_id, const char *node)
{
    struct request request = {.kind = REQUEST_KIND_EXPLAIN, .nodes = node, .run_count = 1};
    request.run_ids[0] = run_id;
    return request;
}

static bool is_answered(const struct world *world, const char *node, const char *text)
{
    for (size_t i = 0; i < world->reply.item_count; i++) {
        if (strcmp(world->reply.items[i].key, node) == 0 &&
            strstr(world->reply.items[i].text, text) != NULL)
            return true;
    }
    return false;
}

static void check_answer(struct world *world, struct request *explain, const char *text)
{
    world_ask_well(world, explain);
    if (is_answered(world, explain->nodes, text))
        return;
    for (size_t i = 0; i < world->reply.item_count; i++)
        fprintf(stderr, "%s: %s\n", world->reply.items[i].key, world->reply.items[i].text);
    fail_msg("it is not said: %s", text);
}

/* No file grows any more, as on a full disk. */
static void fill_disk(bool is_full)
{
    struct rlimit limit;
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = is_full ? 0 : limit.rlim_max;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static void test_a_store_that_cannot_be_written(void **state)
{
    (void)state;
    struct world *world = world_new(PROJECT, WAITING);
    world_write(world, "gate", "");
    struct request run = run_of("2021-11-11");
    world_ask_well(world, &run);
    world_until(world, world_lines(world, "ledger") == 1);
    world_wait(world, 100);
    fill_disk(true);
    open_gate(world);
    world_wait(world, 300);
    struct request explain = explain_of(1, "report");
    int64_t before = clock_monotonic().us;
    check_answer(world, &explain, "state.db");
    assert_true(clock_monotonic().us - before < 900 * 1000); /* before the next try to commit */
    assert_int_equal(world_lines(world, "ledger"), 1);
    struct request status = {.kind = REQUEST_KIND_STATUS};
    world_ask(world, &status);
    assert_non_null(strstr(world->reply.error.text, "slots used"));
    fill_disk(false);
    world_until(world, world->run_ends == 1);
    assert_int_equal(world_lines(world, "ledger"), 2);
    world_free(world);
}

static void test_an_engine_that_has_just_begun(void **state)
{
    (void)state;
    struct world *world = world_new(PROJECT, WAITING);
    world_write(world, "gate", "");
    struct request run = run_of("2021-11-11");
    world_ask_well(world, &run);
    world_until(world, world_lines(world, "ledger") == 1);
    world_leave(world);
    world_open(world);
    struct request explain = explain_of(1, "report");
    check_answer(world, &explain, "the scheduler has just begun, and asks what runs");
    open_gate(world);
    world_free(world);
}

static void test_a_paused_backfill(void **state)
{
    (void)state;
    struct world *world = world_new(PROJECT, WAITING);
    world_write(world, "gate", "");
    begin(world, "2021-11-01..2021-11-02");
    world_until(world, world_lines(world, "ledger") == 2);
    struct request pause = about(REQUEST_KIND_BACKFILL_PAUSE, 1);
    pause.force = REQUEST_FORCE_DRAIN;
    world_ask_well(world, &pause);
    world_until(world, is_state(world, "paused"));
    struct request explain = explain_of(1, "report");
    check_answer(world, &explain, "load is running");
    assert_int_equal(world->reply.item_count,
                     1); /* dates that run finish, as long as we are here */
    world_leave(world);
    world_open(world);
    check_answer(world, &explain, "backfill 1 is paused: datemill backfill resume 1");
    open_gate(world);
    world_wait(world, 300);
    assert_int_equal(world_count_line(world, "ledger", "report"), 0);
    check_answer(world, &explain, "backfill 1 is paused: datemill backfill resume 1");
    struct request resume = about(REQUEST_KIND_BACKFILL_RESUME, 1);
    world_ask_well(world, &resume);
    world_until(world, is_state(world, "success"));
    assert_int_equal(world_count_line(world, "ledger", "report"), 2);
    world_free(world);
}

static void test_a_backfill_that_was_left(void **state)
{
    (void)state;
    struct world *world = world_new(PROJECT, WAITING);
    world_write(world, "gate", "");
    begin(world, "2021-11-01..2021-11-02");
    world_until(world, world_lines(world, "ledger") == 2);
    world_leave(world);
    world_open(world);
    struct request explain = explain_of(1, "report");
    check_answer(world, &explain, "no scheduler is running: datemill backfill resume 1 goes on");
    open_gate(world);
    struct request resume = about(REQUEST_KIND_BACKFILL_RESUME, 1);
    world_ask_well(world, &resume);
    world_until(world, is_state(world, "success"));
    world_free(world);
}

/* ---- freezes that are over ---- */

static size_t count_freezes(const struct world *world)
{
    struct store *store;
    struct load_freezes freezes;
    SCOPED_ARENA struct arena arena = {0};
    assert_int_equal(store_open_reader(world->state_dir, &store, NULL), 0);
    assert_int_equal(load_freezes(store, &arena, &freezes, NULL), 0);
    store_close(store);
    return freezes.count;
}

static void put_freeze(const struct world *world, const char *node, const char *until)
{
    struct store *store;
    struct error err = {0};
    struct store_freeze row = {
        .flow = "shop", .node = node, .until = until, .who = "lin", .reason = "outage"};
    if (store_open_writer(world->state_dir, "test", &store, &err) < 0 ||
        store_begin(store, &err) < 0 || store_put_freeze(store, &row, &err) < 0 ||
        store_commit(store, &err) < 0)
        fail_msg("%s", err.text);
    store_close(store);
}

static void test_a_freeze_that_is_over_holds_nothing_and_goes(void **state)
{
    (void)state;
    struct world *world = world_new(PROJECT, WAITING);
    world_leave(world);
    put_freeze(world, "", "2021-12-01");
    put_freeze(world, "load", "2021-12-02");
    put_freeze(world, "report", "9000-01-01");
    world_open(world);
    assert_int_equal(count_freezes(world), 3);
    struct request run = run_of("2021-11-11");
    world_ask_well(world, &run); /* both would hold that date if they were not over */
    world_until(world, world_lines(world, "ledger") == 1);
    world_until(world, world->run_ends == 1);
    assert_int_equal(world_count_line(world, "ledger", "report"), 0);
    struct request freeze = {.kind = REQUEST_KIND_FREEZE,
                             .who = "lin",
                             .flow = "shop",
                             .nodes = "load",
                             .reason = "x",
                             .until = "9000-01-01"};
    world_ask_well(world, &freeze);
    assert_int_equal(count_freezes(world), 2);
    world_leave(world);
    world_open(world);
    assert_int_equal(count_freezes(world), 2);
    world_free(world);
}

/* ---- one open run of a time ---- */

/* Both are asked for before the first is committed: the store does not know it yet. */
static void test_a_rerun_beside_a_run_of_the_same_turn(void **state)
{
    (void)state;
    struct world *world = world_new(PROJECT, WAITING);
    struct request run = run_of("2021-11-11");
    world_ask_well(world, &run);
    world_until(world, world->run_ends == 1);
    world_wait(world, 100);
    struct request second = run_of("2021-11-11");
    second.number = ++world->last_number;
    daemon_request(world->daemon, &world->watcher, &second);
    struct request rerun = {.kind = REQUEST_KIND_RERUN,
                            .who = "lin",
                            .scope = REQUEST_SCOPE_ALL,
                            .nodes = "",
                            .run_count = 1};
    rerun.run_ids[0] = 1;
    world_ask(world, &rerun);
    assert_int_equal(world->reply.error.kind, ERROR_KIND_BUSY);
    assert_non_null(strstr(world->reply.error.text, "run 2 of shop for 2021-11-11 is open"));
    world_until(world, world->run_ends == 2);
    world_wait(world, 100);
    world_ask_well(world, &rerun);
    world_until(world, world->run_ends == 3);
    world_free(world);
}

/* ---- a date follows what is done to its run ---- */

static void test_a_mark_in_a_paused_backfill(void **state)
{
    (void)state;
    struct world *world = world_new(PROJECT, SIMPLE);
    world_write(world, "bad", "2021-11-01\n");
    world_write(world, "gate-2021-11-02", "");
    begin(world, "2021-11-01..2021-11-04");
    world_until(world, world_lines(world, "ledger") >= 2 && count_dates(world, DATE_FAILED) == 1);
    struct request pause = about(REQUEST_KIND_BACKFILL_PAUSE, 1);
    pause.force = REQUEST_FORCE_DRAIN;
    world_ask_well(world, &pause);
    world_remove(world, "gate-2021-11-02");
    world_until(world, is_state(world, "paused") && world->backfill.running == 0);
    struct request mark = {.kind = REQUEST_KIND_MARK,
                           .who = "lin",
                           .nodes = "load",
                           .reason = "by hand",
                           .is_success = true,
                           .run_count = 1};
    mark.run_ids[0] = 1;
    int64_t good = count_dates(world, DATE_SUCCESS);
    world_ask_well(world, &mark);
    world_wait(world, 100);
    assert_int_equal(count_dates(world, DATE_FAILED), 0);
    assert_int_equal(count_dates(world, DATE_SUCCESS), good + 1);
    assert_int_equal(stored_state(world), BACKFILL_PAUSED);
    struct request resume = about(REQUEST_KIND_BACKFILL_RESUME, 1);
    world_ask_well(world, &resume);
    world_until(world, is_state(world, "success"));
    assert_int_equal(world_count_line(world, "ledger", "2021-11-01"), 1);
    world_free(world);
}

/* The run stays as it was, and so does its date, until the flow is let go. */
static void test_a_rerun_of_a_date_of_a_frozen_flow(void **state)
{
    (void)state;
    struct world *world = world_new(PROJECT, SIMPLE);
    world_write(world, "bad", "2021-11-01\n");
    begin(world, "2021-11-01..2021-11-02");
    world_until(world, is_state(world, "failed"));
    struct request freeze = {.kind = REQUEST_KIND_FREEZE,
                             .who = "lin",
                             .flow = "shop",
                             .nodes = "",
                             .reason = "outage",
                             .until = ""};
    world_ask_well(world, &freeze);
    struct request rerun = {.kind = REQUEST_KIND_RERUN, .who = "lin", .nodes = "", .run_count = 1};
    rerun.run_ids[0] = 1;
    world_ask(world, &rerun);
    assert_int_equal(world->reply.error.kind, ERROR_KIND_REFUSED);
    assert_non_null(strstr(world->reply.error.text, "frozen by lin: outage"));
    world_wait(world, 100);
    assert_int_equal(count_dates(world, DATE_FAILED), 1);
    check_nothing_open(world);
    freeze.kind = REQUEST_KIND_UNFREEZE;
    world_ask_well(world, &freeze);
    world_write(world, "bad", "");
    world_ask_well(world, &rerun);
    world_until(world, count_dates(world, DATE_SUCCESS) == 2);
    assert_int_equal(stored_state(world), BACKFILL_SUCCESS);
    world_free(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_store_that_cannot_be_written),
        cmocka_unit_test(test_an_engine_that_has_just_begun),
        cmocka_unit_test(test_a_paused_backfill),
        cmocka_unit_test(test_a_backfill_that_was_left),
        cmocka_unit_test(test_a_freeze_that_is_over_holds_nothing_and_goes),
        cmocka_unit_test(test_a_rerun_beside_a_run_of_the_same_turn),
        cmocka_unit_test(test_a_mark_in_a_paused_backfill),
        cmocka_unit_test(test_a_rerun_of_a_date_of_a_frozen_flow),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
