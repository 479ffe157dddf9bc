/* Commands and the engine over the control socket, in one process. */
#include "scheduler/base/memory.h"
#include "scheduler/base/scope.h"
#include "scheduler/system/clock.h"
#include "scheduler/system/control_client.h"
#include "scheduler/system/control_server.h"
#include "scheduler/system/unix_socket.h"
#include "scheduler/system/wire.h"

#include <fcntl.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#define MAX_SEEN 512

struct engine {
    char folder[256];
    int dir_fd;
    struct loop *loop;
    struct control_server *server;
    int64_t connections[MAX_SEEN];
    char *texts[MAX_SEEN]; /* of the key "text" */
    size_t messages;
    size_t closed;
    int64_t last_closed;
};

/* "flood" asks for more than the queue takes, "end" for the end, all else is sent back. */
static void on_message(void *owner, int64_t connection, const struct json *message)
{
    struct engine *engine = owner;
    const char *text = json_get_string(message, "text", "");
    assert_true(engine->messages < MAX_SEEN);
    engine->connections[engine->messages] = connection;
    engine->texts[engine->messages++] = memory_copy_string(text);
    if (strcmp(text, "flood") == 0) {
        char *large = memory_new(1, 1 << 20);
        memset(large, ' ', 1 << 20);
        large[0] = '{';
        large[1] = '}';
        int sent = 0;
        while (sent < 100 && control_server_send(engine->server, connection, large, 1 << 20))
            sent++;
        assert_in_range(sent, 1, 20);
        free(large);
        return;
    }
    SCOPED_TEXT struct text answer = {0};
    text_append_format(&answer, "{\"echo\": \"%s\"}", text);
    assert_true(control_server_send(engine->server, connection, answer.data, answer.length));
    if (strcmp(text, "end") == 0)
        control_server_end(engine->server, connection);
}

static void on_close(void *owner, int64_t connection)
{
    struct engine *engine = owner;
    engine->closed++;
    engine->last_closed = connection;
    assert_false(control_server_send(engine->server, connection, "{}", 2));
}

static int open_engine(void **state)
{
    struct engine *engine = memory_new(1, sizeof *engine);
    /* a path far longer than a socket's may be */
    snprintf(engine->folder, sizeof engine->folder, "/tmp/datemill-control-XXXXXX");
    assert_non_null(mkdtemp(engine->folder));
    for (int i = 0; i < 3; i++) {
        size_t length = strlen(engine->folder);
        snprintf(engine->folder + length, sizeof engine->folder - length, "/%060d", i);
        assert_int_equal(mkdir(engine->folder, 0700), 0);
    }
    engine->dir_fd = open(engine->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    struct error err = {0};
    assert_int_equal(loop_open(&engine->loop, &err), 0);
    struct control_server_options options = {.loop = engine->loop,
                                             .state_dir_fd = engine->dir_fd,
                                             .on_message = on_message,
                                             .on_close = on_close,
                                             .owner = engine};
    if (control_server_open(&options, &engine->server, &err) < 0)
        fail_msg("%s", err.text);
    *state = engine;
    return 0;
}

static int remove_file(const char *path, const struct stat *status, int kind, struct FTW *place)
{
    (void)status;
    (void)kind;
    (void)place;
    return remove(path);
}

static int close_engine(void **state)
{
    struct engine *engine = *state;
    control_server_close(engine->server);
    loop_close(engine->loop);
    close(engine->dir_fd);
    engine->folder[strlen("/tmp/datemill-control-XXXXXX")] = '\0';
    nftw(engine->folder, remove_file, 16, FTW_DEPTH | FTW_PHYS);
    for (size_t i = 0; i < engine->messages; i++)
        free(engine->texts[i]);
    free(engine);
    return 0;
}

static void turns(struct engine *engine)
{
    for (int i = 0; i < 6; i++)
        assert_int_equal(loop_turn(engine->loop, duration_ms(2), NULL), 0);
}

static struct control_client *connect_client(struct engine *engine)
{
    struct control_client *client = NULL;
    struct error err = {0};
    if (control_client_open(engine->dir_fd, &client, &err) < 0)
        fail_msg("%s", err.text);
    return client;
}

static void say(struct control_client *client, const char *text)
{
    SCOPED_TEXT struct text json = {0};
    struct error err = {0};
    text_append_format(&json, "{\"text\": \"%s\"}", text);
    if (control_client_send(client, json.data, json.length, duration_seconds(5), &err) < 0)
        fail_msg("%s", err.text);
}

static void expect_echo(struct control_client *client, const char *text)
{
    struct json *answer = NULL;
    assert_int_equal(control_client_receive(client, duration_ms(100), &answer, NULL), 0);
    assert_non_null(answer);
    assert_string_equal(json_get_string(answer, "echo", "none"), text);
    json_free(answer);
}

static void test_many_clients(void **state)
{
    struct engine *engine = *state;
    struct control_client *clients[5];
    for (int i = 0; i < 5; i++)
        clients[i] = connect_client(engine);
    for (int i = 0; i < 5; i++) {
        char name[8];
        snprintf(name, sizeof name, "c%d", i);
        say(clients[i], name);
        say(clients[i], "more");
    }
    turns(engine);
    assert_int_equal(control_server_count(engine->server), 5);
    assert_int_equal(control_server_peer_pid(engine->server, engine->connections[0]), getpid());
    assert_int_equal(engine->messages, 10);
    for (int i = 0; i < 5; i++) {
        char name[8];
        snprintf(name, sizeof name, "c%d", i);
        expect_echo(clients[i], name);
        expect_echo(clients[i], "more");
        control_client_close(clients[i]);
    }
    turns(engine);
    assert_int_equal(engine->closed, 5);
    assert_int_equal(control_server_count(engine->server), 0);
    struct control_client *next = connect_client(engine);
    say(next, "x");
    turns(engine);
    for (int i = 0; i < 10; i++)
        assert_int_not_equal(engine->connections[10], engine->connections[i]);
    control_client_close(next);
}

static void expect_refusal(struct engine *engine, const char *bytes, size_t length)
{
    struct control_client *client = connect_client(engine);
    struct json *answer = NULL;
    struct error err = {0};
    size_t before = engine->messages;
    assert_int_equal(control_client_send(client, bytes, length, duration_seconds(5), NULL), 0);
    say(client, "after");
    turns(engine);
    assert_int_equal(control_client_receive(client, duration_ms(100), &answer, NULL), 0);
    assert_true(strlen(json_get_string(answer, "error", "")) > 5);
    json_free(answer);
    assert_int_equal(control_client_receive(client, duration_ms(100), &answer, &err), -1);
    assert_true(control_client_is_closed(client));
    assert_int_equal(engine->messages, before);
    control_client_close(client);
}

static void test_what_is_no_message(void **state)
{
    struct engine *engine = *state;
    expect_refusal(engine, "{\"text\":", 8);
    expect_refusal(engine, "[1]", 3);
    expect_refusal(engine, "", 0);
    expect_refusal(engine, "\377\376\0\0", 4);
}

/* A frame announced above the limit, straight on the socket. */
static void test_an_endless_frame(void **state)
{
    struct engine *engine = *state;
    int fd = -1;
    assert_int_equal(unix_socket_connect(engine->dir_fd, CONTROL_SOCKET_NAME, &fd, NULL), 0);
    assert_int_equal(write(fd, "\377\377\377\177", 4), 4);
    turns(engine);
    assert_int_equal(engine->closed, 1);
    close(fd);
}

/* Who does not read is dropped; the others do not notice. */
static void test_a_slow_client(void **state)
{
    struct engine *engine = *state;
    struct control_client *slow = connect_client(engine);
    struct control_client *quick = connect_client(engine);
    int64_t before = clock_monotonic().us;
    say(slow, "flood");
    say(quick, "hello");
    turns(engine);
    expect_echo(quick, "hello");
    assert_true(clock_monotonic().us - before < 5 * DURATION_SECOND_US);
    assert_int_equal(engine->closed, 1);
    assert_int_equal(engine->last_closed, engine->connections[0]);
    assert_int_equal(control_server_count(engine->server), 1);
    control_client_close(slow);
    control_client_close(quick);
}

static void test_end_sends_first(void **state)
{
    struct engine *engine = *state;
    struct control_client *client = connect_client(engine);
    struct json *answer = NULL;
    say(client, "end");
    say(client, "too late");
    turns(engine);
    expect_echo(client, "end");
    assert_int_equal(control_client_receive(client, duration_ms(100), &answer, NULL), -1);
    assert_int_equal(engine->closed, 1);
    assert_int_equal(engine->messages, 1);
    control_client_close(client);
}

static void test_waiting_and_nobody(void **state)
{
    struct engine *engine = *state;
    struct control_client *client = connect_client(engine);
    struct json *answer = (struct json *)1;
    int64_t before = clock_monotonic().us;
    assert_int_equal(control_client_receive(client, duration_ms(50), &answer, NULL), 0);
    assert_null(answer);
    assert_true(clock_monotonic().us - before >= 49000);
    assert_int_equal(control_client_receive(client, (struct duration){0}, &answer, NULL), 0);
    assert_null(answer);
    control_server_close(engine->server);
    engine->server = NULL;
    struct error err = {0};
    assert_int_equal(control_client_receive(client, duration_seconds(5), &answer, &err), -1);
    assert_true(control_client_is_closed(client));
    struct control_client *second = NULL;
    assert_int_equal(control_client_open(engine->dir_fd, &second, &err), -1);
    assert_int_equal(err.kind, ERROR_KIND_NOT_FOUND);
    control_client_close(client);
}

static void test_too_many(void **state)
{
    struct engine *engine = *state;
    int fds[CONTROL_MAX_CLIENTS + 4];
    for (size_t i = 0; i < CONTROL_MAX_CLIENTS + 4; i++) {
        assert_int_equal(unix_socket_connect(engine->dir_fd, CONTROL_SOCKET_NAME, &fds[i], NULL),
                         0);
        if (i % 16 == 0)
            turns(engine);
    }
    turns(engine);
    assert_int_equal(control_server_count(engine->server), CONTROL_MAX_CLIENTS);
    for (size_t i = 0; i < CONTROL_MAX_CLIENTS + 4; i++)
        close(fds[i]);
    turns(engine);
    turns(engine);
    assert_int_equal(control_server_count(engine->server), 0);
    assert_int_equal(engine->closed, CONTROL_MAX_CLIENTS);
}

static void test_the_socket_is_private(void **state)
{
    struct engine *engine = *state;
    struct stat status;
    assert_int_equal(fstatat(engine->dir_fd, CONTROL_SOCKET_NAME, &status, 0), 0);
    assert_true(S_ISSOCK(status.st_mode));
    assert_int_equal(status.st_mode & 0777, 0600);
    /* one left by a dead process is replaced */
    int fd = -1;
    assert_int_equal(unix_socket_listen(engine->dir_fd, CONTROL_SOCKET_NAME, &fd, NULL), 0);
    close(fd);
    int second = -1;
    struct error err = {0};
    assert_int_equal(unix_socket_connect(engine->dir_fd, CONTROL_SOCKET_NAME, &second, &err), -1);
    assert_int_equal(err.kind, ERROR_KIND_NOT_FOUND);
}

#define WITH_ENGINE(test) cmocka_unit_test_setup_teardown(test, open_engine, close_engine)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_ENGINE(test_many_clients),     WITH_ENGINE(test_what_is_no_message),
        WITH_ENGINE(test_an_endless_frame), WITH_ENGINE(test_a_slow_client),
        WITH_ENGINE(test_end_sends_first),  WITH_ENGINE(test_waiting_and_nobody),
        WITH_ENGINE(test_too_many),         WITH_ENGINE(test_the_socket_is_private),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
