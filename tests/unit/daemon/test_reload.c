/* datemill.yaml, read again while a server works. */
#include "tests/unit/daemon/harness.h"

#define PROJECT "timezone: UTC\nslots: 4\npools: {narrow: 1, wide: 3}\n"
#define NODE "{pool: narrow, run: 'echo begin >> out; sleep 0.1; echo end >> out'}"
#define FLOW "flow: shop\nnodes:\n  a: " NODE "\n  b: " NODE "\n  c: " NODE "\n"

struct heard {
    struct world *world;
    struct daemon_watcher watcher;
    int troubles;
    char text[1024];
};

static void hear(void *owner, const struct notice *notice)
{
    struct heard *heard = owner;
    if (notice->kind != NOTICE_KIND_TROUBLE)
        return;
    heard->troubles++;
    snprintf(heard->text, sizeof heard->text, "%s", notice->reason);
}

static struct heard *serve(void)
{
    struct heard *heard = memory_new(1, sizeof *heard);
    heard->world = world_new(PROJECT, FLOW);
    world_leave(heard->world);
    heard->world->options.is_server = true;
    world_open(heard->world);
    heard->watcher = (struct daemon_watcher){.tell = hear, .owner = heard, .who = "wang"};
    daemon_add_watcher(heard->world->daemon, &heard->watcher);
    return heard;
}

static void heard_free(struct heard *heard)
{
    daemon_remove_watcher(heard->world->daemon, &heard->watcher);
    world_free(heard->world);
    free(heard);
}

static void run(struct world *world, const char *date)
{
    struct request request = {
        .kind = REQUEST_KIND_RUN, .flow = "shop", .date = date, .nodes = "", .who = "lin"};
    world_ask_well(world, &request);
}

/* A pool of one place stays one, whatever else is in the file and where. */
static void pools_keep_their_meaning(void **state)
{
    (void)state;
    struct heard *heard = serve();
    struct world *world = heard->world;
    char line[64];
    run(world, "2021-11-01");
    world_until(world, world_lines(world, "out") == 1);
    world_write(world, "datemill.yaml",
                "timezone: UTC\nslots: 6\npools: {first: 5, wide: 3, narrow: 1}\n");
    run(world, "2021-11-02"); /* of the new file, before the server has read it */
    daemon_reload(world->daemon);
    run(world, "2021-11-03");
    world_until(world, world_lines(world, "out") == 18);
    for (int i = 0; i < 18; i++) {
        assert_true(world_read_line(world, "out", i, line, sizeof line));
        assert_string_equal(line, i % 2 == 0 ? "begin" : "end");
    }
    assert_int_equal(heard->troubles, 0);
    heard_free(heard);
}

static void more_places_are_used_at_once(void **state)
{
    (void)state;
    struct heard *heard = serve();
    struct world *world = heard->world;
    world_write(
        world, "shop.yaml",
        "flow: shop\nnodes:\n"
        "  a: {pool: narrow, run: 'echo a >> out; while [ ! -e go ]; do sleep 0.02; done'}\n"
        "  b: {pool: narrow, run: 'echo b >> out; while [ ! -e go ]; do sleep 0.02; done'}\n");
    run(world, "2021-11-01");
    world_until(world, world_lines(world, "out") == 1);
    world_wait(world, 200);
    assert_int_equal(world_lines(world, "out"), 1);
    world_write(world, "datemill.yaml", "timezone: UTC\nslots: 4\npools: {narrow: 2}\n");
    daemon_reload(world->daemon);
    world_until(world, world_lines(world, "out") == 2);
    world_write(world, "go", "");
    world_until(world, world->run_ends == 1);
    heard_free(heard);
}

static void a_wrong_file_is_told_and_left(void **state)
{
    (void)state;
    struct heard *heard = serve();
    struct world *world = heard->world;
    world_write(world, "datemill.yaml", "timezone: UTC\nslots: many\n");
    for (int i = 0; i < 2; i++)
        daemon_reload(world->daemon);
    world_wait(world, 50);
    assert_int_equal(heard->troubles, 1);
    assert_non_null(strstr(heard->text, "datemill.yaml:2:"));
    assert_non_null(strstr(heard->text, "goes on as it was"));
    world_write(world, "datemill.yaml", PROJECT);
    daemon_reload(world->daemon);
    world_wait(world, 50);
    assert_int_equal(heard->troubles, 2);
    assert_string_equal(heard->text, "");
    run(world, "2021-11-01");
    world_until(world, world->run_ends == 1);
    heard_free(heard);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pools_keep_their_meaning),
        cmocka_unit_test(more_places_are_used_at_once),
        cmocka_unit_test(a_wrong_file_is_told_and_left),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
