/* Who the engine is: a command in the foreground steps down for a server, and its work goes on. */
#include "scheduler/daemon/session.h"
#include "tests/unit/daemon/harness.h"

#define PROJECT "timezone: UTC\nslots: 2\n"
#define FLOW                                                                                       \
    "flow: shop\nnodes:\n"                                                                         \
    "  one: {run: 'echo one >> out; while [ ! -e go ]; do sleep 0.02; done'}\n"                    \
    "  two: {run: 'echo two >> out', needs: [one]}\n"

/* A command's session, and what it was told. */
struct command {
    struct session *session;
    struct notice reply;
    char reply_text[1024];
    int replies;
    int run_ends;
    char state[16]; /* of the run that ended */
    bool has_failed;
};

static void take(void *owner, const struct notice *notice)
{
    struct command *command = owner;
    if (notice->kind == NOTICE_KIND_REPLY) {
        command->reply = *notice;
        command->replies++;
        snprintf(command->reply_text, sizeof command->reply_text, "%s", notice->error.text);
    }
    if (notice->kind == NOTICE_KIND_RUN_END) {
        command->run_ends++;
        snprintf(command->state, sizeof command->state, "%s", notice->state);
    }
}

static void note_failure(void *owner, const struct error *error)
{
    struct command *command = owner;
    fprintf(stderr, "%s\n", error->text);
    command->has_failed = true;
}

static void command_open(struct world *world, struct command *command)
{
    struct error err = {0};
    struct session_options options = {.loop = world->loop,
                                      .place = world->options.place,
                                      .tell = take,
                                      .fail = note_failure,
                                      .owner = command,
                                      .who = "lin"};
    *command = (struct command){0};
    if (session_open(&options, &command->session, &err) < 0)
        fail_msg("%s", err.text);
}

static void ask(struct world *world, struct command *command, enum request_kind kind)
{
    struct request request = {
        .kind = kind, .flow = "shop", .date = "2021-11-11", .nodes = "", .who = "lin"};
    int before = command->replies;
    session_request(command->session, &request);
    world_until(world, command->replies > before);
}

static struct world *world_without_engine(void)
{
    struct world *world = world_new(PROJECT, FLOW);
    world_leave(world);
    assert_int_equal(loop_open(&world->loop, NULL), 0);
    return world;
}

/* Takes the lock that was freed, as a server does. */
static void become_server(struct world *world, struct lock_file *lock)
{
    int folder = open(world->state_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    struct error err = {0};
    world_until(world, lock_file_try(folder, ENGINE_LOCK_NAME, lock, NULL) == 0);
    close(folder);
    world->options.is_server = true;
    world->options.loop = world->loop;
    if (daemon_open(&world->options, &world->daemon, &err) < 0)
        fail_msg("%s", err.text);
}

static void end_world(struct world *world)
{
    world_write(world, "go", "");
    loop_close(world->loop);
    world->loop = NULL;
    world_free(world);
}

static void the_first_command_steps_down_for_a_server(void **state)
{
    (void)state;
    struct world *world = world_without_engine();
    struct command first;
    struct command other;
    struct lock_file lock = {.fd = -1};
    command_open(world, &first);
    ask(world, &first, REQUEST_KIND_RUN);
    assert_int_equal(first.reply.error.kind, ERROR_KIND_NONE);
    world_until(world, world_lines(world, "out") == 1);
    command_open(world, &other);
    ask(world, &other, REQUEST_KIND_STEP_DOWN);
    assert_int_equal(other.reply.error.kind, ERROR_KIND_NONE);
    session_close(other.session);
    become_server(world, &lock);
    command_open(world, &other);
    ask(world, &other, REQUEST_KIND_STEP_DOWN);
    assert_int_equal(other.reply.error.kind, ERROR_KIND_REFUSED);
    assert_non_null(strstr(other.reply_text, "datemill serve is the engine"));
    assert_int_equal(first.run_ends, 0);
    world_write(world, "go", "");
    world_until(world, first.run_ends == 1);
    assert_string_equal(first.state, "success");
    assert_int_equal(world_lines(world, "out"), 2); /* no node started twice */
    assert_int_equal(first.replies, 1);
    assert_false(first.has_failed);
    session_close(other.session);
    session_close(first.session);
    daemon_close(world->daemon);
    world->daemon = NULL;
    lock_file_release(&lock);
    end_world(world);
}

/* Whoever asked has died over it: the work goes on where it was. */
static void nobody_comes_after_it(void **state)
{
    (void)state;
    struct world *world = world_without_engine();
    struct command first;
    struct command other;
    command_open(world, &first);
    ask(world, &first, REQUEST_KIND_RUN);
    world_until(world, world_lines(world, "out") == 1);
    command_open(world, &other);
    ask(world, &other, REQUEST_KIND_STEP_DOWN);
    session_close(other.session);
    world_write(world, "go", "");
    world_until(world, first.run_ends == 1);
    assert_string_equal(first.state, "success");
    assert_int_equal(world_lines(world, "out"), 2);
    session_close(first.session);
    end_world(world);
}

/* A run whose command went away goes on under a server. */
static void a_server_drives_what_was_left_behind(void **state)
{
    (void)state;
    struct world *world = world_without_engine();
    struct command first;
    struct lock_file lock = {.fd = -1};
    command_open(world, &first);
    ask(world, &first, REQUEST_KIND_RUN);
    world_until(world, world_lines(world, "out") == 1);
    session_close(first.session);
    become_server(world, &lock);
    world_write(world, "go", "");
    world_until(world, world_lines(world, "out") == 2);
    daemon_close(world->daemon);
    world->daemon = NULL;
    lock_file_release(&lock);
    end_world(world);
}

/* Its dates go on, too, one after another, with nobody watching. */
static void a_server_goes_on_with_backfills(void **state)
{
    (void)state;
    struct world *world = world_without_engine();
    struct command first;
    struct lock_file lock = {.fd = -1};
    struct request request = {.kind = REQUEST_KIND_BACKFILL,
                              .flow = "shop",
                              .ranges = "2021-11-01..2021-11-03",
                              .typed = "2021-11-01..2021-11-03",
                              .redo = "failed",
                              .nodes = "",
                              .dates_parallel = 1,
                              .who = "lin"};
    command_open(world, &first);
    session_request(first.session, &request);
    world_until(world, world_lines(world, "out") == 1);
    session_close(first.session);
    become_server(world, &lock);
    world_write(world, "go", "");
    world_until(world, world_lines(world, "out") == 6);
    daemon_close(world->daemon);
    world->daemon = NULL;
    lock_file_release(&lock);
    end_world(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_command_steps_down_for_a_server),
        cmocka_unit_test(nobody_comes_after_it),
        cmocka_unit_test(a_server_drives_what_was_left_behind),
        cmocka_unit_test(a_server_goes_on_with_backfills),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
