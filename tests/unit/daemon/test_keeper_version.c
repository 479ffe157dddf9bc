/* A keeper that a newer program has greeted is drained: what it runs ends in it, once and with its
 * true status, and what starts afterwards starts in the next one. */
#include "tests/unit/daemon/harness.h"

#include "scheduler/store/store_load.h"
#include "scheduler/system/keeper_protocol.h"
#include "scheduler/system/unix_socket.h"
#include "scheduler/system/wire.h"

#define PROJECT "timezone: UTC\nslots: 2\n"
#define FLOW                                                                                       \
    "flow: shop\nschedule: {at: daily 00:30}\nnodes:\n"                                            \
    "  load:\n"                                                                                    \
    "    run: |\n"                                                                                 \
    "      echo $DATEMILL_BIZDATE >>ledger\n"                                                      \
    "      while [ -e gate-$DATEMILL_BIZDATE ]; do sleep 0.02; done\n"                             \
    "      echo $PPID >>keepers\n"                                                                 \
    "  report: {run: 'echo report $PPID >>keepers', needs: [load]}\n"

static struct request run_of(const char *date)
{
    return (struct request){
        .kind = REQUEST_KIND_RUN, .who = "lin", .flow = "shop", .date = date, .nodes = ""};
}

static int64_t keeper_of(const struct world *world)
{
    struct lock_holder holder = {0};
    SCOPED_FD int folder = open(world->state_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return lock_file_holder(folder, KEEPER_LOCK_NAME, &holder, NULL) == 0 ? holder.pid : 0;
}

/* As an engine of the next version does, and dies. */
static void greet_as_newer(const struct world *world, int64_t epoch)
{
    SCOPED_FD int folder = open(world->state_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    SCOPED_TEXT struct text bytes = {0};
    struct error err = {0};
    struct wire wire;
    bool is_end = false;
    int fd = -1;
    if (unix_socket_connect(folder, KEEPER_SOCKET_NAME, &fd, &err) < 0)
        fail_msg("%s", err.text);
    wire_init(&wire, fd, KEEPER_MAX_FRAME_BYTES);
    struct keeper_message hello = {
        .kind = KEEPER_HELLO,
        .hello = {.version = KEEPER_PROTOCOL_VERSION + 1, .epoch = epoch, .slots = 2}};
    keeper_message_encode(&hello, &bytes);
    wire_add(&wire, text_string(&bytes), bytes.length);
    assert_int_equal(wire_flush(&wire, NULL), 0);
    struct wire_frame frame = {0};
    for (int i = 0; i < 1000 && frame.bytes == NULL; i++) { /* WELCOME: it has been heard */
        usleep(5000);
        assert_int_equal(wire_receive(&wire, &is_end, NULL), 0);
        assert_int_equal(wire_next(&wire, &frame, NULL), 0);
    }
    assert_non_null(frame.bytes);
    close(fd);
    wire_free(&wire);
}

static int64_t stored_epoch(const struct world *world)
{
    struct store *store;
    struct load_engine engine;
    SCOPED_ARENA struct arena arena = {0};
    assert_int_equal(store_open_reader(world->state_dir, &store, NULL), 0);
    assert_int_equal(load_engine(store, &arena, &engine, NULL), 0);
    store_close(store);
    return engine.epoch;
}

static void test_the_old_one_ends_what_it_runs_the_next_starts_the_rest(void **state)
{
    (void)state;
    struct world *world = world_new(PROJECT, FLOW);
    world_write(world, "gate-2021-11-11", "");
    struct request run = run_of("2021-11-11");
    world_ask_well(world, &run);
    world_until(world, world_lines(world, "ledger") == 1);
    world_wait(world, 100);
    int64_t old = keeper_of(world);
    assert_true(old > 0);
    world_leave(world);
    greet_as_newer(world, stored_epoch(world));
    world_open(world);
    struct request claim = {.kind = REQUEST_KIND_CLAIM, .run_count = 1};
    claim.run_ids[0] = 1;
    world_ask_well(world, &claim);
    struct request other = run_of("2021-11-12");
    world_ask_well(world, &other);
    world_wait(world, 1500);
    assert_int_equal(world_lines(world, "ledger"), 1); /* it takes no starts */
    assert_int_equal(keeper_of(world), old);
    struct request explain = {.kind = REQUEST_KIND_EXPLAIN, .nodes = "load", .run_count = 1};
    explain.run_ids[0] = 2;
    world_ask_well(world, &explain);
    assert_true(world->reply.item_count > 0);
    assert_non_null(strstr(world->reply.items[0].text, "a newer datemill has been here"));
    world_remove(world, "gate-2021-11-11");
    world_until(world, world->run_ends == 2);
    assert_int_equal(world_count_line(world, "ledger", "2021-11-11"), 1);
    assert_int_equal(world_count_line(world, "ledger", "2021-11-12"), 1);
    char line[64];
    int64_t next = keeper_of(world);
    assert_true(next > 0 && next != old);
    snprintf(line, sizeof line, "%lld", (long long)old);
    assert_int_equal(world_count_line(world, "keepers", line), 1);
    snprintf(line, sizeof line, "report %lld", (long long)next);
    assert_int_equal(world_count_line(world, "keepers", line), 2);
    assert_int_equal(world_lines(world, "keepers"), 4);
    world_free(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_old_one_ends_what_it_runs_the_next_starts_the_rest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
