#include "scheduler/system/wire.h"

#include <assert.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define WIRE_HEAD_BYTES 4
#define WIRE_READ_BYTES ((size_t)64 << 10)
#define WIRE_READS_PER_CALL 4
#define WIRE_KEEP_BYTES ((size_t)256 << 10) /* buffers above this are given back when empty */

static uint32_t get_u32(const char *bytes)
{
    const unsigned char *at = (const unsigned char *)bytes;
    return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

static void set_u32(char *bytes, uint32_t value)
{
    for (int i = 0; i < 4; i++)
        bytes[i] = (char)(unsigned char)(value >> (8 * i));
}

static void put_u32(struct text *out, uint32_t value)
{
    char bytes[4];
    set_u32(bytes, value);
    text_append_bytes(out, bytes, sizeof bytes);
}

/* --- frames ----------------------------------------------------------------------------------- */

void wire_init(struct wire *wire, int fd, size_t frame_limit)
{
    assert(frame_limit <= UINT32_MAX);
    *wire = (struct wire){.fd = fd, .frame_limit = frame_limit};
}

void wire_free(struct wire *wire)
{
    text_free(&wire->in);
    text_free(&wire->out);
    wire->taken = 0;
    wire->sent = 0;
}

/* Drops the first `count` bytes of a buffer. */
static void drop_front(struct text *buffer, size_t *count)
{
    if (*count == 0)
        return;
    size_t rest = buffer->length - *count;
    if (rest == 0 && buffer->capacity > WIRE_KEEP_BYTES)
        text_free(buffer);
    else if (rest > 0)
        memmove(buffer->data, buffer->data + *count, rest);
    buffer->length = rest;
    *count = 0;
}

int wire_receive(struct wire *wire, bool *ret_is_end, struct error *err)
{
    char chunk[WIRE_READ_BYTES];
    drop_front(&wire->in, &wire->taken);
    for (int i = 0; i < WIRE_READS_PER_CALL; i++) {
        ssize_t count = recv(wire->fd, chunk, sizeof chunk, MSG_DONTWAIT);
        if (count < 0 && (errno == EAGAIN || errno == EINTR))
            break;
        if (count < 0 && errno != ECONNRESET)
            return error_set_errno(err, ERROR_KIND_PRECONDITION, "cannot read from a socket");
        if (count <= 0) {
            *ret_is_end = true;
            return 0;
        }
        text_append_bytes(&wire->in, chunk, (size_t)count);
        if ((size_t)count < sizeof chunk)
            break;
    }
    *ret_is_end = false;
    return 0;
}

int wire_next(struct wire *wire, struct wire_frame *ret_frame, struct error *err)
{
    struct wire_frame frame = {0};
    size_t held = wire->in.length - wire->taken;
    if (held >= WIRE_HEAD_BYTES) {
        const char *head = wire->in.data + wire->taken;
        size_t length = get_u32(head);
        if (length > wire->frame_limit)
            return error_set(err, ERROR_KIND_INVALID, "a message of %zu bytes is above the limit",
                             length);
        if (held - WIRE_HEAD_BYTES >= length) {
            frame = (struct wire_frame){.bytes = head + WIRE_HEAD_BYTES, .length = length};
            wire->taken += WIRE_HEAD_BYTES + length;
        }
    }
    *ret_frame = frame;
    return 0;
}

void wire_add(struct wire *wire, const void *bytes, size_t length)
{
    assert(length <= wire->frame_limit);
    put_u32(&wire->out, (uint32_t)length);
    text_append_bytes(&wire->out, bytes, length);
}

int wire_flush(struct wire *wire, struct error *err)
{
    while (wire->sent < wire->out.length) {
        ssize_t count = send(wire->fd, wire->out.data + wire->sent, wire->out.length - wire->sent,
                             MSG_NOSIGNAL | MSG_DONTWAIT);
        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0 && errno == EAGAIN)
            break;
        if (count < 0)
            return error_set_errno(err, ERROR_KIND_PRECONDITION, "cannot write to a socket");
        wire->sent += (size_t)count;
    }
    if (wire->sent == wire->out.length || wire->sent > WIRE_KEEP_BYTES)
        drop_front(&wire->out, &wire->sent);
    return 0;
}

size_t wire_pending(const struct wire *wire)
{
    return wire->out.length - wire->sent;
}

/* --- encoding --------------------------------------------------------------------------------- */

void wire_put_byte(struct text *out, uint8_t value)
{
    text_append_bytes(out, &value, 1);
}

void wire_put_int(struct text *out, int64_t value)
{
    char bytes[8];
    set_u32(bytes, (uint32_t)((uint64_t)value & UINT32_MAX));
    set_u32(bytes + 4, (uint32_t)((uint64_t)value >> 32));
    text_append_bytes(out, bytes, sizeof bytes);
}

void wire_put_bytes(struct text *out, const void *bytes, size_t length)
{
    assert(length <= UINT32_MAX);
    put_u32(out, (uint32_t)length);
    if (length > 0)
        text_append_bytes(out, bytes, length);
    text_append_char(out, '\0');
}

void wire_put_string(struct text *out, const char *string)
{
    wire_put_bytes(out, string, string == NULL ? 0 : strlen(string));
}

void wire_put_strings(struct text *out, const char *const *strings)
{
    size_t count = 0;
    while (strings != NULL && strings[count] != NULL)
        count++;
    assert(count <= WIRE_MAX_ITEMS);
    put_u32(out, (uint32_t)count);
    for (size_t i = 0; i < count; i++)
        wire_put_string(out, strings[i]);
}

void wire_put_ints(struct text *out, const int64_t *values, size_t count)
{
    assert(count <= WIRE_MAX_ITEMS);
    put_u32(out, (uint32_t)count);
    for (size_t i = 0; i < count; i++)
        wire_put_int(out, values[i]);
}

/* --- decoding --------------------------------------------------------------------------------- */

void wire_read(struct wire_reader *reader, const void *bytes, size_t length)
{
    const char *at = length == 0 ? "" : bytes;
    *reader = (struct wire_reader){.at = at, .end = at + length};
}

/* The next `count` bytes, NULL if there are fewer. */
static const char *take(struct wire_reader *reader, size_t count)
{
    if (reader->is_bad || (size_t)(reader->end - reader->at) < count) {
        reader->is_bad = true;
        return NULL;
    }
    const char *bytes = reader->at;
    reader->at += count;
    return bytes;
}

static uint32_t take_u32(struct wire_reader *reader)
{
    const char *bytes = take(reader, 4);
    return bytes == NULL ? 0 : get_u32(bytes);
}

/* A list's count. Each item has at least `item_bytes`, so a count that cannot be true is found
 * before memory is taken for it. */
static size_t take_count(struct wire_reader *reader, size_t item_bytes)
{
    size_t count = take_u32(reader);
    if (count > WIRE_MAX_ITEMS || count * item_bytes > (size_t)(reader->end - reader->at))
        reader->is_bad = true;
    return reader->is_bad ? 0 : count;
}

uint8_t wire_get_byte(struct wire_reader *reader)
{
    const char *bytes = take(reader, 1);
    return bytes == NULL ? 0 : (uint8_t)*bytes;
}

int64_t wire_get_int(struct wire_reader *reader)
{
    const char *bytes = take(reader, 8);
    if (bytes == NULL)
        return 0;
    return (int64_t)((uint64_t)get_u32(bytes) | (uint64_t)get_u32(bytes + 4) << 32);
}

const char *wire_get_bytes(struct wire_reader *reader, size_t *ret_length)
{
    size_t length = take_u32(reader);
    const char *bytes = take(reader, length);
    const char *nul = take(reader, 1);
    if (nul != NULL && *nul != '\0')
        reader->is_bad = true;
    *ret_length = reader->is_bad ? 0 : length;
    return reader->is_bad ? "" : bytes;
}

const char *wire_get_string(struct wire_reader *reader)
{
    size_t length;
    const char *string = wire_get_bytes(reader, &length);
    if (memchr(string, '\0', length) != NULL)
        reader->is_bad = true;
    return reader->is_bad ? "" : string;
}

const char *const *wire_get_strings(struct wire_reader *reader, struct arena *arena)
{
    size_t count = take_count(reader, 5);
    const char **strings = arena_array(arena, count + 1, sizeof *strings);
    for (size_t i = 0; i < count; i++)
        strings[i] = wire_get_string(reader);
    return strings;
}

const int64_t *wire_get_ints(struct wire_reader *reader, struct arena *arena, size_t *ret_count)
{
    size_t count = take_count(reader, 8);
    int64_t *values = arena_array(arena, count, sizeof *values);
    for (size_t i = 0; i < count; i++)
        values[i] = wire_get_int(reader);
    *ret_count = count;
    return values;
}

bool wire_is_done(const struct wire_reader *reader)
{
    return !reader->is_bad && reader->at == reader->end;
}
