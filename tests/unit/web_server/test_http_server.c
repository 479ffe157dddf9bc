#include "web/server/http_server.h"

#include "scheduler/base/scope.h"
#include "scheduler/system/clock.h"
#include "scheduler/system/tcp_listen.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>

#define PATIENCE_S 20

struct world {
    struct loop *loop;
    struct http_server *server;
    struct sockaddr_in address;
    struct http_exchange *deferred; /* waits for its answer */
    struct http_stream *stream;
    struct loop_timer timer;
    size_t forgotten;
    size_t done;
    struct text seen; /* of the last request's body */
    bool was_too_large;
};

static void forget(void *owner)
{
    struct world *world = owner;
    world->forgotten++;
    world->deferred = NULL;
    world->stream = NULL;
}

static void finish_later(void *owner)
{
    struct world *world = owner;
    world->deferred->response.status = 200;
    text_append(&world->deferred->response.body, "late");
    http_exchange_finish(world->deferred);
}

static void defer(struct world *world, struct http_exchange *exchange)
{
    exchange->owner = world;
    exchange->forget = forget;
    world->deferred = exchange;
    http_exchange_defer(exchange);
}

static void handle(void *owner, struct http_exchange *exchange)
{
    struct world *world = owner;
    const char *target = exchange->request.target;
    text_clear(&world->seen);
    text_append_bytes(&world->seen, exchange->request.body, exchange->request.body_length);
    world->was_too_large = exchange->request.is_body_too_large;
    exchange->response.status = 200;
    if (strcmp(target, "/later") == 0) {
        defer(world, exchange);
        loop_set_timer(world->loop, &world->timer, duration_ms(30));
    } else if (strcmp(target, "/never") == 0) {
        defer(world, exchange);
    } else if (strcmp(target, "/stream") == 0) {
        world->stream = http_stream_open(exchange);
        exchange->owner = world;
        exchange->forget = forget;
        exchange->response.content_type = "text/event-stream";
    } else if (strcmp(target, "/at-once") == 0) {
        http_exchange_defer(exchange); /* and finished before anybody waits */
        text_append(&exchange->response.body, "at once");
        http_exchange_finish(exchange);
    } else {
        text_append_format(&exchange->response.body, "%s %s", target,
                           http_header(&exchange->request, "Host"));
    }
}

static void done(void *owner, const struct http_exchange *exchange)
{
    struct world *world = owner;
    (void)exchange;
    world->done++;
}

static int set_up(void **state)
{
    struct world *world = calloc(1, sizeof *world);
    struct error err = {0};
    int fd;
    socklen_t size = sizeof world->address;
    if (world == NULL || loop_open(&world->loop, &err) < 0 ||
        tcp_listen("127.0.0.1:0", &fd, &err) < 0)
        return -1;
    world->timer = (struct loop_timer){.call = finish_later, .owner = world};
    getsockname(fd, (struct sockaddr *)&world->address, &size);
    struct http_server_options options = {
        .loop = world->loop, .listen_fd = fd, .handle = handle, .done = done, .owner = world};
    *state = world;
    return http_server_open(&options, &world->server, &err);
}

static int tear_down(void **state)
{
    struct world *world = *state;
    http_server_close(world->server);
    loop_cancel_timer(world->loop, &world->timer);
    loop_close(world->loop);
    text_free(&world->seen);
    free(world);
    return 0;
}

static int connect_to(struct world *world)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&world->address, sizeof world->address), 0);
    fcntl(fd, F_SETFL, O_NONBLOCK);
    return fd;
}

static void say(int fd, const char *text)
{
    assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
}

/* Turns until the peer has said `wanted`; its end of the connection counts as "". */
static bool hears(struct world *world, int fd, struct text *heard, const char *wanted)
{
    struct duration end = {clock_monotonic().us + duration_seconds(PATIENCE_S).us};
    char bytes[4096];
    while (clock_monotonic().us < end.us) {
        ssize_t got = recv(fd, bytes, sizeof bytes, 0);
        if (got == 0)
            return wanted[0] == '\0';
        if (got > 0)
            text_append_bytes(heard, bytes, (size_t)got);
        if (wanted[0] != '\0' && memmem(text_string(heard), heard->length, wanted, strlen(wanted)))
            return true;
        if (got < 0)
            loop_turn(world->loop, duration_ms(20), NULL);
    }
    return false;
}

static void requests_on_one_connection(void **state)
{
    struct world *world = *state;
    SCOPED_TEXT struct text heard = {0};
    SCOPED_FD int fd = connect_to(world);
    say(fd, "GET /a%20b?c=%2f HTTP/1.1\r\nHost: one\r\n\r\n");
    assert_true(hears(world, fd, &heard, "/a%20b?c=%2f one"));
    text_clear(&heard);
    say(fd, "POST /two HTTP/1.1\r\nHost: two\r\nContent-Length: 5\r\n\r\nhel");
    loop_turn(world->loop, duration_ms(20), NULL);
    say(fd, "lo");
    assert_true(hears(world, fd, &heard, "/two two"));
    assert_string_equal(text_string(&world->seen), "hello");
    text_clear(&heard);
    say(fd, "HEAD /three HTTP/1.1\r\nHost: three\r\nConnection: close\r\n\r\n");
    assert_true(hears(world, fd, &heard, ""));
    assert_null(strstr(text_string(&heard), "/three"));
    assert_non_null(strstr(text_string(&heard), "200 OK"));
    assert_int_equal(world->done, 3);
}

static void whoever_is_slow_holds_up_nobody(void **state)
{
    struct world *world = *state;
    SCOPED_TEXT struct text heard = {0};
    SCOPED_FD int slow = connect_to(world);
    SCOPED_FD int waiting = connect_to(world);
    SCOPED_FD int quick = connect_to(world);
    say(slow, "GET /slow HTTP/1.1\r\nHo");
    say(waiting, "GET /never HTTP/1.1\r\nHost: x\r\n\r\n");
    say(quick, "GET /quick HTTP/1.1\r\nHost: x\r\n\r\n");
    assert_true(hears(world, quick, &heard, "/quick x"));
    assert_int_equal(http_server_connections(world->server), 3);
    text_clear(&heard);
    say(slow, "st: y\r\n\r\n");
    assert_true(hears(world, slow, &heard, "/slow y"));
}

/* More than the server takes hold a connection each and say nothing. */
static void those_who_only_hold_on_make_room(void **state)
{
    enum {
        MANY = HTTP_SERVER_MAX_CONNECTIONS + 40
    };
    struct world *world = *state;
    SCOPED_TEXT struct text heard = {0};
    int held[MANY];
    for (int i = 0; i < MANY; i++) {
        held[i] = connect_to(world);
        loop_turn(world->loop, duration_ms(0), NULL);
    }
    SCOPED_FD int fd = connect_to(world);
    say(fd, "GET /quick HTTP/1.1\r\nHost: x\r\n\r\n");
    assert_true(hears(world, fd, &heard, "/quick x"));
    assert_true(http_server_connections(world->server) <= HTTP_SERVER_MAX_CONNECTIONS);
    for (int i = 0; i < MANY; i++)
        close(held[i]);
}

/* Nothing else happens that could wake the server up. */
static void an_answer_that_comes_later(void **state)
{
    struct world *world = *state;
    SCOPED_TEXT struct text heard = {0};
    SCOPED_FD int fd = connect_to(world);
    struct duration began = clock_monotonic();
    say(fd, "GET /later HTTP/1.1\r\nHost: x\r\n\r\n");
    assert_true(hears(world, fd, &heard, "late"));
    assert_true(clock_monotonic().us - began.us < duration_seconds(5).us);
    text_clear(&heard);
    say(fd, "GET /at-once HTTP/1.1\r\nHost: x\r\n\r\n");
    assert_true(hears(world, fd, &heard, "at once"));
}

static void streams(void **state)
{
    struct world *world = *state;
    SCOPED_TEXT struct text heard = {0};
    SCOPED_FD int fd = connect_to(world);
    say(fd, "GET /stream HTTP/1.1\r\nHost: x\r\n\r\n");
    assert_true(hears(world, fd, &heard, "text/event-stream"));
    assert_int_equal(http_server_streams(world->server), 1);
    for (int i = 0; i < 3; i++) {
        char event[32];
        snprintf(event, sizeof event, "data: %d\n\n", i);
        assert_true(http_stream_write(world->stream, event, strlen(event)));
        assert_true(hears(world, fd, &heard, event));
    }
    http_stream_end(world->stream);
    assert_false(http_stream_write(world->stream, "x", 1));
    assert_true(hears(world, fd, &heard, "0\r\n\r\n")); /* the last chunk */
    loop_turn(world->loop, duration_ms(20), NULL);
    assert_int_equal(world->forgotten, 1);
    assert_int_equal(http_server_streams(world->server), 0);
}

/* A peer that reads nothing costs a bounded queue and then its stream. */
static void a_stream_that_nobody_reads(void **state)
{
    struct world *world = *state;
    SCOPED_TEXT struct text heard = {0};
    SCOPED_FREE char *bytes = calloc(1, 65536);
    SCOPED_FD int fd = connect_to(world);
    bool goes_on = true;
    say(fd, "GET /stream HTTP/1.1\r\nHost: x\r\n\r\n");
    assert_true(hears(world, fd, &heard, "text/event-stream"));
    int writes = 0;
    for (; goes_on && writes < 1000 && world->stream != NULL; writes++) {
        goes_on = http_stream_write(world->stream, bytes, 65536);
        loop_turn(world->loop, duration_ms(0), NULL);
    }
    assert_false(goes_on);
}

static void a_body_that_is_too_large(void **state)
{
    struct world *world = *state;
    SCOPED_TEXT struct text heard = {0};
    SCOPED_FREE char *bytes = calloc(1, 65536);
    SCOPED_FD int fd = connect_to(world);
    memset(bytes, 'x', 65536);
    say(fd, "POST /big HTTP/1.1\r\nHost: x\r\nContent-Length: 1114112\r\n\r\n");
    for (size_t sent = 0; sent < 1114112;) {
        ssize_t went = send(fd, bytes, 65536, MSG_NOSIGNAL);
        if (went > 0)
            sent += (size_t)went;
        loop_turn(world->loop, duration_ms(0), NULL);
    }
    assert_true(hears(world, fd, &heard, "/big x"));
    assert_true(world->was_too_large);
    assert_int_equal(world->seen.length, 0);
}

static void closing_forgets_what_waits(void **state)
{
    struct world *world = *state;
    SCOPED_TEXT struct text heard = {0};
    SCOPED_FD int waiting = connect_to(world);
    SCOPED_FD int reading = connect_to(world);
    say(reading, "GET /stream HTTP/1.1\r\nHost: x\r\n\r\n");
    assert_true(hears(world, reading, &heard, "text/event-stream"));
    say(waiting, "GET /never HTTP/1.1\r\nHost: x\r\n\r\n");
    for (int i = 0; i < 100 && world->deferred == NULL; i++)
        loop_turn(world->loop, duration_ms(20), NULL);
    assert_non_null(world->deferred);
    http_server_close(world->server);
    world->server = NULL;
    assert_int_equal(world->forgotten, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(requests_on_one_connection, set_up, tear_down),
        cmocka_unit_test_setup_teardown(whoever_is_slow_holds_up_nobody, set_up, tear_down),
        cmocka_unit_test_setup_teardown(those_who_only_hold_on_make_room, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_answer_that_comes_later, set_up, tear_down),
        cmocka_unit_test_setup_teardown(streams, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_stream_that_nobody_reads, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_body_that_is_too_large, set_up, tear_down),
        cmocka_unit_test_setup_teardown(closing_forgets_what_waits, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
