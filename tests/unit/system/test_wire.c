#include "scheduler/system/keeper_protocol.h"
#include "scheduler/system/wire.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

struct pair {
    struct wire a;
    struct wire b;
};

static void open_pair(struct pair *pair, size_t limit)
{
    int fds[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds), 0);
    wire_init(&pair->a, fds[0], limit);
    wire_init(&pair->b, fds[1], limit);
}

static void close_pair(struct pair *pair)
{
    close(pair->a.fd);
    close(pair->b.fd);
    wire_free(&pair->a);
    wire_free(&pair->b);
}

static struct wire_frame receive(struct wire *wire)
{
    struct wire_frame frame;
    bool is_end = false;
    assert_int_equal(wire_next(wire, &frame, NULL), 0);
    if (frame.bytes != NULL)
        return frame;
    assert_int_equal(wire_receive(wire, &is_end, NULL), 0);
    assert_int_equal(wire_next(wire, &frame, NULL), 0);
    return frame;
}

static void test_frames(void **state)
{
    (void)state;
    struct pair pair;
    open_pair(&pair, 100);
    wire_add(&pair.a, "hello", 5);
    wire_add(&pair.a, "", 0);
    wire_add(&pair.a, "x\0y", 3);
    assert_null(receive(&pair.b).bytes); /* nothing leaves before the flush */
    assert_int_equal(wire_flush(&pair.a, NULL), 0);
    assert_int_equal(wire_pending(&pair.a), 0);
    struct wire_frame frame = receive(&pair.b);
    assert_int_equal(frame.length, 5);
    assert_memory_equal(frame.bytes, "hello", 5);
    frame = receive(&pair.b);
    assert_non_null(frame.bytes);
    assert_int_equal(frame.length, 0);
    frame = receive(&pair.b);
    assert_memory_equal(frame.bytes, "x\0y", 3);
    assert_null(receive(&pair.b).bytes);
    close_pair(&pair);
}

static void test_a_frame_byte_by_byte(void **state)
{
    (void)state;
    struct pair pair;
    open_pair(&pair, 100);
    const char bytes[] = "\3\0\0\0abc\0\0\0\0";
    for (size_t i = 0; i < 11; i++) {
        assert_int_equal(send(pair.a.fd, bytes + i, 1, 0), 1);
        struct wire_frame frame = receive(&pair.b);
        assert_int_equal(frame.bytes != NULL, i == 6 || i == 10);
        if (i == 6)
            assert_memory_equal(frame.bytes, "abc", 3);
    }
    close_pair(&pair);
}

static void test_above_the_limit(void **state)
{
    (void)state;
    struct pair pair;
    struct error err = {0};
    struct wire_frame frame;
    bool is_end;
    open_pair(&pair, 100);
    assert_int_equal(send(pair.a.fd, "\145\0\0\0", 4, 0), 4);
    assert_int_equal(wire_receive(&pair.b, &is_end, NULL), 0);
    assert_int_equal(wire_next(&pair.b, &frame, &err), -1);
    assert_int_equal(err.kind, ERROR_KIND_INVALID);
    close_pair(&pair);
}

/* More than the socket takes: the rest waits, in order, and nobody blocks. */
static void test_a_slow_reader(void **state)
{
    (void)state;
    struct pair pair;
    open_pair(&pair, 1 << 20);
    char *large = calloc(1, 1 << 20);
    for (int i = 0; i < 8; i++) {
        memset(large, 'a' + i, 1 << 20);
        wire_add(&pair.a, large, 1 << 20);
    }
    assert_int_equal(wire_flush(&pair.a, NULL), 0);
    assert_true(wire_pending(&pair.a) > 0);
    for (int i = 0; i < 8;) {
        struct wire_frame frame = receive(&pair.b);
        assert_int_equal(wire_flush(&pair.a, NULL), 0);
        if (frame.bytes == NULL)
            continue;
        assert_int_equal(frame.length, 1 << 20);
        assert_int_equal(frame.bytes[0], 'a' + i);
        assert_int_equal(frame.bytes[(1 << 20) - 1], 'a' + i);
        i++;
    }
    assert_int_equal(wire_pending(&pair.a), 0);
    free(large);
    close_pair(&pair);
}

static void test_the_end(void **state)
{
    (void)state;
    struct pair pair;
    bool is_end = false;
    open_pair(&pair, 100);
    wire_add(&pair.a, "last", 4);
    assert_int_equal(wire_flush(&pair.a, NULL), 0);
    shutdown(pair.a.fd, SHUT_RDWR);
    struct wire_frame frame = receive(&pair.b);
    assert_memory_equal(frame.bytes, "last", 4);
    assert_int_equal(wire_receive(&pair.b, &is_end, NULL), 0);
    assert_true(is_end);
    wire_add(&pair.b, "x", 1);
    assert_int_equal(wire_flush(&pair.b, NULL), -1); /* an error, not a SIGPIPE */
    close_pair(&pair);
}

/* --- values ----------------------------------------------------------------------------------- */

static void test_values(void **state)
{
    (void)state;
    struct text out = {0};
    const char *const words[] = {"one", "", "three", NULL};
    const int64_t numbers[] = {INT64_MIN, -1, 0, INT64_MAX};
    wire_put_byte(&out, 200);
    wire_put_int(&out, -2);
    wire_put_string(&out, "text");
    wire_put_string(&out, NULL);
    wire_put_bytes(&out, "a\0b", 3);
    wire_put_strings(&out, words);
    wire_put_ints(&out, numbers, 4);
    struct arena arena = {0};
    struct wire_reader reader;
    wire_read(&reader, out.data, out.length);
    assert_int_equal(wire_get_byte(&reader), 200);
    assert_int_equal(wire_get_int(&reader), -2);
    assert_string_equal(wire_get_string(&reader), "text");
    assert_string_equal(wire_get_string(&reader), "");
    size_t length;
    assert_memory_equal(wire_get_bytes(&reader, &length), "a\0b", 3);
    assert_int_equal(length, 3);
    const char *const *read = wire_get_strings(&reader, &arena);
    assert_string_equal(read[0], "one");
    assert_string_equal(read[1], "");
    assert_string_equal(read[2], "three");
    assert_null(read[3]);
    size_t count;
    assert_memory_equal(wire_get_ints(&reader, &arena, &count), numbers, sizeof numbers);
    assert_int_equal(count, 4);
    assert_true(wire_is_done(&reader));
    wire_get_byte(&reader);
    assert_false(wire_is_done(&reader));
    arena_free(&arena);
    text_free(&out);
}

static void test_malformed_values(void **state)
{
    (void)state;
    struct arena arena = {0};
    struct wire_reader reader;
    size_t count;
    wire_read(&reader, "\5\0\0\0abcd", 8); /* shorter than it says */
    assert_string_equal(wire_get_string(&reader), "");
    assert_true(reader.is_bad);
    wire_read(&reader, "\3\0\0\0a\0c\0", 8); /* a NUL inside */
    assert_string_equal(wire_get_string(&reader), "");
    assert_true(reader.is_bad);
    wire_read(&reader, "\1\0\0\0ab", 6); /* no NUL at the end */
    wire_get_string(&reader);
    assert_true(reader.is_bad);
    wire_read(&reader, "\377\377\377\377", 4); /* a count that cannot be true */
    assert_null(wire_get_strings(&reader, &arena)[0]);
    assert_true(reader.is_bad);
    wire_read(&reader, "\377\377\0\0", 4);
    wire_get_ints(&reader, &arena, &count);
    assert_int_equal(count, 0);
    assert_true(reader.is_bad);
    assert_true(arena.used < 4096);
    wire_read(&reader, NULL, 0);
    assert_true(wire_is_done(&reader));
    arena_free(&arena);
}

/* --- the keeper's messages -------------------------------------------------------------------- */

static const char *const argv_of_start[] = {"sh", "-c", "exit 3", NULL};
static const char *const env_of_start[] = {"A=1", NULL};
static const int64_t ids[] = {4, 5, 6};
static const char *const masks_of_start[] = {"hidden", "secret", NULL};

static const struct keeper_message messages[] = {
    {.kind = KEEPER_HELLO, .hello = {.version = 1, .epoch = 9, .slots = 3}},
    {.kind = KEEPER_START,
     .start = {.attempt_id = 1,
               .token = "t",
               .folder = "/",
               .argv = argv_of_start,
               .env = env_of_start,
               .input = "in\0put",
               .input_length = 6,
               .masks = masks_of_start,
               .log_path = "log",
               .events_path = "events",
               .log_limit = 5,
               .timeout = {6},
               .stop_grace = {7},
               .keep_leftovers = true,
               .needs_slot = true}},
    {.kind = KEEPER_REVOKE, .attempt_id = 2},
    {.kind = KEEPER_STOP, .stop = {.attempt_id = 3, .is_kill_now = true}},
    {.kind = KEEPER_SETTLED, .settled = {.attempt_ids = ids, .count = 3}},
    {.kind = KEEPER_SET_SLOTS, .slots = 12},
    {.kind = KEEPER_WELCOME, .welcome = {.version = 1, .boot_id = "b", .pid = 8}},
    {.kind = KEEPER_ATTEMPT,
     .attempt = {.attempt_id = 10, .state = KEEPER_ATTEMPT_RUNNING, .started = {11}, .pid = 12}},
    {.kind = KEEPER_ATTEMPT,
     .attempt = {.attempt_id = 13,
                 .state = KEEPER_ATTEMPT_ENDED,
                 .end = {.attempt_id = 13, .kind = KEEPER_END_LOST, .text = "gone"}}},
    {.kind = KEEPER_SNAPSHOT_END},
    {.kind = KEEPER_STARTED, .started = {.attempt_id = 14, .at = {15}, .pid = 16}},
    {.kind = KEEPER_ENDED,
     .ended = {.attempt_id = 17, .why = KEEPER_WHY_STOP, .status = -1, .text = "words"}},
    {.kind = KEEPER_EVENT, .event = {.attempt_id = 18, .line = "{}"}},
    {.kind = KEEPER_REVOKED, .attempt_id = 19},
    {.kind = KEEPER_DISK, .disk = {.is_full = true, .text = "full"}},
};

/* Encoding what was decoded gives the same bytes, and every shorter message is refused. */
static void test_messages(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof messages / sizeof messages[0]; i++) {
        struct text bytes = {0};
        struct text again = {0};
        struct arena arena = {0};
        struct keeper_message message;
        keeper_message_encode(&messages[i], &bytes);
        assert_int_equal(keeper_message_decode(bytes.data, bytes.length, &arena, &message, NULL),
                         0);
        assert_int_equal(message.kind, messages[i].kind);
        keeper_message_encode(&message, &again);
        assert_int_equal(bytes.length, again.length);
        assert_memory_equal(bytes.data, again.data, bytes.length);
        for (size_t length = 0; length < bytes.length; length++) {
            char *part = malloc(length + 1); /* exactly so long, for the sanitizer */
            memcpy(part, bytes.data, length);
            part = realloc(part, length == 0 ? 1 : length);
            assert_int_equal(keeper_message_decode(part, length, &arena, &message, NULL), -1);
            free(part);
        }
        text_append_char(&bytes, 'x');
        assert_int_equal(keeper_message_decode(bytes.data, bytes.length, &arena, &message, NULL),
                         -1);
        arena_free(&arena);
        text_free(&bytes);
        text_free(&again);
    }
}

static void test_a_start_is_read_as_written(void **state)
{
    (void)state;
    struct text bytes = {0};
    struct arena arena = {0};
    struct keeper_message message;
    keeper_message_encode(&messages[1], &bytes);
    assert_int_equal(keeper_message_decode(bytes.data, bytes.length, &arena, &message, NULL), 0);
    assert_string_equal(message.start.argv[2], "exit 3");
    assert_null(message.start.argv[3]);
    assert_string_equal(message.start.env[0], "A=1");
    assert_int_equal(message.start.input_length, 6);
    assert_memory_equal(message.start.input, "in\0put", 6);
    assert_string_equal(message.start.masks[0], "hidden");
    assert_string_equal(message.start.masks[1], "secret");
    assert_null(message.start.masks[2]);
    assert_int_equal(message.start.stop_grace.us, 7);
    assert_true(message.start.keep_leftovers && message.start.needs_slot);
    arena_free(&arena);
    text_free(&bytes);
}

/* A short mask would hide everything, and one with a newline would never be found. */
static void test_masks_are_checked(void **state)
{
    (void)state;
    char *huge = malloc(KEEPER_MAX_MASKS_BYTES + 1);
    memset(huge, 'x', KEEPER_MAX_MASKS_BYTES);
    huge[KEEPER_MAX_MASKS_BYTES] = '\0';
    const struct {
        const char *mask;
        int result;
    } cases[] = {{"four", 0}, {"tri", -1}, {"", -1}, {"two\nlines", -1}, {huge, 0}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct keeper_start start = messages[1].start;
        const char *masks[] = {cases[i].mask, NULL};
        start.masks = masks;
        assert_int_equal(keeper_start_check(&start, NULL), cases[i].result);
    }
    struct keeper_start start = messages[1].start;
    const char *masks[] = {huge, "more", NULL};
    start.masks = masks;
    assert_int_equal(keeper_start_check(&start, NULL), -1);
    start.masks = NULL;
    assert_int_equal(keeper_start_check(&start, NULL), 0);
    free(huge);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_frames),
        cmocka_unit_test(test_a_frame_byte_by_byte),
        cmocka_unit_test(test_above_the_limit),
        cmocka_unit_test(test_a_slow_reader),
        cmocka_unit_test(test_the_end),
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_malformed_values),
        cmocka_unit_test(test_messages),
        cmocka_unit_test(test_a_start_is_read_as_written),
        cmocka_unit_test(test_masks_are_checked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
