/* Engines of other versions: a newer one drains this keeper, an older one is refused. */
#include "tests/unit/keeper/harness.h"

#include "scheduler/system/unix_socket.h"
#include "scheduler/system/wire.h"

#include <sys/wait.h>

/* A line to the keeper on which any version can be spoken. */
struct line {
    struct wire wire;
    struct arena arena;
};

/* Whether the other side was still there to be told. */
static bool try_say(struct line *line, const struct keeper_message *message)
{
    struct text bytes = {0};
    keeper_message_encode(message, &bytes);
    wire_add(&line->wire, text_string(&bytes), bytes.length);
    int result = wire_flush(&line->wire, NULL);
    text_free(&bytes);
    return result == 0;
}

static void say(struct line *line, const struct keeper_message *message)
{
    assert_true(try_say(line, message));
}

/* The next message; GONE when the keeper has hung up. Borrowed until the one after it. */
static struct keeper_message hear(struct line *line)
{
    int64_t until = clock_monotonic().us + duration_ms(WORLD_WAIT_MS).us;
    while (clock_monotonic().us < until) {
        struct wire_frame frame;
        struct keeper_message message = {.kind = KEEPER_GONE};
        bool is_end = false;
        assert_int_equal(wire_next(&line->wire, &frame, NULL), 0);
        if (frame.bytes != NULL) {
            assert_int_equal(
                keeper_message_decode(frame.bytes, frame.length, &line->arena, &message, NULL), 0);
            return message;
        }
        if (wire_receive(&line->wire, &is_end, NULL) < 0 || is_end)
            return message;
        usleep(1000);
    }
    fail_msg("the keeper says nothing");
    return (struct keeper_message){0};
}

static struct keeper_message hear_of(struct line *line, enum keeper_message_kind kind)
{
    struct keeper_message message = hear(line);
    while (message.kind != kind) {
        assert_int_not_equal(message.kind, KEEPER_GONE);
        message = hear(line);
    }
    return message;
}

static void greet(struct world *world, struct line *line, int32_t version, int64_t epoch)
{
    SCOPED_FD int dir_fd = open(world->state_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    struct error err = {0};
    int fd = -1;
    if (unix_socket_connect(dir_fd, KEEPER_SOCKET_NAME, &fd, &err) < 0)
        fail_msg("%s", err.text);
    *line = (struct line){0};
    wire_init(&line->wire, fd, KEEPER_MAX_FRAME_BYTES);
    say(line, &(struct keeper_message){.kind = KEEPER_HELLO,
                                       .hello = {.version = version, .epoch = epoch, .slots = 1}});
}

static void hang_up(struct line *line)
{
    close(line->wire.fd);
    wire_free(&line->wire);
    arena_free(&line->arena);
}

static void say_start(struct world *world, struct line *line, int64_t attempt_id)
{
    struct script *script = script_new(world, attempt_id, "exit 0");
    say(line, &(struct keeper_message){.kind = KEEPER_START, .start = script->start});
    free(script);
}

/* It finishes what it has, takes nothing new from anybody, and goes when all is told. */
static void test_a_newer_engine_drains_it(void **state)
{
    (void)state;
    struct world *world = world_open(1);
    run_script(world, 1, "until test -f go; do sleep 0.01; done; exit 4");
    run_script(world, 2, "exit 5");
    world_wait(world, KEEPER_STARTED, 1);
    world_disconnect(world);
    struct line line;
    greet(world, &line, KEEPER_PROTOCOL_VERSION + 1, world->epoch + 10);
    struct keeper_message welcome = hear(&line);
    assert_int_equal(welcome.kind, KEEPER_WELCOME);
    assert_int_equal(welcome.welcome.version, KEEPER_PROTOCOL_VERSION);
    assert_false(welcome.welcome.is_refused);
    assert_true(welcome.welcome.is_draining);
    assert_int_equal(hear(&line).attempt.state, KEEPER_ATTEMPT_RUNNING);
    assert_int_equal(hear(&line).attempt.state, KEEPER_ATTEMPT_QUEUED);
    assert_int_equal(hear(&line).kind, KEEPER_SNAPSHOT_END);
    say_start(world, &line, 3);
    assert_int_equal(hear_of(&line, KEEPER_REVOKED).attempt_id, 3);
    char path[128];
    snprintf(path, sizeof path, "%s/go", world->folder);
    close(open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
    assert_int_equal(hear_of(&line, KEEPER_ENDED).ended.status, 4);
    assert_int_equal(hear_of(&line, KEEPER_ENDED).ended.status, 5); /* it was granted before */
    /* It may have ended by now: what is not settled stands in its journal. */
    const int64_t ended[] = {1, 2};
    try_say(&line, &(struct keeper_message){.kind = KEEPER_SETTLED,
                                            .settled = {.attempt_ids = ended, .count = 2}});
    hang_up(&line);
    assert_true(wait_until_dead(world->keeper, 5000));
    world_close(world);
}

/* An engine of its own version that comes back afterwards is told so. What it grants is for the
 * next keeper, which it gets as soon as this one is done, although it stays connected. */
static void test_it_stays_draining(void **state)
{
    (void)state;
    struct world *world = world_open(1);
    run_script(world, 1, "until test -f go; do sleep 0.01; done; exit 4");
    world_wait(world, KEEPER_STARTED, 1);
    pid_t keeper = world->keeper;
    assert_false(world->is_draining);
    world_disconnect(world);
    struct line line;
    greet(world, &line, KEEPER_PROTOCOL_VERSION + 1, world->epoch + 1);
    hear_of(&line, KEEPER_SNAPSHOT_END);
    hang_up(&line);
    world->epoch += 1;
    world_connect(world, 1);
    assert_int_equal(world->keeper, keeper);
    assert_true(world->is_draining);
    size_t from = world->count;
    run_script(world, 7, "exit 6");
    world_pause(world, 100);
    assert_int_equal(world->count, from); /* not started, not given back again and again */
    char path[128];
    snprintf(path, sizeof path, "%s/go", world->folder);
    close(open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
    assert_int_equal(wait_end(world, 1)->status, 4);
    world_wait_from(world, KEEPER_SNAPSHOT_END, 0, from);
    assert_int_not_equal(world->keeper, keeper);
    assert_false(world->is_draining);
    run_script(world, 7, "exit 6");
    assert_int_equal(wait_end(world, 7)->status, 6);
    world_close(world);
}

static void test_an_older_engine_is_refused(void **state)
{
    (void)state;
    struct world *world = world_open(1);
    struct line line;
    greet(world, &line, KEEPER_PROTOCOL_VERSION - 1, world->epoch + 1);
    struct keeper_message welcome = hear(&line);
    assert_int_equal(welcome.kind, KEEPER_WELCOME);
    assert_true(welcome.welcome.is_refused);
    assert_int_equal(hear(&line).kind, KEEPER_GONE);
    hang_up(&line);
    greet(world, &line, KEEPER_PROTOCOL_VERSION, world->epoch - 1);
    assert_true(hear(&line).welcome.is_refused);
    assert_int_equal(hear(&line).kind, KEEPER_GONE);
    hang_up(&line);
    run_script(world, 1, "exit 3"); /* who was there before is not disturbed */
    assert_int_equal(wait_end(world, 1)->status, 3);
    assert_null(world_find(world, KEEPER_GONE, 0, 0));
    world_close(world);
}

/* --- one that does not understand us --- */

static void say_snapshot(struct line *line, int32_t version)
{
    struct keeper_message welcome = {.kind = KEEPER_WELCOME,
                                     .welcome = {.version = version,
                                                 .boot_id = "00000000-0000-0000-0000-000000000000",
                                                 .pid = getpid()}};
    /* Who is told may have seen enough of the first. */
    if (try_say(line, &welcome))
        try_say(line, &(struct keeper_message){.kind = KEEPER_SNAPSHOT_END});
}

/* Greets whoever comes, and hangs up on the first START, as on one it cannot read. */
static void serve_badly(int listen_fd, int32_t version)
{
    for (;;) {
        struct line line = {0};
        int fd = -1;
        if (unix_socket_accept(listen_fd, &fd, NULL) < 0 || fd < 0) {
            usleep(1000);
            continue;
        }
        wire_init(&line.wire, fd, KEEPER_MAX_FRAME_BYTES);
        struct keeper_message message = hear(&line);
        if (message.kind == KEEPER_HELLO)
            say_snapshot(&line, version);
        while (message.kind != KEEPER_GONE && message.kind != KEEPER_START)
            message = hear(&line);
        hang_up(&line);
    }
}

/* It must listen itself: the kernel names the listener as the peer. */
static pid_t start_bad_keeper(const struct world *world, int32_t version)
{
    SCOPED_FD int dir_fd = open(world->state_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int ready[2];
    char byte = 0;
    assert_int_equal(pipe2(ready, O_CLOEXEC), 0);
    pid_t pid = fork();
    if (pid == 0) {
        int fd = -1;
        int result = unix_socket_listen(dir_fd, KEEPER_SOCKET_NAME, &fd, NULL);
        if (result < 0 || write(ready[1], &byte, 1) != 1)
            _exit(1);
        serve_badly(fd, version);
    }
    close(ready[1]);
    assert_int_equal(read(ready[0], &byte, 1), 1);
    close(ready[0]);
    return pid;
}

/* A second misunderstanding is an error that is told, no endless loop; when that keeper has gone, a
 * new one does the work. */
static void test_a_keeper_that_does_not_understand(void **state)
{
    (void)state;
    struct world *world = world_new();
    pid_t bad = start_bad_keeper(world, KEEPER_PROTOCOL_VERSION);
    world_connect(world, 1);
    run_script(world, 1, "exit 3");
    const struct told *gone = world_wait(world, KEEPER_GONE, 0);
    assert_false(gone->is_full);
    size_t from = world->count;
    world_wait_from(world, KEEPER_SNAPSHOT_END, 0, from);
    run_script(world, 1, "exit 3");
    gone = world_wait_from(world, KEEPER_GONE, 0, from);
    assert_true(gone->is_full);
    assert_non_null(strstr(gone->text, "of different versions"));
    from = world->count;
    world_pause(world, 300);
    assert_int_equal(world->count, from);
    kill(bad, SIGKILL);
    assert_int_equal(waitpid(bad, NULL, 0), bad);
    world_wait_from(world, KEEPER_SNAPSHOT_END, 0, from);
    assert_int_not_equal(world->keeper, bad);
    run_script(world, 1, "exit 3");
    assert_int_equal(world_wait_from(world, KEEPER_ENDED, 1, from)->end.status, 3);
    world_close(world);
}

/* One that does not end while somebody is connected is left alone at once. */
static void test_a_keeper_that_must_be_left_to_end(void **state)
{
    (void)state;
    struct world *world = world_new();
    pid_t old = start_bad_keeper(world, KEEPER_DRAINS_VERSION - 1);
    world_open_client(world, 1);
    const struct told *gone = world_wait(world, KEEPER_GONE, 0);
    assert_true(gone->is_full);
    assert_non_null(strstr(gone->text, "(it is older)"));
    size_t from = world->count;
    run_script(world, 1, "exit 3");
    world_pause(world, 300);
    assert_int_equal(world->count, from);
    kill(old, SIGKILL);
    assert_int_equal(waitpid(old, NULL, 0), old);
    world_wait_from(world, KEEPER_SNAPSHOT_END, 0, from);
    run_script(world, 1, "exit 3");
    assert_int_equal(wait_end(world, 1)->status, 3);
    world_close(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_newer_engine_drains_it),
        cmocka_unit_test(test_it_stays_draining),
        cmocka_unit_test(test_an_older_engine_is_refused),
        cmocka_unit_test(test_a_keeper_that_does_not_understand),
        cmocka_unit_test(test_a_keeper_that_must_be_left_to_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
