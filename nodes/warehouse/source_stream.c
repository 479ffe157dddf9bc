#include "nodes/warehouse/source_stream.h"

#include "nodes/warehouse/failure.h"
#include "scheduler/base/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CHUNK_BYTES ((size_t)1 << 20)
#define PACKED_BYTES ((size_t)256 << 10)
#define GZIP_WINDOW (15 + 16) /* zlib: 32 KiB window, gzip header */

void source_stream_open(struct source_stream *stream, int fd, const char *path)
{
    *stream = (struct source_stream){.fd = fd, .path = path, .line = 1};
    stream->buffer = memory_new(CHUNK_BYTES, 1);
    stream->capacity = CHUNK_BYTES;
    posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL);
}

void source_stream_close(struct source_stream *stream)
{
    if (stream->is_gzip)
        inflateEnd(&stream->inflater);
    free(stream->packed);
    free(stream->buffer);
    if (stream->fd >= 0)
        close(stream->fd);
    *stream = (struct source_stream){.fd = -1};
}

static ssize_t read_some(struct source_stream *stream, void *bytes, size_t length,
                         struct error *err)
{
    ssize_t count;
    do {
        count = read(stream->fd, bytes, length);
    } while (count < 0 && errno == EINTR);
    if (count < 0)
        return failure_set_errno(err, "cannot read %s", stream->path);
    stream->read_bytes += count;
    return count;
}

static void make_room(struct source_stream *stream)
{
    size_t length = stream->end - stream->start;
    if (stream->start > 0 && length > 0)
        memmove(stream->buffer, stream->buffer + stream->start, length);
    stream->start = 0;
    stream->end = length;
    size_t wanted = stream->capacity;
    while (wanted - length < CHUNK_BYTES / 2)
        wanted *= 2;
    if (wanted != stream->capacity) {
        stream->buffer = memory_resize(stream->buffer, wanted, 1);
        stream->capacity = wanted;
    }
}

static int begin_gzip(struct source_stream *stream, struct error *err)
{
    stream->is_gzip = true;
    stream->packed = memory_new(PACKED_BYTES, 1);
    stream->inflater.next_in = stream->packed;
    stream->inflater.avail_in = (uInt)stream->end;
    memcpy(stream->packed, stream->buffer, stream->end);
    stream->end = 0;
    if (inflateInit2(&stream->inflater, GZIP_WINDOW) != Z_OK)
        return error_set(err, ERROR_KIND_FAILED, "cannot unpack %s", stream->path);
    return 0;
}

static bool begins_with(const struct source_stream *stream, const char *magic, size_t length)
{
    return stream->end >= length && memcmp(stream->buffer, magic, length) == 0;
}

/* Reads the first bytes and decides what the file is. */
static int start(struct source_stream *stream, struct error *err)
{
    stream->is_started = true;
    while (stream->end < 4) {
        ssize_t count = read_some(stream, stream->buffer + stream->end, 4 - stream->end, err);
        if (count < 0)
            return -1;
        if (count == 0)
            break;
        stream->end += (size_t)count;
    }
    if (begins_with(stream, "\x28\xb5\x2f\xfd", 4))
        return error_set(err, ERROR_KIND_INVALID,
                         "%s is packed by zstd, which is not supported: "
                         "use gzip",
                         stream->path);
    if (begins_with(stream, "\x1f\x8b", 2))
        return begin_gzip(stream, err);
    if (begins_with(stream, "\xef\xbb\xbf", 3)) {
        stream->start = 3;
        stream->offset = 3;
    }
    return 0;
}

static int read_packed(struct source_stream *stream, struct error *err)
{
    ssize_t count = read_some(stream, stream->packed, PACKED_BYTES, err);
    if (count < 0)
        return -1;
    stream->inflater.next_in = stream->packed;
    stream->inflater.avail_in = (uInt)count;
    if (count > 0)
        return 1;
    if (!stream->is_member_end)
        return error_set(err, ERROR_KIND_INVALID, "%s ends in the middle of its gzip data",
                         stream->path);
    return 0;
}

/* Unpacks into the room behind the buffer; several members are one text. */
static int fill_gzip(struct source_stream *stream, struct error *err)
{
    size_t before = stream->end;
    while (stream->end == before) {
        if (stream->inflater.avail_in == 0) {
            int count = read_packed(stream, err);
            if (count <= 0)
                return count;
        }
        if (stream->is_member_end && inflateReset(&stream->inflater) != Z_OK)
            return error_set(err, ERROR_KIND_FAILED, "cannot unpack %s", stream->path);
        stream->is_member_end = false;
        stream->inflater.next_out = (unsigned char *)stream->buffer + stream->end;
        stream->inflater.avail_out = (uInt)(stream->capacity - stream->end);
        int code = inflate(&stream->inflater, Z_NO_FLUSH);
        if (code != Z_OK && code != Z_STREAM_END && code != Z_BUF_ERROR)
            return error_set(err, ERROR_KIND_INVALID, "%s is damaged gzip data: %s", stream->path,
                             stream->inflater.msg == NULL ? "it cannot be unpacked"
                                                          : stream->inflater.msg);
        stream->end = stream->capacity - stream->inflater.avail_out;
        stream->is_member_end = code == Z_STREAM_END;
    }
    return 1;
}

int source_stream_fill(struct source_stream *stream, struct error *err)
{
    if (stream->is_end)
        return 0;
    make_room(stream);
    size_t before = source_stream_length(stream);
    if (!stream->is_started && start(stream, err) != 0)
        return -1;
    int result;
    if (stream->is_gzip) {
        result = fill_gzip(stream, err);
    } else {
        ssize_t count =
            read_some(stream, stream->buffer + stream->end, stream->capacity - stream->end, err);
        stream->end += count > 0 ? (size_t)count : 0;
        result = count < 0 ? -1 : (count > 0 ? 1 : 0);
    }
    stream->is_end = result == 0;
    if (result == 0 && source_stream_length(stream) > before)
        return 1;
    return result;
}

void source_stream_consume(struct source_stream *stream, size_t length, size_t lines)
{
    stream->start += length;
    stream->offset += (int64_t)length;
    stream->line += (int64_t)lines;
}
