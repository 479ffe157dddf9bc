/* Skip, mark, freeze, unfreeze and explain, asked of a real engine. */
#include "tests/unit/daemon/harness.h"

#define PROJECT "timezone: UTC\nslots: 2\n"
#define FLOW                                                                                       \
    "flow: shop\n"                                                                                 \
    "nodes:\n"                                                                                     \
    "  fetch: {run: 'exit 3'}\n"                                                                   \
    "  load: {run: echo load, needs: [fetch]}\n"

static struct request of_node(enum request_kind kind, const char *node)
{
    struct request request = {
        .kind = kind, .who = "lin", .nodes = node, .reason = "by hand", .run_count = 1};
    request.run_ids[0] = 1;
    return request;
}

static struct request freeze_of(enum request_kind kind, const char *node, const char *until)
{
    return (struct request){.kind = kind,
                            .who = "lin",
                            .flow = "shop",
                            .nodes = node,
                            .reason = "outage",
                            .until = until};
}

static struct request run_of(const char *date)
{
    return (struct request){
        .kind = REQUEST_KIND_RUN, .who = "lin", .flow = "shop", .date = date, .nodes = ""};
}

static struct world *world_with_failed_run(void)
{
    struct world *world = world_new(PROJECT, FLOW);
    struct request run = run_of("2021-11-11");
    world_ask_well(world, &run);
    world_until(world, world->run_ends == 1);
    return world;
}

static void test_mark_opens_a_run_again(void **state)
{
    (void)state;
    struct world *world = world_with_failed_run();
    struct request mark = of_node(REQUEST_KIND_MARK, "fetch");
    mark.is_success = true;
    world_ask_well(world, &mark);
    assert_string_equal(world->reply.state, "success");
    assert_string_equal(world->reply.remark, "");
    assert_int_equal(world->reply.item_count, 1);
    assert_string_equal(world->reply.items[0].key, "load");
    world_ask_well(world, &mark);
    assert_string_equal(world->reply.remark, "it is success already");
    struct request unknown = of_node(REQUEST_KIND_SKIP, "lod");
    world_ask(world, &unknown);
    assert_int_equal(world->reply.error.kind, ERROR_KIND_NOT_FOUND);
    assert_string_equal(world->reply.error.help, "did you mean `load`?");
    struct request skip = of_node(REQUEST_KIND_SKIP, "fetch");
    world_ask(world, &skip);
    assert_int_equal(world->reply.error.kind, ERROR_KIND_REFUSED);
    world_free(world);
}

static void test_freeze_and_explain(void **state)
{
    (void)state;
    struct world *world = world_with_failed_run();
    struct request over = freeze_of(REQUEST_KIND_FREEZE, "", "2021-11-11");
    world_ask(world, &over);
    assert_int_equal(world->reply.error.kind, ERROR_KIND_USAGE);
    struct request freeze = freeze_of(REQUEST_KIND_FREEZE, "", "9000-01-01");
    world_ask_well(world, &freeze);
    assert_string_equal(world->reply.remark, "");
    world_ask_well(world, &freeze);
    assert_non_null(strstr(world->reply.remark, "business dates before 9000-01-01: outage"));
    struct request run = run_of("2021-11-12");
    world_ask(world, &run);
    assert_int_equal(world->reply.error.kind, ERROR_KIND_REFUSED);
    world_leave(world); /* the next engine knows it from the store */
    world_open(world);
    world_ask(world, &run);
    assert_int_equal(world->reply.error.kind, ERROR_KIND_REFUSED);
    struct request unfreeze = freeze_of(REQUEST_KIND_UNFREEZE, "", "");
    world_ask_well(world, &unfreeze);
    world_ask(world, &unfreeze);
    assert_int_equal(world->reply.error.kind, ERROR_KIND_NOT_FOUND);

    struct request mark = of_node(REQUEST_KIND_SKIP, "fetch");
    world_ask_well(world, &mark);
    struct request explain = of_node(REQUEST_KIND_EXPLAIN, "");
    world_ask_well(world, &explain);
    assert_int_equal(world->reply.item_count, 1);
    assert_string_equal(world->reply.items[0].key, "load");
    assert_string_equal(world->reply.items[0].text,
                        "no scheduler is running: datemill rerun 1 goes on");
    world_free(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_mark_opens_a_run_again),
        cmocka_unit_test(test_freeze_and_explain),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
