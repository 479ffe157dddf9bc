#include "scheduler/system/keeper_protocol.h"

#include "scheduler/system/wire.h"

#include <stdio.h>
#include <string.h>

static void put_bool(struct text *out, bool value)
{
    wire_put_byte(out, value ? 1 : 0);
}

static bool get_bool(struct wire_reader *reader)
{
    uint8_t value = wire_get_byte(reader);
    if (value > 1)
        reader->is_bad = true;
    return value == 1;
}

/* An integer that must lie within [low, high]. */
static int64_t get_within(struct wire_reader *reader, int64_t low, int64_t high)
{
    int64_t value = wire_get_int(reader);
    if (value < low || value > high)
        reader->is_bad = true;
    return reader->is_bad ? 0 : value;
}

static int64_t get_id(struct wire_reader *reader)
{
    return get_within(reader, 1, INT64_MAX);
}

static int32_t get_int32(struct wire_reader *reader)
{
    return (int32_t)get_within(reader, INT32_MIN, INT32_MAX);
}

static struct duration get_duration(struct wire_reader *reader)
{
    return (struct duration){get_within(reader, 0, INT64_MAX / 4)};
}

/* --- each message ----------------------------------------------------------------------------- */

static void encode_start(const struct keeper_start *start, struct text *out)
{
    wire_put_int(out, start->attempt_id);
    wire_put_string(out, start->token);
    wire_put_string(out, start->folder);
    wire_put_strings(out, start->argv);
    wire_put_strings(out, start->env);
    wire_put_bytes(out, start->input, start->input_length);
    wire_put_strings(out, start->masks);
    wire_put_string(out, start->log_path);
    wire_put_string(out, start->events_path);
    wire_put_int(out, start->log_limit);
    wire_put_int(out, start->timeout.us);
    wire_put_int(out, start->stop_grace.us);
    put_bool(out, start->keep_leftovers);
    put_bool(out, start->needs_slot);
}

static bool is_path(const char *path)
{
    return path != NULL && path[0] != '\0' && strlen(path) < KEEPER_MAX_PATH_BYTES;
}

static const char *masks_problem(const char *const *masks)
{
    size_t total = 0;
    for (size_t i = 0; masks != NULL && masks[i] != NULL; i++) {
        size_t length = strlen(masks[i]);
        if (length < KEEPER_MIN_MASK_BYTES || strchr(masks[i], '\n') != NULL)
            return "a text to be masked is short, or longer than a line";
        total += length;
        if (total > KEEPER_MAX_MASKS_BYTES)
            return "its secrets are too long";
    }
    return NULL;
}

int keeper_start_check(const struct keeper_start *start, struct error *err)
{
    const char *problem = NULL;
    if (start->attempt_id <= 0)
        problem = "it has no id";
    else if (start->token == NULL || start->token[0] == '\0' ||
             strlen(start->token) >= KEEPER_MAX_TOKEN_BYTES)
        problem = "it has no token, or a long one";
    else if (start->folder == NULL || start->folder[0] != '/')
        problem = "its folder is not absolute";
    else if (start->argv == NULL || start->argv[0] == NULL || start->argv[0][0] == '\0')
        problem = "it names no program";
    else if (!is_path(start->log_path) || !is_path(start->events_path))
        problem = "it has no log or no events file, or their paths are too long";
    else if (start->input_length > KEEPER_MAX_STDIN_BYTES)
        problem = "its standard input is too long";
    else if (start->log_limit < 0 || start->timeout.us < 0 || start->stop_grace.us < 0)
        problem = "it has a negative limit";
    else
        problem = masks_problem(start->masks);
    if (problem == NULL)
        return 0;
    return error_set(err, ERROR_KIND_INVALID, "an attempt cannot be started: %s", problem);
}

static void decode_start(struct wire_reader *reader, struct arena *arena,
                         struct keeper_start *ret_start)
{
    struct keeper_start start = {0};
    start.attempt_id = get_id(reader);
    start.token = wire_get_string(reader);
    start.folder = wire_get_string(reader);
    start.argv = wire_get_strings(reader, arena);
    start.env = wire_get_strings(reader, arena);
    start.input = wire_get_bytes(reader, &start.input_length);
    start.masks = wire_get_strings(reader, arena);
    start.log_path = wire_get_string(reader);
    start.events_path = wire_get_string(reader);
    start.log_limit = get_within(reader, 0, INT64_MAX / 4);
    start.timeout = get_duration(reader);
    start.stop_grace = get_duration(reader);
    start.keep_leftovers = get_bool(reader);
    start.needs_slot = get_bool(reader);
    if (keeper_start_check(&start, NULL) < 0)
        reader->is_bad = true;
    *ret_start = start;
}

void keeper_end_encode(const struct keeper_end *end, struct text *out)
{
    wire_put_int(out, end->attempt_id);
    wire_put_byte(out, (uint8_t)end->kind);
    wire_put_byte(out, (uint8_t)end->why);
    wire_put_int(out, end->status);
    wire_put_int(out, end->started.us);
    wire_put_int(out, end->ended.us);
    wire_put_int(out, end->elapsed.us);
    wire_put_int(out, end->cpu_user.us);
    wire_put_int(out, end->cpu_system.us);
    wire_put_int(out, end->peak_memory);
    wire_put_int(out, end->log_bytes);
    wire_put_int(out, end->log_lost_bytes);
    wire_put_int(out, end->leftovers_killed);
    wire_put_string(out, end->text);
}

static uint8_t get_enum(struct wire_reader *reader, unsigned last)
{
    uint8_t value = wire_get_byte(reader);
    if (value > last)
        reader->is_bad = true;
    return reader->is_bad ? 0 : value;
}

void keeper_end_decode(struct wire_reader *reader, struct keeper_end *ret_end)
{
    struct keeper_end end = {0};
    end.attempt_id = get_id(reader);
    end.kind = (enum keeper_end_kind)get_enum(reader, KEEPER_END_COULD_NOT_START);
    end.why = (enum keeper_end_why)get_enum(reader, KEEPER_WHY_STOP);
    end.status = get_int32(reader);
    end.started.us = wire_get_int(reader);
    end.ended.us = wire_get_int(reader);
    end.elapsed = get_duration(reader);
    end.cpu_user = get_duration(reader);
    end.cpu_system = get_duration(reader);
    end.peak_memory = get_within(reader, 0, INT64_MAX);
    end.log_bytes = get_within(reader, 0, INT64_MAX);
    end.log_lost_bytes = get_within(reader, 0, INT64_MAX);
    end.leftovers_killed = get_int32(reader);
    end.text = wire_get_string(reader);
    *ret_end = end;
}

static void encode_attempt(const struct keeper_attempt *attempt, struct text *out)
{
    wire_put_int(out, attempt->attempt_id);
    wire_put_byte(out, (uint8_t)attempt->state);
    wire_put_int(out, attempt->started.us);
    wire_put_int(out, attempt->pid);
    if (attempt->state == KEEPER_ATTEMPT_ENDED)
        keeper_end_encode(&attempt->end, out);
}

static void decode_attempt(struct wire_reader *reader, struct keeper_attempt *ret_attempt)
{
    struct keeper_attempt attempt = {0};
    attempt.attempt_id = get_id(reader);
    attempt.state = (enum keeper_attempt_state)get_enum(reader, KEEPER_ATTEMPT_ENDED);
    attempt.started.us = wire_get_int(reader);
    attempt.pid = wire_get_int(reader);
    attempt.end.text = "";
    if (attempt.state == KEEPER_ATTEMPT_ENDED)
        keeper_end_decode(reader, &attempt.end);
    *ret_attempt = attempt;
}

static void encode_welcome(const struct keeper_welcome *welcome, struct text *out)
{
    wire_put_int(out, welcome->version);
    put_bool(out, welcome->is_refused);
    put_bool(out, welcome->is_draining);
    wire_put_string(out, welcome->boot_id);
    wire_put_int(out, welcome->pid);
}

static void decode_welcome(struct wire_reader *reader, struct keeper_welcome *ret_welcome)
{
    struct keeper_welcome welcome = {0};
    welcome.version = get_int32(reader);
    welcome.is_refused = get_bool(reader);
    welcome.is_draining = get_bool(reader);
    const char *boot_id = wire_get_string(reader);
    if (strlen(boot_id) >= sizeof welcome.boot_id)
        reader->is_bad = true;
    else
        snprintf(welcome.boot_id, sizeof welcome.boot_id, "%s", boot_id);
    welcome.pid = wire_get_int(reader);
    *ret_welcome = welcome;
}

/* --- all messages ----------------------------------------------------------------------------- */

void keeper_message_encode(const struct keeper_message *message, struct text *out)
{
    wire_put_byte(out, (uint8_t)message->kind);
    switch (message->kind) {
    case KEEPER_HELLO:
        wire_put_int(out, message->hello.version);
        wire_put_int(out, message->hello.epoch);
        wire_put_int(out, message->hello.slots);
        break;
    case KEEPER_START:
        encode_start(&message->start, out);
        break;
    case KEEPER_STOP:
        wire_put_int(out, message->stop.attempt_id);
        put_bool(out, message->stop.is_kill_now);
        break;
    case KEEPER_SETTLED:
        wire_put_ints(out, message->settled.attempt_ids, message->settled.count);
        break;
    case KEEPER_SET_SLOTS:
        wire_put_int(out, message->slots);
        break;
    case KEEPER_WELCOME:
        encode_welcome(&message->welcome, out);
        break;
    case KEEPER_ATTEMPT:
        encode_attempt(&message->attempt, out);
        break;
    case KEEPER_STARTED:
        wire_put_int(out, message->started.attempt_id);
        wire_put_int(out, message->started.at.us);
        wire_put_int(out, message->started.pid);
        break;
    case KEEPER_ENDED:
        keeper_end_encode(&message->ended, out);
        break;
    case KEEPER_EVENT:
        wire_put_int(out, message->event.attempt_id);
        wire_put_string(out, message->event.line);
        break;
    case KEEPER_DISK:
        put_bool(out, message->disk.is_full);
        wire_put_string(out, message->disk.text);
        break;
    case KEEPER_REVOKE:
    case KEEPER_REVOKED:
        wire_put_int(out, message->attempt_id);
        break;
    case KEEPER_SNAPSHOT_END:
    case KEEPER_GONE:
        break;
    }
}

static void decode_payload(struct wire_reader *reader, struct arena *arena,
                           struct keeper_message *message)
{
    switch (message->kind) {
    case KEEPER_HELLO:
        message->hello.version = get_int32(reader);
        message->hello.epoch = get_within(reader, 0, INT64_MAX);
        message->hello.slots = (int32_t)get_within(reader, 1, KEEPER_MAX_SLOTS);
        break;
    case KEEPER_START:
        decode_start(reader, arena, &message->start);
        break;
    case KEEPER_STOP:
        message->stop.attempt_id = get_id(reader);
        message->stop.is_kill_now = get_bool(reader);
        break;
    case KEEPER_SETTLED:
        message->settled.attempt_ids = wire_get_ints(reader, arena, &message->settled.count);
        break;
    case KEEPER_SET_SLOTS:
        message->slots = (int32_t)get_within(reader, 1, KEEPER_MAX_SLOTS);
        break;
    case KEEPER_WELCOME:
        decode_welcome(reader, &message->welcome);
        break;
    case KEEPER_ATTEMPT:
        decode_attempt(reader, &message->attempt);
        break;
    case KEEPER_STARTED:
        message->started.attempt_id = get_id(reader);
        message->started.at.us = wire_get_int(reader);
        message->started.pid = wire_get_int(reader);
        break;
    case KEEPER_ENDED:
        keeper_end_decode(reader, &message->ended);
        break;
    case KEEPER_EVENT:
        message->event.attempt_id = get_id(reader);
        message->event.line = wire_get_string(reader);
        break;
    case KEEPER_DISK:
        message->disk.is_full = get_bool(reader);
        message->disk.text = wire_get_string(reader);
        break;
    case KEEPER_REVOKE:
    case KEEPER_REVOKED:
        message->attempt_id = get_id(reader);
        break;
    case KEEPER_SNAPSHOT_END:
        break;
    case KEEPER_GONE:
        reader->is_bad = true;
        break;
    }
}

int keeper_message_decode(const char *bytes, size_t length, struct arena *arena,
                          struct keeper_message *ret_message, struct error *err)
{
    struct wire_reader reader;
    struct keeper_message message = {0};
    wire_read(&reader, bytes, length);
    uint8_t kind = wire_get_byte(&reader);
    if (kind < KEEPER_HELLO || kind >= KEEPER_GONE)
        return error_set(err, ERROR_KIND_INVALID, "a message of unknown kind %d", kind);
    message.kind = (enum keeper_message_kind)kind;
    decode_payload(&reader, arena, &message);
    if (!wire_is_done(&reader))
        return error_set(err, ERROR_KIND_INVALID, "a malformed message of kind %d", kind);
    *ret_message = message;
    return 0;
}
