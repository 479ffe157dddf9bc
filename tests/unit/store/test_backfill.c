/* Backfills: what is put in comes back, in order; limits; wrong calls; what a crash leaves. */
#include "scheduler/store/store_prune.h"
#include "tests/unit/store/backfill_world.h"

#include <signal.h>
#include <sys/wait.h>

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

static void expect_equal(const struct store_backfill *a, const struct store_backfill *b)
{
    assert_int_equal(a->id, b->id);
    assert_string_equal(a->flow, b->flow);
    assert_int_equal(a->version_id, b->version_id);
    assert_string_equal(a->request, b->request);
    assert_string_equal(a->typed, b->typed);
    assert_string_equal(a->ranges, b->ranges);
    assert_int_equal(a->redo, b->redo);
    assert_int_equal(a->is_descending, b->is_descending);
    assert_int_equal(a->parallel, b->parallel);
    assert_int_equal(a->max_failures, b->max_failures);
    assert_int_equal(a->priority, b->priority);
    assert_string_equal(a->selection, b->selection);
    assert_string_equal(a->who, b->who);
    assert_string_equal(a->reason, b->reason);
    assert_int_equal(a->created_at.us, b->created_at.us);
    assert_int_equal(a->state, b->state);
    assert_string_equal(a->state_reason, b->state_reason);
    assert_int_equal(a->opened_at.us, b->opened_at.us);
    assert_int_equal(a->ended_at.us, b->ended_at.us);
    assert_int_equal(a->opening_failures, b->opening_failures);
    assert_int_equal(a->var_count, b->var_count);
    for (size_t i = 0; i < a->var_count; i++) {
        assert_string_equal(a->vars[i].name, b->vars[i].name);
        assert_string_equal(a->vars[i].text, b->vars[i].text);
    }
}

static void what_is_put_in_comes_back(void **state)
{
    struct world *world = *state;
    struct store_backfill found;
    struct load_dates dates;
    OK(store_begin(world->store, ok));
    int64_t kept = world_done(world, "f", "2021-01-03T00:30:00", "2021-01-02", false);
    struct store_backfill backfill = world_backfill(world, "f");
    struct store_date *items = world_dates(world, 4);
    backfill.request = "key-1";
    backfill.state = BACKFILL_PAUSED;
    backfill.state_reason = "three dates failed";
    backfill.ended_at.us = 0;
    backfill.opening_failures = 5;
    items[1].decision = DATE_KEEP;
    items[1].state = DATE_LEFT_OUT;
    items[1].run_id = kept;
    items[1].reason = "all nodes are success in run 1";
    items[2].is_second = true;
    items[2].decision = DATE_REDO;
    items[3].decision = DATE_NONE;
    items[3].state = DATE_LEFT_OUT;
    items[3].run_id = 4711; /* forgotten since it was planned */
    OK(store_put_backfill(world->store, &backfill, items, 4, ok));
    OK(store_commit(world->store, ok));
    world_reopen(world);
    OK(load_backfill(world->store, backfill.id, &world->arena, &found, ok));
    expect_equal(&found, &backfill);
    struct load_dates_of which = {backfill.id, ALL_DATE_STATES, -1, 100};
    OK(load_dates(world->store, &which, &world->arena, &dates, ok));
    assert_int_equal(dates.count, 4);
    items[3].run_id = 0;
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(dates.items[i].position, i);
        assert_string_equal(dates.items[i].bizdate, items[i].bizdate);
        assert_string_equal(dates.items[i].cyctime, items[i].cyctime);
        assert_int_equal(dates.items[i].is_second, items[i].is_second);
        assert_int_equal(dates.items[i].decision, items[i].decision);
        assert_int_equal(dates.items[i].state, items[i].state);
        assert_int_equal(dates.items[i].run_id, items[i].run_id);
        assert_string_equal(dates.items[i].reason, items[i].reason);
    }
    world_check_counts(world);
}

static void open_ones_are_found_and_requests_are_known(void **state)
{
    struct world *world = *state;
    struct load_backfills open;
    int64_t id;
    OK(load_open_backfills(world->store, &world->arena, &open, ok));
    assert_int_equal(open.count, 0);
    OK(store_begin(world->store, ok));
    for (int i = 0; i < BACKFILL_STATE_COUNT; i++) {
        struct store_backfill backfill = world_backfill(world, i % 2 == 0 ? "f" : "g");
        backfill.state = (enum backfill_state)i;
        backfill.request = arena_format(&world->arena, "key-%d", i);
        OK(store_put_backfill(world->store, &backfill, world_dates(world, 2), 2, ok));
    }
    OK(store_commit(world->store, ok));
    OK(load_open_backfills(world->store, &world->arena, &open, ok));
    assert_int_equal(open.count, 2);
    assert_int_equal(open.items[0].id, 1);
    assert_int_equal(open.items[0].var_count, 2);
    assert_string_equal(open.items[1].flow, "g");
    assert_int_equal(open.items[1].state, BACKFILL_PAUSED);
    OK(load_backfill_of_request(world->store, "key-3", &id, ok));
    assert_int_equal(id, 4);
    OK(load_backfill_of_request(world->store, "key-9", &id, ok));
    assert_int_equal(id, 0);
    world_put_backfill(world, "f", 1); /* without a key, as many as one likes */
    world_put_backfill(world, "f", 1);
    OK(load_backfill_of_request(world->store, "", &id, ok));
    assert_int_equal(id, 0);
}

static void one_that_is_not_there_is_told_with_the_newest(void **state)
{
    struct world *world = *state;
    struct store_backfill found = {.id = 77};
    struct error err = {0};
    assert_int_equal(load_backfill(world->store, 3, &world->arena, &found, &err), -1);
    assert_int_equal(err.kind, ERROR_KIND_NOT_FOUND);
    assert_string_equal(err.text, "there is no backfill 3");
    assert_non_null(strstr(err.help, "no backfill yet"));
    world_put_backfill(world, "f", 1);
    world_put_backfill(world, "f", 1);
    memset(&err, 0, sizeof err);
    assert_int_equal(load_backfill(world->store, 3, &world->arena, &found, &err), -1);
    assert_non_null(strstr(err.help, "the newest is 2"));
    assert_int_equal(found.id, 77);
}

static void changes_are_stored_and_nothing_else(void **state)
{
    struct world *world = *state;
    struct store_backfill before;
    struct store_backfill after;
    int64_t id = world_put_backfill(world, "f", 3);
    OK(load_backfill(world->store, id, &world->arena, &before, ok));
    OK(store_begin(world->store, ok));
    struct store_backfill change = {.id = id,
                                    .version_id = world_version(world, "f"),
                                    .parallel = 9,
                                    .max_failures = 0,
                                    .state = BACKFILL_STOPPED,
                                    .state_reason = "by lin",
                                    .opened_at = {T0 + 5},
                                    .ended_at = {T0 + 6},
                                    .opening_failures = 12};
    OK(store_set_backfill(world->store, &change, ok));
    OK(store_commit(world->store, ok));
    OK(load_backfill(world->store, id, &world->arena, &after, ok));
    before.parallel = 9;
    before.max_failures = 0;
    before.state = BACKFILL_STOPPED;
    before.state_reason = "by lin";
    before.opened_at.us = T0 + 5;
    before.ended_at.us = T0 + 6;
    before.opening_failures = 12;
    expect_equal(&after, &before);
}

static void dates_are_found_by_state_in_order(void **state)
{
    struct world *world = *state;
    struct load_dates dates;
    struct date_counts counts;
    int64_t other = world_put_backfill(world, "f", 50);
    int64_t id = world_put_backfill(world, "f", 100);
    OK(store_begin(world->store, ok));
    for (int32_t i = 0; i < 100; i++)
        world_set_date(world, id, i, (enum date_state)(i % DATE_STATE_COUNT), 0);
    OK(store_commit(world->store, ok));
    world_check_counts(world);
    struct load_dates_of which = {id, 1u << DATE_FAILED | 1u << DATE_WAITING | 1u << DATE_LEFT_OUT,
                                  -1, 7};
    int32_t last = -1;
    size_t seen = 0;
    do {
        OK(load_dates(world->store, &which, &world->arena, &dates, ok));
        assert_true(dates.count <= 7);
        for (size_t i = 0; i < dates.count; i++) {
            enum date_state found = dates.items[i].state;
            assert_true(found == DATE_FAILED || found == DATE_WAITING || found == DATE_LEFT_OUT);
            assert_int_equal(found, dates.items[i].position % DATE_STATE_COUNT);
            assert_true(dates.items[i].position > last);
            last = dates.items[i].position;
        }
        seen += dates.count;
        which.after = last;
    } while (dates.count == 7);
    assert_int_equal(seen, 13 + 13 + 12);
    OK(load_date_counts(world->store, id, &counts, ok));
    for (int i = 0; i < DATE_STATE_COUNT; i++)
        assert_int_equal(counts.items[i], i < 100 % DATE_STATE_COUNT ? 13 : 12);
    OK(load_date_counts(world->store, other, &counts, ok));
    assert_int_equal(counts.items[DATE_WAITING], 50);
    OK(load_date_counts(world->store, 99, &counts, ok));
    assert_int_equal(counts.items[DATE_WAITING], 0);
    which = (struct load_dates_of){id, 0, -1, 7};
    OK(load_dates(world->store, &which, &world->arena, &dates, ok));
    assert_int_equal(dates.count, 0);
    which = (struct load_dates_of){id, ALL_DATE_STATES, 97, INT32_MAX};
    OK(load_dates(world->store, &which, &world->arena, &dates, ok));
    assert_int_equal(dates.count, 2);
}

static void a_date_is_found_by_its_planned_time(void **state)
{
    struct world *world = *state;
    int64_t id = world_put_backfill(world, "f", 40);
    struct load_date_of which = {id, "2021-01-31", "2021-02-01T00:30:00", false};
    struct store_date date;
    OK(load_date(world->store, &which, &world->arena, &date, ok));
    assert_int_equal(date.position, 30);
    which.is_second = true;
    OK(load_date(world->store, &which, &world->arena, &date, ok));
    assert_int_equal(date.position, -1);
    which = (struct load_date_of){id, "2021-03-31", "2021-04-01T00:30:00", false};
    OK(load_date(world->store, &which, &world->arena, &date, ok));
    assert_int_equal(date.position, -1);
}

static void those_asked_for_together_know_each_other(void **state)
{
    struct world *world = *state;
    int64_t alone = world_put_backfill(world, "f", 1);
    int64_t older = world_put_backfill(world, "g", 1);
    OK(store_begin(world->store, ok));
    struct store_backfill leader = world_backfill(world, "f");
    leader.leader_id = leader.id;
    OK(store_put_backfill(world->store, &leader, world_dates(world, 1), 1, ok));
    struct store_backfill joined;
    OK(load_backfill(world->store, older, &world->arena, &joined, ok));
    assert_int_equal(joined.leader_id, 0);
    joined.leader_id = leader.id; /* one that was there before goes on with it */
    OK(store_set_backfill(world->store, &joined, ok));
    OK(store_commit(world->store, ok));
    struct load_backfills group;
    OK(load_backfill_group(world->store, leader.id, &world->arena, &group, ok));
    assert_int_equal(group.count, 2);
    assert_int_equal(group.items[0].id, older);
    assert_int_equal(group.items[0].leader_id, leader.id);
    assert_int_equal(group.items[1].id, leader.id);
    assert_int_equal(group.items[1].leader_id, leader.id);
    assert_int_equal(group.items[1].var_count, 2);
    OK(load_backfill_group(world->store, alone, &world->arena, &group, ok));
    assert_int_equal(group.count, 0);
}

static void dates_that_did_not_work_wait_again(void **state)
{
    struct world *world = *state;
    struct load_dates dates;
    int64_t count = 0;
    int64_t other = world_put_backfill(world, "f", 8);
    int64_t id = world_put_backfill(world, "f", 16);
    OK(store_begin(world->store, ok));
    int64_t run = world_done(world, "f", "2021-01-02T00:30:00", "2021-01-01", true);
    for (int32_t i = 0; i < 16; i++)
        world_set_date(world, id, i, (enum date_state)(i % DATE_STATE_COUNT), run);
    for (int32_t i = 0; i < 8; i++)
        world_set_date(world, other, i, DATE_FAILED, run);
    OK(store_reset_dates(world->store, id, 1u << DATE_FAILED | 1u << DATE_BLOCKED, &count, ok));
    assert_int_equal(count, 4);
    OK(store_commit(world->store, ok));
    world_check_counts(world);
    struct load_dates_of which = {id, 1u << DATE_WAITING, -1, 100};
    OK(load_dates(world->store, &which, &world->arena, &dates, ok));
    assert_int_equal(dates.count, 6);
    assert_int_equal(dates.items[1].position, DATE_FAILED);
    assert_int_equal(dates.items[1].run_id, 0);
    assert_int_equal(dates.items[1].decision, DATE_RUN); /* as it was */
    which = (struct load_dates_of){other, 1u << DATE_FAILED, -1, 100};
    OK(load_dates(world->store, &which, &world->arena, &dates, ok));
    assert_int_equal(dates.count, 8);
    OK(store_begin(world->store, ok));
    OK(store_reset_dates(world->store, id, 1u << DATE_FAILED, &count, ok));
    assert_int_equal(count, 0);
    OK(store_commit(world->store, ok));
}

static void a_reason_is_one_line_and_not_too_long(void **state)
{
    struct world *world = *state;
    struct load_dates dates;
    char reason[STORE_MAX_REASON_BYTES + 300];
    for (size_t i = 0; i + 3 < sizeof reason; i += 3)
        memcpy(reason + i, "表", 3);
    reason[sizeof reason - 1 - (sizeof reason - 1) % 3] = '\0';
    int64_t id = world_put_backfill(world, "f", 2);
    struct store_date date = {.position = 0, .state = DATE_FAILED, .reason = reason};
    OK(store_begin(world->store, ok));
    OK(store_set_date(world->store, id, &date, ok));
    date.position = 1;
    date.reason = "one\ntwo \xff";
    OK(store_set_date(world->store, id, &date, ok));
    OK(store_commit(world->store, ok));
    struct load_dates_of which = {id, ALL_DATE_STATES, -1, 2};
    OK(load_dates(world->store, &which, &world->arena, &dates, ok));
    size_t length = strlen(dates.items[0].reason);
    assert_true(length <= STORE_MAX_REASON_BYTES && length > STORE_MAX_REASON_BYTES - 3);
    assert_int_equal(length % 3, 0);
    assert_string_equal(dates.items[1].reason, "one");
}

/* Ids are not used twice: not after a failed commit, not after a restart. */
static void ids_are_never_given_twice(void **state)
{
    struct world *world = *state;
    int64_t first = world_put_backfill(world, "f", 1);
    OK(store_begin(world->store, ok));
    struct store_backfill lost = world_backfill(world, "f");
    OK(store_put_backfill(world->store, &lost, NULL, 0, ok));
    store_rollback(world->store);
    int64_t second = world_put_backfill(world, "f", 1);
    assert_true(lost.id > first && second > lost.id);
    world_reopen(world);
    assert_true(store_take_backfill_id(world->store) > second);
    OK(store_begin(world->store, ok));
    OK(store_put_backfill(world->store, &lost, NULL, 0, ok)); /* the same batch, once it can be */
    OK(store_commit(world->store, ok));
    world_reopen(world);
    assert_true(store_take_backfill_id(world->store) > second);
}

/* Each spoils its batch: nothing of it is stored. */
static void expect_refused(struct world *world, int64_t result, const struct error *err,
                           enum error_kind kind)
{
    assert_int_equal(result, -1);
    assert_int_equal(err->kind, kind);
    assert_int_equal(store_commit(world->store, NULL), -1);
    store_rollback(world->store);
}

static void calls_that_are_wrong_are_refused(void **state)
{
    struct world *world = *state;
    struct error err = {0};
    struct store_date *dates = world_dates(world, 3);
    struct store_date stray = {.position = 3, .state = DATE_FAILED};
    int64_t count;
    int64_t id = world_put_backfill(world, "f", 3);
    struct store_backfill nobody = {.id = 55, .version_id = 1};
    assert_int_equal(store_set_backfill(world->store, &nobody, &err), -1); /* no batch */
    assert_int_equal(err.kind, ERROR_KIND_BUG);
    assert_int_equal(store_set_date(world->store, id, &dates[0], NULL), -1);
    assert_int_equal(store_reset_dates(world->store, id, 8, &count, NULL), -1);
    assert_int_equal(store_put_backfill(world->store, &nobody, NULL, 0, NULL), -1);
    OK(store_begin(world->store, ok));
    expect_refused(world, store_set_backfill(world->store, &nobody, &err), &err, ERROR_KIND_BUG);
    OK(store_begin(world->store, ok));
    expect_refused(world, store_set_date(world->store, id, &stray, &err), &err, ERROR_KIND_BUG);
    OK(store_begin(world->store, ok));
    stray = (struct store_date){.position = 0, .state = DATE_OPEN, .run_id = 4711};
    expect_refused(world, store_set_date(world->store, id, &stray, &err), &err, ERROR_KIND_BUG);
    OK(store_begin(world->store, ok));
    struct store_backfill twice = world_backfill(world, "f");
    dates[1].position = 2;
    expect_refused(world, store_put_backfill(world->store, &twice, dates, 3, &err), &err,
                   ERROR_KIND_BUG);
    OK(store_begin(world->store, ok));
    twice.id = id;
    expect_refused(world, store_put_backfill(world->store, &twice, NULL, 0, &err), &err,
                   ERROR_KIND_BUG);
    assert_int_equal(count_rows(world->store, "SELECT count(*) FROM backfill"), 1);
    assert_int_equal(count_rows(world->store, "SELECT count(*) FROM backfill_date"), 3);
    world_check_counts(world);
}

/* One request makes one backfill, whoever asks again. */
static void a_request_is_not_taken_twice(void **state)
{
    struct world *world = *state;
    struct error err = {0};
    OK(store_begin(world->store, ok));
    struct store_backfill first = world_backfill(world, "f");
    struct store_backfill again = world_backfill(world, "f");
    first.request = again.request = "key";
    OK(store_put_backfill(world->store, &first, NULL, 0, ok));
    OK(store_commit(world->store, ok));
    OK(store_begin(world->store, ok));
    expect_refused(world, store_put_backfill(world->store, &again, NULL, 0, &err), &err,
                   ERROR_KIND_BUG);
}

/* A process that dies with a batch open leaves nothing of it; one that committed leaves all. */
static void a_crash_leaves_whole_backfills(void **state)
{
    struct world *world = *state;
    store_close(world->store);
    world->store = NULL;
    for (int commits = 0; commits < 2; commits++) {
        pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0) {
            world_reopen(world);
            store_begin(world->store, NULL);
            struct store_backfill backfill = world_backfill(world, "f");
            store_put_backfill(world->store, &backfill, world_dates(world, 2000), 2000, NULL);
            sqlite3_db_cacheflush(world->store->db); /* pages of it are in the WAL */
            if (commits == 1)
                store_commit(world->store, NULL);
            kill(getpid(), SIGKILL);
        }
        int status;
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_true(WIFSIGNALED(status));
        world_reopen(world);
        assert_int_equal(count_rows(world->store, "SELECT count(*) FROM backfill"), commits);
        assert_int_equal(count_rows(world->store, "SELECT count(*) FROM backfill_date"),
                         commits * 2000);
        world_check_counts(world);
        assert_int_equal(count_rows(world->store, "SELECT count(*) FROM pragma_foreign_key_check"),
                         0);
        store_close(world->store);
        world->store = NULL;
    }
}

/* ---- what is forgotten ---- */

/* A backfill of three dates with a finished run each, in a state; all ended at T0 + 2 s. */
static int64_t finished(struct world *world, const char *flow, enum backfill_state backfill_state)
{
    struct store_date *dates = world_dates(world, 3);
    struct store_backfill backfill = world_backfill(world, flow);
    struct store_operation operation = {.kind = STORE_OPERATION_BACKFILL,
                                        .who = "lin",
                                        .flow = flow,
                                        .node = STORE_NO_NODE,
                                        .backfill_id = backfill.id};
    backfill.state = backfill_state;
    if (backfill_state >= BACKFILL_SUCCESS)
        backfill.ended_at.us = T0 + 2000000;
    OK(store_put_backfill(world->store, &backfill, dates, 3, ok));
    OK(store_put_operation(world->store, &operation, ok));
    for (int32_t i = 0; i < 3; i++)
        world_set_date(world, backfill.id, i, DATE_SUCCESS,
                       world_done(world, flow, dates[i].cyctime, dates[i].bizdate, false));
    return backfill.id;
}

static void prune(struct world *world, struct store_pruning pruning)
{
    pruning.before.us = T0 + 3000000;
    pruning.max_runs = 2;
    for (int i = 0; i < 100 && !pruning.is_done; i++)
        OK(store_prune(world->store, &pruning, ok));
    assert_true(pruning.is_done);
    assert_int_equal(count_rows(world->store, "SELECT count(*) FROM pragma_foreign_key_check"), 0);
    world_check_counts(world);
}

static void an_unfinished_backfill_keeps_its_runs(void **state)
{
    struct world *world = *state;
    OK(store_begin(world->store, ok));
    finished(world, "f", BACKFILL_RUNNING);
    finished(world, "g", BACKFILL_SUCCESS);
    int64_t paused = finished(world, "h", BACKFILL_PAUSED);
    finished(world, "i", BACKFILL_STOPPED);
    OK(store_commit(world->store, ok));
    prune(world, (struct store_pruning){0});
    assert_int_equal(count_rows(world->store, "SELECT count(*) FROM run"), 6);
    assert_int_equal(count_rows(world->store, "SELECT count(*) FROM backfill"), 2);
    assert_int_equal(count_rows(world->store, "SELECT count(*) FROM backfill_date"), 6);
    assert_int_equal(count_rows(world->store, "SELECT count(*) FROM backfill_var"), 4);
    assert_int_equal(count_rows(world->store, "SELECT count(*) FROM operation"), 2);
    assert_int_equal(count_rows(world->store, "SELECT count(*) FROM version"), 2);
    OK(store_begin(world->store, ok));
    struct store_backfill change;
    OK(load_backfill(world->store, paused, &world->arena, &change, ok));
    change.state = BACKFILL_FAILED;
    change.ended_at.us = T0 + 9000000; /* not long enough ago: its runs go, it stays */
    OK(store_set_backfill(world->store, &change, ok));
    OK(store_commit(world->store, ok));
    prune(world, (struct store_pruning){0});
    assert_int_equal(count_rows(world->store, "SELECT count(*) FROM run"), 3);
    assert_int_equal(count_rows(world->store, "SELECT count(*) FROM backfill"), 2);
    struct load_dates dates;
    struct load_dates_of which = {paused, ALL_DATE_STATES, -1, 10};
    OK(load_dates(world->store, &which, &world->arena, &dates, ok));
    assert_int_equal(dates.count, 3);
    assert_int_equal(dates.items[0].run_id, 0);
    assert_int_equal(dates.items[0].state, DATE_SUCCESS);
    assert_int_equal(count_rows(world->store, "SELECT count(*) FROM version"), 2);
}

static bool keeps_the_second(void *owner, const struct store_old_run *run)
{
    (void)owner;
    return run->id == 2;
}

static void a_backfill_stays_while_one_of_its_runs_does(void **state)
{
    struct world *world = *state;
    OK(store_begin(world->store, ok));
    finished(world, "f", BACKFILL_SUCCESS);
    OK(store_commit(world->store, ok));
    prune(world, (struct store_pruning){.keeps = keeps_the_second});
    assert_int_equal(count_rows(world->store, "SELECT count(*) FROM run"), 1);
    assert_int_equal(count_rows(world->store, "SELECT count(*) FROM backfill"), 1);
    prune(world, (struct store_pruning){0});
    assert_int_equal(count_rows(world->store, "SELECT count(*) FROM backfill"), 0);
    assert_int_equal(count_rows(world->store, "SELECT count(*) FROM version"), 0);
    assert_int_equal(count_rows(world->store, "SELECT count(*) FROM blob"), 0);
    assert_int_equal(world_put_backfill(world, "f", 1), 2); /* the id is not used again */
}

static void every_number_has_a_name(void **state)
{
    (void)state;
    for (int i = 0; i < BACKFILL_STATE_COUNT; i++)
        assert_string_not_equal(backfill_state_name((enum backfill_state)i), "?");
    for (int i = 0; i < BACKFILL_REDO_COUNT; i++)
        assert_string_not_equal(backfill_redo_name((enum backfill_redo)i), "?");
    for (int i = 0; i < DATE_DECISION_COUNT; i++)
        assert_string_not_equal(date_decision_name((enum date_decision)i), "?");
    for (int i = 0; i < DATE_STATE_COUNT; i++)
        assert_string_not_equal(date_state_name((enum date_state)i), "?");
    assert_string_equal(date_state_name(DATE_IN_CONFLICT), "in conflict");
    assert_string_equal(backfill_redo_name(BACKFILL_REDO_ALWAYS), "always");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(what_is_put_in_comes_back),
        TEST(open_ones_are_found_and_requests_are_known),
        TEST(one_that_is_not_there_is_told_with_the_newest),
        TEST(changes_are_stored_and_nothing_else),
        TEST(dates_are_found_by_state_in_order),
        TEST(a_date_is_found_by_its_planned_time),
        TEST(those_asked_for_together_know_each_other),
        TEST(dates_that_did_not_work_wait_again),
        TEST(a_reason_is_one_line_and_not_too_long),
        TEST(ids_are_never_given_twice),
        TEST(calls_that_are_wrong_are_refused),
        TEST(a_request_is_not_taken_twice),
        TEST(a_crash_leaves_whole_backfills),
        TEST(an_unfinished_backfill_keeps_its_runs),
        TEST(a_backfill_stays_while_one_of_its_runs_does),
        TEST(every_number_has_a_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
