/* What people are told: stored once, sent until it is marked. */
#include "scheduler/store/store_message.h"
#include "tests/unit/store/store_world.h"

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

static struct instant at(int64_t seconds)
{
    return (struct instant){(1600000000 + seconds) * DURATION_SECOND_US};
}

static void put(struct world *world, const char *channel, const char *about, int64_t seconds)
{
    struct store_message message = {
        .channel = channel, .about = about, .facts = "{\"text\":\"x\"}", .created_at = at(seconds)};
    assert_int_equal(store_begin(world->store, NULL), 0);
    assert_int_equal(store_put_message(world->store, &message, NULL), 0);
    assert_int_equal(store_commit(world->store, NULL), 0);
}

static size_t waiting(struct world *world, struct arena *arena, struct store_messages *messages)
{
    assert_int_equal(load_waiting_messages(world->store, 100, arena, messages, NULL), 0);
    return messages->count;
}

static void about_the_same_is_stored_once(void **state)
{
    struct world *world = *state;
    SCOPED_ARENA struct arena arena = {0};
    struct store_messages messages;
    put(world, "ops", "ops: failure of run 1.1", 0);
    put(world, "ops", "ops: failure of run 1.1", 5);
    put(world, "hook", "hook: failure of run 1.1", 0);
    assert_int_equal(waiting(world, &arena, &messages), 2);
    assert_string_equal(messages.items[0].channel, "ops");
    assert_int_equal(messages.items[0].id, 1600000000000);
    assert_int_equal(messages.items[1].id, 1600000000001);
}

static void what_is_delivered_waits_no_more_and_counts(void **state)
{
    struct world *world = *state;
    SCOPED_ARENA struct arena arena = {0};
    struct store_messages messages;
    struct sent_messages sent;
    struct message_counts counts;
    put(world, "ops", "a", 0);
    put(world, "ops", "b", 1);
    waiting(world, &arena, &messages);
    struct store_message row = messages.items[0];
    row.state = MESSAGE_DELIVERED;
    row.ended_at = at(10);
    row.problem = "";
    struct store_message failing = messages.items[1];
    failing.tries = 1;
    failing.next_at = at(20);
    failing.problem = "it answered 500";
    store_begin(world->store, NULL);
    assert_int_equal(store_set_message(world->store, &row, NULL), 0);
    assert_int_equal(store_set_message(world->store, &failing, NULL), 0);
    store_commit(world->store, NULL);
    assert_int_equal(waiting(world, &arena, &messages), 1);
    assert_int_equal(messages.items[0].next_at.us, at(20).us);
    assert_int_equal(load_sent_messages(world->store, "ops", at(9), &sent, NULL), 0);
    assert_int_equal(sent.count, 1);
    assert_int_equal(sent.first.us, at(10).us);
    assert_int_equal(load_sent_messages(world->store, "ops", at(10), &sent, NULL), 0);
    assert_int_equal(sent.count, 0);
    assert_int_equal(view_message_counts(world->store, &arena, &counts, NULL), 0);
    assert_int_equal(counts.waiting, 1);
    assert_int_equal(counts.failing, 1);
    assert_int_equal(counts.given_up, 0);
    assert_string_equal(counts.problem, "it answered 500");
}

static void many_become_one(void **state)
{
    struct world *world = *state;
    SCOPED_ARENA struct arena arena = {0};
    struct store_messages messages;
    put(world, "ops", "a", 0);
    put(world, "hook", "b", 0);
    put(world, "ops", "c", 0);
    waiting(world, &arena, &messages);
    struct store_message summary = {.channel = "ops",
                                    .about = "ops: summary",
                                    .facts = "{}",
                                    .created_at = at(1),
                                    .id = messages.items[2].id};
    put(world, "ops", "d", 1); /* too late for it */
    store_begin(world->store, NULL);
    assert_int_equal(store_put_message(world->store, &summary, NULL), 0);
    assert_int_equal(store_fold_messages(world->store, &summary, NULL), 0);
    store_commit(world->store, NULL);
    assert_int_equal(waiting(world, &arena, &messages), 3);
    assert_string_equal(messages.items[0].about, "b");
    assert_string_equal(messages.items[1].about, "d");
    assert_string_equal(messages.items[2].about, "ops: summary");
    struct message_query all = {false, 10};
    assert_int_equal(view_messages(world->store, &all, &arena, &messages, NULL), 0);
    assert_int_equal(messages.count, 5);
    assert_int_equal(messages.items[4].state, MESSAGE_FOLDED);
    assert_int_equal(messages.items[4].summary_id, messages.items[0].id);
}

static void what_ended_long_ago_is_forgotten(void **state)
{
    struct world *world = *state;
    SCOPED_ARENA struct arena arena = {0};
    struct store_messages messages;
    put(world, "ops", "a", 0);
    put(world, "ops", "b", 0);
    waiting(world, &arena, &messages);
    struct store_message row = messages.items[0];
    row.state = MESSAGE_GIVEN_UP;
    row.ended_at = at(1);
    store_begin(world->store, NULL);
    store_set_message(world->store, &row, NULL);
    store_commit(world->store, NULL);
    put(world, "ops", "c", 31 * 86400);
    struct message_query all = {false, 10};
    assert_int_equal(view_messages(world->store, &all, &arena, &messages, NULL), 0);
    assert_int_equal(messages.count, 2); /* what waits stays, however old */
    assert_string_equal(messages.items[1].about, "b");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(about_the_same_is_stored_once, setup, teardown),
        cmocka_unit_test_setup_teardown(what_is_delivered_waits_no_more_and_counts, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(many_become_one, setup, teardown),
        cmocka_unit_test_setup_teardown(what_ended_long_ago_is_forgotten, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
