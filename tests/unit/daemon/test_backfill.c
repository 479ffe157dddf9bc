#include "harness.h"
#include "scheduler/store/store_load.h"

static const char project[] = "timezone: UTC\nslots: 4\n";

/* Each date leaves a line in `ledger`; those that `bad` names fail; while `gate` is there they
 * wait. */
#define SCRIPT                                                                                     \
    "    run: |\n"                                                                                 \
    "      echo \"$DATEMILL_BIZDATE\" >> ledger\n"                                                 \
    "      while [ -e gate ] || [ -e gate-$DATEMILL_BIZDATE ]; do sleep 0.02; done\n"              \
    "      ! grep -qs \"$DATEMILL_BIZDATE\" bad\n"

static const char simple[] = "flow: shop\n"
                             "schedule: {at: daily 00:30}\n"
                             "nodes:\n"
                             "  load:\n" SCRIPT;

static const char chained[] = "flow: shop\n"
                              "schedule: {at: daily 00:30}\n"
                              "nodes:\n"
                              "  load:\n"
                              "    needs: [load@-1]\n" SCRIPT;

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

static struct request about(enum request_kind kind, int64_t backfill_id)
{
    return (struct request){.kind = kind,
                            .backfill_id = backfill_id,
                            .who = "wang",
                            .dates_parallel = -1,
                            .max_failures = -1};
}

static bool is_state(const struct world *world, const char *state)
{
    return world->backfill.state != NULL && strcmp(world->backfill.state, state) == 0;
}

static void begin(struct world *world, const char *ranges)
{
    struct request request = backfill_of(ranges);
    world_ask_well(world, &request);
    assert_int_equal(world->reply.backfill_id, 1);
}

static void open_gate(const struct world *world)
{
    world_remove(world, "gate");
}

/* How many dates of the backfill are in a state, in the store. */
static int64_t count_dates(const struct world *world, enum date_state state)
{
    struct store *store;
    struct date_counts counts;
    assert_int_equal(store_open_reader(world->state_dir, &store, NULL), 0);
    assert_int_equal(load_date_counts(store, 1, &counts, NULL), 0);
    store_close(store);
    return counts.items[state];
}

static enum backfill_state stored_state(const struct world *world)
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
static void check_nothing_open(const struct world *world)
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
static void check_ledger(const struct world *world, int last, int times)
{
    for (int day = 1; day <= last; day++) {
        char line[32];
        snprintf(line, sizeof line, "2021-11-%02d", day);
        if (world_count_line(world, "ledger", line) != times)
            fail_msg("%s ran %d times, not %d", line, world_count_line(world, "ledger", line),
                     times);
    }
}

static void test_window(void **state)
{
    (void)state;
    struct world *world = world_new(project, simple);
    world_write(world, "gate", "");
    begin(world, "2021-11-01..2021-11-09");
    assert_int_equal(world->reply.total, 9);
    assert_string_equal(world->reply.state, "running");
    world_until(world, world_lines(world, "ledger") == 2);
    world_until(world, world->backfill.item_count == 2);
    world_wait(world, 200);
    assert_int_equal(world_lines(world, "ledger"), 2);
    assert_int_equal(world->backfill.running, 2);
    assert_string_equal(world->backfill.items[0].key, "2021-11-01");
    assert_string_equal(world->backfill.items[1].key, "2021-11-02");
    assert_int_equal(strncmp(world->backfill.items[0].text, "load ", 5), 0);
    open_gate(world);
    world_until(world, is_state(world, "success"));
    check_ledger(world, 9, 1);
    assert_int_equal(world->date_count, 9);
    assert_string_equal(world->dates[8].state, "success");
    assert_int_equal(world->dates[8].done, 9);
    assert_int_equal(world->run_notices, 0);
    check_nothing_open(world);
    struct request again = backfill_of("2021-11-01..2021-11-09");
    world_ask_well(world, &again);
    assert_int_equal(world->reply.total, 0);
    assert_int_equal(world->reply.backfill_id, 0);
    assert_string_equal(world->reply.remark, "nothing to run: 9 dates are already green");
    world_free(world);
}

static void test_failure_holds_up_nobody_and_retry_mends_it(void **state)
{
    (void)state;
    struct world *world = world_new(project, simple);
    world_write(world, "bad", "2021-11-02\n2021-11-04\n");
    begin(world, "2021-11-01..2021-11-06");
    world_until(world, is_state(world, "failed"));
    check_ledger(world, 6, 1);
    assert_int_equal(world->backfill.failed, 2);
    assert_int_equal(world->backfill.done, 6);
    const struct notice *failed = world_find_date(world, "2021-11-04");
    assert_string_equal(failed->state, "failed");
    assert_string_equal(failed->node, "load");
    assert_string_equal(failed->reason, "exit 1");
    struct request resume = about(REQUEST_KIND_BACKFILL_RESUME, 1);
    world_ask(world, &resume);
    assert_int_equal(world->reply.error.kind, ERROR_KIND_REFUSED);
    world_remove(world, "bad");
    struct request retry = about(REQUEST_KIND_BACKFILL_RETRY, 1);
    world_ask_well(world, &retry);
    assert_string_equal(world->reply.state, "running");
    world_until(world, is_state(world, "success"));
    assert_int_equal(world_lines(world, "ledger"), 8);
    assert_int_equal(world->backfill.failed, 0);
    check_nothing_open(world);
    world_ask(world, &retry);
    assert_int_equal(world->reply.error.kind, ERROR_KIND_REFUSED);
    world_free(world);
}

static void test_max_failures(void **state)
{
    (void)state;
    struct world *world = world_new(project, simple);
    world_write(world, "bad", "2021-11-01\n2021-11-02\n2021-11-03\n");
    struct request request = backfill_of("2021-11-01..2021-11-09");
    request.max_failures = 3;
    request.dates_parallel = 1;
    world_ask_well(world, &request);
    world_until(world, is_state(world, "paused") && world->backfill.running == 0);
    assert_string_equal(world->backfill.reason, "3 dates failed");
    assert_int_equal(world_lines(world, "ledger"), 3);
    world_remove(world, "bad");
    struct request resume = about(REQUEST_KIND_BACKFILL_RESUME, 1);
    world_ask_well(world, &resume);
    world_until(world, is_state(world, "failed"));
    check_ledger(world, 9, 1);
    assert_int_equal(count_dates(world, DATE_FAILED), 3);
    world_free(world);
}

static void test_pause_drains(void **state)
{
    (void)state;
    struct world *world = world_new(project, simple);
    world_write(world, "gate", "");
    begin(world, "2021-11-01..2021-11-07");
    world_until(world, world_lines(world, "ledger") == 2);
    struct request pause = about(REQUEST_KIND_BACKFILL_PAUSE, 1);
    pause.force = REQUEST_FORCE_DRAIN;
    pause.reason = "the disk";
    world_ask_well(world, &pause);
    assert_int_equal(stored_state(world), BACKFILL_PAUSED);
    world_until(world, is_state(world, "paused"));
    assert_int_equal(world->backfill.running, 2);
    assert_string_equal(world->backfill.reason, "paused by wang: the disk");
    open_gate(world);
    world_until(world, world->backfill.running == 0);
    world_wait(world, 200);
    assert_int_equal(world_lines(world, "ledger"), 2);
    assert_int_equal(world->backfill.done, 2);
    assert_true(is_state(world, "paused"));
    check_nothing_open(world);
    struct request resume = about(REQUEST_KIND_BACKFILL_RESUME, 1);
    world_ask_well(world, &resume);
    world_until(world, is_state(world, "success"));
    check_ledger(world, 7, 1);
    world_free(world);
}

static void test_pause_stops_and_resume_runs_them_again(void **state)
{
    (void)state;
    struct world *world = world_new(project, simple);
    world_write(world, "gate", "");
    begin(world, "2021-11-01..2021-11-05");
    world_until(world, world_lines(world, "ledger") == 2);
    struct request pause = about(REQUEST_KIND_BACKFILL_PAUSE, 1);
    world_ask_well(world, &pause);
    pause.force = REQUEST_FORCE_KILL;
    world_ask_well(world, &pause);
    world_until(world, is_state(world, "paused") && world->backfill.running == 0);
    assert_int_equal(count_dates(world, DATE_STOPPED), 2);
    assert_string_equal(world_find_date(world, "2021-11-01")->state, "stopped");
    check_nothing_open(world);
    open_gate(world);
    struct request resume = about(REQUEST_KIND_BACKFILL_RESUME, 1);
    world_ask_well(world, &resume);
    world_until(world, is_state(world, "success"));
    assert_int_equal(world_lines(world, "ledger"), 7);
    assert_int_equal(count_dates(world, DATE_SUCCESS), 5);
    world_free(world);
}

static void test_stop_leaves_nothing_that_cannot_run_again(void **state)
{
    (void)state;
    struct world *world = world_new(project, simple);
    world_write(world, "gate", "");
    begin(world, "2021-11-01..2021-11-05");
    world_until(world, world_lines(world, "ledger") == 2);
    struct request stop = about(REQUEST_KIND_BACKFILL_STOP, 1);
    stop.force = REQUEST_FORCE_STOP;
    world_ask_well(world, &stop);
    world_until(world, is_state(world, "stopped"));
    assert_int_equal(world->backfill.running, 0);
    assert_int_equal(count_dates(world, DATE_WAITING), 3);
    check_nothing_open(world);
    world_ask(world, &stop);
    assert_int_equal(world->reply.error.kind, ERROR_KIND_REFUSED);
    open_gate(world);
    struct request resume = about(REQUEST_KIND_BACKFILL_RESUME, 1);
    world_ask_well(world, &resume);
    world_until(world, is_state(world, "success"));
    assert_int_equal(count_dates(world, DATE_SUCCESS), 5);
    world_free(world);
}

static void test_set(void **state)
{
    (void)state;
    struct world *world = world_new(project, simple);
    world_write(world, "gate", "");
    begin(world, "2021-11-01..2021-11-09");
    world_until(world, world_lines(world, "ledger") == 2);
    struct request set = about(REQUEST_KIND_BACKFILL_SET, 1);
    set.dates_parallel = 4;
    world_ask_well(world, &set);
    assert_int_equal(world->reply.dates_parallel, 4);
    world_until(world, world_lines(world, "ledger") == 4);
    set.dates_parallel = 1;
    set.max_failures = 7;
    world_ask_well(world, &set);
    open_gate(world);
    world_until(world, is_state(world, "success"));
    check_ledger(world, 9, 1);
    set.dates_parallel = 1001;
    world_ask(world, &set);
    assert_int_equal(world->reply.error.kind, ERROR_KIND_USAGE);
    world_free(world);
}

static void test_conflict(void **state)
{
    (void)state;
    struct world *world = world_new(project, simple);
    world_write(world, "gate", "");
    struct request run = {.kind = REQUEST_KIND_RUN, .flow = "shop", .date = "2021-11-03"};
    begin(world, "2021-11-01..2021-11-05");
    world_until(world, world_lines(world, "ledger") == 2);
    world_write(world, "gate-2021-11-03", "");
    world_ask_well(world, &run);
    int64_t run_id = world->reply.run_ids[0];
    open_gate(world);
    world_until(world, is_state(world, "failed"));
    const struct notice *third = world_find_date(world, "2021-11-03");
    assert_string_equal(third->state, "in conflict");
    assert_int_equal(third->run_id, run_id);
    assert_non_null(strstr(third->reason, "is open"));
    assert_int_equal(count_dates(world, DATE_SUCCESS), 4);
    world_remove(world, "gate-2021-11-03");
    world_until(world, world->run_ends == 1);
    struct request retry = about(REQUEST_KIND_BACKFILL_RETRY, 1);
    world_ask_well(world, &retry);
    world_until(world, is_state(world, "success"));
    assert_int_equal(count_dates(world, DATE_SUCCESS), 5);
    world_free(world);
}

static void test_claim_after_the_engine_left(void **state)
{
    (void)state;
    struct world *world = world_new(project, simple);
    world_write(world, "gate", "");
    begin(world, "2021-11-01..2021-11-06");
    world_until(world, world_lines(world, "ledger") == 2);
    world_leave(world);
    assert_int_equal(stored_state(world), BACKFILL_RUNNING);
    assert_int_equal(count_dates(world, DATE_OPEN), 2);
    open_gate(world);
    world_open(world);
    world_wait(world, 300);
    assert_int_equal(count_dates(world, DATE_SUCCESS), 2); /* settled, though nobody drives it */
    assert_int_equal(world_lines(world, "ledger"), 2);
    struct request claim = about(REQUEST_KIND_BACKFILL_CLAIM, 1);
    world_ask_well(world, &claim);
    assert_int_equal(world->reply.done, 2);
    world_until(world, is_state(world, "success"));
    check_ledger(world, 6, 1);
    world_free(world);
}

static void test_equal_request_goes_on(void **state)
{
    (void)state;
    struct world *world = world_new(project, simple);
    world_write(world, "gate", "");
    begin(world, "2021-11-01..2021-11-04");
    world_until(world, world_lines(world, "ledger") == 2);
    struct request equal = backfill_of("2021-11-01..2021-11-04");
    world_ask(world, &equal);
    assert_int_equal(world->reply.error.kind, ERROR_KIND_BUSY);
    assert_non_null(strstr(world->reply.error.text, "backfill 1"));
    world_leave(world);
    open_gate(world);
    world_write(world, "shop.yaml", chained);
    world_open(world);
    world_ask_well(world, &equal);
    assert_int_equal(world->reply.backfill_id, 1);
    assert_non_null(strstr(world->reply.remark, "backfill 1 was left unfinished; it goes on"));
    assert_non_null(strstr(world->reply.remark, "the definition has changed since: "));
    assert_non_null(strstr(world->reply.remark, " -> "));
    world_until(world, is_state(world, "success"));
    check_ledger(world, 4, 1);
    world_free(world);
}

static void test_same_key_finds_it(void **state)
{
    (void)state;
    struct world *world = world_new(project, simple);
    struct request request = backfill_of("2021-11-01..2021-11-04");
    request.key = "k1";
    world_ask_well(world, &request);
    world_leave(world);
    world_open(world);
    world_ask_well(world, &request);
    assert_int_equal(world->reply.backfill_id, 1);
    world_until(world, is_state(world, "success"));
    check_ledger(world, 4, 1);
    world_ask_well(world, &request); /* it is over, and says so */
    assert_int_equal(world->reply.backfill_id, 1);
    assert_string_equal(world->reply.state, "success");
    world_free(world);
}

static void check_order(const struct world *world, int count)
{
    for (int i = 0; i < count; i++) {
        char line[32];
        char read[64];
        snprintf(line, sizeof line, "2021-11-%02d", i + 1);
        assert_true(world_read_line(world, "ledger", i, read, sizeof read));
        assert_string_equal(read, line);
    }
}

static void test_dates_that_need_each_other(void **state)
{
    (void)state;
    struct world *world = world_new(project, chained);
    struct request request = backfill_of("2021-11-01..2021-11-06");
    request.dates_parallel = 4;
    world_ask_well(world, &request);
    world_until(world, is_state(world, "success"));
    check_order(world, 6);
    world_remove(world, "ledger");
    request.redo = "always"; /* what is green from before does not count: each waits again */
    world_ask_well(world, &request);
    assert_int_equal(world->reply.backfill_id, 2);
    world_until(world, is_state(world, "success") && world->backfill.backfill_id == 2);
    assert_int_equal(world_lines(world, "ledger"), 6);
    check_order(world, 6);
    world_free(world);
}

static void test_blocked_dates(void **state)
{
    (void)state;
    struct world *world = world_new(project, chained);
    world_write(world, "bad", "2021-11-03\n");
    struct request request = backfill_of("2021-11-01..2021-11-08");
    request.dates_parallel = 3;
    world_ask_well(world, &request);
    world_until(world, is_state(world, "failed"));
    assert_int_equal(world_lines(world, "ledger"), 3);
    assert_int_equal(count_dates(world, DATE_FAILED), 1);
    assert_int_equal(count_dates(world, DATE_BLOCKED), 5);
    assert_string_equal(world_find_date(world, "2021-11-04")->state, "blocked");
    assert_string_equal(world_find_date(world, "2021-11-04")->reason,
                        "2021-11-03 failed, which it needs");
    check_nothing_open(world);
    world_remove(world, "bad");
    struct request retry = about(REQUEST_KIND_BACKFILL_RETRY, 1);
    world_ask_well(world, &retry);
    world_until(world, is_state(world, "success"));
    assert_int_equal(world_lines(world, "ledger"), 9);
    world_free(world);
}

static void test_waiting_for_something_outside_is_said(void **state)
{
    (void)state;
    static const char outside[] = "flow: shop\n"
                                  "schedule: {at: daily 00:30}\n"
                                  "nodes:\n"
                                  "  load:\n"
                                  "    needs: [other/make]\n" SCRIPT;
    struct world *world = world_new(project, outside);
    world_write(world, "other.yaml",
                "flow: other\nschedule: {at: daily 00:10}\nnodes:\n  make: {type: virtual}\n");
    begin(world, "2021-11-01..2021-11-03");
    world_until(world, world->backfill.item_count == 2);
    assert_string_equal(world->backfill.items[0].key, "2021-11-01");
    assert_non_null(
        strstr(world->backfill.items[0].text, "load waits for other/make of 2021-11-01"));
    struct request other = backfill_of("2021-11-01..2021-11-03");
    other.flow = "other";
    world_ask_well(world, &other);
    world_until(world, world->backfill.backfill_id == 1 && is_state(world, "success"));
    check_ledger(world, 3, 1);
    world_free(world);
}

static void test_virtual_dates_and_times_of_a_day(void **state)
{
    (void)state;
    static const char hourly[] = "flow: shop\n"
                                 "schedule: {at: \"hourly :05\"}\n"
                                 "nodes:\n"
                                 "  start: {type: virtual}\n";
    struct world *world = world_new(project, hourly);
    struct request request = backfill_of("2021-10-01..2021-10-20");
    request.is_descending = true;
    world_ask_well(world, &request);
    assert_int_equal(world->reply.total, 480);
    world_until(world, is_state(world, "success"));
    assert_int_equal(world->backfill.done, 480);
    assert_int_equal(world->date_count, 480);
    assert_string_equal(world->dates[0].cyctime, "2021-10-21T23:05:00");
    check_nothing_open(world);
    world_free(world);
}

static void test_no_dates_while_nobody_drives(void **state)
{
    (void)state;
    struct world *world = world_new(project, simple);
    world_write(world, "gate", "");
    begin(world, "2021-11-01..2021-11-05");
    world_until(world, world_lines(world, "ledger") == 2);
    struct daemon_watcher other = {.tell = world_take, .owner = world, .who = "wang"};
    daemon_add_watcher(world->daemon, &other);
    daemon_remove_watcher(world->daemon, &world->watcher);
    struct request watch = about(REQUEST_KIND_BACKFILL_WATCH, 1);
    daemon_request(world->daemon, &other, &watch);
    open_gate(world);
    world_until(world, world->backfill.running == 0 && world->backfill.done == 2);
    world_wait(world, 200);
    assert_int_equal(world_lines(world, "ledger"), 2);
    assert_true(is_state(world, "running"));
    struct request claim = about(REQUEST_KIND_BACKFILL_CLAIM, 1);
    daemon_request(world->daemon, &other, &claim);
    world_until(world, is_state(world, "success"));
    check_ledger(world, 5, 1);
    daemon_remove_watcher(world->daemon, &other);
    daemon_add_watcher(world->daemon, &world->watcher);
    world_free(world);
}

/* ---- an engine that is killed ---- */

static pid_t engine_apart(struct world *world, struct request *request)
{
    world_leave(world);
    fflush(NULL);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child > 0)
        return child;
    world_open(world);
    daemon_request(world->daemon, &world->watcher, request);
    for (;;)
        loop_turn(world->loop, duration_ms(50), NULL);
}

static void wait_for_lines(const struct world *world, int count)
{
    for (int i = 0; i < 1000 && world_lines(world, "ledger") < count; i++)
        usleep(20000);
    assert_true(world_lines(world, "ledger") >= count);
}

static void kill_engine(pid_t engine)
{
    assert_int_equal(kill(engine, SIGKILL), 0);
    assert_int_equal(waitpid(engine, NULL, 0), engine);
}

static void test_killed_engines(void **state)
{
    (void)state;
    struct world *world = world_new(project, simple);
    struct request request = backfill_of("2021-11-01..2021-11-30");
    request.key = "k";
    for (int lines = 2; lines < 26; lines += 3) {
        pid_t engine = engine_apart(world, &request);
        wait_for_lines(world, lines);
        usleep((useconds_t)(lines * 1500));
        kill_engine(engine);
    }
    world_open(world);
    struct request claim = about(REQUEST_KIND_BACKFILL_CLAIM, 1);
    world_ask_well(world, &claim);
    world_until(world, is_state(world, "success"));
    check_ledger(world, 30, 1);
    assert_int_equal(count_dates(world, DATE_SUCCESS), 30);
    check_nothing_open(world);
    world_free(world);
}

static void test_reading_commands_settle_dates(void **state)
{
    (void)state;
    struct world *world = world_new(project, simple);
    world_write(world, "gate", "");
    world_write(world, "bad", "2021-11-02\n");
    struct request request = backfill_of("2021-11-01..2021-11-04");
    pid_t engine = engine_apart(world, &request);
    wait_for_lines(world, 2);
    kill_engine(engine);
    open_gate(world);
    usleep(300000);
    assert_int_equal(count_dates(world, DATE_OPEN), 2);
    world->options.settles_only = true;
    world_open(world);
    world_until(world, daemon_is_settled(world->daemon));
    world_leave(world);
    assert_int_equal(count_dates(world, DATE_SUCCESS), 1);
    assert_int_equal(count_dates(world, DATE_FAILED), 1);
    assert_int_equal(count_dates(world, DATE_WAITING), 2);
    assert_int_equal(stored_state(world), BACKFILL_RUNNING);
    check_nothing_open(world);
    world_free(world);
}

static void test_refusals(void **state)
{
    (void)state;
    struct world *world = world_new(project, simple);
    struct request claim = about(REQUEST_KIND_BACKFILL_CLAIM, 7);
    world_ask(world, &claim);
    assert_int_equal(world->reply.error.kind, ERROR_KIND_NOT_FOUND);
    struct request request = backfill_of("2021-11-01..2021-11-30");
    request.redo = "perhaps";
    world_ask(world, &request);
    assert_int_equal(world->reply.error.kind, ERROR_KIND_USAGE);
    request.redo = "failed";
    request.nodes = "lod";
    world_ask(world, &request);
    assert_int_equal(world->reply.error.kind, ERROR_KIND_USAGE);
    request.nodes = "";
    request.flow = "nothing";
    world_ask(world, &request);
    assert_int_equal(world->reply.error.kind, ERROR_KIND_NOT_FOUND);
    request.flow = "shop";
    request.ranges = "2021-11-30..2021-11-01";
    world_ask(world, &request);
    assert_int_equal(world->reply.error.kind, ERROR_KIND_USAGE);
    world_free(world);
}

static void test_rerun_of_a_date_mends_the_backfill(void **state)
{
    (void)state;
    struct world *world = world_new(project, simple);
    world_write(world, "bad", "2021-11-02\n");
    begin(world, "2021-11-01..2021-11-03");
    world_until(world, is_state(world, "failed"));
    world_remove(world, "bad");
    struct request rerun = {.kind = REQUEST_KIND_RERUN, .run_count = 1, .who = "lin"};
    rerun.run_ids[0] = world_find_date(world, "2021-11-02")->run_id;
    world_ask_well(world, &rerun);
    world_until(world, is_state(world, "success"));
    assert_int_equal(count_dates(world, DATE_SUCCESS), 3);
    world_free(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_window),
        cmocka_unit_test(test_failure_holds_up_nobody_and_retry_mends_it),
        cmocka_unit_test(test_max_failures),
        cmocka_unit_test(test_pause_drains),
        cmocka_unit_test(test_pause_stops_and_resume_runs_them_again),
        cmocka_unit_test(test_stop_leaves_nothing_that_cannot_run_again),
        cmocka_unit_test(test_set),
        cmocka_unit_test(test_conflict),
        cmocka_unit_test(test_claim_after_the_engine_left),
        cmocka_unit_test(test_equal_request_goes_on),
        cmocka_unit_test(test_same_key_finds_it),
        cmocka_unit_test(test_dates_that_need_each_other),
        cmocka_unit_test(test_blocked_dates),
        cmocka_unit_test(test_waiting_for_something_outside_is_said),
        cmocka_unit_test(test_virtual_dates_and_times_of_a_day),
        cmocka_unit_test(test_no_dates_while_nobody_drives),
        cmocka_unit_test(test_killed_engines),
        cmocka_unit_test(test_reading_commands_settle_dates),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_rerun_of_a_date_mends_the_backfill),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
